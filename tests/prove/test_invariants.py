"""What stays true at every step is found, and nothing that does not."""

from fractions import Fraction

import pytest

from symopt.domains import NonNegative, Positive, Unit
from symopt.expr import START, Seq, Sym
from symopt.notation import every, sqrt, t, where
from symopt.prove.facts import Facts
from symopt.prove.invariants import CANDIDATES, inside, known
from symopt.recurrence import Equation, Hyperparameter, Optimizer
from symopt.terms import Term


def new(name):
    return Term(Seq(name, 0))


def old(name):
    return Term(Seq(name, -1))


beta, eps, lr = (Term(Sym(name)) for name in ("beta", "eps", "lr"))
g = new("g")
HYPERS = tuple(
    Hyperparameter(name, domain, Fraction(1, 2))
    for name, domain in [("beta", Unit), ("eps", Positive), ("lr", Positive)]
)


def domain_of(*equations, starts=()):
    """The name of the domain that is found for the first sequence."""
    written = tuple(Equation(target, rhs.node) for target, rhs in [*equations, ("theta", old("theta") - g)])
    found = known(Optimizer("test", "test", written, HYPERS, starts)).domains[written[0].target]
    return found.name


@pytest.mark.parametrize(
    ("rhs", "domain"),
    [
        (beta * old("v") + (1 - beta) * g**2, "NonNegative"),
        (old("v") + g**2, "NonNegative"),
        (beta * old("v") + (1 - beta) * g, "Real"),
        (beta * old("v") - (1 - beta) * g**2, "Real"),
        ((1 + beta) * old("v") + g**2 / 2, "NonNegative"),
        (beta * old("v") + (1 - beta), "Closed unit"),
        (beta * old("v"), "Unit"),
        (old("v") / 2 + Term(Sym("eps")), "NonNegative"),
        (where(every(2), old("v") + 1, old("v")), "NonNegativeInt"),
        (where(g > 0, old("v") + g**2, old("v")), "NonNegative"),
        (old("v") - 1, "Real"),
        (1 / (1 + old("v")), "Closed unit"),
    ],
)
def test_states(rhs, domain):
    assert domain_of(("v", rhs)) == domain


def test_starts_count():
    rhs = beta * old("v") + (1 - beta) * g**2
    assert domain_of(("v", rhs), starts=(("v", Sym("eps")),)) == "NonNegative"
    assert domain_of(("v", rhs + eps), starts=(("v", Sym("eps")),)) == "Positive"
    assert domain_of(("v", rhs), starts=(("v", Seq("theta", START)),)) == "Real"


def test_products_of_rates():
    rate = beta * (1 - Fraction(1, 2) * Term(Sym("lr")) / (1 + Term(Sym("lr"))))
    assert domain_of(("rate", rate), ("v", old("v") * new("rate"))) == "Unit"
    assert domain_of(("v", old("v") * old("rate")), ("rate", rate)) == "Unit"


def test_states_lean_on_each_other():
    first = ("v", beta * old("v") + (1 - beta) * old("u"))
    assert domain_of(first, ("u", old("u") + g**2)) == "NonNegative"
    assert domain_of(first, ("u", old("u") + g)) == "Real"
    assert domain_of(first, ("u", old("u") + new("v") + g**2)) == "NonNegative"


def test_intermediates():
    assert domain_of(("w", sqrt(old("w")) * beta**t)) == "Unit"


def test_inside():
    facts = Facts({"beta": Unit, "x": NonNegative})
    x = Term(Sym("x"))
    assert inside((x / (1 + x)).node, CANDIDATES[0], facts)
    assert not inside((x / (1 - x)).node, NonNegative, facts)
    assert not inside((1 / (x - x)).node, NonNegative, facts)
