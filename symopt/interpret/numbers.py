"""Number systems: exact rationals, 50-digit reals and float64, with one table of operations each.

All but the rationals keep IEEE's rules at the edges: 1/0 is inf, 0*inf and log(-1) are NaN, NaN wins in max and min and
loses every comparison. What leaves the rationals is a `Beyond`, which is an error only where it is used.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from symopt.errors import SymoptError
from symopt.expr import OPERATIONS

Operation = Callable[..., Any]


@dataclass(frozen=True)
class Numbers:
    """A number system.

    constant: brings a Python number in; operations: on scalars and arrays alike; dtype: of its arrays
    shown: a value as a gradient function gets it to calculate with
    """

    name: str
    constant: Callable[[Any], Any]
    operations: Mapping[str, Operation]
    dtype: type = object
    shown: Callable[[Any], Any] | None = None

    def apply(self, op: str, *args: Any) -> Any:
        """One operation of `symopt.expr.OPERATIONS`."""
        if op not in self.operations:
            raise SymoptError(f"{op} has no meaning in {self.name}")
        return self.operations[op](*args)


@dataclass(frozen=True)
class Beyond:
    """What exact arithmetic cannot give: the reason is reported if the value is used."""

    reason: str


def over_arrays(table: Mapping[str, Operation]) -> dict[str, Operation]:
    """The same operations, also element by element over object arrays."""
    return {
        op: np.frompyfunc(function, OPERATIONS[op], 1) if OPERATIONS[op] else function for op, function in table.items()
    }


def exactly(value: Any) -> Fraction:
    """The rational number that a Python number is; a float is its binary value."""
    return Fraction(value) if isinstance(value, int | float | Fraction) else Fraction(float(value))


_PLAIN: dict[str, Operation] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "neg": operator.neg, "abs": abs,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "eq": operator.eq, "ne": operator.ne,
    "and": lambda a, b: a and b, "or": lambda a, b: a or b, "not": operator.not_,
    "where": lambda c, a, b: a if c else b, "every": lambda t, k: k != 0 and t % k == 0,
}  # fmt: skip


# ---- exact rationals ----

_LONGEST = 100_000
"""Bits of an exact number."""


def _exact(op: str, function: Operation) -> Operation:
    def guarded(*args: Any) -> Any:
        beyond = next((arg for arg in args if isinstance(arg, Beyond)), None)
        found = function(*args) if beyond is None else beyond
        too_long = (
            isinstance(found, Fraction) and found.denominator.bit_length() + found.numerator.bit_length() > _LONGEST
        )
        return Beyond(f"the result of {op} is too long to be exact") if too_long else found

    return guarded if op != "where" else lambda c, a, b: c if isinstance(c, Beyond) else a if c else b


def _at(op: str, **values: int) -> Operation:
    """A function that is rational at one point only: `_at("exp", zero=1)` knows exp(0) = 1."""
    point, result = (0, values["zero"]) if "zero" in values else (1, values["one"])
    return lambda x: Fraction(result) if x == point else Beyond(f"{op}({x}) is not rational")


def _exact_sqrt(x: Fraction) -> Any:
    p, q = math.isqrt(abs(x.numerator)), math.isqrt(x.denominator)
    return Fraction(p, q) if Fraction(p * p, q * q) == x else Beyond(f"sqrt({x}) is not rational")


def _exact_power(a: Fraction, b: Fraction) -> Any:
    if b.denominator == 2 and a > 0:
        root = _exact_sqrt(a)
        return root if isinstance(root, Beyond) else _exact_power(root, 2 * b)
    if b.denominator > 1 or (a == 0 and b < 0):
        return Beyond(f"({a})**({b}) is not rational")
    if abs(b) * (a.numerator.bit_length() + a.denominator.bit_length()) > _LONGEST:
        return Beyond("a power is too long to be exact")
    return a ** int(b)


_EXACT = _PLAIN | {
    "/": lambda a, b: a / b if b != 0 else Beyond(f"{a}/0 is no number"), "**": _exact_power, "sqrt": _exact_sqrt,
    "exp": _at("exp", zero=1), "log": _at("log", one=0), "expm1": _at("expm1", zero=0), "log1p": _at("log1p", zero=0),
    "sin": _at("sin", zero=0), "cos": _at("cos", zero=1), "tan": _at("tan", zero=0), "tanh": _at("tanh", zero=0),
    "sign": lambda x: Fraction((x > 0) - (x < 0)), "floor": lambda x: Fraction(math.floor(x)),
    "ceil": lambda x: Fraction(math.ceil(x)), "max": max, "min": min, "isfinite": lambda x: True,
    "clip": lambda x, lo, hi: min(max(x, lo), hi), "pi": lambda: Beyond("pi is not rational"),
}  # fmt: skip
EXACT = Numbers("exact arithmetic", exactly, over_arrays({op: _exact(op, f) for op, f in _EXACT.items()}))


# ---- reals of many digits ----


def reals(digits: int) -> Numbers:
    """Reals of so many decimal digits, with infinities and NaN."""
    mp: Any = mpmath.MPContext()
    mp.dps = digits
    nan = mp.nan

    def real(function: Operation) -> Operation:
        """Complex values are NaN."""

        def guarded(*args: Any) -> Any:
            value = function(*args)
            return value if isinstance(value, mp.mpf) else nan

        return guarded

    def constant(value: Any) -> Any:
        if hasattr(value, "_mpf_"):  # a real of other digits
            return mp.mpf(value)
        if isinstance(value, Fraction):
            return mp.mpf(value.numerator) / value.denominator
        return mp.mpf(value if isinstance(value, int) else float(value))

    def divide(a: Any, b: Any) -> Any:
        return a / b if b != 0 else nan if a == 0 or a != a else mp.inf * mp.sign(a)

    def power(a: Any, b: Any) -> Any:
        if b == 0 or a == 1:
            return mp.one
        return mp.inf if a == 0 and b < 0 else a**b

    def maximum(a: Any, b: Any) -> Any:
        return nan if a != a or b != b else max(a, b)

    def minimum(a: Any, b: Any) -> Any:
        return nan if a != a or b != b else min(a, b)

    table = _PLAIN | {name: real(getattr(mp, name)) for name in ("exp", "log", "sqrt", "expm1", "log1p")}
    table |= {name: real(getattr(mp, name)) for name in ("floor", "ceil", "sin", "cos", "tan", "tanh", "sign")}
    table |= {"/": divide, "**": real(power), "max": maximum, "min": minimum, "isfinite": mp.isfinite}
    table |= {"clip": lambda x, lo, hi: minimum(maximum(x, lo), hi), "pi": lambda: +mp.pi}
    return Numbers(f"{digits}-digit arithmetic", constant, over_arrays(table))


REAL = reals(50)

# ---- float64 ----


def _quiet(function: Operation) -> Operation:
    def silent(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return silent


_FLOAT: dict[str, Operation] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "neg": np.negative, "abs": np.abs,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not, "every": lambda t, k: np.equal(np.mod(t, k), 0),
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "expm1": np.expm1, "log1p": np.log1p, "sign": np.sign,
    "floor": np.floor, "ceil": np.ceil, "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh, "max": np.maximum,
    "min": np.minimum, "where": lambda c, a, b: np.where(c, a, b)[()], "isfinite": np.isfinite,
    "clip": lambda x, lo, hi: np.minimum(np.maximum(x, lo), hi), "pi": lambda: np.float64(np.pi),
}  # fmt: skip
FLOAT = Numbers("float64", np.float64, {op: _quiet(function) for op, function in _FLOAT.items()}, float)
