"""The form in which an optimizer trains: the user's array holds the next gradient point, `theta` is recovered from it.

A gradient at `theta[t-1]` needs nothing. A gradient at another point P, linear in the states with step-level
coefficients, needs a change of variables: P takes the place of one state whose coefficient is never zero, and that
state is recovered as (P - the other terms)/coefficient, with the coefficients that P was made with. Where no state
can go, all are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from symopt.derive.linear import Linear, linear_form, recombine
from symopt.derive.nonzero import default_size, never_zero
from symopt.errors import SymoptError
from symopt.expr import (
    ONE,
    START,
    ZERO,
    Call,
    Expr,
    Num,
    Seq,
    Sym,
    T,
    add,
    divide,
    multiply,
    negate,
    sequences,
    substitute,
)
from symopt.recurrence import Equation, Optimizer
from symopt.recurrence.parts import written_out

POINT = "point"
"""The name of the training array where it is none of the declared sequences."""


@dataclass(frozen=True)
class Training:
    """The recurrence over what is stored.

    param: the sequence that lives in the user's array; states: the other stored sequences, in order
    starts: x[0] of each; the param's is its first gradient point where that is not theta[0]
    deploy: theta after a step from stored new values; None where theta is the user's array
    levels: of every sequence, new ones included
    train: the way back, the training point from theta and stored new values; None where the two swap places
    recovered: the state that is not stored, and its old value from stored old ones; None where all are stored
    """

    source: Optimizer
    equations: tuple[Equation, ...]
    param: str
    states: tuple[str, ...]
    starts: tuple[tuple[str, Expr], ...]
    deploy: Expr | None
    levels: dict[str, str]
    train: Expr | None = None
    recovered: tuple[str, Expr] | None = None


def training_form(optimizer: Optimizer) -> Training:
    """Choose what is stored and rewrite the recurrence for it."""
    point = optimizer.gradient_point
    if point == Seq("theta", -1):
        return _unchanged(optimizer, "theta", optimizer.states, None)
    states = (*optimizer.states, "theta")
    if isinstance(point, Seq) and point.shift == -1:
        rest = tuple(name for name in states if name != point.name)
        return _unchanged(optimizer, point.name, rest, Seq("theta", 0))
    form = linear_form(point, optimizer.levels) or linear_form(optimizer.point_before_step, optimizer.levels)
    dropped = None if form is None else _droppable(optimizer, form)
    if form is None or dropped is None:
        return _keep_all(optimizer, states)
    return _exchange(optimizer, form, dropped, states)


def _unchanged(optimizer: Optimizer, param: str, states: tuple[str, ...], deploy: Expr | None) -> Training:
    starts = dict(optimizer.starts)
    if "theta" in states:
        starts["theta"] = Seq("theta", START)
    if param != "theta" and starts.get(param) == Seq("theta", START):
        del starts[param]
    elif param != "theta":
        starts.setdefault(param, ZERO)
    return Training(
        optimizer, optimizer.equations, param, states, tuple(starts.items()), deploy, dict(optimizer.levels)
    )


def _droppable(optimizer: Optimizer, form: Linear) -> str | None:
    """The state whose place the gradient point takes: the largest coefficient at the defaults, `theta` if tied."""
    if form.rest != ZERO:
        return None
    domains = {hyper.name: hyper.domain for hyper in optimizer.hyperparameters}
    fit = [name for name, c in form.coefficients if optimizer.levels[name] == "element" and never_zero(c, domains)]
    sizes = {name: default_size(dict(form.coefficients)[name], optimizer) for name in fit}
    return max(fit, key=lambda name: (sizes[name], name == "theta"), default=None)


def _keep_all(optimizer: Optimizer, states: tuple[str, ...]) -> Training:
    ahead = Equation(POINT, shifted(optimizer.gradient_point, optimizer))
    first = _at_start(optimizer.gradient_point, optimizer)
    starts = {**dict(optimizer.starts), "theta": Seq("theta", START), POINT: first}
    if first == Seq("theta", START):
        del starts[POINT]
    levels = {**optimizer.levels, POINT: "element"}
    return Training(
        optimizer, (*optimizer.equations, ahead), POINT, states, tuple(starts.items()), Seq("theta", 0), levels
    )


def _exchange(optimizer: Optimizer, form: Linear, dropped: str, states: tuple[str, ...]) -> Training:
    """Store P instead of `dropped`."""
    made = {name: _Made(name, c, optimizer) for name, c in form.coefficients}
    old = _recovered(form, made, dropped, -1)
    before = Seq(f"{dropped}_old", 0)
    equations = [Equation(e.target, substitute(e.rhs, {Seq(dropped, -1): before})) for e in optimizer.equations]
    recovery = Equation(before.name, old)
    point = add(*(multiply(made[name].now(0), Seq(name, 0)) for name, _ in form.coefficients))
    equations += [m.equation for m in made.values() if m.equation is not None]
    rhs = next(e.rhs for e in equations if e.target == dropped)
    levels = {**optimizer.levels, POINT: "element", before.name: "element"}
    levels |= {m.name: "step" for m in made.values()}
    direct = recombine(substitute(substitute(point, {Seq(dropped, 0): rhs}), {before: old}), levels)
    used_elsewhere = any(
        seq in (before, Seq(dropped, 0)) for e in equations if e.target != dropped for seq in sequences(e.rhs)
    )
    if direct is not None and not used_elsewhere:
        equations = [e for e in equations if e.target != dropped]
        equations.append(Equation(POINT, direct))
    else:
        equations = [recovery, *equations, Equation(POINT, point)]
    kept = tuple(name for name in states if name != dropped) + tuple(m.name for m in made.values() if m.equation)
    starts = _exchanged_starts(optimizer, made, dropped)
    gone = dropped == "theta"
    deploy = _recovered(form, made, dropped, 0) if gone else Seq("theta", 0)
    train = point if gone else None
    return Training(optimizer, tuple(equations), POINT, kept, starts, deploy, levels, train, (dropped, old))


class _Made:
    """The coefficient of one state in the gradient point, and the step-level state that remembers what it was."""

    def __init__(self, state: str, coefficient: Expr, optimizer: Optimizer):
        self.constant = isinstance(coefficient, Num)
        self.coefficient = coefficient
        stem = coefficient.name.removesuffix("_now") if isinstance(coefficient, Sym | Seq) else f"{state}_weight"
        self.name = f"{stem}_made"
        self.equation = None if self.constant else Equation(self.name, shifted(coefficient, optimizer))
        self.start = None if self.constant else _at_start(coefficient, optimizer)

    def now(self, shift: int) -> Expr:
        return self.coefficient if self.constant else Seq(self.name, shift)


def _recovered(form: Linear, made: dict[str, _Made], dropped: str, shift: int) -> Expr:
    others = [negate(multiply(made[n].now(shift), Seq(n, shift))) for n, _ in form.coefficients if n != dropped]
    return divide(add(Seq(POINT, shift), *others), made[dropped].now(shift))


def _exchanged_starts(optimizer: Optimizer, made: dict[str, _Made], dropped: str) -> tuple[tuple[str, Expr], ...]:
    starts = {name: rhs for name, rhs in optimizer.starts if name != dropped}
    if dropped != "theta":
        starts["theta"] = Seq("theta", START)
    starts |= {m.name: m.start for m in made.values() if m.start is not None}
    first = _at_start(optimizer.gradient_point, optimizer)
    linear = linear_form(substitute(first, {Seq("theta", START): Seq("theta", -1)}), {"theta": "element"})
    if linear is None or linear.coefficients != (("theta", ONE),) or linear.rest != ZERO:
        starts[POINT] = first
    return tuple(starts.items())


def shifted(expr: Expr, optimizer: Optimizer) -> Expr:
    """An expression of step t as it will be at step t+1, in terms of new values."""
    expr = _known_ahead(expr, optimizer)
    table: dict[Expr, Expr] = {seq: Seq(seq.name, 0) for seq in sequences(expr) if seq.shift == -1}
    return substitute(expr, {**table, T: Call("+", (T, ONE))})


def _known_ahead(expr: Expr, optimizer: Optimizer) -> Expr:
    """An expression with its new values written out; what only the next step brings must not be among the rest."""
    expr = written_out(expr, optimizer.equations)
    for seq in sequences(expr):
        if seq.shift == 0:
            remedy = f"it depends on {seq.name}[t], which is not known until then"
            raise SymoptError(f"{optimizer.name}: the next gradient point must be known after a step, but {remedy}")
    return expr


def _at_start(expr: Expr, optimizer: Optimizer) -> Expr:
    """The value of an expression in old values at t = 1."""
    expr = _known_ahead(expr, optimizer)
    starts = {"theta": Seq("theta", START), **dict(optimizer.starts)}
    table: dict[Expr, Expr] = {s: starts.get(s.name, ZERO) for s in sequences(expr) if s.shift == -1}
    linear = substitute(expr, {**table, T: ONE})
    return _tidy(linear)


def _tidy(expr: Expr) -> Expr:
    """Products with zero gone, so that `theta[0] + mu*0` is `theta[0]`."""
    match expr:
        case Call("*", (a, b)):
            return multiply(_tidy(a), _tidy(b))
        case Call("+", (a, b)):
            return add(_tidy(a), _tidy(b))
        case Call("-", (a, b)):
            right = _tidy(b)
            return _tidy(a) if right == ZERO else Call("-", (_tidy(a), right))
        case _:
            return expr
