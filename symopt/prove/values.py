"""Expressions in the place of numbers, and what happens where Python must choose."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import ONE, ZERO, Call, Expr, Num, negate, number


class Value:
    """An expression in the place of a number; `path` decides where Python must choose."""

    __slots__ = ("node", "path")

    def __init__(self, node: Expr, path: Path):
        self.node = node
        self.path = path

    def _with(self, op: str, other: Any, flip: bool = False) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # the array then does it element by element
        right = expression(other)
        args = (right, self.node) if flip else (self.node, right)
        return Value(Call(op, args), self.path)

    def __add__(self, other: Any) -> Value:
        return self._with("+", other)

    def __radd__(self, other: Any) -> Value:
        return self._with("+", other, flip=True)

    def __sub__(self, other: Any) -> Value:
        return self._with("-", other)

    def __rsub__(self, other: Any) -> Value:
        return self._with("-", other, flip=True)

    def __mul__(self, other: Any) -> Value:
        return self._with("*", other)

    def __rmul__(self, other: Any) -> Value:
        return self._with("*", other, flip=True)

    def __truediv__(self, other: Any) -> Value:
        return self._with("/", other)

    def __rtruediv__(self, other: Any) -> Value:
        return self._with("/", other, flip=True)

    def __pow__(self, other: Any) -> Value:
        return self._with("**", other)

    def __rpow__(self, other: Any) -> Value:
        return self._with("**", other, flip=True)

    def __neg__(self) -> Value:
        return Value(negate(self.node), self.path)

    def __abs__(self) -> Value:
        return Value(Call("abs", (self.node,)), self.path)

    def __lt__(self, other: Any) -> Value:
        return self._with("<", other)

    def __le__(self, other: Any) -> Value:
        return self._with("<=", other)

    def __gt__(self, other: Any) -> Value:
        return self._with(">", other)

    def __ge__(self, other: Any) -> Value:
        return self._with(">=", other)

    def __eq__(self, other: object) -> Any:
        return self._with("eq", other)

    def __ne__(self, other: object) -> Any:
        return self._with("ne", other)

    __hash__ = object.__hash__

    def __and__(self, other: Any) -> Value:
        return self._with("and", other)

    def __or__(self, other: Any) -> Value:
        return self._with("or", other)

    def __bool__(self) -> bool:
        return self.path.choose(flag(self.node))


class ValueArray(np.ndarray[Any, Any]):
    """An array of values. Compared it gives values too, where NumPy would ask each for its truth."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [given.view(np.ndarray) if isinstance(given, ValueArray) else given for given in inputs]
        if ufunc in _COMPARISONS:
            options["dtype"] = object
        return getattr(ufunc, method)(*plain, **options)


_COMPARISONS = (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)


def expression(value: Any) -> Expr:
    """The expression of a value or of a plain number."""
    if isinstance(value, Value):
        return value.node
    if isinstance(value, Fraction | int | float | np.number):
        return number(value.item() if isinstance(value, np.number) else value)
    raise SymoptError(f"the emitted file computes with {value!r}, which is not a number")


def flag(node: Expr) -> Expr:
    """A condition; where it tests a number that holds 0 or 1, the condition that the number stands for."""
    match node:
        case Call("ne", (Call("where", (condition, one, zero)), z)) if (one, zero, z) == (ONE, ZERO, ZERO):
            return condition
        case Call("eq", (Call("where", (condition, one, zero)), z)) if (one, zero, z) == (ONE, ZERO, ZERO):
            return Call("not", (condition,))
        case _:
            return node


def decided(node: Expr) -> bool | None:
    """The truth of a comparison of constants, such as the number of axes of a tensor; None where it is open."""
    match node:
        case Call("not", (inner,)):
            holds = decided(inner)
            return None if holds is None else not holds
        case Call(op, (Num(a), Num(b))) if op in _ORDER:
            return _ORDER[op](a, b)
        case _:
            return None


_ORDER: dict[str, Callable[..., bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "eq": operator.eq, "ne": operator.ne
}  # fmt: skip


@dataclass
class Path:
    """The outcomes of the conditions on which a run has split so far, and those that it met."""

    outcomes: list[bool] = field(default_factory=list[bool])
    met: list[Expr] = field(default_factory=list[Expr])
    known: dict[Expr, bool] = field(default_factory=dict[Expr, bool])

    def choose(self, condition: Expr) -> bool:
        """The outcome of a condition in this run; a condition met before keeps its outcome."""
        match condition:
            case Call("not", (negated,)):
                return not self.choose(negated)
            case Call("ne", sides):  # of NaN too
                return not self.choose(Call("eq", sides))
            case _:
                return self._chosen(condition)

    def _chosen(self, condition: Expr) -> bool:
        if condition not in self.known:
            if len(self.met) == len(self.outcomes):
                self.outcomes.append(True)
            self.known[condition] = self.outcomes[len(self.met)]
            self.met.append(condition)
        return self.known[condition]


Results = dict[Any, Expr]
MOST_CONDITIONS = 8  # each can double the number of runs


def explore(run: Callable[[Path], Results]) -> Results:
    """All runs of `run`, joined: each result as where(condition, its value if so, its value if not)."""
    return _explore(run, [])


def _explore(run: Callable[[Path], Results], outcomes: list[bool]) -> Results:
    """All runs that begin with these outcomes: one that goes on with yes, then those that part from it, last first."""
    path = Path(list(outcomes))
    found = run(path)
    if len(path.met) > MOST_CONDITIONS:
        raise SymoptError("the emitted file decides between statements on more conditions than can be followed")
    for at in reversed(range(len(outcomes), len(path.met))):
        other = _explore(run, [*path.outcomes[:at], False])
        found = {key: _joined(path.met[at], found[key], other[key]) for key in found}
    return found


def _joined(condition: Expr, yes: Expr, no: Expr) -> Expr:
    return yes if yes == no else Call("where", (condition, yes, no))
