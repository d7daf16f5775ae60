"""States that average: x[t] = kept*x[t-1] + taken*u[t], with kept and taken numbers per step, whatever u is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symopt.expr import (
    ONE,
    ZERO,
    Call,
    Expr,
    Num,
    Seq,
    add,
    divide,
    multiply,
    negate,
    sequences,
    substitute,
    symbols,
    text,
)
from symopt.recurrence import Optimizer, level_of
from symopt.theory.bias.divided import is_divided
from symopt.theory.ends.folding import fold

_TOLD = {
    "max": "it is a maximum, which one large input sets at once",
    "min": "it is a minimum, which one small input sets at once",
    "clip": "it is held between bounds, so that it does not add up its inputs",
    "sign": "it depends on its old value by a sign",
}

_A_SUM = "which makes it a sum and not an average"


@dataclass(frozen=True)
class Average:
    """kept, taken: of x[t] = kept*x[t-1] + taken*u[t]; u: what it averages."""

    name: str
    kept: Expr
    taken: Expr
    u: Expr


def average(optimizer: Optimizer, name: str) -> Average | str:
    """The state as an average, or why it is none."""
    start = optimizer.start_of(name) or ZERO
    if any(seq.name == "theta" for seq in sequences(start)):
        return "it is a point in the space of the parameter, which starts at theta[0]"
    old = Seq(name, -1)
    rhs = expanded(optimizer, next(e.rhs for e in optimizer.equations if e.target == name), old)
    found = affine(rhs, old)
    if found is None:
        return _why_not(rhs, old)
    kept, rest = _plain(fold(found[0])), fold(found[1])
    if level_of(kept, optimizer.levels) in ("row", "element"):
        return "how much of its old value is kept differs from element to element"
    if kept == ZERO:
        return "it holds its last input and averages nothing"
    taken, u = _without_constants(kept, *weighed(rest, optimizer.levels))
    if isinstance(kept, Call) and kept.op == "where" and {*kept.args[1:]} <= {ZERO, ONE}:
        return f"it adds up {_shown(u)} and now and then begins anew, {_A_SUM}"
    if kept == ONE:
        return f"it adds up {_shown(multiply(taken, u))} and forgets nothing, {_A_SUM}"
    if start != ZERO:
        return f"it starts at {text(start)}, not at 0"
    others = [seq for seq in sequences(u) if seq.shift == -1 and seq.name != "theta"]
    if others and not is_divided(optimizer, name):
        return f"its input holds {text(others[0])}, an old value, which need not be constant while the gradient is"
    return Average(name, kept, taken, u)


def _plain(kept: Expr) -> Expr:
    """1 - (1 - b) as b."""
    match kept:
        case Call("-", (a, Call("-", (b, rest)))) if a == b:
            return rest
        case _:
            return kept


def _without_constants(kept: Expr, taken: Expr, u: Expr) -> tuple[Expr, Expr]:
    """The 2 of (1 - beta2)*2 belongs to what is averaged, and so does what multiplies 1 - kept."""
    rest = Call("-", (ONE, kept))
    match taken:
        case Call("*", (Num() as number, share)) | Call("*", (share, Num() as number)) if not isinstance(share, Num):
            return share, multiply(number, u)
        case Call("*", (share, other)) | Call("*", (other, share)) if share == rest and _is_constant(other):
            return share, multiply(other, u)
        case _:
            return taken, u


def _is_constant(expr: Expr) -> bool:
    return not sequences(expr) and "t" not in symbols(expr)


def _shown(u: Expr) -> str:
    return text(u) if len(text(u)) < 30 else "its inputs"


def _why_not(rhs: Expr, old: Seq) -> str:
    todo = [rhs]
    while todo:
        node = todo.pop()
        if isinstance(node, Call) and old in sequences(node):
            if node.op in _TOLD and affine(node, old) is None:
                return _TOLD[node.op]
            todo += node.args
    return "its new value is no sum of a share of the old one and an input, each share known before the gradient"


def expanded(optimizer: Optimizer, expr: Expr, old: Seq) -> Expr:
    """An expression with those new values of element-level sequences written out that depend on an old value."""
    holds: dict[str, bool] = {}
    for equation in optimizer.equations:
        read = sequences(equation.rhs)
        holds[equation.target] = old in read or any(seq.shift == 0 and holds.get(seq.name, False) for seq in read)
    for equation in reversed(optimizer.equations):
        if holds[equation.target] and optimizer.levels[equation.target] == "element":
            expr = substitute(expr, {Seq(equation.target, 0): equation.rhs})
    return expr


def affine(expr: Expr, old: Seq) -> tuple[Expr, Expr] | None:
    """(a, b) of an expression a*old + b, with `old` in neither; None where it has another form."""
    if old not in sequences(expr):
        return ZERO, expr
    match expr:
        case Seq():
            return ONE, ZERO
        case Call("neg", (x,)):
            return _both(affine(x, old), negate)
        case Call("+" | "-", (x, y)):
            first, second = affine(x, old), affine(y, old)
            if first is None or second is None:
                return None
            (a, b), (c, d) = first, second if expr.op == "+" else (negate(second[0]), negate(second[1]))
            return add(a, c), add(b, d)
        case Call("*", (x, y)) if old not in sequences(x):
            return _both(affine(y, old), lambda part: multiply(x, part))
        case Call("*", (x, y)) if old not in sequences(y):
            return _both(affine(x, old), lambda part: multiply(part, y))
        case Call("/", (x, y)) if old not in sequences(y):
            return _both(affine(x, old), lambda part: ZERO if part == ZERO else divide(part, y))
        case Call("where", (condition, x, y)) if old not in sequences(condition):
            first, second = affine(x, old), affine(y, old)
            if first is None or second is None:
                return None
            return chosen(condition, first[0], second[0]), chosen(condition, first[1], second[1])
        case _:
            return None


def _both(parts: tuple[Expr, Expr] | None, rule: Callable[[Expr], Expr]) -> tuple[Expr, Expr] | None:
    return None if parts is None else (rule(parts[0]), rule(parts[1]))


def chosen(condition: Expr, a: Expr, b: Expr) -> Expr:
    """where(condition, a, b)."""
    return a if a == b else Call("where", (condition, a, b))


def weighed(expr: Expr, levels: dict[str, str]) -> tuple[Expr, Expr]:
    """(number per step, rest) whose product an expression is."""
    match expr:
        case Call("neg", (x,)):
            weight, u = weighed(x, levels)
            return negate(weight), u
        case Call("*", (x, y)):
            (a, u), (b, w) = (weighed(part, levels) if _varies(part, levels) else (part, ONE) for part in (x, y))
            return multiply(a, b), multiply(u, w)
        case Call("/", (x, y)):
            a, u = weighed(x, levels) if _varies(x, levels) else (x, ONE)
            return (a, divide(u, y)) if _varies(y, levels) else (divide(a, y), u)
        case Call("+" | "-", (x, y)) if _varies(x, levels) and _varies(y, levels):
            (a, u), (b, w) = weighed(x, levels), weighed(y, levels)
            return (add(a, b if expr.op == "+" else negate(b)), u) if u == w else (ONE, expr)
        case Call("where", (condition, x, y)) if not _varies(condition, levels):
            (a, u), (b, w) = weighed(x, levels), weighed(y, levels)
            if u == w or ZERO in (x, y):
                return chosen(condition, a if x != ZERO else ZERO, b if y != ZERO else ZERO), w if x == ZERO else u
            return ONE, expr
        case _:
            return ONE, expr


def _varies(expr: Expr, levels: dict[str, str]) -> bool:
    return level_of(expr, levels) in ("row", "element")
