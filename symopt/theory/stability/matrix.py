"""The matrix of a step on f = h*x**2/2, over the states that the gradient feels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sympy as sp

from symopt.canonical import STEP, Reduce
from symopt.expr import Seq
from symopt.recurrence import Optimizer
from symopt.theory.stability.linear import Form, NotLinearError, Step
from symopt.theory.stability.orders import ONE, GrowsError, NoMatrixError, Orders
from symopt.theory.stability.signs import GAIN, POSITIVE, Scalars, Z

_MOST_STATES = 6


@dataclass(frozen=True)
class Model:
    """A step, linear with `frozen` held fixed.

    states: what the gradient point is made of, directly or over steps
    gain: what the curvature, with `added` added to it, is multiplied by; the product is q
    polynomial: the characteristic polynomial in z and q; factors that q does not enter stand in it too
    faded: whether coefficients that fall as 1/t count as 0; keep_t: whether t stands in the gain instead
    settles: whether numbers that change with the step stand at their limits
    """

    states: tuple[str, ...]
    frozen: tuple[str, ...]
    gain: Any
    added: Any
    polynomial: Any
    faded: bool
    keep_t: bool
    settles: bool
    assumed: tuple[str, ...]
    noted: tuple[str, ...]

    @property
    def reduces(self) -> bool:
        """Whether a reduction scales the step."""
        return bool(self.gain.atoms(Reduce))

    @property
    def is_linear(self) -> bool:
        """Whether theta itself moves by one matrix, with nothing held fixed or left out."""
        return "theta" in self.states and not (self.frozen or self.reduces or self.keep_t or self.faded)

    def grows(self, scalars: Scalars) -> bool:
        """Whether the gain, and it alone, holds a power of t that grows without bound."""
        rest, moving = sp.factor(self.gain).as_independent(STEP, as_Add=False)
        base, exponent = moving.as_base_exp()
        alone = base == STEP and not self.polynomial.has(STEP) and not self.frozen and not self.reduces
        exact = not (self.settles or self.faded or self.assumed or self.noted)
        return alone and exact and scalars.sign(rest) == POSITIVE and scalars.sign(exponent) == POSITIVE


def model(optimizer: Optimizer, scalars: Scalars) -> Model:
    """The model with the fewest states held fixed.

    raises NoMatrixError where there is none, and says why
    """
    try:
        found = _model(optimizer, scalars, keep_t=False) or _model(optimizer, scalars, keep_t=True)
    except GrowsError as error:
        found = _growing(optimizer, scalars, error)
    if found is None:
        raise NoMatrixError("near a minimum, its step does not depend on the gradient")
    return found


def _growing(optimizer: Optimizer, scalars: Scalars, error: GrowsError) -> Model:
    """With t kept, where a power of t is all that grows and scales the whole step."""
    found = _model(optimizer, scalars, keep_t=True)
    if found is None or not found.grows(scalars):
        raise error
    return found


def _model(optimizer: Optimizer, scalars: Scalars, keep_t: bool) -> Model | None:
    step, frozen = _linear_step(optimizer, scalars, keep_t)
    orders = step.orders
    point = _limits(orders, step.point)
    needed = step.felt
    forms = [_limits(orders, step.new(name)) for name in needed]
    old = sp.Matrix([[form.get(name, 0) for name in needed] for form in forms])
    gains = sp.Matrix([form.get("g", 0) for form in forms])
    found = _characteristic(old, gains, sp.Matrix([[point.get(name, 0) for name in needed]]), scalars)
    if found is None:
        return None
    gain, polynomial = found
    added, polynomial = _with_added(step, orders, gain, polynomial)
    faded = any(not order.fast and order.power != 0 for name in needed for order in step.new(name).values())
    symbols = gain.free_symbols | polynomial.free_symbols
    held = tuple(name for name in frozen if scalars.symbol(Seq(name, 0)) in symbols)
    noted = tuple(dict.fromkeys(step.noted))
    settles = any(name in optimizer.states for name in step.numbers) or any(map(step.varies, step.read))
    return Model(needed, held, gain, added, polynomial, faded, keep_t, settles, tuple(orders.assumed), noted)


def _limits(orders: Orders, form: Form) -> dict[str, Any]:
    return {name: orders.limit(order) for name, order in form.items()}


def _linear_step(optimizer: Optimizer, scalars: Scalars, keep_t: bool) -> tuple[Step, tuple[str, ...]]:
    """The first choice of states to hold fixed that leaves a linear map without a constant part."""
    failed: dict[bool, NotLinearError] = {}
    for frozen in _choices(optimizer):
        try:
            step = Step(optimizer, Orders(scalars), frozenset(frozen), keep_t)
        except NotLinearError as error:
            failed[error.target in optimizer.states] = error
            continue
        if not any("" in form for form in (step.point, *map(step.new, step.felt))):
            return step, frozen
    error = failed.get(False) or failed.get(True)
    if error is None:
        raise NoMatrixError("near a minimum its step has a part that does not come from its own gradient")
    raise NoMatrixError(
        f"{error.target}[t] depends on the gradient through {error}, which is not linear near a minimum"
    )


def _choices(optimizer: Optimizer) -> Iterator[tuple[str, ...]]:
    states = [name for name in optimizer.states if optimizer.levels[name] == "element"]
    if len(states) > _MOST_STATES:
        raise NoMatrixError(f"it has {len(states)} states per element, too many to try which of them to hold fixed")
    for count in range(len(states) + 1):
        yield from combinations(states, count)


def _characteristic(old: Any, gains: Any, row: Any, scalars: Scalars) -> tuple[Any, Any] | None:
    """det(z - M) for M = old + h*gains*row, as the gain of h and a polynomial in z and q; None where h has none."""
    plain = Z * sp.eye(old.shape[0]) - old
    felt = sp.factor(sp.expand((row * plain.adjugate() * gains)[0, 0])) if old.shape[0] else sp.Integer(0)
    if felt == 0:
        return None
    gain, shape = felt.as_independent(Z, as_Add=False)
    way = -1 if _is_negative(gain, scalars) else 1
    return way * gain, sp.factor(sp.together(sp.expand(plain.det(method="berkowitz")) - way * GAIN * shape))


def _is_negative(gain: Any, scalars: Scalars) -> bool:
    """On the whole domain or, where its sign depends on hyperparameters, at their defaults."""
    sign = scalars.sign(gain)
    value = scalars.at_defaults(gain) if sign & POSITIVE else None
    return not sign & POSITIVE or (value is not None and value < 0)


def _with_added(step: Step, orders: Orders, gain: Any, polynomial: Any) -> tuple[Any, Any]:
    """What stands beside the curvature where the gradient is used with a multiple of theta added to it only."""
    for form in step.known.values():
        if form.keys() == {"g", "theta"} and form["g"] == ONE:
            added = orders.limit(form["theta"])
            shifted = sp.factor(sp.cancel(sp.together(polynomial.subs(GAIN, GAIN - gain * added))))
            if len(shifted.free_symbols) < len(polynomial.free_symbols):
                return added, shifted
    return sp.Integer(0), polynomial
