"""An optimizer of changed equations, less what it no longer needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from symopt.errors import SymoptError
from symopt.expr import ZERO, Call, Expr, Num, Seq, Sym, T, number, sequences, substitute, symbols, walk
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
    equations, point = _inlined(equations, point, dict(starts))
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


def _inlined(equations: list[Equation], point: Expr, starts: Mapping[str, Expr]) -> tuple[list[Equation], Expr]:
    """Sequences that became constants, counts of all steps or other names are written out."""
    while True:
        table = next((table for e in equations if (table := _known(e, equations, point, starts))), None)
        if table is None:
            return equations, point
        gone = {seq.name for seq in table if isinstance(seq, Seq)}
        equations = [Equation(e.target, fold(substitute(e.rhs, table))) for e in equations if e.target not in gone]
        point = fold(substitute(point, table))


def _known(
    equation: Equation, equations: Iterable[Equation], point: Expr, starts: Mapping[str, Expr]
) -> dict[Expr, Expr] | None:
    """What a sequence is, new and old, where that needs no equation of its own."""
    name, rhs, start = equation.target, equation.rhs, starts.get(equation.target, ZERO)
    new, old = Seq(name, 0), Seq(name, -1)
    if name == "theta":
        return None
    if not any(old in sequences(expr) for expr in [*(e.rhs for e in equations), point]):
        return {new: rhs} if _is_plain(rhs) else None
    if rhs == start and isinstance(rhs, Num):
        return {new: rhs, old: rhs}
    if rhs == Call("+", (old, number(1))) and start == ZERO:
        return {new: T, old: Call("-", (T, number(1)))}
    return None


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
