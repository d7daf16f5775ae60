"""Degrees of homogeneity: what happens to a run where gradients, or parameters, are multiplied by c > 0.

The degrees are exponents like those of units. Hyperparameters keep their values if they can; where they cannot, as few
of them as possible are multiplied by a power of c too: eps, a threshold, a decay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import lcm

from symopt.domains import Positive
from symopt.expr import ONE, Call, Expr, Num, Sym, multiply
from symopt.prove.facts import Facts
from symopt.recurrence import Optimizer
from symopt.theory.invariance.moves import Move, moves_along
from symopt.theory.units.read import Reading
from symopt.theory.units.solve import PLAIN, Relation, Solution, Unit, solve

_MOST = 4
"""More hyperparameters than this are not multiplied: the answer would tell nobody anything."""


@dataclass(frozen=True)
class Degrees:
    """The power of c by which each name is multiplied; `steps` is that of theta."""

    steps: Fraction
    sequences: Mapping[str, Fraction]
    hypers: Mapping[str, Fraction]


def degrees(optimizer: Optimizer, scaled: str, facts: Facts) -> Degrees | None:
    """The degrees, proved, where "g" is multiplied, or "theta" while g stays as it is; None if there are none."""
    reading = Reading(optimizer)
    other = "theta" if scaled == "g" else "g"
    fixed = [] if scaled == "g" else [_zero("g")]
    order = [other, *reading.order]
    found = reading.solution([*fixed, *reading.merged()], order)
    least = None if found.failed else _least(reading, found, order, scaled)
    if least is None:
        return None
    step = lcm(*(e.denominator for name in optimizer.levels for e in least.of({name: Fraction(1)}).values()))
    move = Move({name: _factor(reading, least, name, scaled, step) for name in _names(optimizer)})
    if not moves_along(optimizer, move, facts.knowing({factor_name(optimizer): Positive})):
        return None
    found_of = {name: least.of({name: Fraction(1)}).get(scaled, Fraction(0)) for name in _names(optimizer)}
    hypers = {h.name: found_of[h.name] for h in optimizer.hyperparameters if found_of[h.name]}
    sequences = {name: degree for name, degree in found_of.items() if name in optimizer.levels}
    return Degrees(found_of["theta"], sequences, hypers)


def factor_name(optimizer: Optimizer) -> str:
    """What the factor is called: c, or the next letter that is free."""
    return free_letter(optimizer, "cksqzw")


def free_letter(optimizer: Optimizer, letters: str) -> str:
    """The first letter that no name of the optimizer is."""
    return next(name for name in (*letters, f"{letters[0]}_free") if name not in optimizer.names)


def _names(optimizer: Optimizer) -> list[str]:
    return [*optimizer.levels, *(hyper.name for hyper in optimizer.hyperparameters)]


def _zero(name: str) -> Relation:
    return Relation("", "keeps", name, "", ({name: Fraction(1)}, PLAIN))


def _least(reading: Reading, found: Solution, order: list[str], scaled: str) -> Solution | None:
    """The solution in which the fewest hyperparameters change: one that keeps the steps, or the last ones."""
    hypers = [h for h in reversed(reading.optimizer.hyperparameters) if found.of({h.name: Fraction(1)})]
    changeable = [h.name for h in hypers if h.domain.upper is None and h.domain.lower in (None, 0)]
    for count in range(min(_MOST, len(changeable)) + 1):
        fitting: list[Solution] = []
        for changing in combinations(changeable, count):
            kept = [h.name for h in hypers if h.name not in changing]
            solution = solve(map(_zero, (*kept, *_open(reading, found, kept, scaled))), order, found)
            if not solution.failed and not _open(reading, solution, [], scaled):
                fitting.append(solution)
        if fitting:
            return min(fitting, key=lambda solution: abs(solution.of({"theta": Fraction(1)}).get(scaled, Fraction(0))))
    return None


def _open(reading: Reading, solution: Solution, kept: list[str], scaled: str) -> list[str]:
    """The values whose degree nothing settles; what comes from outside and is compared only with itself, say."""
    hypers = {hyper.name for hyper in reading.optimizer.hyperparameters} - {*kept}
    names = {other for name in reading.optimizer.levels for other in solution.of({name: Fraction(1)})}
    return sorted(names - hypers - reading.powers.keys() - {scaled})


def _factor(reading: Reading, solution: Solution, name: str, scaled: str, step: int) -> Expr:
    """c**degree, where c is itself a whole power, so that no degree is a fraction."""
    unit = solution.of({name: Fraction(1)})
    c = Sym(factor_name(reading.optimizer))
    powers = [_power_factor(reading, solution, other, e, scaled, step) for other, e in unit.items() if other != scaled]
    return multiply(*_raised(c, Num(unit.get(scaled, Fraction(0)) * step)), *powers)


def _power_factor(reading: Reading, solution: Solution, name: str, e: Fraction, scaled: str, step: int) -> Expr:
    power = reading.powers[name]
    base: Unit = solution.of(power.base)
    exponent = multiply(Num(base.get(scaled, Fraction(0)) * e * step), power.exponent)
    return multiply(*_raised(Sym(factor_name(reading.optimizer)), exponent))


def _raised(c: Expr, exponent: Expr) -> tuple[Expr, ...]:
    if exponent == Num(Fraction(0)):
        return ()
    return (c,) if exponent == ONE else (Call("**", (c, exponent)),)
