"""One thing that is known about an optimizer, and how well it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["proved", "refuted", "undecided", "not applicable"]
"""Shown by the normal form or by exact arithmetic; shown false by a counterexample; neither; no sense to ask."""


@dataclass(frozen=True)
class Fact:
    """A fact in words that a terminal shows as they are and a page typesets: formulas stand in the dialect's syntax.

    kind: what was asked, as "bias correction" or "stability"
    subject: what it was asked about: a state, a hyperparameter; "theta" for the whole optimizer
    statement: the answer, one sentence
    formula: "left = right", to be set apart below the sentence; empty where the sentence is enough
    steps: how it follows, line by line; what --steps shows
    symbols: names in statement, formula and steps that are neither sequences nor hyperparameters of the spec
    data: the answer for programs: JSON values, exact numbers as texts such as "1/3"
    """

    kind: str
    subject: str
    verdict: Verdict
    statement: str
    formula: str = ""
    steps: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def known(self) -> str:
        """How well it is known, in words; "refuted" is the claim that it denies."""
        return "by a counterexample" if self.verdict == "refuted" else self.verdict


def to_json(fact: Fact) -> dict[str, Any]:
    """A fact as plain data."""
    return asdict(fact)


def from_json(data: Mapping[str, Any]) -> Fact:
    """A fact from plain data."""
    lists: dict[str, Any] = {"steps": tuple(data["steps"]), "symbols": tuple(data["symbols"])}
    return Fact(**(dict(data) | lists))
