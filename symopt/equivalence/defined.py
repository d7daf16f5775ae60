"""Whether two recurrences have a value at every step, whatever the gradients: no division by 0, no root of less."""

from __future__ import annotations

from symopt.domains import NonNegative, Positive
from symopt.equivalence.induction import divisors, never_zero
from symopt.equivalence.product import Product
from symopt.expr import Call, Expr, Num, walk
from symopt.prove.facts import Facts
from symopt.prove.invariants import inside


def has_values(product: Product) -> bool:
    """Whether that is shown for each equation, start and gradient point of both sides."""
    exprs = [equation.rhs for side in product.sides for equation in side.equations]
    return all(_has_value(expr, product.facts) for expr in (*exprs, *product.starts.values(), *product.points))


def _has_value(expr: Expr, facts: Facts) -> bool:
    return all(never_zero(below, facts) for below in divisors(expr, facts)) and all(
        inside(node.args[0], Positive if node.op == "log" else NonNegative, facts)
        for node in walk(expr)
        if isinstance(node, Call) and (node.op in ("sqrt", "log") or _is_root(node))
    )


def _is_root(node: Call) -> bool:
    """Whether a power has an exponent that may be other than a whole number."""
    return node.op == "**" and not (isinstance(node.args[1], Num) and node.args[1].value.denominator == 1)
