"""Moving a run: every value scaled and shifted, and the question whether the equations let the run move along.

An optimizer moves along where each start value and each equation gives the moved value for moved ones: induction over
the steps then carries it through every run. The normal form decides each of these equations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from symopt.expr import ONE, START, ZERO, Call, Expr, Seq, Sym, add, multiply, substitute, text, walk
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts
from symopt.recurrence import Optimizer

_BUDGET = 30_000
_POINTS = 6


@dataclass(frozen=True)
class Move:
    """What becomes of each name: x -> factor*x + shift. A name that is missing stays as it is."""

    factors: Mapping[str, Expr] = field(default_factory=dict[str, Expr])
    shifts: Mapping[str, Expr] = field(default_factory=dict[str, Expr])

    def of(self, name: str, value: Expr) -> Expr:
        """A value of a name, moved."""
        return add(multiply(self.factors.get(name, ONE), value), self.shifts.get(name, ZERO))

    def inside(self, expr: Expr, optimizer: Optimizer) -> Expr:
        """An expression with every name in it moved; what is finite stays finite."""
        hypers = [hyper.name for hyper in optimizer.hyperparameters]
        table: dict[Expr, Expr] = {
            Sym(name, base): self.of(name, Sym(name)) for name in hypers for base in (False, True)
        }
        table |= {Seq(name, s): self.of(name, Seq(name, s)) for name in optimizer.levels for s in (0, -1, START)}
        table |= {node: node for node in walk(expr) if isinstance(node, Call) and node.op == "isfinite"}
        return substitute(expr, table)


@dataclass(frozen=True)
class Line:
    """One equation of the induction: what stands there, the moved right-hand side, and what it must be."""

    name: str
    what: str
    moved: Expr
    wanted: Expr

    def holds(self, facts: Facts) -> bool:
        """Whether the normal form shows it."""
        same = self.moved == self.wanted
        return same or isinstance(decide(self.moved, self.wanted, facts, budget=_BUDGET, points=_POINTS), Proved)

    def __str__(self) -> str:
        return f"{self.what}: {text(self.moved)} = {text(self.wanted)}"


def lines(optimizer: Optimizer, move: Move) -> Iterator[Line]:
    """What has to hold so that every run moves along: starts, equations, and the point where the gradient is taken."""
    for name in optimizer.states:
        start = optimizer.start_of(name) or ZERO
        yield Line(name, f"{name}[0]", move.inside(start, optimizer), move.of(name, start))
    for equation in optimizer.equations:
        yield line(optimizer, move, equation.target)
    point = optimizer.gradient_point
    yield Line("theta", "gradient point", move.inside(point, optimizer), move.of("theta", point))


def line(optimizer: Optimizer, move: Move, name: str) -> Line:
    """The line of one equation."""
    rhs = next(equation.rhs for equation in optimizer.equations if equation.target == name)
    return Line(name, f"{name}[t]", move.inside(rhs, optimizer), move.of(name, rhs))


def moves_along(optimizer: Optimizer, move: Move, facts: Facts) -> bool:
    """Whether every run moves along."""
    return all(found.holds(facts) for found in lines(optimizer, move))
