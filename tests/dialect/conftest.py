"""Specs written to files, as an author would."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from symopt import catalogue
from symopt.errors import DialectError

HEAD = """\
from symopt.notation import *
from symopt import erratum, optimizer, schedule
"""
MARK = "# <-"

Run = Callable[[str], dict[str, Any]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run(text)` executes the text of a spec, below imports of the whole dialect, and returns all its names."""

    def execute(text: str) -> dict[str, Any]:
        path = tmp_path / "spec.py"
        path.write_text(HEAD + textwrap.dedent(text))
        names: dict[str, Any] = {"__name__": "spec"}
        exec(compile(path.read_text(), str(path), "exec"), names)
        return names

    return execute


@pytest.fixture
def error_of(run: Run, tmp_path: Path) -> Callable[[str], DialectError]:
    """`error_of(text)` is what a spec is refused with; it names the file and the line with the mark `# <-`."""

    def execute(text: str) -> DialectError:
        with pytest.raises(DialectError) as caught:
            run(text)
        error = caught.value
        lines = (HEAD + textwrap.dedent(text)).splitlines()
        marked = [number for number, line in enumerate(lines, 1) if line.endswith(MARK)]
        assert (error.file, [error.line]) == (str(tmp_path / "spec.py"), marked), str(error)
        return error

    return execute


@pytest.fixture
def spec(tmp_path):
    """`spec(text)` writes a spec file and loads the optimizers in it."""

    def write(text):
        path = tmp_path / "mine.py"
        path.write_text(HEAD + textwrap.dedent(text).lstrip("\n"))
        return catalogue.load_file(path)

    return write
