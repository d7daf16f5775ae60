"""Where an optimizer at an end divides by what a gradient can make 0, as g / |g| does: there it has no value.

Two optimizers are compared where both have a value. A number of the step is not looked at: no gradient makes it 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from symopt.domains import Domain, Positive
from symopt.equivalence.induction import never_zero
from symopt.expr import ZERO, Call, Expr, Num, Seq, Sym, number, sequences, substitute, walk
from symopt.prove.invariants import known as kept
from symopt.recurrence import LEVELS, Optimizer, level_of
from symopt.recurrence.parts import written_out
from symopt.theory.ends.case import End
from symopt.theory.ends.folding import fold

_GRADIENT = Seq("g", 0)
_NEGATIVE = Domain("Negative", upper=Fraction(0), open_upper=True)


def may_divide_by_zero(optimizer: Optimizer, ends: Sequence[End], target: Optimizer | None = None) -> bool:
    """Whether what an optimizer is at some ends is told only where nothing is divided by 0.

    target: what it is there; an end that is not taken is a limit, which may be that even where 0 is divided by 0
    """
    at = _at(optimizer, [end for end in ends if end.taken])
    if any(_zeros(at)) or (target is not None and any(_zeros(target))):
        return True
    limit = _at(optimizer, ends)
    return any(_zeros(limit)) and not (target is not None and _same_at_0(at, limit, target))


def _at(optimizer: Optimizer, ends: Sequence[End]) -> Optimizer:
    """An optimizer with some hyperparameters at ends, in which nothing is cancelled."""
    table: dict[Expr, Expr] = {
        Sym(end.name, base): number(end.value) for end in ends if end.value is not None for base in (False, True)
    }
    return replace(optimizer, **optimizer.rewritten(table))


def _zeros(optimizer: Optimizer) -> Iterator[Expr]:
    """What is divided by, reads a gradient and is not proved to be other than 0."""
    facts = kept(optimizer)
    for equation in optimizer.equations:
        for below in _denominators(equation.rhs):
            varies = LEVELS.index(level_of(below, optimizer.levels)) > LEVELS.index("step")
            if varies and not never_zero(below, facts):
                yield below


def _denominators(expr: Expr) -> Iterator[Expr]:
    for node in walk(expr):
        match node:
            case Call("/", (_, below)):
                yield below
            case Call("**", (below, Num(power))) if power < 0:
                yield below
            case _:
                pass


def _same_at_0(before: Optimizer, limit: Optimizer, target: Optimizer) -> bool:
    """Whether only a gradient of 0 is in the way of a limit, and before the limit it makes the step of the target."""
    facts = kept(limit)
    signs = [facts.knowing({"g": sign}) for sign in (Positive, _NEGATIVE)]
    zeros = [fold(written_out(zero, limit.equations)) for zero in _zeros(limit)]
    if any(sequences(zero) != {_GRADIENT} or not all(never_zero(zero, sign) for sign in signs) for zero in zeros):
        return False
    return _at_0(before) == _at_0(target)


def _at_0(optimizer: Optimizer) -> Expr:
    """What theta becomes where the gradient is 0."""
    return fold(substitute(written_out(Seq("theta", 0), optimizer.equations), {_GRADIENT: ZERO}))
