"""Readable names for the scalars that passes introduce."""

from __future__ import annotations

from collections.abc import Iterable

from symopt.expr import ONE, Call, Expr, Num, Sym

LONGEST = 22
_WORDS = {"sqrt": "root", "abs": "abs", "sign": "sign", "exp": "exp", "log": "log", "neg": "minus", "norm": "norm"}


def describe(expr: Expr) -> str | None:
    """A short name that says what an expression is, or None where there is none: `1 - beta1` is one_minus_beta1."""
    name = _describe(expr)
    return name if name and len(name) <= LONGEST else None


def _describe(expr: Expr) -> str | None:
    match expr:
        case Sym(name):
            return name
        case Call("below", (x,)):
            return _joined(x, "hi")
        case Call("-", (x, Call("below", (y,)))) if x == y:
            return _joined(x, "lo")
        case Call("-", (one, x)) if one == ONE:
            return _joined("one_minus", x)
        case Call("/", (one, x)) if one == ONE:
            return _joined("inv", x)
        case Call("**", (x, Num(two))) if two == 2:
            return _joined(x, "squared")
        case Call("**", (x, Sym(name))):
            return _joined(x, "to_the", Sym(name))
        case Call("*", (x, y)) if x == y:
            return _joined(x, "squared")
        case Call("*", (x, y)):
            return _joined(x, y)
        case Call("every", (_, x)):
            return _joined("every", x)
        case Call(op, (x,)) if op in _WORDS:
            return _joined(_WORDS[op], x)
        case _:
            return None


def _joined(*parts: Expr | str) -> str | None:
    words = [part if isinstance(part, str) else _describe(part) for part in parts]
    return "_".join(word for word in words if word) if all(words) else None


class Fresh:
    """Hands out names that nothing uses yet."""

    def __init__(self, taken: Iterable[str]):
        self.taken = set(taken)

    def __call__(self, wish: str) -> str:
        name, number = wish, 2
        while name in self.taken:
            name, number = f"{wish}_{number}", number + 1
        self.taken.add(name)
        return name
