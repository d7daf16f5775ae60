"""How the numbers of a step behave as t grows: coefficient * t**power, or exponentially small."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from symopt.canonical import STEP
from symopt.theory.stability.ordered import shown
from symopt.theory.stability.signs import NEGATIVE, NIL, NOT_NEGATIVE, POSITIVE, Scalars


class NoMatrixError(Exception):
    """Why a step of an optimizer is no fixed matrix, in one sentence."""


class GrowsError(NoMatrixError):
    """A number of the step that grows without bound."""


@dataclass(frozen=True)
class Order:
    """coefficient * t**power to leading order; `fast` where it falls exponentially."""

    coefficient: Any
    power: Any = sp.S.Zero
    fast: bool = False


ZERO, ONE = Order(sp.Integer(0)), Order(sp.Integer(1))


@dataclass
class Orders:
    """Arithmetic to leading order. assumed: what was taken for granted of the hyperparameters"""

    scalars: Scalars
    assumed: list[str] = field(default_factory=list[str])

    def assume(self, condition: str) -> None:
        """Note a condition once."""
        if condition not in self.assumed:
            self.assumed.append(condition)

    def limit(self, order: Order) -> Any:
        """The value as t grows without bound."""
        if order.fast or order.coefficient == 0:
            return sp.Integer(0)
        sign = self.scalars.sign(order.power)
        if sign == NIL:
            return order.coefficient
        if sign & POSITIVE:
            raise GrowsError(f"{shown(order.coefficient * STEP**order.power)} grows without bound")
        if sign & NIL:
            self.assume(f"{shown(-order.power)} > 0")
        return sp.Integer(0)

    def apply(self, op: str, *args: Order) -> Order:
        """An operation of the dialect."""
        rule = _RULES.get(op)
        if rule is not None:
            return rule(self, *args)
        return Order(_function(op, [self.limit(arg) for arg in args]))

    def add(self, a: Order, b: Order) -> Order:
        """The larger of both counts; where they are alike, their coefficients are added."""
        if a.coefficient == 0 or b.coefficient == 0:
            return b if a.coefficient == 0 else a
        if a.fast or b.fast:
            return b if a.fast else a
        sign = self.scalars.sign(sp.expand(a.power - b.power))
        if sign == NIL:
            return Order(a.coefficient + b.coefficient, a.power)
        if sign & POSITIVE and sign & NEGATIVE:
            raise NoMatrixError(f"which of t**({shown(a.power)}) and t**({shown(b.power)}) grows faster is open")
        large, small = (a, b) if sign & POSITIVE else (b, a)
        if sign & NIL:
            self.assume(f"{shown(sp.expand(large.power - small.power))} > 0")
        if self.scalars.sign(large.coefficient) & NIL:
            self.assume(f"{shown(large.coefficient)} != 0")
        return large

    def multiply(self, a: Order, b: Order) -> Order:
        """A product; 0 stays 0."""
        if a.coefficient == 0 or b.coefficient == 0:
            return ZERO
        return Order(a.coefficient * b.coefficient, a.power + b.power, a.fast or b.fast)

    def divide(self, a: Order, b: Order) -> Order:
        """A quotient."""
        if b.fast or b.coefficient == 0:
            raise NoMatrixError("it divides by what tends to 0")
        return self.multiply(a, Order(1 / b.coefficient, -b.power))

    def power(self, a: Order, b: Order) -> Order:
        """What is below 1 falls exponentially with an exponent that grows."""
        if b.fast or self.scalars.sign(b.power) == NEGATIVE:
            return ONE
        if self.scalars.sign(b.power) == POSITIVE or b.coefficient.has(STEP):
            return self._exponential(a, b)
        return Order(a.coefficient**b.coefficient, a.power * b.coefficient, a.fast)

    def _exponential(self, a: Order, b: Order) -> Order:
        base, way = a.coefficient, self.scalars.sign(b.coefficient)
        shrinks = not self.scalars.sign(base) & NEGATIVE and self.scalars.sign(1 - base) == POSITIVE
        if a.power != 0 or a.fast or not shrinks or way not in (POSITIVE, NOT_NEGATIVE):
            raise NoMatrixError(f"{_wrapped(base)}**({_wrapped(b.coefficient)} * t) has no limit that is known")
        if way & NIL:
            self.assume(f"{shown(b.coefficient)} > 0")
        return Order(sp.Integer(1), fast=True)

    def repeated(self, share: Order, added: Order, start: Order) -> Order | None:
        """What x = share*x + added tends to, from a start; None where that is not known."""
        sign = self.scalars.sign
        if share == ONE:
            power = added.power + 1
            grows = not added.fast and sign(power) == POSITIVE
            return start if added.coefficient == 0 else Order(added.coefficient / power, power) if grows else None
        rest = 1 - share.coefficient
        if share.fast or share.power != 0 or sign(rest) != POSITIVE or sign(1 + share.coefficient) != POSITIVE:
            return None
        return self.divide(added, Order(rest))

    def root(self, a: Order) -> Order:
        """A square root."""
        return Order(sp.sqrt(a.coefficient), a.power / 2, a.fast)

    def exponential(self, a: Order) -> Order:
        """exp(x), which falls fast where x goes down without bound."""
        if not a.fast and self.scalars.sign(a.power) == POSITIVE:
            if self.scalars.sign(a.coefficient) != NEGATIVE:
                raise NoMatrixError("an exponential grows without bound")
            return Order(sp.Integer(1), fast=True)
        return Order(sp.exp(self.limit(a)))

    def largest(self, a: Order, b: Order) -> Order:
        """The larger one in the end."""
        sign = self._compared(a, b)
        if not sign & NEGATIVE:
            return a
        return b if not sign & POSITIVE else Order(sp.Max(self.limit(a), self.limit(b)))

    def smallest(self, a: Order, b: Order) -> Order:
        """The smaller one in the end."""
        sign = self._compared(a, b)
        if not sign & NEGATIVE:
            return b
        return a if not sign & POSITIVE else Order(sp.Min(self.limit(a), self.limit(b)))

    def clip(self, x: Order, low: Order, high: Order) -> Order:
        """Between two ends; what lies between equal ends is known."""
        if low == high:
            return low
        return self.smallest(self.largest(x, low), high)

    def _compared(self, a: Order, b: Order) -> int:
        difference = self.add(a, Order(-b.coefficient, b.power, b.fast))
        return NIL if difference.fast else self.scalars.sign(difference.coefficient)

    def holds(self, op: str, a: Order, b: Order) -> bool:
        """A comparison in the end; where the hyperparameters decide it, as it is at the defaults."""
        difference = self.add(a, Order(-b.coefficient, b.power, b.fast))
        if difference.fast:
            raise NoMatrixError("a branch depends on the sign of what falls exponentially")
        sign = self.scalars.sign(difference.coefficient)
        table = {POSITIVE: op in (">", ">=", "ne"), NEGATIVE: op in ("<", "<=", "ne"), NIL: op in ("<=", ">=", "eq")}
        if sign in table:
            return table[sign]
        value = self.scalars.at_defaults(difference.coefficient)
        if value is None or not value.is_Rational:
            raise NoMatrixError(f"a branch depends on whether {shown(difference.coefficient)} is above 0")
        own = POSITIVE if value > 0 else NEGATIVE if value < 0 else NIL
        self.assume(f"{shown(a.coefficient)} {'>' if value > 0 else '<' if value < 0 else '=='} {shown(b.coefficient)}")
        return table[own]


def _wrapped(value: Any) -> str:
    """A value inside a product or under a power."""
    return shown(value) if value.is_Atom and not value.is_negative else f"({shown(value)})"


def _function(op: str, values: list[Any]) -> Any:
    known = {"log": sp.log, "sign": sp.sign, "floor": sp.floor, "ceil": sp.ceiling, "sin": sp.sin, "cos": sp.cos}
    known |= {"tan": sp.tan, "tanh": sp.tanh, "log1p": lambda x: sp.log(1 + x), "pi": lambda: sp.pi}
    if op not in known:
        raise NoMatrixError(f"nothing is known of {op} as t grows")
    return known[op](*values)


_RULES: dict[str, Callable[..., Order]] = {
    "+": Orders.add, "*": Orders.multiply, "/": Orders.divide, "**": Orders.power, "sqrt": Orders.root,
    "neg": lambda orders, a: Order(-a.coefficient, a.power, a.fast), "exp": Orders.exponential,
    "-": lambda orders, a, b: orders.add(a, Order(-b.coefficient, b.power, b.fast)),
    "expm1": lambda orders, a: orders.add(orders.exponential(a), Order(sp.Integer(-1))),
    "abs": lambda orders, a: Order(sp.Abs(a.coefficient), a.power, a.fast),
    "max": Orders.largest, "min": Orders.smallest, "clip": Orders.clip,
}  # fmt: skip
