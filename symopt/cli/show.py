"""`symopt show`: an optimizer at one stage of the line, or what a file declares to compose optimizers with."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from symopt.artifacts import build
from symopt.catalogue import load
from symopt.cli.card import card
from symopt.cli.console import console, put
from symopt.cli.listing import part_tables
from symopt.cli.parts import parts_in
from symopt.cli.stages import program_lines
from symopt.cli.targets import LANGUAGES, source
from symopt.errors import SymoptError, suggest


def run(spec: str, stage: str) -> None:
    """Print one stage."""
    stages = ("spec", "ir", *LANGUAGES)
    if stage not in stages:
        known = f"; there is {', '.join(stages)}"
        raise SymoptError(f"there is no stage {stage!r}{suggest(stage, stages) or known}")
    found = parts_in(Path(spec)) if stage == "spec" and spec.endswith(".py") and Path(spec).is_file() else []
    if found:
        first, *others = part_tables([asdict(part) for part in found])
        put(console(), first, *(shown for table in others for shown in (Text(), table)))
        return
    optimizer, out = load(spec), console()
    if stage == "spec":
        card(optimizer, out)
    elif stage == "ir":
        out.print(Text("\n".join(program_lines(*build(optimizer)))), soft_wrap=True)
    else:
        _print(source(optimizer, stage), LANGUAGES[stage], out)


def _print(code: str, language: str, out: Console) -> None:
    """Coloured on a terminal, to the letter in a pipe."""
    if out.is_terminal and not out.no_color:
        out.print(Syntax(code, language, theme="ansi_dark", background_color="default", word_wrap=True))
    else:
        sys.stdout.write(code)
