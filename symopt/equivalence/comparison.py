"""The answer to the question whether two optimizers are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

Verdict = Literal["proved", "refuted", "undecided"]
Values = tuple[Fraction, ...]


@dataclass(frozen=True)
class Counterexample:
    """The smallest run found in which two optimizers part.

    step: the first t at which they differ; where: "theta" (what is deployed) or "gradient point"
    theta0: the parameter at the start; gradients: g[1], ..., g[step], each as a tuple of all elements
    hyper: name -> its value at each step, one Fraction where it never changes
    values: what differs, of the first and of the second optimizer, exact or to 20 digits, element by element
    shapes: of the tensors that the elements fill, one after the other
    inputs: name -> its values at each step, for what comes from outside
    exact: whether the values are rational numbers, and no rounding entered
    replaced: what hyperparameters were replaced by before the run, as `compare` takes it
    """

    step: int
    where: str
    theta0: Values
    gradients: tuple[Values, ...]
    hyper: Mapping[str, Fraction | Values]
    values: tuple[str, str]
    shapes: tuple[tuple[int, ...], ...] = ((1,),)
    inputs: Mapping[str, tuple[Values, ...]] = field(default_factory=dict[str, tuple[Values, ...]])
    exact: bool = True
    replaced: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Comparison:
    """Whether two optimizers ask for gradients at the same points and deploy the same parameters.

    given: what `compare` was told of hyperparameters, as "A.eps = 0" or "lr constant": all that is said is said of that
    points, deployed: the verdict on either; verdict is "proved" only where both are
    conditions: what has to hold for a verdict of "proved", as "lr is constant"
    exactly: whether, for each condition, a run differs in which it alone is broken
    map: state of either optimizer, as "B.v" -> the text of what it always equals
    everywhere: whether it is sure that both always have a value; if not, equality is meant where both have one
    steps: how it was shown, line by line
    counterexample: where refuted, or where it fails without the conditions
    tried: how many runs were tried; work: elementary products that the proofs took
    advice: what to try where undecided; remarks: in what two that differ are still the same
    """

    a: str
    b: str
    points: Verdict
    deployed: Verdict
    conditions: tuple[str, ...] = ()
    exactly: bool = False
    map: Mapping[str, str] = field(default_factory=dict[str, str])
    steps: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    tried: int = 0
    work: int = 0
    advice: str = ""
    remarks: tuple[str, ...] = ()
    everywhere: bool = True
    given: tuple[str, ...] = ()

    @property
    def has_gap(self) -> bool:
        """Whether they differ in that one of them has no value."""
        found = self.counterexample
        return found is not None and any("not a number" in shown or "inf" in shown for shown in found.values)

    def __bool__(self) -> bool:
        """Whether the two were proved equal."""
        return self.verdict == "proved"

    @property
    def verdict(self) -> Verdict:
        """Proved where both are, refuted where one is."""
        both = {self.points, self.deployed}
        return "refuted" if "refuted" in both else "proved" if both == {"proved"} else "undecided"


def to_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain data; exact numbers become texts."""
    return {"verdict": comparison.verdict} | _plain(vars(comparison))


def _plain(value: Any) -> Any:
    match value:
        case Fraction():
            return str(value)
        case Counterexample():
            return _plain(vars(value))
        case Mapping():
            return {str(name): _plain(inner) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # JSON
        case tuple():
            return [_plain(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
        case _:
            return value
