"""The derivative of an expression along a direction, rule by rule on the tree, so that it reads as it was written.

What is not smooth takes the derivative of the side that it is on: `where`, `Max`, `Min` and `clip` that of the branch
taken, `abs` and `sign` and `floor` that beside the jump. A condition is a constant. Where a root or a norm is 0 its
derivative counts as 0: there every value that it is made of is 0, and stays so along the direction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from symopt.domains import Domain
from symopt.expr import ONE, ZERO, Call, Expr, Num, Reduction, add, divide, multiply, negate, summands
from symopt.reach import reach, within

Domains = Mapping[Expr, Domain]
_TWO = Num(Fraction(2))
_FROM_ONE = Domain("", lower=Fraction(1))


def tangent(expr: Expr, leaves: Mapping[Expr, Expr], domains: Domains) -> Expr:
    """The derivative of `expr`, where `leaves` has that of each name in it that is not constant.

    domains: of the names, as far as they are known; they spare tests for 0
    """
    if expr in leaves:
        return leaves[expr]
    match expr:
        case Call("where", (condition, a, b)):
            return _choice(condition, tangent(a, leaves, domains), tangent(b, leaves, domains))
        case Call("clip", (x, low, high)):
            held = Call("min", (Call("max", (x, low)), high))
            return tangent(held, leaves, domains)
        case Call("**" | "sqrt"):
            return _power(expr, tuple(tangent(arg, leaves, domains) for arg in expr.args), domains)
        case Call(op, args) if op in _RULES:
            along = [tangent(arg, leaves, domains) for arg in args]
            return ZERO if set(along) == {ZERO} else _RULES[op](*args, *along)
        case Reduction(op, args, over) if op in _REDUCED:
            along = [tangent(arg, leaves, domains) for arg in args]
            return ZERO if set(along) == {ZERO} else _REDUCED[op](over, *args, *along)
        case _:
            return ZERO


def _times(*factors: Expr) -> Expr:
    """A product, with a sign and a denominator of one factor moved to the whole."""
    for number, factor in enumerate(factors):
        others = factors[:number], factors[number + 1 :]
        match factor:
            case Num(value) if value < 0:
                return negate(_times(*others[0], Num(-value), *others[1]))
            case Call("neg", (x,)):
                return negate(_times(*others[0], x, *others[1]))
            case _:
                pass
    return multiply(*factors)


def _over(numerator: Expr, denominator: Expr) -> Expr:
    """A quotient; 0 stays 0 and a sign goes in front."""
    if numerator == ZERO:
        return ZERO
    match numerator:
        case Call("neg", (x,)):
            return negate(divide(x, denominator))
        case _:
            return divide(numerator, denominator)


def _choice(condition: Expr, a: Expr, b: Expr) -> Expr:
    return a if a == b else Call("where", (condition, a, b))


def _unless_zero(x: Expr, value: Expr) -> Expr:
    return ZERO if value == ZERO else Call("where", (Call("eq", (x, ZERO)), ZERO, value))


def _sum(*terms: Expr) -> Expr:
    """A sum without brackets, a term without a sign first."""
    flat = [part for term in terms for part in summands(term)]
    first = next((i for i, term in enumerate(flat) if not _negative(term)), 0)
    return add(*flat[first : first + 1], *flat[:first], *flat[first + 1 :])


def _negative(term: Expr) -> bool:
    return (isinstance(term, Call) and term.op == "neg") or (isinstance(term, Num) and term.value < 0)


def _minus(a: Expr, b: Expr) -> Expr:
    return _sum(a, *map(negate, summands(b)))


def _product(a: Expr, b: Expr, da: Expr, db: Expr) -> Expr:
    return _sum(_times(da, b), _times(a, db))


def _quotient(a: Expr, b: Expr, da: Expr, db: Expr) -> Expr:
    """(da - a/b*db)/b: nothing is squared that could leave the range of a float."""
    rest = _without(db, b)
    return _over(_minus(da, _times(divide(a, b), db) if rest is None else _times(a, rest)), b)


def _without(product: Expr, factor: Expr) -> Expr | None:
    """What a product that begins with a factor has besides it."""
    match product:
        case Call("neg", (x,)):
            rest = _without(x, factor)
            return None if rest is None else negate(rest)
        case Call("*", (first, last)):
            rest = ONE if first == factor else _without(first, factor)
            return None if rest is None else multiply(rest, last)
        case _:
            return None


def _power(expr: Call, along: tuple[Expr, ...], domains: Domains) -> Expr:
    """Of a root, or of a power whose base or exponent moves."""
    if set(along) == {ZERO}:
        return ZERO
    if expr.op == "sqrt":
        base = expr.args[0]
        found = _over(along[0], multiply(_TWO, expr))
        return found if _never_zero(base, domains) else _unless_zero(base, found)
    (base, exponent), (db, de) = expr.args, along
    moved = _times(exponent, _lower(base, exponent), db)
    if not (within(reach(exponent, domains), _FROM_ONE) or _never_zero(base, domains)):
        moved = _unless_zero(base, moved)
    grown = _times(expr, Call("log", (base,)), de)
    return _sum(moved, grown if _never_zero(base, domains) else _unless_zero(base, grown))


def _lower(base: Expr, exponent: Expr) -> Expr:
    """base**(exponent - 1)."""
    if isinstance(exponent, Num):
        less = Num(exponent.value - 1)
        return ONE if less == ZERO else base if less == ONE else Call("**", (base, less))
    return Call("**", (base, Call("-", (exponent, ONE))))


def _never_zero(expr: Expr, domains: Domains) -> bool:
    return Fraction(0) not in reach(expr, domains)


def _larger(a: Expr, b: Expr, da: Expr, db: Expr) -> Expr:
    return _choice(Call(">=", (a, b)), da, db)


def _smaller(a: Expr, b: Expr, da: Expr, db: Expr) -> Expr:
    return _choice(Call("<=", (a, b)), da, db)


def _tangent_of_tan(x: Expr, dx: Expr) -> Expr:
    return _times(add(ONE, _square(Call("tan", (x,)))), dx)


def _square(x: Expr) -> Expr:
    return Call("**", (x, _TWO))


_RULES: Mapping[str, Callable[..., Expr]] = {
    "+": lambda a, b, da, db: _sum(da, db), "-": lambda a, b, da, db: _minus(da, db), "neg": lambda a, da: negate(da),
    "*": _product, "/": _quotient, "exp": lambda x, dx: _times(Call("exp", (x,)), dx),
    "log": lambda x, dx: _over(dx, x), "expm1": lambda x, dx: _times(Call("exp", (x,)), dx),
    "log1p": lambda x, dx: _over(dx, add(ONE, x)), "abs": lambda x, dx: _times(Call("sign", (x,)), dx),
    "sin": lambda x, dx: _times(Call("cos", (x,)), dx), "cos": lambda x, dx: negate(_times(Call("sin", (x,)), dx)),
    "tan": _tangent_of_tan, "tanh": lambda x, dx: _times(_minus(ONE, _square(Call("tanh", (x,)))), dx),
    "max": _larger, "min": _smaller,
}  # fmt: skip
"""What is not here is constant between its jumps: `sign`, `floor`, conditions."""


def _norm(over: str, x: Expr, dx: Expr) -> Expr:
    norm = Reduction("norm", (x,), over)
    return _unless_zero(norm, _over(Reduction("dot", (x, dx), over), norm))


def _dot(over: str, x: Expr, y: Expr, dx: Expr, dy: Expr) -> Expr:
    found = [Reduction("dot", pair, over) for pair in ((dx, y), (x, dy)) if ZERO not in pair]
    return add(*found)


def _maxabs(over: str, x: Expr, dx: Expr) -> Expr:
    """That of the largest element; of several, the mean; 0 where none is found again, as among NaN or no elements."""
    largest = Call("eq", (Call("abs", (x,)), Reduction("maxabs", (x,), over)))
    chosen = Call("where", (largest, _times(Call("sign", (x,)), dx), ZERO))
    count = Call("where", (largest, ONE, ZERO))
    return divide(Reduction("total", (chosen,), over), Call("max", (Reduction("total", (count,), over), ONE)))


_REDUCED: Mapping[str, Callable[..., Expr]] = {
    "total": lambda over, x, dx: Reduction("total", (dx,), over),
    "mean": lambda over, x, dx: Reduction("mean", (dx,), over),
    "norm": _norm, "dot": _dot, "maxabs": _maxabs,
}  # fmt: skip
