"""What an expression tends to as a hyperparameter in it grows beyond all bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from symopt.domains import Domain, Positive
from symopt.errors import SymoptError
from symopt.expr import (
    BOOLEAN,
    ONE,
    ZERO,
    Call,
    Expr,
    Reduction,
    Seq,
    Sym,
    children,
    negate,
    rebuild,
    sequences,
    symbols,
    text,
    walk,
)
from symopt.prove.invariants import inside, known
from symopt.recurrence import Equation, Optimizer

UP, DOWN = Sym("+infinity"), Sym("-infinity")
_ENDS = (UP, DOWN)
_SETTLING = frozenset({"<", "<=", ">", ">=", "eq", "ne", "every", "where"})
"""What does not change any more once something in it is large enough."""
_JUMPING = BOOLEAN | {"sign", "floor", "ceil", "**", "log"}
_YES, _NO = Call("<", (ZERO, ONE)), Call("<", (ONE, ZERO))


def without_bound(optimizer: Optimizer, name: str) -> dict[str, Any]:
    """What the equations, starts and gradient point of an optimizer tend to, by the rules for Max, Min, clip, ...

    raises SymoptError where a limit is not finite or no rule gives it; and where a value that the limit is only
    approached by is compared, divided by, or multiplied with what grows: there the limit of the whole is another one
    """
    limit = _Limit(name, optimizer)
    return {
        "equations": tuple(Equation(e.target, limit.finite(e.rhs)) for e in optimizer.equations),
        "starts": tuple((name, limit.finite(rhs)) for name, rhs in optimizer.starts),
        "gradient_point": limit.finite(optimizer.gradient_point),
    }


class _Limit:
    """moving: the sequences that have their limits at no finite value, however large"""

    def __init__(self, name: str, optimizer: Optimizer):
        self.name = name
        self.facts = known(optimizer)
        self.moving: frozenset[str] = frozenset()
        rules = [*((e.target, e.rhs) for e in optimizer.equations), *optimizer.starts]
        while more := {target for target, rhs in rules if self.approached(rhs)} - self.moving:
            self.moving |= more
        closed = {seq: _closed(self.facts.domain(seq)) for seq in self.moving}
        self.facts = self.facts.knowing(closed)

    def finite(self, expr: Expr) -> Expr:
        """The limit of an expression."""
        self.check(expr)
        found = self.of(expr)
        if found in _ENDS:
            raise SymoptError(f"{text(expr)} grows beyond all bounds with {self.name}; give {self.name} a number")
        return found

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
            raise self.unknown(expr)
        return found

    def unknown(self, expr: Expr) -> SymoptError:
        """What is said where no rule gives a limit."""
        message = f"no rule says what {text(expr)} tends to as {self.name} grows"
        return SymoptError(f"{message}; give {self.name} a number")

    def approached(self, expr: Expr) -> bool:
        """Whether an expression may differ from its limit at every finite value."""
        if self.name not in symbols(expr) and not self.is_moving(expr):
            return False
        match expr:
            case Seq():
                return True
            case Call(op, args) if not any(self.limit_of(arg) in _ENDS for arg in args):
                return any(map(self.approached, args))
            case Call("max" | "min" | "clip", args):  # what grows drops out once it is large enough
                return any(self.approached(arg) for arg in args if self.limit_of(arg) not in _ENDS)
            case Call(op, _):
                return op not in _SETTLING
            case _:
                return any(map(self.approached, children(expr)))

    def limit_of(self, expr: Expr) -> Expr | None:
        """The limit, None where no rule gives it."""
        try:
            return self.of(expr)
        except SymoptError:
            return None

    def is_moving(self, expr: Expr) -> bool:
        """Whether a sequence in an expression has its limit at no finite value."""
        return any(seq.name in self.moving for seq in sequences(expr))

    def check(self, expr: Expr) -> None:
        """Refuse what jumps, or may have no value, at a limit that is only approached; and 0 times what grows."""
        for node in walk(expr):
            args = [arg for arg in children(node) if self.approached(arg) and self.limit_of(arg) not in _ENDS]
            if not args or not isinstance(node, Call):
                continue
            grows = any(self.limit_of(arg) in _ENDS for arg in node.args)
            divides = node.op == "/" and node.args[1] in args and not self.sign(self.of(node.args[1]))
            if node.op in _JUMPING or divides or (grows and node.op in ("*", "/", "**")):
                raise self.unknown(node)

    def sign(self, expr: Expr) -> int:
        """1 or -1 where that is proved, else 0."""
        if expr in _ENDS:
            return 1 if expr == UP else -1
        return 1 if inside(expr, Positive, self.facts) else -1 if inside(negate(expr), Positive, self.facts) else 0


def _closed(domain: Domain) -> Domain:
    """A domain with its ends, which a limit may reach."""
    return replace(domain, open_lower=False, open_upper=False)


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
