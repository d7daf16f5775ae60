"""One question about a pair: runs first, which refute; then a proof of what no run refutes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from symopt.equivalence.comparison import Comparison, Counterexample, Verdict
from symopt.equivalence.conditions import Trials
from symopt.equivalence.defined import has_values
from symopt.equivalence.pair import Pair
from symopt.equivalence.product import Product
from symopt.equivalence.relate import Proof, Search
from symopt.equivalence.scenario import POINT, THETA, Scenario
from symopt.equivalence.smallest import Smallest
from symopt.equivalence.told import equations, steps
from symopt.expr import Expr


@dataclass
class Inquiry:
    """Whether the two of a pair are equal.

    given: equations between states that the user gives; late: whether long runs are worth their time
    proofs: of each output that was shown to be equal, the hyperparameters of `held` being constant
    """

    pair: Pair
    given: dict[str, Expr]
    late: bool = True
    proofs: dict[str, Proof] = field(default_factory=dict[str, Proof])
    held: list[str] = field(default_factory=list[str])
    advice: str = ""

    def answer(self) -> Comparison:
        """What differs at constant hyperparameters is refuted; for all else the conditions are found, and a proof."""
        trials = Trials(self.pair)
        parting = trials.parting(self.pair.changing, self.pair.outputs)
        differ = trials.parting((), parting) if parting and self.pair.changing else dict(parting)
        agree = [what for what in self.pair.outputs if what not in differ]
        depends = [what for what in agree if what in parting]
        self.held = trials.must_hold(depends) if depends else []
        product = Product(self.pair.holding(self.held))
        self._prove(product, agree)
        differ |= trials.late([what for what in agree if what not in self.proofs]) if self.late else {}
        self.advice = "" if differ else self.advice
        example = self._example(differ or {what: parting[what] for what in depends}, trials, not differ)
        return Comparison(
            *self._names(), self._verdict(POINT, differ), self._verdict(THETA, differ),
            tuple(f"{name} is constant" for name in self.held),
            bool(self.held) and trials.exactly(self.held, depends),
            equations(self.proofs), steps(product, self.proofs), example, trials.tried,
            advice=self.advice, everywhere=has_values(product),
        )  # fmt: skip

    def _names(self) -> tuple[str, str]:
        """What the two are called in the answer."""
        a, b = self.pair.a.name, self.pair.b.name
        return (a, b) if a != b else (f"{a} (A)", f"{b} (B)")

    def _prove(self, product: Product, agree: list[str]) -> None:
        """Both outputs by one relation where that is found, else each by its own."""
        for wanted in [agree, *([what] for what in agree)] if len(agree) > 1 else [agree] if agree else []:
            if not set(wanted) <= self.proofs.keys():
                search = Search(product, frozenset(wanted), self.given)
                found = search.proof()
                self.proofs |= dict.fromkeys(wanted, found) if found else {}
                self.advice = search.advice() if found is None else self.advice
        self.advice = self.advice if len(self.proofs) < len(agree) else ""

    def _verdict(self, what: str, differ: Collection[str]) -> Verdict:
        what = what if what in self.pair.outputs else self.pair.outputs[0]
        return "refuted" if what in differ else "proved" if what in self.proofs else "undecided"

    def _example(self, parting: Mapping[str, Scenario], trials: Trials, may_change: bool) -> Counterexample | None:
        """The smallest run that differs, at constant hyperparameters if that is enough."""
        if may_change:
            parting = {what: trials.few(run, self.held, what) for what, run in parting.items()}
        search = Smallest(self.pair, frozenset(parting), self.held if may_change else ())
        found = (search.smallest(run) for run in sorted(parting.values(), key=lambda run: run.steps))
        example = next((example for example in found if example is not None), None)
        trials.tried += search.tried
        return example
