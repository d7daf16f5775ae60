"""The claims of `specs/errata/claims.toml`: what two sides of a disagreement say, and what is to come out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symopt.catalogue import load
from symopt.paths import specs_dir
from symopt.recurrence import Kind, Optimizer


@dataclass(frozen=True)
class Question:
    """Whether the two sides are equal, and the answer.

    hyper, constant: as for `symopt.equivalence.compare`
    conditions: what a proof needs; step: the first t at which they part, without the conditions if there are any
    """

    verdict: str
    hyper: Mapping[str, str]
    constant: tuple[str, ...]
    conditions: tuple[str, ...]
    step: int | None


@dataclass(frozen=True)
class Run:
    """Numbers of one side, from one parameter.

    spec: "a" or "b"; quantity: "theta", or "step" for what the parameter moves down
    at: the steps whose numbers are given; values: them, in decimals, exact or rounded behind a ~
    gradients: of the steps, the last one ever after; none where the gradient is the parameter, that of x^2/2
    hyper: values other than the defaults, of each step where there are several
    range: what the numbers should keep to, but leave
    """

    spec: str
    quantity: str
    at: tuple[int, ...]
    values: tuple[str, ...]
    start: Fraction
    gradients: tuple[Fraction, ...]
    hyper: Mapping[str, tuple[Fraction, ...]]
    range: tuple[str, ...]


@dataclass(frozen=True)
class Flaw:
    """What is wrong with the text of the first side itself."""

    kind: Kind
    symbol: str


@dataclass(frozen=True)
class Disagreement:
    """One disagreement: where it stands, both sides (as specs, and a sentence each), and what follows."""

    id: str
    title: str
    source: str
    a: str
    b: str
    says_a: str
    says_b: str
    questions: tuple[Question, ...]
    runs: tuple[Run, ...]
    flaws: tuple[Flaw, ...]


def disagreements() -> tuple[Disagreement, ...]:
    """All of them, in the order of the file."""
    read = tomllib.loads((specs_dir() / "errata" / "claims.toml").read_text())
    return tuple(_disagreement(**each) for each in read["disagreement"])


def spec(name: str) -> Optimizer:
    """The optimizer of one side: a name of the catalogue, or `file.py:name` in the folder of errata."""
    return load(f"{specs_dir()}/errata/{name}" if ".py:" in name else name)


def _disagreement(
    question: Sequence[dict[str, Any]] = (),
    run: Sequence[dict[str, Any]] = (),
    finding: Sequence[dict[str, Any]] = (),
    **said: str,
) -> Disagreement:
    given = {"b": "", "says_b": ""} | said
    return Disagreement(
        **given,
        questions=tuple(_question(**each) for each in question),
        runs=tuple(_run(**each) for each in run),
        flaws=tuple(Flaw(**each) for each in finding),
    )


def _question(
    verdict: str,
    hyper: Mapping[str, str] = {},
    constant: tuple[str, ...] = (),
    conditions: tuple[str, ...] = (),
    step: int | None = None,
) -> Question:
    return Question(verdict, hyper, tuple(constant), tuple(conditions), step)


def _run(spec: str, quantity: str, values: list[str], **given: Any) -> Run:
    hyper: dict[str, Any] = given.get("hyper", {})
    return Run(
        spec,
        quantity,
        tuple(given.get("at", range(1, len(values) + 1))),
        tuple(values),
        Fraction(given.get("start", 0)),
        tuple(map(Fraction, given.get("gradients", ()))),
        {name: tuple(map(Fraction, [text] if isinstance(text, str) else text)) for name, text in hyper.items()},
        tuple(given.get("range", ())),
    )
