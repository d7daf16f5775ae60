"""What an optimizer keeps true at every step: second moments stay nonnegative, averaging weights stay in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symopt.domains import Domain, NonNegative, NonNegativeInt, Positive, Real, Unit
from symopt.expr import ZERO, Expr
from symopt.prove.atoms import CONDITIONS, Table
from symopt.prove.cases import Case
from symopt.prove.facts import Facts, declared
from symopt.prove.normal import Normal
from symopt.prove.polynomials import OutOfBudgetError, Poly, UndefinedError, atoms_of, constant, subtract
from symopt.prove.ranges import NEGATIVE, NIL
from symopt.recurrence import Optimizer

CANDIDATES = (
    Unit, Domain("Closed unit", Fraction(0), Fraction(1)), NonNegativeInt, Positive, NonNegative, Real
)  # fmt: skip
"""Strongest first; the last always holds."""

_BUDGET = 20_000


def known(optimizer: Optimizer) -> Facts:
    """The declared domains, and for each sequence the first candidate that its start has and every step keeps."""
    facts = declared(optimizer)
    rank = {name: _first(optimizer.start_of(name) or ZERO, facts) for name in optimizer.states}
    while True:
        assumed = facts.knowing({name: CANDIDATES[i] for name, i in rank.items()})
        broken = None
        for equation in optimizer.equations:
            if equation.target in rank:
                if not inside(equation.rhs, CANDIDATES[rank[equation.target]], assumed):
                    broken = equation.target
                    break
            elif equation.target != "theta":
                assumed = assumed.knowing({equation.target: CANDIDATES[_first(equation.rhs, assumed)]})
        if broken is None:
            return assumed
        rank[broken] += 1
        while not inside(optimizer.start_of(broken) or ZERO, CANDIDATES[rank[broken]], facts):
            rank[broken] += 1


def _first(expr: Expr, facts: Facts) -> int:
    """The first candidate that holds every value of an expression."""
    holds = _tests(expr, facts)
    return next(i for i, domain in enumerate(CANDIDATES) if holds(domain))


def inside(expr: Expr, domain: Domain, facts: Facts) -> bool:
    """Whether every value of an expression is proved to lie in a domain."""
    return _tests(expr, facts)(domain)


def _tests(expr: Expr, facts: Facts) -> Callable[[Domain], bool]:
    """The test whether an expression lies in a domain; its normal form is found once for all domains."""
    case = Case(Table(_BUDGET), facts)
    try:
        form = Normal(case).of(expr)
    except (OutOfBudgetError, UndefinedError):
        return lambda domain: domain == Real

    def holds(domain: Domain) -> bool:
        case.table.budget = _BUDGET
        try:
            return domain == Real or _inside(case, form, domain)
        except OutOfBudgetError:
            return False

    return holds


def _inside(case: Case, p: Poly, domain: Domain) -> bool:
    """Conditions are decided one by one, both ways."""
    for number in atoms_of(p):
        if case.table.atoms[number].kind in CONDITIONS:
            return all(_inside(case, case.table.assign(p, number, holds), domain) for holds in (True, False))
    if domain.integer and not case.is_whole(p):
        return False
    for end, is_open, way in ((domain.lower, domain.open_lower, 1), (domain.upper, domain.open_upper, -1)):
        if end is not None:
            sign = case.sign(subtract(p, constant(end)) if way == 1 else subtract(constant(end), p))
            if sign & (NEGATIVE | NIL if is_open else NEGATIVE):
                return False
    return True
