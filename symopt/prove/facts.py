"""What a proof may take for granted: the domains of names, and the levels that they live on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from symopt.domains import Domain, PositiveInt, Real
from symopt.recurrence import LEVELS, Optimizer


@dataclass(frozen=True)
class Facts:
    """domains: name -> Domain, for hyperparameters and sequences alike; a name that is missing is any real number.

    levels: name -> level; a hyperparameter that is missing is at the step level, a sequence at the element level
    """

    domains: Mapping[str, Domain] = field(default_factory=dict[str, Domain])
    levels: Mapping[str, str] = field(default_factory=dict[str, str])

    def domain(self, name: str) -> Domain:
        """The domain of a name; `t` counts from 1."""
        return self.domains.get(name, PositiveInt if name == "t" else Real)

    def level(self, name: str, sequence: bool) -> int:
        """The level of a name as an index in LEVELS."""
        return LEVELS.index(self.levels.get(name, "element" if sequence else "step"))

    def knowing(self, domains: Mapping[str, Domain]) -> Facts:
        """The same with more domains."""
        return replace(self, domains={**self.domains, **domains})


def declared(optimizer: Optimizer) -> Facts:
    """What a declaration says itself: the domains of the hyperparameters and the levels of the sequences."""
    domains = {hyper.name: hyper.domain for hyper in optimizer.hyperparameters}
    return Facts(domains, {**optimizer.levels, **dict.fromkeys(domains, "step")})
