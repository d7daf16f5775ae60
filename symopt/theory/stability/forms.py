"""Linear forms in what moves, and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symopt.expr import Expr, text
from symopt.theory.stability.orders import ONE, ZERO, Order, Orders

Form = dict[str, Order]
"""Old value, or g, -> its coefficient; "" -> what does not move."""

_MINUS_ONE = Order(sp.Integer(-1))


class NotLinearError(Exception):
    """An expression that is not linear in what moves; `target` is the sequence that it belongs to."""

    def __init__(self, expr: Expr, target: str = ""):
        super().__init__(text(expr))
        self.expr, self.target = expr, target


def plus(orders: Orders, a: Form, b: Form) -> Form:
    """a + b."""
    return {name: orders.add(a.get(name, ZERO), b.get(name, ZERO)) for name in dict.fromkeys([*a, *b])}


def scaled(orders: Orders, a: Form, factor: Order) -> Form:
    """factor*a."""
    return {name: orders.multiply(order, factor) for name, order in a.items()}


def product(orders: Orders, a: Form, b: Form) -> Form | None:
    """a*b, where one does not move."""
    for x, y in ((a, b), (b, a)):
        if not y.keys() - {""}:
            return scaled(orders, x, y.get("", ZERO))
    return None


def quotient(orders: Orders, a: Form, b: Form) -> Form | None:
    """a/b, where b does not move."""
    return None if b.keys() - {""} else scaled(orders, a, orders.divide(ONE, b.get("", ZERO)))


LINEAR: dict[str, Callable[..., Form | None]] = {
    "+": plus, "-": lambda orders, a, b: plus(orders, a, scaled(orders, b, _MINUS_ONE)), "*": product,
    "neg": lambda orders, a: scaled(orders, a, _MINUS_ONE), "/": quotient,
}  # fmt: skip
"""The operations that keep a form linear."""
