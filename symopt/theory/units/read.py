"""What the equations of an optimizer say about units: sums have one, products multiply them, sin and exp take none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from symopt.expr import COMPARISONS, START, ZERO, Call, Expr, Num, Reduction, Seq, Sym, sequences, symbols, text
from symopt.recurrence import Optimizer
from symopt.theory.units.solve import PLAIN, Relation, Solution, Unit, combined, power, solve

_HALF = Fraction(1, 2)
_VERBS = {
    "+": "adds", "-": "subtracts", "max": "compares", "min": "compares", "clip": "compares", "where": "chooses between",
    **dict.fromkeys(COMPARISONS, "compares"),
}  # fmt: skip
_PLAIN_ONLY = frozenset("exp log expm1 log1p sin cos tan tanh floor ceil every".split())


@dataclass(frozen=True)
class Power:
    """A power whose exponent is no number: its unit is an unknown of its own, a plain number where the base is one.

    varies: whether the exponent is another one from step to step, so that the base can only be a plain number
    where: the equation in which it stands first
    """

    base: Unit
    shown: str
    exponent: Expr
    varies: bool
    where: str


@dataclass
class Reading:
    """The relations of an optimizer.

    occurrences: hyperparameter -> the names under which it is added to something, one per place; so that a number
        which serves twice, like AdaDelta's eps, is seen to need two units
    """

    optimizer: Optimizer
    relations: list[Relation] = field(default_factory=list[Relation])
    powers: dict[str, Power] = field(default_factory=dict[str, Power])
    occurrences: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    beside: dict[str, str] = field(default_factory=dict[str, str])
    factors: set[str] = field(default_factory=set[str])
    where: str = ""

    def __post_init__(self) -> None:
        for name, rhs in self.optimizer.starts:
            self._equate(Seq(name, START), {name: Fraction(1)}, rhs)
        for equation in self.optimizer.equations:
            self._equate(Seq(equation.target, 0), {equation.target: Fraction(1)}, equation.rhs)
        self._equate(Seq("g", 0), {"theta": Fraction(1)}, self.optimizer.gradient_point)

    def _equate(self, target: Seq, unit: Unit, rhs: Expr) -> None:
        self.where = text(target)
        found = self.unit(rhs)
        if found is not None:
            self.relations.append(Relation(self.where, "equates", text(target), text(rhs), (unit, found)))

    def unit(self, expr: Expr) -> Unit | None:
        """The unit of an expression; None for 0, which is 0 in any unit."""
        match expr:
            case Num(value):
                return None if value == 0 else PLAIN
            case Sym("t"):
                return PLAIN
            case Sym(name):
                self.factors.add(name)
                return {name: Fraction(1)}
            case Seq(name):
                return {name: Fraction(1)}
            case Reduction("axes"):
                return PLAIN
            case Reduction(op, args):
                found = [self.unit(arg) for arg in args]
                return self._product(found[0], found[1]) if op == "dot" else found[0]
            case Call(op, args):
                return self._call(op, args)

    def _call(self, op: str, args: tuple[Expr, ...]) -> Unit | None:
        match op, args:
            case "*", (a, b):
                return self._product(self.unit(a), self.unit(b))
            case "/", (a, b):
                return self._product(self.unit(a), power(self.unit(b) or PLAIN, Fraction(-1)))
            case "**", (base, exponent):
                return self._power(base, exponent)
            case "sqrt", (a,):
                found = self.unit(a)
                return None if found is None else power(found, _HALF)
            case (("neg" | "abs" | "below"), (a,)):
                return self.unit(a)
            case "where", (condition, a, b):
                self.unit(condition)
                return self._same(op, (a, b))
            case (("+" | "-" | "max" | "min" | "clip"), _):
                return self._same(op, args)
            case _:
                self._condition(op, args)
                return PLAIN

    def _condition(self, op: str, args: tuple[Expr, ...]) -> None:
        """Comparisons compare like with like; exp and its kind take plain numbers; sign and logic take anything."""
        if op in COMPARISONS:
            self._same(op, args)
            return
        for arg in args:
            found = self.unit(arg)
            if op in _PLAIN_ONLY and found is not None:
                self.relations.append(Relation(self.where, f"takes {op} of", text(arg), "", (found, PLAIN)))

    def _product(self, a: Unit | None, b: Unit | None) -> Unit | None:
        return None if a is None or b is None else combined(a, b)

    def _same(self, op: str, args: Sequence[Expr]) -> Unit | None:
        found = [(arg, unit) for arg in args if (unit := self._summand(arg, args)) is not None]
        for (a, first), (b, second) in pairwise(found):
            self.relations.append(Relation(self.where, _VERBS[op], text(a), text(b), (first, second)))
        return found[0][1] if found else None

    def _summand(self, arg: Expr, args: Sequence[Expr]) -> Unit | None:
        """The unit of what stands beside others; a hyperparameter is a name of its own at each such place."""
        if not isinstance(arg, Sym) or arg.name == "t":
            return self.unit(arg)
        places = self.occurrences.setdefault(arg.name, [])
        places.append(f"{arg.name}@{len(places)}")
        self.beside[places[-1]] = text(next((other for other in args if other is not arg), arg))
        return {places[-1]: Fraction(1)}

    def _power(self, base: Expr, exponent: Expr) -> Unit | None:
        found = self.unit(base)
        if found is None or exponent == ZERO:
            return None if found is None else PLAIN
        if isinstance(exponent, Num):
            return power(found, exponent.value)
        raised = self.unit(exponent)
        self.relations.append(Relation(self.where, "raises to the power", text(exponent), "", (raised or PLAIN, PLAIN)))
        name = text(Call("**", (base, exponent)))
        varies = bool(sequences(exponent)) or "t" in symbols(exponent)
        self.powers.setdefault(name, Power(found, text(base), exponent, varies, self.where))
        return {name: Fraction(1)}

    @property
    def order(self) -> list[str]:
        """What is solved for first: the values of the equations, powers, then hyperparameters."""
        optimizer = self.optimizer
        sequences = [name for name in (*optimizer.levels, *self.powers) if name not in ("theta", "g")]
        hypers = [hyper.name for hyper in optimizer.hyperparameters]
        return [*sequences, *(place for name in hypers for place in self.occurrences.get(name, [])), *hypers]

    def solution(self, extra: Sequence[Relation] = (), order: Sequence[str] | None = None) -> Solution:
        """What all relations and some more give together."""
        order = order or self.order
        found = solve([*extra, *self.relations], order)
        while True:
            more = [relation for name, p in self.powers.items() for relation in self._powers(name, p, found)]
            if not more:
                return found
            found = solve(more, order, found)

    def _powers(self, name: str, p: Power, found: Solution) -> list[Relation]:
        base, whole = found.of(p.base), found.of({name: Fraction(1)})
        if (base and (p.varies or not whole)) or (whole and not base):
            units = (p.base, PLAIN) if base else ({name: Fraction(1)}, PLAIN)
            raised = f"raises to the power {text(p.exponent)}"
            relation = Relation(p.where, raised if base else "has", p.shown if base else name, "", units)
            return [] if relation in found.failed else [relation]
        return []

    def merged(self) -> list[Relation]:
        """That a hyperparameter has one unit, wherever it stands."""
        return [
            Relation("", "adds", name, name, ({place: Fraction(1)}, {name: Fraction(1)}))
            for name, places in self.occurrences.items()
            for place in places
        ]
