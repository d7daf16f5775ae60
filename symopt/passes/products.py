"""Products as lists: what stabilising and hoisting look at."""

from __future__ import annotations

from symopt.expr import Call, Expr, Num


def factors(expr: Expr) -> tuple[list[Expr], list[Expr], bool]:
    """(numerator, denominator, whether negated) of a product; small whole powers are written out."""
    match expr:
        case Call("neg", (a,)):
            up, down, negated = factors(a)
            return up, down, not negated
        case Call("*", (a, b)):
            up, down, negated = factors(a)
            up2, down2, negated2 = factors(b)
            return up + up2, down + down2, negated != negated2
        case Call("/", (a, b)):
            up, down, negated = factors(a)
            up2, down2, negated2 = factors(b)
            return up + down2, down + up2, negated != negated2
        case Call("**", (x, Num(n))) if n.denominator == 1 and 2 <= n <= 8:
            return [x] * int(n), [], False
        case Num(value) if value < 0:
            return [Num(-value)], [], True
        case _:
            return [expr], [], False
