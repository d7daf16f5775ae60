"""Finding what the states of two recurrences have to do with each other, cheapest ideas first; induction shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from symopt.equivalence.alike import equal_values, formula_values
from symopt.equivalence.data import Data
from symopt.equivalence.draw import several
from symopt.equivalence.induction import Induction
from symopt.equivalence.linear import Demands
from symopt.equivalence.product import Product
from symopt.equivalence.scaled import multiples
from symopt.expr import Expr, Seq, Sym, sequences, substitute, text

_RUNS, _STEPS, _WIDTH = 3, 4, 3
_MOST_ROUNDS = 12
_LATEST = 2

Relation = dict[str, Expr]


@dataclass(frozen=True)
class Proof:
    """A relation that is shown, and from which the wanted outputs follow.

    first: the step after which it holds
    """

    relation: Relation
    first: int


def settled(relation: Mapping[str, Expr]) -> Relation:
    """The same with every state on a right-hand side one that is left; what would lead in a circle is left out."""
    found: Relation = {}
    for name, rhs in relation.items():
        value = substitute(rhs, {Seq(other, 0): known for other, known in found.items()})
        if Seq(name, 0) not in sequences(value):
            found = {other: substitute(known, {Seq(name, 0): value}) for other, known in found.items()}
            found[name] = value
    return found


def kept(product: Product, relation: Relation, first: int) -> Relation:
    """What of a relation is shown: what fails is left out, until all that is left holds together.

    States that were taken for the same one and fail may still be the same as each other.
    """
    for _ in range(_MOST_ROUNDS):
        failing = Induction(product, relation, first).failing()
        if not failing:
            return relation
        heads: dict[Expr, str] = {}
        again: Relation = {}
        for name in (name for name in relation if name in failing):
            head = heads.setdefault(relation[name], name)
            if head != name and isinstance(relation[name], Seq):
                again[name] = Seq(head, 0)
        relation = {name: rhs for name, rhs in relation.items() if name not in failing} | again
    return {}


@dataclass
class Search:
    """The search for a relation from which outputs follow.

    given: equations of the user's, which are not given up; seen: those that runs and outputs suggest, shown or not
    """

    product: Product
    wanted: frozenset[str]
    given: Relation
    seen: Relation = field(default_factory=dict[str, Expr])

    def proof(self) -> Proof | None:
        """A proof by the cheapest idea that gives one; what runs suggest waits until all of it is shown together."""
        for idea in _IDEAS:
            known = {**self.seen, **self.given}
            more = idea(self.data, self.product, known, self.wanted)
            found = settled({**known, **{name: rhs for name, rhs in more.items() if name not in known}})
            if found == self.seen:
                continue
            self.seen = found
            for first in range(_LATEST + 1):
                relation = kept(self.product, found, first)
                if self._gives(relation, first):
                    return Proof(self._needed(relation, first), first)
        return None

    @cached_property
    def data(self) -> Data:
        """Runs in which everything changes that may."""
        pair = self.product.pair
        return Data(self.product, tuple(several(pair, pair.changing, _RUNS, _STEPS, _WIDTH)))

    def advice(self) -> str:
        """What to try where no proof was found."""
        for name, rhs in self.given.items():
            if self.data.signature(Seq(name, 0)) != self.data.signature(rhs):
                return f"{name} = {shown(rhs)} does not hold in every run; correct it or leave it out."
        sides = [[name for name in side.states if name not in self.seen] for side in self.product.sides]
        open_ = next((name for name in reversed(sides[1]) if not name.endswith(".theta")), None)
        tries = [f"--map '{open_}=...' with what it equals in A's states"] if open_ else []
        tries += [f"--assume {name}=constant" for name in self.product.pair.changing[:1]]
        return f"Try {', or '.join(tries)}." if tries else ""

    def _gives(self, relation: Relation, first: int) -> bool:
        return all(Induction(self.product, relation, first).gives(what) for what in self.wanted)

    def _needed(self, relation: Relation, first: int) -> Relation:
        """Without equations on which nothing depends."""
        for name in list(relation):
            fewer = {other: rhs for other, rhs in relation.items() if other != name}
            if (
                name not in self.given
                and not Induction(self.product, fewer, first).failing()
                and self._gives(fewer, first)
            ):
                relation = fewer
        return relation


def shown(expr: Expr) -> str:
    """An expression of new values, their index left out."""
    return text(substitute(expr, {seq: Sym(seq.name) for seq in sequences(expr) if seq.shift == 0}))


Idea = Callable[[Data, Product, Relation, frozenset[str]], Relation]


def _equal(data: Data, product: Product, relation: Relation, wanted: frozenset[str]) -> Relation:
    return equal_values(data, product, relation)


def _formulas(data: Data, product: Product, relation: Relation, wanted: frozenset[str]) -> Relation:
    return formula_values(data, product, relation)


def _multiples(data: Data, product: Product, relation: Relation, wanted: frozenset[str]) -> Relation:
    return multiples(data, product, relation)


def _demanded(data: Data, product: Product, relation: Relation, wanted: frozenset[str]) -> Relation:
    def fits(name: str, value: Expr) -> bool:
        return data.signature(Seq(name, 0)) == data.signature(value) is not None

    return Demands(product, relation, fits).of(sorted(wanted))


_IDEAS: tuple[Idea, ...] = (_equal, _multiples, _demanded, _formulas, _demanded)
