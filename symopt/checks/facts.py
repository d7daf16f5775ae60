"""What is known about an optimizer once it was checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

PROVED = "proved"
SURVIVED = "survived"


@dataclass(frozen=True)
class Facts:
    """The outcome of a check.

    states: what is kept per parameter; bytes_per_parameter, flops: moved and computed per parameter and step, float32
    proofs: target -> "proved", or why not
    oracle_ulp: the largest error of theta, as `symopt.checks.oracle` measures it: compiled float32 kernel, 24 steps
    faults: what is wrong; empty for a spec that passes
    mutants: what became of how many single changes of the kernel, if they were tried
    uncaught: of each change that no check noticed, its line, the change, what became of it and why
    """

    name: str
    title: str
    states: tuple[str, ...]
    bytes_per_parameter: int
    flops: int
    proofs: tuple[tuple[str, str], ...]
    oracle_ulp: float
    faults: tuple[str, ...] = ()
    mutants: tuple[tuple[str, int], ...] | None = None
    uncaught: tuple[tuple[int, str, str, str], ...] = ()

    @property
    def proof(self) -> str:
        """The proofs of all targets in a word, or why one is missing."""
        return next((outcome for _, outcome in self.proofs if outcome != PROVED), PROVED)

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def to_json(facts: Facts) -> dict[str, Any]:
    """Facts as plain data."""
    return asdict(facts)


def from_json(data: Any) -> Facts | None:
    """Facts from plain data, or None if that is not what they look like."""
    if not isinstance(data, dict) or set(data) != {field.name for field in fields(Facts)}:
        return None
    return Facts(**{name: _frozen(value) for name, value in data.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
