"""Counterexamples: two expressions evaluated at points of their domains, exactly or in many digits."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.expr import COMPARISONS, OPERATIONS, Call, Expr, Reduction, Seq, Sym, children, text
from symopt.interpret import EXACT, Beyond, Numbers, Reader, reals
from symopt.prove.facts import Facts
from symopt.prove.points import Values, drawn, edges, shown

Point = dict[str, Any]
"""name -> its value, or the lists of its elements."""

_SHAPES, _ROWS = [(2,), (1,)], [(2, 2), (1,)]
_FAR, _CLEAR = 10**30, 10**6


class UnclearError(Exception):
    """A comparison that rounding may have decided."""


def difference(a: Expr, b: Expr, facts: Facts, points: range) -> tuple[Point, tuple[Any, Any]] | None:
    """A point at which both expressions have a value and differ, the first where they do so clearly, and the values."""
    pair = _Pair.of(a, b)
    faint = None
    for number in points:
        values = {name: drawn(name, facts, pair.shapes, number) for name in pair.names}
        found = pair.differ(values)
        if found is not None:
            point = {text(name): shown(value) for name, value in values.items()}
            if abs(found[0] - found[1]) * _CLEAR > abs(found[0]):
                return point, found
            faint = faint or (point, found)
    return faint


def gap(a: Expr, b: Expr, facts: Facts, points: range) -> tuple[Point, tuple[Any, Any]] | None:
    """A point at which b has a value and a has none, and the two; the edges of the domains are looked at first.

    What divides by zero or takes the logarithm of 0 has no value, unless a condition keeps it from being used.
    """
    pair = _Pair.of(a, b)
    some = ({name: drawn(name, facts, pair.shapes, number) for name in pair.names} for number in points)
    for values in (*edges(pair.names, facts, pair.shapes), *some):
        found = pair.lacks(values)
        if found is not None:
            return {text(name): shown(value) for name, value in values.items()}, found
    return None


def _nodes(*exprs: Expr) -> Iterator[Expr]:
    """All parts, shared ones once."""
    todo, seen = list(exprs), set[int]()
    while todo:
        expr = todo.pop()
        if id(expr) not in seen:
            seen.add(id(expr))
            yield expr
            todo += children(expr)


# ---- values ----


@dataclass(frozen=True)
class _Pair:
    """Two expressions, the names in them, and a model to evaluate them on: tensors only where something is summed."""

    a: Expr
    b: Expr
    names: list[Sym | Seq]
    shapes: list[tuple[int, ...]]
    opaque: frozenset[str]

    @staticmethod
    def of(a: Expr, b: Expr) -> _Pair:
        nodes = list(_nodes(a, b))
        names = sorted({node for node in nodes if isinstance(node, Sym | Seq)}, key=text)
        scopes = {"row" if node.op == "axes" else node.over for node in nodes if isinstance(node, Reduction)}
        shapes = _ROWS if "row" in scopes else _SHAPES if scopes else [()]
        opaque = {node.op for node in nodes if isinstance(node, Call) and node.op not in EXACT.operations}
        return _Pair(a, b, names, shapes, frozenset(opaque | {"isfinite"}))

    def differ(self, values: Values) -> tuple[Any, Any] | None:
        """The first two values that differ: exactly if everything is rational, else as twice the digits confirm."""
        for x, y in self._pairs(values, EXACT):
            if isinstance(x, Beyond) or isinstance(y, Beyond):
                return self._differ_in_digits(values)
            if x != y:
                return x, y
        return None

    def lacks(self, values: Values) -> tuple[float, float] | None:
        """NaN and the value of b where b has one and a has none."""
        try:
            return next(((float(x), float(y)) for x, y in self._pairs(values, _COARSE) if x != x and y == y), None)
        except UnclearError:
            return None

    def _differ_in_digits(self, values: Values) -> tuple[Any, Any] | None:
        try:
            for i, (x, y) in enumerate(self._pairs(values, _COARSE)):
                gap, size = abs(x - y), max(abs(x), abs(y))
                if size < float("inf") and gap * _FAR > max(size, 1):
                    fine = self._pairs(values, _FINE)[i]
                    if abs(gap - abs(fine[0] - fine[1])) * 10**6 < gap:
                        return (float(x), float(y)) if float(x) != float(y) else (x, y)
        except UnclearError:
            return None
        return None

    def _pairs(self, values: Values, numbers: Numbers) -> list[tuple[Any, Any]]:
        """Every element of every tensor of both expressions."""
        numbers = _with_opaque(numbers, self.opaque)
        brought = {name: [_brought(numbers, value) for value in found] for name, found in values.items()}
        sequences = {name: found for name, found in brought.items() if isinstance(name, Seq)}
        places = range(len(self.shapes))
        plain = [{name.name: found[i] for name, found in brought.items() if isinstance(name, Sym)} for i in places]
        reader = Reader(numbers, self.shapes, places, sequences, plain)
        a, b = ([x for i in places for x in reader.filled(reader.value(e, i), i).flat] for e in (self.a, self.b))
        return list(zip(a, b, strict=True))


def _brought(numbers: Numbers, value: Any) -> Any:
    return np.frompyfunc(numbers.constant, 1, 1)(value) if isinstance(value, np.ndarray) else numbers.constant(value)


def careful(numbers: Numbers) -> Numbers:
    """Reals without infinities, that refuse to compare numbers which rounding may have made different."""
    table = dict(numbers.operations)
    for op in COMPARISONS:
        table[op] = np.frompyfunc(_compared(table[op]), 2, 1)
    for op in ("floor", "ceil", "sign"):
        table[op] = np.frompyfunc(_rounded(table[op]), 1, 1)
    for op, delicate in _DELICATE.items():
        table[op] = np.frompyfunc(_finite(table[op], delicate), OPERATIONS[op], 1)
    return replace(numbers, operations=table)


_DELICATE: dict[str, Callable[..., Any]] = {
    "/": lambda a, b: b, "**": lambda a, b: a, "log": lambda a: a, "log1p": lambda a: a + 1, "sqrt": lambda a: a,
}  # fmt: skip
"""What decides by being 0, or below it, whether an operation has a value: rounding may have made it so."""


def _finite(function: Callable[..., Any], delicate: Callable[..., Any]) -> Callable[..., Any]:
    def finite(*args: Any) -> Any:
        if 0 < abs(delicate(*args)) * _FAR < 1:
            raise UnclearError
        value = function(*args)
        return value if abs(value) < float("inf") else value * 0  # NaN: what is divided by zero has no value

    return finite


def _compared(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(a: Any, b: Any) -> Any:
        if not a == b and not abs(a - b) * _FAR > max(abs(a), abs(b), 1):  # NaN comes here too
            raise UnclearError
        return function(a, b)

    return guarded


def _rounded(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(a: Any) -> Any:
        if a * 2 != int(a * 2 if abs(a) < _FAR else 0) and function(a - 1e-30) != function(a + 1e-30):
            raise UnclearError
        return function(a)

    return guarded


_COARSE, _FINE = careful(reals(50)), careful(reals(100))


def _with_opaque(numbers: Numbers, names: frozenset[str]) -> Numbers:
    """With a fixed, arbitrary function for each name that means nothing here."""
    table = {op: np.frompyfunc(_arbitrary(op, numbers), max(OPERATIONS.get(op, 1), 1), 1) for op in names}
    return replace(numbers, operations={**numbers.operations, **table})


def _arbitrary(op: str, numbers: Numbers) -> Callable[..., Any]:
    def function(*args: Any) -> Any:
        beyond = next((arg for arg in args if isinstance(arg, Beyond)), None)
        if beyond is not None:
            return beyond
        shown = [str(arg) if isinstance(arg, Fraction) else f"{float(arg):.12g}" for arg in args]
        seed = zlib.crc32(f"{op} {shown}".encode())
        return bool(seed & 64) if op == "isfinite" else numbers.constant(Fraction(seed % 2000 - 1000, 500))

    return function
