"""Whether two optimizers are equal, under which conditions, and what is left of it where they are not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from symopt.catalogue import load
from symopt.equivalence.comparison import Comparison
from symopt.equivalence.conditions import LONG, Trials
from symopt.equivalence.effort import BUDGET, Effort
from symopt.equivalence.given import given_states
from symopt.equivalence.inquiry import Inquiry
from symopt.equivalence.pair import Pair, paired
from symopt.equivalence.product import Product
from symopt.equivalence.start import same_after
from symopt.equivalence.variants import Variant, neutral, variants
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
    budget: the work for all equalities of formulas, in elementary products; what takes more is undecided
    raises SymoptError where one of these names nothing, or where what is given is no expression
    """
    a, b = (load(each) if isinstance(each, str) else each for each in (a, b))
    given = (*(f"{name} = {text}" for name, text in hyper.items()), *(f"{name} constant" for name in constant))
    return _Question(a, b, replace(paired(a, b, constant, hyper), effort=Effort(budget)), states, given).answer()


class _Question:
    """What the user asked: a pair, and the same pair with other values of its hyperparameters."""

    def __init__(self, a: Optimizer, b: Optimizer, pair: Pair, states: Mapping[str, str], given: tuple[str, ...]):
        self.a, self.b, self.pair, self.states, self.given = a, b, pair, states, given

    def answer(self) -> Comparison:
        """Equal, equal under conditions, or not; then what is left."""
        found = Inquiry(self.pair, given_states(self.states, Product(self.pair))).answer()
        found = self._under_conditions(found) if found.points == "refuted" else found
        found = replace(found, remarks=tuple(self._remarks(found))) if found.verdict == "refuted" else found
        effort = self.pair.effort
        if found.verdict == "undecided" and effort.is_over:
            more = f"--budget {max(4 * effort.limit, BUDGET)} allows more"
            stopped = f"The budget of {effort.limit} elementary products is used up; {more}."
            found = replace(found, advice=f"{stopped} {found.advice}".strip())
        return replace(found, work=effort.spent, given=self.given)

    def _under_conditions(self, found: Comparison) -> Comparison:
        """Where two optimizers differ: whether they are equal with other values of their hyperparameters."""
        for conditions, _, answer in self._asked(variants(self.pair)):
            if answer.points == "proved":
                example = answer.counterexample or found.counterexample
                conditions, tried = (*conditions, *answer.conditions), found.tried + answer.tried
                return replace(answer, conditions=conditions, exactly=False, counterexample=example, tried=tried)
            early = found.counterexample is None or found.counterexample.step <= LONG
            if answer.points == "undecided" and early:
                advice = f"With {', '.join(conditions)} none of {answer.tried} runs differs. {answer.advice}"
                found = replace(found, advice=advice.strip())
        return found

    def _asked(self, tries: Iterator[Variant]) -> Iterator[tuple[tuple[str, ...], Pair, Comparison]]:
        """The pair and the answer with each of some values, where one run does not refute it at once."""
        for conditions, more in tries:
            pair = self._with(more)
            given = given_states(self.states, Product(pair))
            if not Trials(pair).parting((), pair.outputs[:1], enough=1):
                yield conditions, pair, Inquiry(pair, given, late=False).answer()

    def _with(self, more: Mapping[str, str]) -> Pair:
        """The pair with more replacements; what was held constant and is still there stays so."""
        free = paired(self.a, self.b, (), {**self.pair.replaced, **more})
        left = {hyper.name for hyper in free.hypers}
        return replace(free.holding(self.pair.constant & left), effort=self.pair.effort)

    def _remarks(self, found: Comparison) -> Iterator[str]:
        """In what two optimizers that differ are still the same, in sentences."""
        after = same_after(Product(self.pair), self.pair.outputs)
        if after is not None and not found.has_gap:
            where = f"in the first {after} steps" if after > 1 else "in the first step" if after else "in their starts"
            yield f"They differ only {where}: from equal states {'after that ' if after else ''}on they stay equal."
        for conditions, pair, answer in self._asked(neutral(self.pair)):
            if answer.verdict == "proved" and Trials(pair).moves():
                more = f", where {' and '.join(answer.conditions)}" if answer.conditions else ""
                yield f"With {' and '.join(conditions)} they are equal{more}."
                return
