"""From the files of the book to a PDF, the same bytes wherever and whenever it is made, and what TeX had to say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from symopt.errors import SymoptError

_COMMAND = ["-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
_WORTH_READING = re.compile(
    r"^(?:(?:LaTeX|Package \S+|Class \S+)(?: Font)? Warning:.*|(?:Over|Under)full \\[hv]box.*|pdfTeX warning.*)$",
    re.MULTILINE,
)
_SETTLED = "Rerun to get"


def make_pdf(folder: Path, name: str = "book") -> Path:
    """Compile `name`.tex in `folder` with latexmk; SymoptError with TeX's first complaint where that fails."""
    latexmk = shutil.which("latexmk")
    if latexmk is None or shutil.which("pdflatex") is None:
        raise SymoptError("a PDF needs latexmk and pdflatex: install TeX Live, or use the .tex files as they are")
    done = subprocess.run(
        [latexmk, *_COMMAND, f"{name}.tex"],
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise SymoptError(f"LaTeX stopped: {_first_error(done.stdout)}")
    return folder / f"{name}.pdf"


def warnings(log: str) -> list[str]:
    """The lines of a TeX log that ask for a change of the text: overfull boxes, undefined references, missing fonts."""
    return [line for line in _WORTH_READING.findall(log) if _SETTLED not in line]


def _first_error(output: str) -> str:
    found = re.search(r"^(?:!|\S+?:\d+:) ?(.*)$", output, re.MULTILINE)
    return found[0] if found else (output.strip().splitlines() or ["no output"])[-1]
