"""How a number per step times an input reads."""

from __future__ import annotations

from symopt.expr import Call, Expr, multiply, text

_SHORT = 40  # characters of a formula that stands in a sentence


def times(value: Expr, u: Expr) -> str:
    """A number per step times what is averaged, with the brackets that it needs."""
    if is_short(u):
        return text(multiply(value, u))
    return (
        f"({text(value)}) * its input" if isinstance(value, Call) and value.op in "+-" else f"{text(value)} * its input"
    )


def given(u: Expr) -> str:
    """What is averaged, where a sentence names it."""
    return text(u) if is_short(u) else "its input"


def is_short(u: Expr) -> bool:
    """Whether a sentence has room for it."""
    return len(text(u)) < _SHORT
