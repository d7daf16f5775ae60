"""A first-order bound on the rounding errors of one step of the float32 kernel: running error analysis.

The program that the kernel is printed from is evaluated in float64, and beside each value stands a bound on how far the
kernel is from it. An operation passes on the errors of its arguments, each times the size of its derivative, and adds
half a unit in the last place of its own result. Scalars are computed in float64 and rounded once. Products of two
errors are left out. A fused multiply-add rounds once where two roundings are counted, and keeps the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import COMPARISONS, ZERO, Call, Expr, Num, Sym
from symopt.interpret import FLOAT
from symopt.ir import Program, Reduce, Scalars, new

_SCALARS = 2.0**-46
"""Share of a scalar by which two ways to compute it in float64 may differ: 64 roundings of 2**-53, doubled."""

_BELOW = 1 - 2.0**-23


@dataclass(frozen=True)
class Near:
    """A value, element by element, and a bound on how far the kernel's is from it."""

    value: Any
    error: Any


def near(value: Any) -> Near:
    """A number that is computed in float64 and rounded once to float32."""
    exact = np.asarray(value, np.float64)
    off = np.abs(exact.astype(np.float32) - exact)
    return Near(exact, np.where(off == 0, 0.0, off + _SCALARS * np.abs(exact)))


def ulp(value: Any) -> Any:
    """The unit in the last place of a float32 of this size."""
    return np.spacing(np.abs(value).astype(np.float32)).astype(np.float64)


# ---- operations ----


def _rounded(value: Any, error: Any) -> Near:
    return Near(value, error + ulp(np.abs(value) + error) / 2)


def _times(a: Near, b: Near) -> Near:
    return _rounded(a.value * b.value, np.abs(a.value) * b.error + np.abs(b.value) * a.error)


def _over(a: Near, b: Near) -> Near:
    value = a.value / b.value
    return _rounded(value, (a.error + np.abs(value) * b.error) / np.abs(b.value))


def _root(a: Near) -> Near:
    """Where the argument is as small as its error, the root of the error."""
    value = np.sqrt(a.value)
    passed = np.where(a.error > a.value, np.sqrt(a.error), a.error / np.where(a.error == 0, 1, 2 * value))
    return _rounded(value, np.where(a.error == 0, 0.0, passed))


def _power(a: Near, b: Near) -> Near:
    exponent = float(b.value)
    if exponent != int(exponent) or not 1 <= exponent <= 8:
        raise SymoptError(f"the power {exponent} of a value per element has no rule")
    found = a
    for _ in range(int(exponent) - 1):
        found = _times(found, a)
    return found


def _extreme(choose: Callable[..., Any]) -> Callable[..., Near]:
    def extreme(a: Near, b: Near) -> Near:
        """The error of what is chosen, or of both where the errors may have chosen."""
        value = choose(a.value, b.value)
        close = np.abs(a.value - b.value) <= a.error + b.error
        return Near(value, np.where(close, np.maximum(a.error, b.error), np.where(value == a.value, a.error, b.error)))

    return extreme


_OPERATIONS: Mapping[str, Callable[..., Near]] = {
    "+": lambda a, b: _rounded(a.value + b.value, a.error + b.error),
    "-": lambda a, b: _rounded(a.value - b.value, a.error + b.error),
    "*": _times, "/": _over, "sqrt": _root, "**": _power, "neg": lambda a: Near(-a.value, a.error),
    "abs": lambda a: Near(np.abs(a.value), a.error), "max": _extreme(np.maximum), "min": _extreme(np.minimum),
    "sign": lambda a: Near(np.sign(a.value), np.where(np.abs(a.value) > a.error, 0.0, 2.0) * (a.error > 0)),
    "where": lambda c, a, b: Near(np.where(c.value, a.value, b.value), np.where(c.value, a.error, b.error)),
}  # fmt: skip
_LOGIC = frozenset(COMPARISONS) | {"and", "or", "not", "isfinite"}


def _element(expr: Expr, names: Mapping[str, Near]) -> Near:
    match expr:
        case Num(value):
            return near(float(value))
        case Sym(name):
            return names[name]
        case Call(op, args) if op in _LOGIC:
            return Near(FLOAT.apply(op, *(_element(arg, names).value for arg in args)), 0.0)
        case Call(op, args) if op in _OPERATIONS:
            return _OPERATIONS[op](*(_element(arg, names) for arg in args))
        case _:
            raise SymoptError(f"{getattr(expr, 'op', expr)} has no rule")


def _scalar(expr: Expr, names: Mapping[str, Any]) -> Any:
    """A number that the kernel computes in float64."""
    match expr:
        case Num(value):
            return FLOAT.constant(value)
        case Sym(name):
            return names[name]
        case Call("below", (a,)):
            return np.float64(np.float32(_scalar(a, names) * _BELOW))
        case Call(op, args):
            return FLOAT.apply(op, *(_scalar(arg, names) for arg in args))
        case _:
            raise SymoptError(f"{expr} has no rule")


# ---- a step ----


def starts(program: Program, hyper: Mapping[str, float], theta: Any) -> dict[str, Any]:
    """The buffers before the first step, in float64."""
    names = {**hyper, "t": 1.0, "theta": theta}
    found: dict[str, Any] = {b.name: theta for b in program.buffers if b.role == "param"}
    for b in (b for b in program.buffers if b.role == "state"):
        value = _scalar(b.start or ZERO, names)
        found[b.name] = value + 0 * theta if b.level == "element" else value
    return found


def step(program: Program, hyper: Mapping[str, float], t: int, buffers: Mapping[str, Any]) -> dict[str, Near]:
    """The new value of each buffer with its bound; `buffers` are the old ones and the gradient, all exact.

    raises SymoptError where there is no bound: for sums over elements, and functions that have no rule here
    """
    if any(isinstance(stage, Reduce) for stage in program.stages):
        raise SymoptError("sums over elements have no rule")
    plain = {**hyper, "t": float(t)}
    plain |= {b.name: buffers[b.name] for b in program.buffers if b.level != "element"}
    for stage in program.stages:
        if isinstance(stage, Scalars):
            for assign in stage.assigns:
                plain[assign.name] = _scalar(assign.value, plain)
    update = program.update
    outcome = tuple(bool(plain[name]) for name in update.conditions)
    loop = next(loop for loop in update.loops if loop.outcome == outcome)
    names = {name: near(value) for name, value in plain.items()}
    names |= {name: Near(np.asarray(buffers[name], np.float64), 0.0) for name in loop.reads}
    for assign in loop.assigns:
        names[assign.name] = _element(assign.value, names)
    scalars = [b.name for b in program.buffers if b.level != "element" and new(b.name) in plain]
    kept = {name: Near(plain[new(name)], 0.0) for name in scalars}
    old = {name: Near(value, 0.0) for name, value in buffers.items() if name != "g"}
    return old | kept | {name: names[value] for name, value in loop.writes}
