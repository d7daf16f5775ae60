"""An optimizer of changed equations, less what it no longer needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace

from symopt.domains import Domain
from symopt.errors import SymoptError
from symopt.expr import (
    ONE,
    ZERO,
    Call,
    Expr,
    Num,
    Seq,
    Sym,
    T,
    divide,
    multiply,
    number,
    sequences,
    substitute,
    symbols,
    walk,
)
from symopt.recurrence import Equation, Optimizer
from symopt.theory.ends.folding import fold


def rewritten(optimizer: Optimizer, rule: Callable[[Expr], Expr]) -> Optimizer | None:
    """An optimizer with every expression rewritten; None where that means nothing."""
    equations = [Equation(e.target, rule(e.rhs)) for e in optimizer.equations]
    starts = tuple((name, rule(rhs)) for name, rhs in optimizer.starts)
    return built(optimizer, equations, starts, rule(optimizer.gradient_point))


def built(
    optimizer: Optimizer, equations: list[Equation], starts: tuple[tuple[str, Expr], ...], point: Expr
) -> Optimizer | None:
    """An optimizer of these equations, less what they no longer need; None where they mean nothing."""
    shares = {hyper.name for hyper in optimizer.hyperparameters if _is_below_1(hyper.domain)}
    equations, point = _inlined(equations, point, dict(starts), shares)
    needed = _needed(equations, point)
    kept = tuple(e for e in equations if e.target in needed)
    exprs = [*(e.rhs for e in kept), point, *(rhs for name, rhs in starts if name in needed)]
    read = {name for expr in exprs for name in symbols(expr)}
    if any(_impossible(node) for expr in exprs for node in walk(expr)):
        return None
    states = {seq.name for expr in exprs for seq in sequences(expr) if seq.shift == -1}
    try:
        return replace(
            optimizer, equations=kept, gradient_point=point, outputs=(), in_force=(), schedules=(), constants=(),
            starts=tuple((name, rhs) for name, rhs in starts if name in states and rhs != ZERO),
            hyperparameters=tuple(hyper for hyper in optimizer.hyperparameters if hyper.name in read),
        )  # fmt: skip
    except SymoptError:
        return None


def _impossible(node: Expr) -> bool:
    return isinstance(node, Call) and node.op == "/" and node.args[1] == ZERO


def _is_below_1(domain: Domain) -> bool:
    return domain.upper is not None and (domain.upper < 1 or (domain.upper == 1 and domain.open_upper))


def _inlined(
    equations: list[Equation], point: Expr, starts: Mapping[str, Expr], shares: Set[str]
) -> tuple[list[Equation], Expr]:
    """Sequences that became constants, counts of all steps, averages of a constant or other names are written out."""
    while True:
        table = next((table for e in equations if (table := _known(e, equations, point, starts, shares))), None)
        if table is None:
            return equations, point
        gone = {seq.name for seq in table if isinstance(seq, Seq)}
        equations = [Equation(e.target, fold(substitute(e.rhs, table))) for e in equations if e.target not in gone]
        point = fold(substitute(point, table))


def _known(
    equation: Equation, equations: Iterable[Equation], point: Expr, starts: Mapping[str, Expr], shares: Set[str]
) -> dict[Expr, Expr] | None:
    """What a sequence is, new and old, where that needs no equation of its own; shares: names of what is below 1."""
    name, rhs, start = equation.target, equation.rhs, starts.get(equation.target, ZERO)
    new, old = Seq(name, 0), Seq(name, -1)
    if name == "theta":
        return None
    if not any(old in sequences(expr) for expr in [*(e.rhs for e in equations), point]):
        return {new: rhs} if _is_plain(rhs) else None
    if rhs == start and isinstance(rhs, Num):
        return {new: rhs, old: rhs}
    if rhs == Call("+", (old, number(1))) and start == ZERO:
        return {new: T, old: _before(T)}
    return _average(equation, shares) if start == ZERO else None


def _average(equation: Equation, shares: Set[str]) -> dict[Expr, Expr] | None:
    """b*x[t-1] + c from 0, with c the same at each step, is c / (1 - b) * (1 - b**t); without c it is 0."""
    new, old = Seq(equation.target, 0), Seq(equation.target, -1)
    match equation.rhs:
        case Call("*", (Sym(), x)) if x == old:
            return {new: ZERO, old: ZERO}
        case Call("+", (Call("*", (Sym(name) as b, x)), c)) if x == old and name in shares and not _varies(c):
            whole = fold(divide(c, Call("-", (ONE, b))))
            counts = ((new, T), (old, _before(T)))
            return {seq: multiply(whole, Call("-", (ONE, Call("**", (b, count))))) for seq, count in counts}
        case _:
            return None


def _before(count: Expr) -> Expr:
    return Call("-", (count, ONE))


def _varies(expr: Expr) -> bool:
    """Whether an expression changes with the step or the element."""
    return bool(sequences(expr)) or "t" in symbols(expr)


def _is_plain(expr: Expr) -> bool:
    """A name, a number, or a power or the size of one."""
    return isinstance(expr, Num | Sym | Seq) or (
        isinstance(expr, Call) and expr.op in ("**", "abs", "sign") and isinstance(expr.args[0], Seq)
        and all(isinstance(arg, Num) for arg in expr.args[1:])
    )  # fmt: skip


def _needed(equations: Iterable[Equation], point: Expr) -> set[str]:
    rhs = {equation.target: equation.rhs for equation in equations}
    needed: set[str] = {"theta"}
    todo = [rhs["theta"], point]
    while todo:
        names = {seq.name for seq in sequences(todo.pop())} - needed
        needed |= names
        todo += [rhs[name] for name in names if name in rhs]
    return needed
