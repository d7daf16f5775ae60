"""Whether two optimizers are equal: runs first, which refute; then a proof of what no run refutes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from symopt.catalogue import load
from symopt.equivalence.comparison import Comparison, Counterexample, Verdict
from symopt.equivalence.conditions import Trials
from symopt.equivalence.given import given_states
from symopt.equivalence.pair import BUDGET, Pair, paired
from symopt.equivalence.product import Product
from symopt.equivalence.relate import Proof, Search
from symopt.equivalence.scenario import OUTPUTS, POINT, THETA, Scenario, confirmed
from symopt.equivalence.smallest import Smallest
from symopt.equivalence.told import equations, steps
from symopt.equivalence.variants import variants
from symopt.expr import Expr, Seq
from symopt.recurrence import Optimizer


def compare(
    a: Optimizer | str,
    b: Optimizer | str,
    *,
    constant: Collection[str] = (),
    hyper: Mapping[str, str] = {},
    states: Mapping[str, str] = {},
    budget: int = BUDGET,
) -> Comparison:
    """Whether two optimizers ask for gradients at the same points and deploy the same parameters.

    a, b: optimizers, or what names them: of the catalogue, a path, or path.py:name
    constant: hyperparameters that never change; all others may, at any step
    hyper: "A.eps" -> an expression of B's hyperparameters and t that takes its place, a number, or "inf"
    states: "B.v" -> an expression of A's states, hyperparameters and t that it equals after each step
    budget: the work for each equality of formulas, in elementary products; what takes more is undecided
    raises SymoptError where one of these names nothing, or where what is given is no expression
    """
    a, b = (load(each) if isinstance(each, str) else each for each in (a, b))
    pair = replace(paired(a, b, constant, hyper), budget=budget)
    found = _Inquiry(pair, given_states(states, Product(pair))).answer()
    return found if found.points != "refuted" else _under_conditions(a, b, pair, states, found)


def _under_conditions(
    a: Optimizer, b: Optimizer, pair: Pair, states: Mapping[str, str], found: Comparison
) -> Comparison:
    """Where two optimizers differ: whether they are equal with other values of their hyperparameters."""
    for conditions, more in variants(pair):
        other = _paired_again(a, b, pair, {**pair.replaced, **more})
        inquiry = _Inquiry(other, given_states(states, Product(other)))
        if Trials(other).parting((), inquiry.outputs[:1], enough=1):
            continue
        answer = inquiry.answer()
        if answer.points == "proved":
            example = answer.counterexample or found.counterexample
            conditions, tried = (*conditions, *answer.conditions), found.tried + answer.tried
            return replace(answer, conditions=conditions, exactly=False, counterexample=example, tried=tried)
        if answer.points == "undecided":
            advice = f"With {', '.join(conditions)} none of {answer.tried} runs differs. {answer.advice}"
            found = replace(found, advice=advice.strip())
    return found


def _paired_again(a: Optimizer, b: Optimizer, pair: Pair, hyper: Mapping[str, str]) -> Pair:
    """The pair with other replacements; what was held constant and is still there stays so."""
    free = paired(a, b, (), hyper)
    left = {hyper.name for hyper in free.hypers}
    return replace(free.holding(pair.constant & left), budget=pair.budget)


@dataclass
class _Inquiry:
    """One question. proofs: of each output that was shown to be equal, the hyperparameters of `held` being constant."""

    pair: Pair
    given: dict[str, Expr]
    proofs: dict[str, Proof] = field(default_factory=dict[str, Proof])
    held: list[str] = field(default_factory=list[str])
    advice: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is asked for; where both take their gradients at theta, that says it all."""
        plain = all(optimizer.gradient_point == Seq("theta", -1) for optimizer in (self.pair.a, self.pair.b))
        return (THETA,) if plain else OUTPUTS

    def answer(self) -> Comparison:
        """What differs at constant hyperparameters is refuted; for all else the conditions are found, and a proof."""
        trials = Trials(self.pair)
        parting = trials.parting(self.pair.changing, self.outputs)
        differ = self._sure(trials.parting((), parting) if parting and self.pair.changing else parting)
        agree = [what for what in self.outputs if what not in differ]
        depends = [what for what in agree if what in parting]
        self.held = trials.must_hold(depends) if depends else []
        product = Product(self.pair.holding(self.held))
        self._prove(product, agree)
        example = self._example(differ or {what: parting[what] for what in depends}, trials, not differ)
        return Comparison(
            *self._names(), self._verdict(POINT, differ), self._verdict(THETA, differ),
            tuple(f"{name} is constant" for name in self.held),
            bool(self.held) and trials.exactly(self.held, depends),
            equations(self.proofs), steps(product, self.proofs), example, trials.tried,
            self.advice,
        )  # fmt: skip

    def _names(self) -> tuple[str, str]:
        """What the two are called in the answer."""
        a, b = self.pair.a.name, self.pair.b.name
        return (a, b) if a != b else (f"{a} (A)", f"{b} (B)")

    def _sure(self, parting: Mapping[str, Scenario]) -> dict[str, Scenario]:
        """What differs exactly, or in more digits by as much."""
        a, b = self.pair.a, self.pair.b
        return {what: run for what, run in parting.items() if confirmed(a, b, run, run.steps, what)}

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
        what = what if what in self.outputs else self.outputs[0]
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
