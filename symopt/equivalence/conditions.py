"""What runs say: which outputs differ, and which hyperparameters have to keep their values for them to agree."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

from symopt.equivalence.draw import latest, several, usual
from symopt.equivalence.pair import Pair
from symopt.equivalence.scenario import (
    COARSE,
    OUTPUTS,
    THETA,
    Scenario,
    apart,
    confirmed,
    differences,
    follow,
    output,
)

RUNS, FEW, LONG = 18, 5, 24
LONGEST = 1100
"""Steps of the longest run: what happens later is not seen."""


@dataclass
class Trials:
    """Runs of a pair; tried: how many of them."""

    pair: Pair
    tried: int = 0

    def parting(
        self, varying: Collection[str], wanted: Collection[str] = OUTPUTS, runs: int = RUNS, enough: int = FEW
    ) -> dict[str, Scenario]:
        """For each output that differs in one of the runs, the one in which it does so first.

        enough: how many runs are looked at where all outputs differ, to find one that does so early
        """
        found: dict[str, tuple[int, Scenario]] = {}
        long = usual(self.pair, varying, LONG if runs == RUNS else LONG // 2)
        for count, run in enumerate(chain(several(self.pair, varying, runs), [long]), 1):
            self.tried += 1
            for step, what in differences(*(follow(o, run, COARSE) for o in (self.pair.a, self.pair.b))):
                sooner = what in wanted and (what not in found or step < found[what][0])
                if sooner and self.is_sure(run.upto(step), what):
                    found[what] = step, run.upto(step)
            if len(found) == len(wanted) and count >= enough:
                break
        return {what: run for what, (_, run) in found.items()}

    def is_sure(self, run: Scenario, what: str) -> bool:
        """Whether an output differs at the end of a run exactly, or in many more digits by as much."""
        return confirmed(self.pair.a, self.pair.b, run, run.steps, what) is not None

    def moves(self) -> bool:
        """Whether the parameter moves at all."""
        runs = ((run, follow(self.pair.a, run, COARSE)) for run in several(self.pair, (), FEW))
        return any(
            apart(x, COARSE.constant(start))
            for run, moments in runs
            for x, start in zip(output(moments[-1], THETA) if moments else (), run.theta0, strict=False)
        )

    def late(self, wanted: Collection[str]) -> dict[str, Scenario]:
        """The outputs that differ in a run at the defaults up to the last step that an equation names, if that is late.

        Such a run takes long; it is for what no short one refutes and nothing proves.
        """
        steps = latest(self.pair) + 2
        if not LONG < steps <= LONGEST:
            return {}
        self.tried += 1
        run = usual(self.pair, (), steps)
        runs = (follow(o, run, COARSE) for o in (self.pair.a, self.pair.b))
        found = {what: step for step, what in reversed(list(differences(*runs))) if what in wanted}
        return {what: run.upto(step) for what, step in found.items() if self.is_sure(run.upto(step), what)}

    def must_hold(self, wanted: Collection[str]) -> list[str]:
        """Hyperparameters that have to be constant for the outputs to agree; each of the others may change."""
        names = self.pair.changing
        held = [name for name in names if self.parting([name], wanted, FEW)]
        free = [name for name in names if name not in held]
        taken: list[str] = []
        while free and self.parting(free, wanted, 2 * FEW):
            taken.append(free.pop(0))
        for name in taken:
            free += [name] if not self.parting([*free, name], wanted, 2 * FEW) else []
        return [name for name in names if name not in free]

    def exactly(self, held: Collection[str], wanted: Collection[str]) -> bool:
        """Whether a change of any one of these alone makes an output differ."""
        return all(self.parting([name], wanted, FEW) for name in held)

    def few(self, run: Scenario, held: Collection[str], what: str) -> Scenario:
        """A run that differs in an output where only what is to be held changes; `run` if none is found."""
        return self.parting(held, [what], FEW).get(what, run)
