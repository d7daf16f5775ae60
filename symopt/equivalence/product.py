"""Two recurrences side by side: the states of both, under names that say whose they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from symopt.domains import Domain
from symopt.equivalence.pair import Pair
from symopt.expr import ONE, START, ZERO, Call, Expr, Seq, Sym, T, sequences, substitute, symbols, transform
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts
from symopt.prove.invariants import known
from symopt.recurrence import Equation, Optimizer
from symopt.recurrence.parts import written_out

_LATE = Fraction(3)
THETA0 = Seq("theta", START)


@dataclass(frozen=True)
class Side:
    """One optimizer of a product, as "A" or "B"; its sequences are called "A.m", theta "A.theta".

    changing: hyperparameters that may change; lr[t-1] is the value of the step before, lr that of this step
    """

    name: str
    optimizer: Optimizer
    changing: frozenset[str]

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The recurrence under its new names."""
        return tuple(Equation(self.called(e.target), self.renamed(e.rhs)) for e in self.optimizer.equations)

    @cached_property
    def states(self) -> tuple[str, ...]:
        """theta, then what is remembered."""
        return tuple(map(self.called, ("theta", *self.optimizer.states)))

    def called(self, name: str) -> str:
        """The name of a sequence in the product."""
        return f"{self.name}.{name}"

    def renamed(self, expr: Expr) -> Expr:
        """An expression of the optimizer in the names of the product; no schedule is left to tell lr.base from lr."""
        inputs = {"g", *dict(self.optimizer.inputs)}
        own = (seq for seq in sequences(expr) if seq.name not in inputs)
        table: dict[Expr, Expr] = {seq: Seq(self.called(seq.name), seq.shift) for seq in own}
        table |= {Sym(name, base=True): Sym(name) for name in symbols(expr)}
        return substitute(expr, table | {THETA0: THETA0})

    def start(self, state: str) -> Expr:
        """The value of a state before the first step."""
        own = state.removeprefix(f"{self.name}.")
        return THETA0 if own == "theta" else self.renamed(self.optimizer.start_of(own) or ZERO)

    @cached_property
    def point(self) -> Expr:
        """The gradient point of step t in terms of old values, made with the hyperparameters of the step before."""
        table: dict[Expr, Expr] = {Sym(name): Seq(name, -1) for name in self.changing}
        return substitute(self.renamed(self.optimizer.point_before_step), table)

    @cached_property
    def inside(self) -> dict[str, Expr]:
        """Each new value, what is only used within the step written out; old and new values of states remain."""
        kept = set(self.states)
        passing = [e for e in self.equations if e.target not in kept]
        return {e.target: written_out(e.rhs, passing) for e in self.equations}

    @cached_property
    def new(self) -> dict[str, Expr]:
        """Each new state in terms of old values, inputs and the step."""
        return {name: written_out(Seq(name, 0), self.equations) for name in self.states}


@dataclass(frozen=True)
class Product:
    """Both sides of a pair."""

    pair: Pair

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """A and B."""
        changing = frozenset(self.pair.changing)
        return Side("A", self.pair.a, changing), Side("B", self.pair.b, changing)

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The states of A, then those of B."""
        return tuple(name for side in self.sides for name in side.states)

    @cached_property
    def new(self) -> dict[str, Expr]:
        """Each new state in terms of old values, inputs and the step."""
        return self.sides[0].new | self.sides[1].new

    @cached_property
    def inside(self) -> dict[str, Expr]:
        """Each new value in terms of old and new states, inputs and the step."""
        return self.sides[0].inside | self.sides[1].inside

    @cached_property
    def starts(self) -> dict[str, Expr]:
        """Each state before the first step."""
        return {name: side.start(name) for side in self.sides for name in side.states}

    @cached_property
    def late(self) -> dict[str, Expr]:
        """Each new state after the first steps: branches that only these take are left out."""
        return {name: self._late(rhs) for name, rhs in self.new.items()}

    @cached_property
    def late_inside(self) -> dict[str, Expr]:
        """The same in terms of old and new states."""
        return {name: self._late(rhs) for name, rhs in self.inside.items()}

    def _late(self, expr: Expr) -> Expr:
        facts = Facts({"t": Domain("", _LATE, integer=True)})

        def rule(node: Expr) -> Expr:
            match node:
                case Call("where", (condition, a, b)) if symbols(condition) == {"t"} and not sequences(condition):
                    chosen = Call("where", (condition, ONE, ZERO))
                    if isinstance(decide(chosen, ONE, facts, points=1), Proved):
                        return a
                    return b if isinstance(decide(chosen, ZERO, facts, points=1), Proved) else node
                case _:
                    return node

        return transform(expr, rule)

    @cached_property
    def points(self) -> tuple[Expr, Expr]:
        """The two gradient points."""
        return self.sides[0].point, self.sides[1].point

    @cached_property
    def facts(self) -> Facts:
        """The domains of hyperparameters and states, and the levels of both."""
        domains: dict[str, Domain] = {}
        levels: dict[str, str] = {}
        for side in self.sides:
            found = _kept_true(side.optimizer)
            domains |= {side.called(name): domain for name, domain in found.domains.items()}
            levels |= {side.called(name): level for name, level in found.levels.items()}
            levels |= dict(side.optimizer.inputs) | {"g": "element", "theta": "element"}
        domains |= {hyper.name: hyper.domain for hyper in self.pair.hypers}
        return Facts(domains, levels | {hyper.name: "step" for hyper in self.pair.hypers})

    @cached_property
    def declared(self) -> Facts:
        """What holds from any start: the domains of hyperparameters, and the levels."""
        return Facts({hyper.name: hyper.domain for hyper in self.pair.hypers}, self.facts.levels)

    def before(self, expr: Expr) -> Expr:
        """An expression of step t as it was at step t-1."""
        return earlier(expr, self.pair.changing)

    def later(self, expr: Expr) -> Expr:
        """An expression of old values as it is one step later, in new ones."""
        table: dict[Expr, Expr] = {seq: Seq(seq.name, 0) for seq in sequences(expr) if seq.shift == -1}
        table |= {Seq(name, -1): Sym(name) for name in self.pair.changing}
        return substitute(expr, {**table, T: Call("+", (T, ONE))})


@lru_cache(maxsize=16)
def _kept_true(optimizer: Optimizer) -> Facts:
    """What an optimizer keeps true at every step; one question asks it of the same optimizer several times."""
    return known(optimizer)


def earlier(expr: Expr, changing: Iterable[str]) -> Expr:
    """An expression of step t, in new values, as it was at step t-1."""
    table: dict[Expr, Expr] = {seq: Seq(seq.name, -1) for seq in sequences(expr) if seq.shift == 0}
    table |= {Sym(name): Seq(name, -1) for name in changing}
    return substitute(expr, {**table, T: Call("-", (T, ONE))})
