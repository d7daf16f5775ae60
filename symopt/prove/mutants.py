"""Tests are tested: every single-token change of an emitted file must be caught, by the proof or by the numbers.

A mutant that the proof accepts computes the same real numbers. It still counts as caught where floating point tells it
apart: where the file, run in Python on NumPy floats with extreme gradients, gives other bits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from symopt.derive.training import Training
from symopt.prove.floats import FAULTS, run_in_python
from symopt.prove.kernel import prove_kernel
from symopt.prove.symbolic import PRIMITIVES

SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.Pow: ("**", "*"),
    ast.FloorDiv: ("//", "*"), ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
CALLS = {
    "maximum": "minimum",
    "minimum": "maximum",
    "sqrt": "abs",
    "exp": "log",
    "log": "exp",
    "expm1": "log",
    "sign": "abs",
}


@dataclass(frozen=True)
class Mutant:
    """One change: where, what, and the whole changed text."""

    line: int
    change: str
    text: str


@dataclass(frozen=True)
class Score:
    """How the mutants of one file fared. `survivors` are equal in real and in floating-point arithmetic alike."""

    by_proof: int
    by_numbers: int
    survivors: tuple[Mutant, ...]

    @property
    def total(self) -> int:
        """All mutants."""
        return self.by_proof + self.by_numbers + len(self.survivors)


def score(training: Training, text: str, mutants: Iterator[Mutant] | None = None) -> Score:
    """Try every mutant of an emitted file, or the given ones."""
    by_proof = by_numbers = 0
    survivors: list[Mutant] = []
    original = run_in_python(training, text)
    for mutant in mutants_of(text) if mutants is None else mutants:
        if not _accepted(training, mutant.text):
            by_proof += 1
        elif run_in_python(training, mutant.text) != original:
            by_numbers += 1
        else:
            survivors.append(mutant)
    return Score(by_proof, by_numbers, tuple(survivors))


def _accepted(training: Training, text: str) -> bool:
    try:
        return prove_kernel(training, text, stop=True).holds
    except FAULTS:
        return False


def mutants_of(text: str) -> Iterator[Mutant]:
    """Every single-token change in the functions that belong to the optimizer itself.

    The primitives that a file carries (`select`, `maximum`, ...) are the same in all files and tested value by value.
    """
    lines = text.splitlines(keepends=True)
    start = text[: text.index("\n# --- ")].count("\n") + 1
    for function in ast.parse(text).body:
        if isinstance(function, ast.FunctionDef) and function.lineno > start and function.name not in PRIMITIVES:
            names = [argument.arg for argument in function.args.args]
            for node in ast.walk(function):
                yield from _changes(node, names, lines)


def _changes(node: ast.AST, names: list[str], lines: list[str]) -> Iterator[Mutant]:
    match node:
        case ast.BinOp(left, op, right) | ast.Compare(left, [op], [right]) if type(op) in SWAPS:
            old, new = SWAPS[type(op)]
            yield from _between(left, right, old, new, lines)
        case ast.UnaryOp(ast.USub()):
            yield from _at(node.lineno, node.col_offset, "-", "+", lines)
        case ast.Constant(int() as value) if not isinstance(value, bool):
            yield from _at(node.lineno, node.col_offset, repr(value), str(value + 1), lines)
        case ast.Constant(float() as value):
            segment = lines[node.lineno - 1][node.col_offset : node.end_col_offset]
            yield from _at(node.lineno, node.col_offset, segment, repr(2 * value), lines)
        case ast.Call(ast.Name(name)) if name in CALLS:
            yield from _at(node.lineno, node.col_offset, name, CALLS[name], lines)
        case ast.Name(name, ast.Load()) if name in names and len(names) > 1:
            other = names[(names.index(name) + 1) % len(names)]
            yield from _at(node.lineno, node.col_offset, name, other, lines)
        case _:
            pass


def _between(left: ast.expr, right: ast.expr, old: str, new: str, lines: list[str]) -> Iterator[Mutant]:
    """Change the operator between two operands; they stand on one line or the operator ends the first."""
    line, column = left.end_lineno or left.lineno, left.end_col_offset or 0
    place = lines[line - 1].find(old, column)
    if place >= 0 and (line, place) < (right.lineno, right.col_offset):
        yield from _at(line, place, old, new, lines)


def _at(line: int, column: int, old: str, new: str, lines: list[str]) -> Iterator[Mutant]:
    row = lines[line - 1]
    if row[column : column + len(old)] == old:
        changed = row[:column] + new + row[column + len(old) :]
        text = "".join([*lines[: line - 1], changed, *lines[line:]])
        yield Mutant(line, f"{row.strip()}  ->  {changed.strip()}", text)
