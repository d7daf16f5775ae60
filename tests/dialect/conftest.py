"""Specs written to files, as an author would."""

import textwrap

import pytest

from symopt import catalogue
from symopt.errors import DialectError

HEAD = """
from symopt import (
    ALL, Abs, Input, Max, Min, NonNegative, OpenUnit, Positive, PositiveInt, Rational, Real, Unit, clip, cos, debias,
    erratum, every, eq, exp, grad, log, maxabs, mean, norm, optimizer, pi, schedule, sign, sqrt, t, total, where,
)
"""
LINES = HEAD.count("\n")


@pytest.fixture
def spec(tmp_path):
    """`spec(text)` writes a spec file and loads everything in it."""

    def write(text):
        path = tmp_path / "mine.py"
        path.write_text(HEAD + textwrap.dedent(text).lstrip("\n"))
        return catalogue.load_file(path)

    return write


@pytest.fixture
def refused(spec):
    """`refused(text)` is the error of a spec file, with the line counted from the text."""

    def load(text):
        with pytest.raises(DialectError) as caught:
            spec(text)
        error = caught.value
        assert error.file.endswith("mine.py")
        return error.symbol, error.line - LINES, error.message

    return load


@pytest.fixture
def body_refused(refused):
    """`body_refused("line", ...)` is the error of a body; line 1 is its first."""

    def load(*lines, signature="theta, g, m, *, lr: Positive = 0.1, mu: Unit = 0.9", before=""):
        text = f"{before}@optimizer()\ndef mine({signature}):\n" + "".join(f"    {line}\n" for line in lines)
        symbol, line, message = refused(text)
        return symbol, line - 2 - before.count("\n"), message

    return load
