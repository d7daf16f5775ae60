"""What an expression tends to as a hyperparameter in it grows beyond all bounds."""

from __future__ import annotations

from collections.abc import Callable

from symopt.domains import Positive
from symopt.errors import SymoptError
from symopt.expr import ONE, ZERO, Call, Expr, Reduction, Sym, negate, rebuild, symbols, text
from symopt.prove.invariants import inside, known
from symopt.recurrence import Optimizer

UP, DOWN = Sym("+infinity"), Sym("-infinity")
_ENDS = (UP, DOWN)
_YES, _NO = Call("<", (ZERO, ONE)), Call("<", (ONE, ZERO))


def at_infinity(expr: Expr, name: str, optimizer: Optimizer) -> Expr:
    """The limit of an expression, by the rules for Max, Min, clip, comparisons, products and quotients.

    raises SymoptError where the limit is not finite or no rule gives it
    """
    if name not in symbols(expr):
        return expr
    found = _Limit(name, optimizer).of(expr)
    if found in _ENDS:
        raise SymoptError(f"{text(expr)} grows beyond all bounds with {name}; give {name} a number")
    return found


class _Limit:
    def __init__(self, name: str, optimizer: Optimizer):
        self.name = name
        self.facts = known(optimizer)

    def of(self, expr: Expr) -> Expr:
        """A finite expression, or one of the two ends."""
        if self.name not in symbols(expr):
            return expr
        if isinstance(expr, Sym):
            return UP
        args = tuple(map(self.of, expr.args)) if isinstance(expr, Call | Reduction) else ()
        if not any(arg in _ENDS for arg in args):
            return rebuild(expr, args)
        rule = _RULES.get(expr.op) if isinstance(expr, Call) else None
        found = rule(self, *args) if rule else None
        if found is None:
            message = f"no rule says what {text(expr)} tends to as {self.name} grows"
            raise SymoptError(f"{message}; give {self.name} a number")
        return found

    def sign(self, expr: Expr) -> int:
        """1 or -1 where that is proved, else 0."""
        if expr in _ENDS:
            return 1 if expr == UP else -1
        return 1 if inside(expr, Positive, self.facts) else -1 if inside(negate(expr), Positive, self.facts) else 0


def _flipped(expr: Expr) -> Expr:
    return DOWN if expr == UP else UP if expr == DOWN else negate(expr)


def _max(_: _Limit, a: Expr, b: Expr) -> Expr:
    return UP if UP in (a, b) else b if a == DOWN else a


def _min(_: _Limit, a: Expr, b: Expr) -> Expr:
    return DOWN if DOWN in (a, b) else b if a == UP else a


def _clip(limit: _Limit, x: Expr, low: Expr, high: Expr) -> Expr:
    inner = Call("max", (x, low)) if not {x, low} & set(_ENDS) else _max(limit, x, low)
    return _min(limit, inner, high) if {inner, high} & set(_ENDS) else Call("min", (inner, high))


def _plus(_: _Limit, a: Expr, b: Expr) -> Expr | None:
    return None if {a, b} == set(_ENDS) else a if a in _ENDS else b


def _times(limit: _Limit, a: Expr, b: Expr) -> Expr | None:
    return {1: UP, -1: DOWN}.get(limit.sign(a) * limit.sign(b))


def _over(limit: _Limit, a: Expr, b: Expr) -> Expr | None:
    if b in _ENDS:
        return None if a in _ENDS else ZERO
    return _times(limit, a, b)


def _power(limit: _Limit, a: Expr, b: Expr) -> Expr | None:
    return UP if a == UP and b not in _ENDS and limit.sign(b) == 1 else None


def _less(_: _Limit, a: Expr, b: Expr) -> Expr | None:
    if a in _ENDS and b in _ENDS:
        return None
    return _YES if a == DOWN or b == UP else _NO


def _every(_: _Limit, __: Expr, period: Expr) -> Expr | None:
    return _NO if period == UP else None  # steps are counted from 1


_RULES: dict[str, Callable[..., Expr | None]] = {
    "neg": lambda _, a: _flipped(a), "max": _max, "min": _min, "clip": _clip, "+": _plus, "*": _times, "/": _over,
    "-": lambda limit, a, b: _plus(limit, a, _flipped(b)), "**": _power, "<": _less, "<=": _less,
    ">": lambda limit, a, b: _less(limit, b, a), ">=": lambda limit, a, b: _less(limit, b, a),
    "sqrt": lambda _, a: a if a == UP else None, "exp": lambda _, a: UP if a == UP else ZERO,
    "abs": lambda _, a: UP, "every": _every,
}  # fmt: skip
