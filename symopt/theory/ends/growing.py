"""What the equations of an optimizer tend to as t, or a hyperparameter, grows without bound.

Each equation by itself, for fixed values of what it reads: nothing is said about how near a run comes to another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symopt.domains import Domain
from symopt.expr import ZERO, Call, Expr, Num, Seq, Sym, T, number, sequences, symbols, text
from symopt.recurrence import Equation, Optimizer
from symopt.theory.ends.built import built
from symopt.theory.ends.case import Special
from symopt.theory.ends.tails import INFINITE, Ground, Tail
from symopt.theory.ends.tends import Limits, UnknownLimitError


def after_many_steps(optimizer: Optimizer) -> Special | None:
    """What the equations tend to as t grows; None where a limit is unknown or nothing depends on t."""
    if not any("t" in symbols(equation.rhs) for equation in optimizer.equations):
        return None
    return grown(optimizer, {T: INFINITE})


def once_settled(optimizer: Optimizer) -> Special | None:
    """The equations with each named number per step at its limit, and t where it stands by itself left alone."""
    limits = limits_of(optimizer, {T: INFINITE})
    numbers = [Seq(e.target, 0) for e in optimizer.equations if optimizer.levels[e.target] == "step"]
    try:
        _note_all(optimizer, limits)
    except UnknownLimitError:
        return None
    found: dict[Expr, Tail] = {number: limits.known[number] for number in numbers}
    if not any(tail.moves for tail in found.values()) or any(tail.value is None for tail in found.values()):
        return None
    settled = grown(optimizer, found)
    if settled is None:
        return None
    assumed = dict.fromkeys((*limits.ground.assumed, *settled.assumed))
    return replace(settled, assumed=tuple(assumed), limits=_told(found))


def limits_of(optimizer: Optimizer, growing: Mapping[Expr, Tail]) -> Limits:
    """Limits on the ground of an optimizer's hyperparameters."""
    domains: dict[Expr, Domain] = {
        Sym(hyper.name, base): hyper.domain for hyper in optimizer.hyperparameters for base in (False, True)
    }
    defaults = {h.name: h.default for h in optimizer.hyperparameters if h.default is not None}
    return Limits(dict(growing), Ground(domains, defaults))


def grown(optimizer: Optimizer, growing: Mapping[Expr, Tail]) -> Special | None:
    """The equations in the limit; None where one has none."""
    limits = limits_of(optimizer, growing)
    try:
        if T in growing:
            _note_all(optimizer, limits)
        rest = [e for e in optimizer.equations if Seq(e.target, 0) not in limits.known]
        values = [limits.of(equation.rhs).value for equation in rest]
        starts = [(name, limits.of(rhs).value) for name, rhs in optimizer.starts]
        point = limits.of(optimizer.gradient_point).value
    except UnknownLimitError:
        return None
    equations = [Equation(e.target, value) for e, value in zip(rest, values, strict=True) if value is not None]
    kept = tuple((name, value) for name, value in starts if value is not None)
    if point is None or len(equations) < len(rest) or len(kept) < len(starts):
        return None
    found = built(optimizer, equations, kept, point)
    noted = {name: tail for name, tail in limits.known.items() if name not in growing}
    return None if found is None else Special(found, assumed=tuple(limits.ground.assumed), limits=_told(noted))


def _told(found: Mapping[Expr, Tail]) -> tuple[str, ...]:
    """Limits line by line."""
    new = ((seq, tail) for seq, tail in found.items() if isinstance(seq, Seq) and seq.shift == 0)
    return tuple(f"{text(seq)} -> {'oo' if tail.value is None else text(tail.value)}" for seq, tail in new)


def _note_all(optimizer: Optimizer, limits: Limits) -> None:
    """Remember the limits of all numbers per step."""
    for equation in optimizer.equations:
        if optimizer.levels[equation.target] == "step":
            _note(equation, optimizer, limits)


def _note(equation: Equation, optimizer: Optimizer, limits: Limits) -> None:
    """Remember the limit of a number per step; that of a state is read off its recurrence."""
    name, old = equation.target, Seq(equation.target, -1)
    tail = _settles(equation, optimizer, limits) if old in sequences(equation.rhs) else limits.of(equation.rhs)
    limits.known |= {Seq(name, 0): tail, old: tail}


def _settles(equation: Equation, optimizer: Optimizer, limits: Limits) -> Tail:
    """The limit of x[t] = a*x[t-1]: 0 where a tends to less than 1. That of a count: without bound."""
    old = Seq(equation.target, -1)
    match equation.rhs:
        case Call("*", (a, b)) if old in (a, b):
            share = limits.of(b if a == old else a)
            if share.value is not None and below_1(share.value, limits):
                return Tail(ZERO, rate="exponential")
        case Call("+", (a, Num(value))) if a == old and value > 0:
            return INFINITE
        case _:
            pass
    raise UnknownLimitError(equation.target)


def below_1(expr: Expr, limits: Limits) -> bool:
    """Whether a number is between -1 and 1."""
    settled = Call("-", (number(1), expr))
    return limits.ground.sign(settled) > 0 and limits.ground.sign(Call("+", (number(1), expr))) > 0


def limit_at_large_t(optimizer: Optimizer, expr: Expr) -> Expr | None:
    """What a number per step tends to as t grows; None where no rule tells."""
    limits = limits_of(optimizer, {T: INFINITE})
    try:
        _note_all(optimizer, limits)
        return limits.of(expr).value
    except UnknownLimitError:
        return None
