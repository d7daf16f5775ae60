"""The step size, and the momentum, that shrink all curvatures from h_min to h_max fastest, where they are known.

Each claim is an identity that the normal form decides; what follows from it is said beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symopt.domains import OpenUnit, Positive
from symopt.expr import Sym, text
from symopt.notation import sqrt
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts
from symopt.terms import Term
from symopt.theory.stability.signs import GAIN

SYMBOLS = ("h_min", "h_max", "kappa", "rate", "step", "q")
"""Names in the statements; a spec that uses one itself gets no such fact."""

_LOW, _HIGH, _RATE, _STEP, _SCALED = (Term(Sym(name)) for name in ("h_min", "h_max", "rate", "step", "q"))
_FACTS = Facts({"h_min": Positive, "h_max": Positive, "rate": OpenUnit, "step": Positive, "q": Positive})
_KAPPA = Term(Sym("kappa"))

Identity = tuple[Term, Term, str]
"""Two sides, and what their being equal shows."""


@dataclass(frozen=True)
class Best:
    """step: the best value of what scales the curvature; momentum: the best one; rate: what they reach."""

    step: Term
    rate: Term
    momentum: Term | None
    identities: tuple[Identity, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """Each identity with what it shows."""
        return tuple(f"{text(a.node)} = {text(b.node)}: {why}" for a, b, why in self.identities)


def best(factor: Any) -> Best | None:
    """What is best for a method with this characteristic polynomial, proved anew; None where nothing is known."""
    _, *rest = factor.all_coeffs()
    if rest == [GAIN - 1]:
        found = _descent()
    elif len(rest) == 2 and rest[1].is_Symbol and (rest[0] - (GAIN - 1 - rest[1])).expand() == 0:
        found = _heavy_ball(Term(Sym(rest[1].name)))
    else:
        return None
    holds = all(isinstance(decide(a.node, b.node, _FACTS, points=3), Proved) for a, b, _ in found.identities)
    return found if holds else None


def _descent() -> Best:
    """z = 1 - step*h."""
    step, reached = 2 / (_LOW + _HIGH), (_HIGH - _LOW) / (_HIGH + _LOW)
    return Best(
        step,
        (_KAPPA - 1) / (_KAPPA + 1),
        None,
        (
            (1 - step * _LOW, reached, "the rate at h_min"),
            (step * _HIGH - 1, reached, "the rate at h_max, and between them it is smaller"),
            (
                _HIGH * (1 - _STEP * _LOW) + _LOW * (_STEP * _HIGH - 1),
                _HIGH - _LOW,
                "whatever the step is, the larger of the two rates is at least (h_max - h_min) / (h_max + h_min)",
            ),
        ),
    )


def _heavy_ball(mu: Term) -> Best:
    """z**2 - (1 + mu - step*h)*z + mu."""
    low, high = sqrt(_LOW), sqrt(_HIGH)
    reached, step = (high - low) / (high + low), (2 / (low + high)) ** 2
    q, bound = _SCALED, (1 + _RATE) / (1 - _RATE)
    return Best(
        step,
        (sqrt(_KAPPA) - 1) / (sqrt(_KAPPA) + 1),
        ((sqrt(_KAPPA) - 1) / (sqrt(_KAPPA) + 1)) ** 2,
        (
            (step * _LOW, (1 - reached) ** 2, f"step*h_min = (1 - sqrt({mu}))**2"),
            (step * _HIGH, (1 + reached) ** 2, f"step*h_max = (1 + sqrt({mu}))**2"),
            (
                (1 + _RATE**2 - q) ** 2 - 4 * _RATE**2,
                (q - (1 - _RATE) ** 2) * (q - (1 + _RATE) ** 2),
                f"with {mu} = rate**2 the discriminant is not above 0 between these two values of q = step*h, so "
                "that both roots have the modulus rate",
            ),
            (
                _RATE**2 - (1 + mu - _STEP * _LOW) * _RATE + mu,
                _STEP * _LOW * _RATE - (1 - _RATE) * (_RATE - mu),
                "p(rate) at h_min, not below 0 if no root is larger than rate",
            ),
            (
                _RATE**2 + (1 + mu - _STEP * _HIGH) * _RATE + mu,
                (1 + _RATE) * (_RATE + mu) - _STEP * _HIGH * _RATE,
                "p(-rate) at h_max, likewise: h_max/h_min is at most "
                f"{text(((1 + _RATE) * (_RATE + mu) / ((1 - _RATE) * (_RATE - mu))).node)}",
            ),
            (
                bound**2 - (1 + _RATE) * (_RATE + mu) / ((1 - _RATE) * (_RATE - mu)),
                2 * (1 + _RATE) * (_RATE**2 - mu) / ((1 - _RATE) ** 2 * (_RATE - mu)),
                "not below 0, since the product of the roots is mu and at most rate**2: so sqrt(kappa) is at most "
                f"{text(bound.node)}, whatever step and mu are",
            ),
        ),
    )
