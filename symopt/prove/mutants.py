"""Tests are tested: the single-token changes of an emitted file, each of which proof or oracle should notice.

Changed are operators, signs, constants, bounds, names, attributes and functions, wherever the file is the optimizer's
own: its functions and the tables of its domains and buffers. Dead text (docstrings, comments) is left alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from symopt.backends import primitives

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
TABLES = ("HYPER", "BUFFERS")


@dataclass(frozen=True)
class Mutant:
    """One change: where, what, and the whole changed text."""

    line: int
    change: str
    text: str


def mutants_of(text: str) -> Iterator[Mutant]:
    """Every single-token change in what belongs to the optimizer itself.

    The primitives that a file carries (`select`, `maximum`, ...) are the same in all files and tested value by value.
    """
    lines = text.splitlines(keepends=True)
    start = text[: text.index("\n# --- ")].count("\n") + 1
    for statement in ast.parse(text).body:
        match statement:
            case ast.FunctionDef(name) if statement.lineno > start and name not in vars(primitives):
                yield from _Changes(statement, lines).all()
            case ast.Assign([ast.Name(name)]) if name in TABLES:
                yield from _Changes(statement, lines).all()
            case _:
                pass


class _Changes:
    """The changes within one function or table."""

    def __init__(self, statement: ast.stmt, lines: list[str]) -> None:
        self.nodes = list(ast.walk(statement))
        self.lines = lines
        named = [node.arg for node in self.nodes if isinstance(node, ast.arg)]
        named += [node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        self.names = list(dict.fromkeys(named))

    def all(self) -> Iterator[Mutant]:
        for node in self.nodes:
            yield from self._of(node)

    def _of(self, node: ast.AST) -> Iterator[Mutant]:
        match node:
            case ast.BinOp(left, op, right):
                yield from self._between(left, op, right)
            case ast.Compare(left, ops, rights):
                for first, op, second in zip([left, *rights], ops, rights, strict=False):
                    yield from self._between(first, op, second)
            case ast.AugAssign(target, ast.Add(), value):
                yield from self._between(target, ast.Add(), value)
            case ast.UnaryOp(ast.USub()):
                yield from self._at(node.lineno, node.col_offset, "-", "+")
            case ast.Constant(bool() as value):
                if not self.names:  # in a table; elsewhere it is an option of the compiler
                    yield from self._at(node.lineno, node.col_offset, repr(value), repr(not value))
            case ast.Constant(int() | float() as value):
                shown = self.lines[node.lineno - 1][node.col_offset : node.end_col_offset]
                other = value + 1 if isinstance(value, int) else 2 * value or 1.0
                yield from self._at(node.lineno, node.col_offset, shown, repr(other))
            case ast.Call(ast.Name(name)) if name in CALLS:
                yield from self._at(node.lineno, node.col_offset, name, CALLS[name])
            case ast.Name(name, ast.Load()) if name in self.names and len(self.names) > 1:
                yield from self._at(node.lineno, node.col_offset, name, _next(self.names, name))
            case ast.Attribute(ast.Name(of), name, ast.Load()):
                yield from self._attribute(node, of, name)
            case _:
                pass

    def _attribute(self, node: ast.Attribute, of: str, name: str) -> Iterator[Mutant]:
        """The next one of the attributes of that object which the function uses."""
        alike = [
            found.attr
            for found in self.nodes
            if isinstance(found, ast.Attribute) and isinstance(found.value, ast.Name) and found.value.id == of
        ]
        column = (node.end_col_offset or 0) - len(name)
        if len(set(alike)) > 1:
            yield from self._at(node.end_lineno or node.lineno, column, name, _next(list(dict.fromkeys(alike)), name))

    def _between(self, left: ast.expr, op: ast.AST, right: ast.expr) -> Iterator[Mutant]:
        """Change the operator between two operands; they stand on one line or the operator ends the first."""
        if type(op) not in SWAPS:
            return
        old, new = SWAPS[type(op)]
        line, column = left.end_lineno or left.lineno, left.end_col_offset or 0
        place = self.lines[line - 1].find(old, column)
        if place >= 0 and (line, place) < (right.lineno, right.col_offset):
            yield from self._at(line, place, old, new)

    def _at(self, line: int, column: int, old: str, new: str) -> Iterator[Mutant]:
        row = self.lines[line - 1]
        if row[column : column + len(old)] == old:
            changed = row[:column] + new + row[column + len(old) :]
            text = "".join([*self.lines[: line - 1], changed, *self.lines[line:]])
            yield Mutant(line, f"{row.strip()}  ->  {changed.strip()}", text)


def _next(names: list[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)]
