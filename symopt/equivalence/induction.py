"""Proof by induction over the steps that states of two recurrences are related, and that their outputs are equal."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction

from symopt.domains import Domain, NonNegative
from symopt.equivalence.effort import EACH
from symopt.equivalence.product import Product
from symopt.equivalence.scenario import THETA
from symopt.expr import START, Call, Expr, Num, Seq, Sym, T, sequences, substitute, symbols, walk
from symopt.prove.atoms import Table
from symopt.prove.cases import Case
from symopt.prove.facts import Facts
from symopt.prove.invariants import inside
from symopt.prove.normal import Normal
from symopt.prove.polynomials import OutOfBudgetError, UndefinedError
from symopt.prove.ranges import NIL


@dataclass
class Induction:
    """A relation between the states of a product, to be shown.

    relation: state -> what it equals after each step: an expression of states that are left, of hyperparameters and t
    first: the step after which it holds
    facts: what may be taken for granted, if that is not what both sides keep true from their starts on
    """

    product: Product
    relation: dict[str, Expr]
    first: int = 0
    facts: Facts | None = None

    def failing(self) -> set[str]:
        """The states whose equation does not hold at first, or else those whose equation a step may break."""
        for holds in (self._is_defined, self._holds_at_first, self._is_kept):
            failing = {name for name in self.relation if not holds(name)}
            if failing:
                return failing
        return set()

    def goes_on(self, outputs: Collection[str]) -> bool:
        """Whether the relation, where it holds after some step that is not before `first`, holds ever after.

        It need not hold at any step; outputs: what it then makes equal at every later step
        """
        kept = all(self._is_defined(name) and self._is_kept(name) for name in self.relation)
        return kept and all(map(self._follows, outputs))

    def gives(self, what: str) -> bool:
        """Whether the relation makes an output equal at every step."""
        return all(self._same_at(what, step) for step in range(1, self.first + 1)) and self._follows(what)

    def _follows(self, what: str) -> bool:
        if what == THETA:
            return self._same(*(self._settled(Seq(f"{side}.theta", 0)) for side in "AB"))
        return self._same(*map(self._old, self.product.points))

    # ---- the step ----

    def _facts(self, first: int) -> Facts:
        return (self.facts or self.product.facts).knowing({"t": Domain("", Fraction(first), integer=True)})

    def _is_defined(self, name: str) -> bool:
        """Whether an equation never divides by what some step makes 0: it would not lead over that step."""
        facts = self._facts(self.first)
        below = divisors(self.relation[name], facts)
        return all(never_zero(expr, facts) for expr in below if _is_discrete(expr, facts))

    def _same(self, x: Expr, y: Expr) -> bool:
        return self._decide(x, y, self._facts(self.first + 1))

    def _decide(self, x: Expr, y: Expr, facts: Facts) -> bool:
        return self.product.pair.effort.shows(x, y, facts)

    def _is_kept(self, name: str) -> bool:
        """Whether one step more keeps an equation, where all of them held before."""
        new: dict[Expr, Expr] = {Seq(state, 0): rhs for state, rhs in self.product.new.items()}
        return self._same(*(self._old(substitute(side, new)) for side in (Seq(name, 0), self.relation[name])))

    def _old(self, expr: Expr) -> Expr:
        """An expression with each old value that the relation knows replaced by what it equals."""
        return substitute(expr, {Seq(name, -1): self.product.before(rhs) for name, rhs in self.relation.items()})

    def _settled(self, expr: Expr) -> Expr:
        return substitute(expr, {Seq(name, 0): rhs for name, rhs in self.relation.items()})

    # ---- the start ----

    def _holds_at_first(self, name: str) -> bool:
        values = {**self._unrolled(self.first), T: Num(Fraction(self.first))}
        left, right = (substitute(side, values) for side in (Seq(name, 0), self.relation[name]))
        return self._decide(left, right, self.product.facts)

    def _same_at(self, what: str, step: int) -> bool:
        """Whether an output is equal at one of the steps before the induction starts."""
        if what == THETA:
            values = self._unrolled(step)
            return self._decide(values[Seq("A.theta", 0)], values[Seq("B.theta", 0)], self.product.facts)
        values = _moved(self._unrolled(step - 1), step)
        values |= {Seq(name, -1): Sym(name) for name in self.product.pair.changing}
        left, right = (substitute(point, values) for point in self.product.points)
        return self._decide(left, right, self.product.facts)

    def _unrolled(self, steps: int) -> dict[Expr, Expr]:
        """Each state after so many steps; lr is the value of the last of them, lr[t-1] that of the one before."""
        states: dict[Expr, Expr] = {Seq(name, 0): rhs for name, rhs in self.product.starts.items()}
        for step in range(1, steps + 1):
            if step > 1:
                states = {seq: _aged(value, self.product.pair.changing) for seq, value in states.items()}
            values = _moved(states, step)
            states = {Seq(name, 0): substitute(rhs, values) for name, rhs in self.product.new.items()}
        return states


def _moved(states: dict[Expr, Expr], step: int) -> dict[Expr, Expr]:
    """New values as the old ones of a step."""
    old: dict[Expr, Expr] = {Seq(seq.name, -1): value for seq, value in states.items() if isinstance(seq, Seq)}
    return {**old, T: Num(Fraction(step))}


def _aged(value: Expr, changing: list[str]) -> Expr:
    """A value as it is called one step later."""
    table: dict[Expr, Expr] = {seq: Seq(seq.name, seq.shift - 1) for seq in sequences(value) if seq.shift != START}
    return substitute(value, {**table, **{Sym(name): Seq(name, -1) for name in changing}})


def never_zero(expr: Expr, facts: Facts) -> bool:
    """Whether an expression is shown never to be 0."""
    case = Case(Table(EACH), facts)
    try:
        return not case.sign(Normal(case).of(expr)) & NIL
    except (OutOfBudgetError, UndefinedError):
        return False


def divisors(expr: Expr, facts: Facts) -> Iterator[Expr]:
    """What an expression divides by, or raises to a power that may be negative, or takes the logarithm of."""
    for node in walk(expr):
        match node:
            case Call("/", (_, below)) | Call("log", (below,)):
                yield below
            case Call("**", (base, exponent)) if not inside(exponent, NonNegative, facts):
                yield base
            case _:
                continue


def _is_discrete(expr: Expr, facts: Facts) -> bool:
    """Whether an expression can be 0 at one step and nowhere near: it has t in it, or numbers that only steps make."""
    steps = any(facts.levels.get(seq.name) == "step" for seq in sequences(expr))
    return steps or T.name in symbols(expr)
