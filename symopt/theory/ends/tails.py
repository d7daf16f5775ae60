"""Limits and how they are computed with: what a sum, a product or a power tends to when its parts do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from symopt.domains import Domain, NonNegative, Positive
from symopt.expr import ONE, ZERO, Call, Expr, Reduction, Seq, Sym, negate, text, walk
from symopt.interpret import FLOAT, Reader
from symopt.reach import reach, within
from symopt.theory.ends.folding import fold

Rate = Literal["", "power", "exponential"]
_BELOW_1 = Domain("", Fraction(0), Fraction(1), open_upper=True)
_ABOVE_1 = Domain("", Fraction(1), open_lower=True)


@dataclass(frozen=True)
class Tail:
    """A limit: an expression, or without bound in the direction of `sign`.

    rate: how fast it gets there where it is 0 or without bound; empty for what is constant
    """

    value: Expr | None
    sign: int = 0
    rate: Rate = ""

    @property
    def moves(self) -> bool:
        """Whether a value only tends to its limit, and may be on any side of it."""
        return self.rate != ""


INFINITE = Tail(None, 1, "power")
"""What a name that grows does itself."""

_ZERO = Tail(ZERO)


@dataclass
class Ground:
    """What limits are computed on.

    domains: of names; defaults: the values that choose between two outcomes where hyperparameters decide
    assumed: the conditions that were so chosen
    """

    domains: Mapping[Expr, Domain]
    defaults: Mapping[str, Fraction]
    assumed: list[str] = field(default_factory=list[str])

    def sign(self, expr: Expr) -> int:
        """1 or -1 where the domains tell, or where the defaults do and the rest of a domain is an end of it; else 0."""
        for sign, signed in ((1, expr), (-1, negate(expr))):
            found = reach(signed, self.domains)
            if within(found, Positive):
                return sign
            if within(found, NonNegative) and self.holds(Call(">", (signed, ZERO))):
                self.assume(text(Call(">", (signed, ZERO))))
                return sign
        return 0

    def holds(self, condition: Expr) -> bool | None:
        """Whether a condition on hyperparameters holds at the defaults; None where it is on something else."""
        nodes = list(walk(condition))
        names = {node.name for node in nodes if isinstance(node, Sym)}
        if any(isinstance(node, Seq | Reduction) for node in nodes) or not names <= self.defaults.keys():
            return None
        plain = {name: FLOAT.constant(value) for name, value in self.defaults.items()}
        return bool(Reader(FLOAT, [()], [0], {}, [plain]).value(condition, 0))

    def assume(self, condition: str) -> None:
        """Remember a condition, once."""
        if condition not in self.assumed:
            self.assumed.append(condition)


def _faster(*tails: Tail) -> Rate:
    rates = {tail.rate for tail in tails}
    return "exponential" if "exponential" in rates else "power" if "power" in rates else ""


def _plus(ground: Ground, a: Tail, b: Tail) -> Tail | None:
    if a.value is None or b.value is None:
        infinite = [tail for tail in (a, b) if tail.value is None]
        return Tail(None, infinite[0].sign, _faster(*infinite)) if len({x.sign for x in infinite}) == 1 else None
    slower = {tail.rate for tail in (a, b)} - {""}
    rate: Rate = "power" if "power" in slower else "exponential" if slower else ""
    return Tail(fold(Call("+", (a.value, b.value))), rate=rate)


def _negative(ground: Ground, a: Tail) -> Tail:
    return Tail(None if a.value is None else fold(negate(a.value)), -a.sign, a.rate)


def _times(ground: Ground, a: Tail, b: Tail) -> Tail | None:
    if a.value is not None and b.value is not None:
        return Tail(fold(Call("*", (a.value, b.value))), rate=_product_rate(a, b))
    if a.value is None and b.value is None:
        return Tail(None, a.sign * b.sign, _faster(a, b))
    finite, infinite = (a, b) if b.value is None else (b, a)
    if finite == _ZERO or (finite.value == ZERO and finite.rate == "exponential" and infinite.rate == "power"):
        return finite
    assert finite.value is not None
    sign = ground.sign(finite.value)
    return Tail(None, sign * infinite.sign, infinite.rate) if sign else None


def _product_rate(a: Tail, b: Tail) -> Rate:
    """A product is as slow as its slower factor, but where one factor vanishes that one counts."""
    for x, y in ((a, b), (b, a)):
        if x.value == ZERO and y.value != ZERO:
            return x.rate
    if ZERO in (a.value, b.value):
        return _faster(a, b)
    return "power" if "power" in (a.rate, b.rate) else _faster(a, b)


def _inverse(ground: Ground, a: Tail) -> Tail | None:
    if a.value is None:
        return Tail(ZERO, rate=a.rate)
    return None if a.value == ZERO else Tail(fold(Call("/", (ONE, a.value))), rate=a.rate)


def _over(ground: Ground, a: Tail, b: Tail) -> Tail | None:
    if a.value is not None and b.value is not None and b.value != ZERO:
        return Tail(fold(Call("/", (a.value, b.value))), rate=_product_rate(a, b))
    inverse = _inverse(ground, b)
    return None if inverse is None else _times(ground, a, inverse)


def _power(ground: Ground, a: Tail, b: Tail) -> Tail | None:
    if a.value is not None and b.value is not None:
        if a.value == ZERO and b.value != ZERO:
            return Tail(ZERO, rate=a.rate) if ground.sign(b.value) > 0 else None
        return Tail(fold(Call("**", (a.value, b.value))), rate="power" if a.moves or b.moves else "")
    if b.value is not None:  # a base without bound
        sign = ground.sign(b.value) if a.sign > 0 else 0
        if b.value == ZERO and not b.rate:
            return Tail(ONE)
        return Tail(None, 1, a.rate) if sign > 0 else Tail(ZERO, rate=a.rate) if sign < 0 else None
    if a.value is None or a.moves:
        return None
    base = reach(a.value, ground.domains)
    shrinks, grows = within(base, _BELOW_1), within(base, _ABOVE_1)
    if not shrinks and not grows:
        return None
    rising = grows == (b.sign > 0)
    return Tail(None, 1, "exponential") if rising else Tail(ZERO, rate="exponential")


def _root(ground: Ground, a: Tail) -> Tail | None:
    if a.value is None:
        return a if a.sign > 0 else None
    return Tail(fold(Call("sqrt", (a.value,))), rate=a.rate)


def _extreme(op: str, sign: int) -> Callable[[Ground, Tail, Tail], Tail | None]:
    def rule(ground: Ground, a: Tail, b: Tail) -> Tail | None:
        if a.value is not None and b.value is not None:
            return Tail(fold(Call(op, (a.value, b.value))), rate="power" if a.moves or b.moves else "")
        if a.value is None and b.value is None and a.sign == b.sign:
            return a if a == b else None
        infinite, other = (a, b) if a.value is None and (b.value is not None or a.sign == sign) else (b, a)
        return infinite if infinite.sign == sign else other

    return rule


_LARGER, _SMALLER = _extreme("max", 1), _extreme("min", -1)


def _clip(ground: Ground, x: Tail, low: Tail, high: Tail) -> Tail | None:
    if low.value is not None and low.value == high.value:
        return Tail(low.value, rate="power")
    above = _LARGER(ground, x, low)
    return None if above is None else _SMALLER(ground, above, high)


def _size(ground: Ground, a: Tail) -> Tail:
    return Tail(None, 1, a.rate) if a.value is None else Tail(fold(Call("abs", (a.value,))), rate=a.rate)


RULES: Mapping[str, Callable[..., Tail | None]] = {
    "+": _plus, "-": lambda ground, a, b: _plus(ground, a, _negative(ground, b)), "*": _times, "/": _over,
    "neg": _negative, "**": _power, "sqrt": _root, "max": _LARGER, "min": _SMALLER, "clip": _clip, "abs": _size,
}  # fmt: skip
"""Each takes the ground and the limits of the arguments; None where nothing can be said."""
