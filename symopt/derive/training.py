"""The form in which an optimizer trains: the user's array holds the next gradient point, `theta` is recovered from it.

A gradient at `theta[t-1]` needs nothing. A gradient at another point P, linear in the states with step-level
coefficients, needs a change of variables: P takes the place of one state whose coefficient is never zero, and that
state is recovered as (P - the other terms)/coefficient, with the coefficients that P was made with. Where no state
can go, all are kept. Of states that always equal each other one is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symopt.derive.equal import equal_states, merged
from symopt.derive.linear import Linear, linear_form, recombine
from symopt.derive.moments import at_start, shifted
from symopt.derive.nonzero import default_size, never_zero
from symopt.derive.weights import Weight, unused, weights
from symopt.expr import ONE, START, ZERO, Expr, Seq, add, divide, multiply, negate, sequences, substitute
from symopt.recurrence import Equation, Optimizer, level_of

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
    recovered: each state that is not stored, with its old value from stored old ones
    """

    source: Optimizer
    equations: tuple[Equation, ...]
    param: str
    states: tuple[str, ...]
    starts: tuple[tuple[str, Expr], ...]
    deploy: Expr | None
    levels: dict[str, str]
    train: Expr | None = None
    recovered: tuple[tuple[str, Expr], ...] = ()

    @property
    def equal(self) -> dict[str, str]:
        """Each state that is not stored because it equals another one, with that one."""
        return {name: old.name for name, old in self.recovered if isinstance(old, Seq)}


def training_form(optimizer: Optimizer) -> Training:
    """Choose what is stored and rewrite the recurrence for it."""
    equal = equal_states(optimizer)
    if not equal:
        return _stored(optimizer)
    form = _stored(merged(optimizer, equal))
    known = dict(form.recovered)
    copies = ((name, known.get(kept, Seq(kept, -1))) for name, kept in equal.items())
    levels = {**optimizer.levels, **form.levels}
    return replace(form, source=optimizer, levels=levels, recovered=(*form.recovered, *copies))


def _stored(optimizer: Optimizer) -> Training:
    """What is stored of a recurrence whose states are all different."""
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
    """The state whose place the gradient point takes: the largest coefficient at the defaults, `theta` if tied.

    None where a coefficient is a number per row, which could not be remembered until the next step.
    """
    if form.rest != ZERO or any(level_of(c, optimizer.levels) == "row" for _, c in form.coefficients):
        return None
    domains = {hyper.name: hyper.domain for hyper in optimizer.hyperparameters}
    fit = [name for name, c in form.coefficients if optimizer.levels[name] == "element" and never_zero(c, domains)]
    sizes = {name: default_size(dict(form.coefficients)[name], optimizer) for name in fit}
    return max(fit, key=lambda name: (sizes[name], name == "theta"), default=None)


def _keep_all(optimizer: Optimizer, states: tuple[str, ...]) -> Training:
    param = unused(POINT, optimizer.names)
    ahead = Equation(param, shifted(optimizer.gradient_point, optimizer))
    starts = {**dict(optimizer.starts), "theta": Seq("theta", START), **_first_point(param, optimizer)}
    levels = {**optimizer.levels, param: "element"}
    return Training(
        optimizer, (*optimizer.equations, ahead), param, states, tuple(starts.items()), Seq("theta", 0), levels
    )


def _exchange(optimizer: Optimizer, form: Linear, dropped: str, states: tuple[str, ...]) -> Training:
    """Store P instead of `dropped`."""
    param = unused(POINT, optimizer.names)
    weight = weights(form, optimizer.names)
    remembered = {w.name: w for w in weight.values() if w.remembered}
    levels = {**optimizer.levels, param: "element", f"{dropped}_old": "element"}
    levels |= {w.name: level_of(w.coefficient, levels) for w in remembered.values()}
    old, new = (_solved(param, weight, dropped, shift) for shift in (-1, 0))
    point = add(*(multiply(w.at(0), Seq(name, 0)) for name, w in weight.items()))
    equations = [*optimizer.equations, *(w.equation(optimizer) for w in remembered.values())]
    starts = {name: rhs for name, rhs in optimizer.starts if name != dropped}
    starts |= {"theta": Seq("theta", START)} if dropped != "theta" else {}
    starts |= {name: w.start(optimizer) for name, w in remembered.items()} | _first_point(param, optimizer)
    return Training(
        source=optimizer,
        equations=_exchanged(equations, Equation(param, point), dropped, old, levels),
        param=param,
        states=(*(name for name in states if name != dropped), *remembered),
        starts=tuple(starts.items()),
        deploy=new if dropped == "theta" else Seq("theta", 0),
        levels=levels,
        train=point if dropped == "theta" else None,
        recovered=((dropped, old),),
    )


def _solved(param: str, weight: dict[str, Weight], dropped: str, shift: int) -> Expr:
    """The dropped state from the point and the others."""
    others = [negate(multiply(w.at(shift), Seq(name, shift))) for name, w in weight.items() if name != dropped]
    return divide(add(Seq(param, shift), *others), weight[dropped].at(shift))


def _exchanged(
    equations: list[Equation], point: Equation, dropped: str, old: Expr, levels: dict[str, str]
) -> tuple[Equation, ...]:
    """The equations with the old value of the dropped state recovered, and its new value only where it is needed."""
    before = Seq(f"{dropped}_old", 0)
    equations = [Equation(e.target, substitute(e.rhs, {Seq(dropped, -1): before})) for e in equations]
    rhs = next(e.rhs for e in equations if e.target == dropped)
    direct = recombine(substitute(substitute(point.rhs, {Seq(dropped, 0): rhs}), {before: old}), levels)
    others = [e for e in equations if e.target != dropped]
    if direct is None or any(seq in (before, Seq(dropped, 0)) for e in others for seq in sequences(e.rhs)):
        return (Equation(before.name, old), *equations, point)
    return (*others, Equation(point.target, direct))


def _first_point(param: str, optimizer: Optimizer) -> dict[str, Expr]:
    """The start of the training array; nothing where that is theta[0], which is in it."""
    first = at_start(optimizer.gradient_point, optimizer)
    linear = linear_form(substitute(first, {Seq("theta", START): Seq("theta", -1)}), {"theta": "element"})
    given = linear is not None and linear.coefficients == (("theta", ONE),) and linear.rest == ZERO
    return {} if given else {param: first}
