"""How an optimizer is related to others: by what it is at an end of a domain, after many steps, or up to a factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import sympy as sp

from symopt.canonical import Where, from_sympy, sympy_symbol, to_sympy
from symopt.equivalence import Comparison, compare
from symopt.errors import SymoptError
from symopt.expr import ONE, START, ZERO, Call, Expr, Seq, Sym, T, sequences, substitute, text
from symopt.recurrence import Optimizer
from symopt.recurrence.parts import written_out
from symopt.theory.bias import is_corrected
from symopt.theory.ends.case import End, Special
from symopt.theory.ends.folding import fold
from symopt.theory.ends.growing import after_many_steps, once_settled
from symopt.theory.ends.special import specials, without_corrections
from symopt.theory.limits.dividing import may_divide_by_zero
from symopt.theory.limits.matching import Candidate, Known, moves, trace

How = Literal["as it is", "while it trains", "settled", "after many steps", "less its corrections"]
"""In which form: unchanged; as to its gradient points only; with its named numbers per step at their limits; with all
at their limits; with each 1 - b**t, which tends to 1, replaced by 1."""


_MOST_FAILURES = 3


@dataclass(frozen=True)
class Relation:
    """An optimizer, in a form and at some ends, is another one.

    rate: what stands for lr there; same: other hyperparameters there -> here, where the names differ
    special: what is compared with the other one; proof: of the comparison, with its conditions
    where_defined: whether nothing is said where one of them may divide by 0
    """

    source: str
    target: Optimizer
    how: How
    rate: Expr
    same: tuple[tuple[str, str], ...]
    special: Special
    proof: Comparison
    where_defined: bool

    @property
    def ends(self) -> tuple[End, ...]:
        """At which ends."""
        return self.special.ends


def relations(optimizer: Optimizer, known: Known) -> Iterator[Relation]:
    """All that were found and proved, the most telling first."""
    match = _Matcher(optimizer, known)
    run = trace(optimizer)
    yield from match.every(Special(optimizer), run, "as it is")
    trained = match.every(Special(optimizer), run, "while it trains")
    yield from islice((r for r in trained if len(r.target.states) <= len(optimizer.states)), 1)
    yield from islice(_in_the_end(match, optimizer), 1)
    told: list[tuple[str, frozenset[End]]] = []
    for relation in _at_ends(match, optimizer):
        ends = frozenset(relation.ends)
        if not any(name == relation.target.name and before <= ends for name, before in told):
            told.append((relation.target.name, ends))
            yield relation


def _in_the_end(match: _Matcher, optimizer: Optimizer) -> Iterator[Relation]:
    forms: tuple[tuple[How, Special | None], ...] = (
        ("settled", once_settled(optimizer)), ("after many steps", after_many_steps(optimizer)),
    )  # fmt: skip
    for how, form in forms:
        if form is not None:
            yield from match.every(form, trace(form.optimizer), how)


def _at_ends(match: _Matcher, optimizer: Optimizer) -> Iterator[Relation]:
    """Special cases with a name, and those whose form less its corrections has one."""
    found: list[Relation] = []

    def closed(case: Special) -> bool:
        run = trace(case.optimizer)
        found.extend(islice(match.every(case, run, "as it is"), 1))
        if not found and len(case.ends) == 1:
            found.extend(islice(match.every(case, run, "while it trains"), 1))
        return bool(found) or not moves(run)

    for case in specials(optimizer, closed):
        plain = None if found else without_corrections(case)
        if plain is not None and is_corrected(case.optimizer):
            found.extend(islice(match.every(plain, trace(plain.optimizer), "less its corrections"), 1))
        yield from found
        found.clear()


@dataclass
class _Matcher:
    """failures: comparisons that did not end in a proof; after a few of them no more are tried"""

    optimizer: Optimizer
    known: Known
    failures: int = 0

    def every(self, case: Special, run: Any, how: How) -> Iterator[Relation]:
        """All optimizers that a special case is, the plainest first; run: what it does on numbers."""
        for candidate, rate in self._ordered(case.optimizer, run, how):
            if self.failures == _MOST_FAILURES:
                return
            other = stands_for(candidate, rate, case.optimizer)
            proof = compare(case.optimizer, other)
            shown = (proof.points if how == "while it trains" else proof.verdict) == "proved"
            self.failures += not shown
            if shown:
                same = tuple((there, here) for there, here in candidate.hyper.items() if there not in (here, "lr"))
                divides = may_divide_by_zero(self.optimizer, case.ends, other)
                yield Relation(self.optimizer.name, candidate.optimizer, how, rate, same, case, proof, divides)

    def _ordered(self, optimizer: Optimizer, run: Any, how: How) -> list[tuple[Candidate, Expr]]:
        candidates = self.known.candidates(optimizer, run, self.optimizer, how == "while it trains")
        found = [(candidate, _rate(optimizer, candidate)) for candidate in candidates]
        kept = [(candidate, rate) for candidate, rate in found if rate is not None]
        return sorted(kept, key=lambda pair: (len(text(pair[1])), len(pair[0].optimizer.states)))


def _rate(optimizer: Optimizer, candidate: Candidate) -> Expr | None:
    """What stands for lr in a candidate, read off the first step; None where that depends on the gradient."""
    lr = candidate.hyper.get("lr", "lr")
    if candidate.scale == 1.0:
        return Sym(lr)
    mine, other = (_first_step(o) for o in (optimizer, stands_for(candidate, Sym(lr), optimizer)))
    if other == 0 or not all(power.exp.is_number for power in mine.atoms(sp.Pow) | other.atoms(sp.Pow)):
        return None
    ratio = sp.factor(sp.cancel(sp.together(mine / other)) * sympy_symbol(Sym(lr)))
    if ratio.has(Where):
        return None
    try:
        found = from_sympy(_upright(ratio))
    except SymoptError:
        return None
    return None if sequences(found) else found


def _upright(ratio: Any) -> Any:
    """A positive product with each factor positive: lr/(1 - mu) for -lr/(mu - 1), where names are between 0 and 1."""
    ratio = ratio.replace(_is_root, lambda root: sp.Pow(_upright(root.base), root.exp))
    some = {name: sp.Rational(1, 3) for name in ratio.free_symbols}
    sides = [
        [-f if f.is_Add and f.subs(some).is_negative else f for f in sp.Mul.make_args(side)]
        for side in sp.fraction(ratio)
    ]
    above, below = (sp.Mul(*side) for side in sides)
    turned = above / below
    return turned if sp.cancel(turned - ratio) == 0 else -turned


def _is_root(expr: Any) -> bool:
    return isinstance(expr, sp.Pow) and expr.exp == sp.Rational(1, 2)


def _first_step(optimizer: Optimizer) -> Any:
    starts = {"theta": Seq("theta", START), **dict(optimizer.starts)}
    expr = written_out(Seq("theta", 0), optimizer.equations)
    table: dict[Expr, Expr] = {seq: starts.get(seq.name, ZERO) for seq in sequences(expr) if seq.shift == -1}
    moved = fold(substitute(expr, {**table, T: ONE}))
    return to_sympy(Call("-", (moved, Seq("theta", START))))


def stands_for(candidate: Candidate, rate: Expr, optimizer: Optimizer) -> Optimizer:
    """A candidate with the hyperparameters of the optimizer that it is compared with."""
    table: dict[Expr, Expr] = {}
    for there, here in candidate.hyper.items():
        value = rate if there == "lr" else Sym(here)
        table |= {Sym(there): value, Sym(there, base=True): value}
    other = candidate.optimizer
    return replace(
        other,
        **other.rewritten(table),
        hyperparameters=optimizer.hyperparameters,
        in_force=(),
        schedules=(),
        constants=(),
    )
