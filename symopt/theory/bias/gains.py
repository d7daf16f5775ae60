"""What the corrected values of an optimizer, and its steps, are under a constant gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from symopt.domains import Positive
from symopt.expr import (
    ONE,
    ZERO,
    Call,
    Expr,
    Reduction,
    Seq,
    Sym,
    add,
    multiply,
    negate,
    sequences,
    substitute,
    symbols,
    walk,
)
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts
from symopt.recurrence import Optimizer
from symopt.recurrence.parts import written_out
from symopt.theory.bias.averages import Average, affine, expanded, weighed
from symopt.theory.bias.weights import KEPT, Weight, known_at, new_in_old, reads_only_gradient
from symopt.theory.ends.case import End
from symopt.theory.ends.folding import fold
from symopt.theory.ends.special import special

_OLD, _G, _LR = Seq("theta", -1), Seq("g", 0), Sym("lr")

Weights = Mapping[str, tuple[Average, Weight]]
"""The averages of an optimizer with the sums of their weights."""


@dataclass(frozen=True)
class Gain:
    """name[t] = value * u[t] while the input u of the average `state` is constant; right: whether value is proved 1."""

    name: str
    state: str
    value: Expr
    right: bool


def gains(optimizer: Optimizer, weights: Weights) -> Iterator[Gain]:
    """The gain of each corrected average: of each value that is one, scaled by numbers that change with the step."""
    for equation in optimizer.equations:
        if equation.target in (*optimizer.states, "theta") or not _scaled(optimizer, equation.rhs):
            continue
        for name, (average, weight) in weights.items():
            found = _gain(optimizer, equation.rhs, average, weight)
            if found is not None:
                shown = decide(found[1], ONE, known_at(optimizer))
                yield Gain(equation.target, name, found[0], isinstance(shown, Proved))


def _scaled(optimizer: Optimizer, rhs: Expr) -> bool:
    """Whether numbers enter an expression that change with the step."""
    numbers = {seq.name for seq in sequences(rhs) if optimizer.levels[seq.name] in ("step", "global", "tensor")}
    return "t" in symbols(rhs) or bool(numbers)


def _gain(optimizer: Optimizer, rhs: Expr, average: Average, weight: Weight) -> tuple[Expr, Expr] | None:
    """a*w + b of a*x + b*u[t], as it is written and in old values; None where an expression has another form."""
    new, old = Seq(average.name, 0), Seq(average.name, -1)
    if new in sequences(rhs):
        parts, value = affine(rhs, new), weight.value
    else:  # what is averaged under a condition is corrected from what it would be without it
        parts, value = affine(expanded(optimizer, rhs, old), old), weight.before
    if parts is None or parts[0] == ZERO or weighed(parts[0], optimizer.levels)[1] != ONE:
        return None
    share, u = weighed(parts[1], optimizer.levels) if parts[1] != ZERO else (ZERO, average.u)
    if u != average.u:
        return None
    found = fold(add(multiply(parts[0], value), share))
    return found, new_in_old(optimizer, found)


# ---- the steps ----


@dataclass(frozen=True)
class Steps:
    """The steps against a constant gradient above 0. optimizer: the one that makes them; without_eps: as eps -> 0

    length: theta[t-1] - theta[t] in t and g[t]
    always: its size where that is the same at every step, whichever sign the gradient has; else None
    uphill: whether they go with the gradient and not against it
    """

    optimizer: Optimizer
    without_eps: bool
    length: Expr
    always: Expr | None = None
    uphill: bool = False


def steps(optimizer: Optimizer, weights: Weights) -> Steps | None:
    """The steps in closed form; None where something other than averages of the gradient enters them."""
    bare = _without_eps(optimizer)
    if bare is None:
        return None
    known = known_at(bare).knowing({"g": Positive})
    table: dict[Expr, Expr] = {}
    for name in bare.states:
        if bare.levels[name] != "element" or not _enters(bare, name):
            continue
        before = _before(bare, name, weights)
        if before is None:
            return None
        table[Seq(name, -1)] = before
    moved = affine(written_out(Seq("theta", 0), bare.equations), _OLD)
    if moved is None or moved[0] != ONE:
        return None
    length = fold(Call("neg", (substitute(moved[1], table),)))
    if any(isinstance(node, Reduction) or (isinstance(node, Seq) and _moving(bare, node)) for node in walk(length)):
        return None
    found = Steps(bare, bare is not optimizer, length)
    for size, always in ((_LR, _LR), (multiply(_LR, _G), multiply(_LR, Call("abs", (_G,))))):
        for uphill in (False, True) if "lr" in symbols(length) else ():
            if _goes(length, negate(size) if uphill else size, known):
                return replace(found, always=always, uphill=uphill)
    return found


def _goes(length: Expr, size: Expr, known: Facts) -> bool:
    """Whether a length is this against a gradient above 0, and as much the other way against the negated one."""
    mirrored = substitute(length, {_G: negate(_G)})
    return all(isinstance(decide(a, b, known), Proved) for a, b in ((length, size), (mirrored, negate(size))))


def _moving(optimizer: Optimizer, seq: Seq) -> bool:
    return seq != _G and optimizer.levels[seq.name] != "step"


def _without_eps(optimizer: Optimizer) -> Optimizer | None:
    if not any(hyper.name == "eps" for hyper in optimizer.hyperparameters):
        return optimizer
    found = special(optimizer, [End("eps", Fraction(0), False)])
    return None if found is None else found.optimizer


def _enters(optimizer: Optimizer, name: str) -> bool:
    """Whether a state has a part in the steps."""
    return Seq(name, -1) in sequences(written_out(Seq("theta", 0), optimizer.equations))


def _before(optimizer: Optimizer, name: str, weights: Weights) -> Expr | None:
    """The old value of a state under a constant gradient."""
    if name not in weights:
        return None
    average, weight = weights[name]
    if Seq(KEPT, 0) in sequences(weight.value):
        return None
    u = written_out(average.u, optimizer.equations)
    return multiply(weight.before, u) if reads_only_gradient(optimizer, u) else None
