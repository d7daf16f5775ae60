"""The normal form of an expression in a case."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from symopt.expr import Call, Expr, Num, Reduction, Seq, Sym
from symopt.prove.cases import Case
from symopt.prove.functions import (
    Function,
    cosine,
    floor,
    holds,
    lifted,
    maxabs,
    maximum,
    opaque,
    positive,
    signum,
    sine,
    size,
    tanh,
    total,
    zero,
)
from symopt.prove.polynomials import (
    MINUS_ONE,
    ONE,
    Poly,
    UndefinedError,
    add,
    as_constant,
    constant,
    scale,
    subtract,
    whole,
)
from symopt.prove.powers import absolute, exponential, inverse, logarithm, power, rational_power
from symopt.prove.ranges import NEGATIVE
from symopt.recurrence import LEVELS, REDUCED


class Normal:
    """Normal forms of one case. Expressions are told apart by identity, so that shared parts are visited once."""

    def __init__(self, case: Case):
        self.case = case
        self._found: dict[int, tuple[Expr, Poly]] = {}  # the expression is kept alive, so that its id stays its own
        self._inside: dict[int, Normal] = {}

    def of(self, expr: Expr) -> Poly:
        """The normal form of an expression."""
        found = self._found.get(id(expr))
        if found is None:
            found = self._found[id(expr)] = (expr, self._of(expr))
        return found[1]

    def _of(self, expr: Expr) -> Poly:
        match expr:
            case Num(value):
                return constant(whole(value))
            case Sym(name):
                return self._name(name, None)
            case Seq(name, shift):
                return self._name(name, shift)
            case Call("where", (condition, a, b)):
                return self._where(condition, a, b)
            case Call(op, args):
                rule = _RULES.get(op)
                values = [self.of(arg) for arg in args]
                return rule(self.case, *values) if rule else lifted(self.case, opaque(op), *values)
            case Reduction("axes"):
                return self.case.table.single("axes", None, (), LEVELS.index("tensor"))
            case Reduction(op, args, over):
                return self._reduction(op, args, LEVELS.index(REDUCED[over]))

    def _name(self, name: str, shift: int | None) -> Poly:
        level = self.case.facts.level(name, shift is not None)
        atom = self.case.table.atom("name", (name, shift), (), level)
        return self.case.values.get(atom, {((atom, 1),): 1})

    def _where(self, condition: Expr, a: Expr, b: Expr) -> Poly:
        chosen = self.of(condition)
        if as_constant(chosen) is not None:
            return self.of(a) if chosen else self.of(b)
        yes, no = self._branch(a), self._branch(b)
        return add(no, self.case.table.multiply(chosen, subtract(yes, no)))

    def _branch(self, expr: Expr) -> Poly:
        try:
            return self.of(expr)
        except UndefinedError:  # no harm if the branch is not taken
            return self.case.table.single("undefined", "branch")

    def _reduction(self, op: str, args: tuple[Expr, ...], level: int) -> Poly:
        if level not in self._inside:
            self._inside[level] = Normal(self.case.inside(level))
        inside, case = self._inside[level], self.case
        values = [inside.of(arg) for arg in args]
        if op == "maxabs":
            return lifted(case, lambda c, x: maxabs(c, level, x), values[0])
        if op in ("norm", "dot"):
            values = [case.table.multiply(values[0], values[-1])]
        result = total(case, level, values[0])
        if op == "mean":
            return case.table.multiply(result, inverse(case, size(case, level)))
        return lifted(case, _root, result) if op == "norm" else result


def _root(case: Case, p: Poly) -> Poly:
    return rational_power(case, p, Fraction(1, 2))


def _lift(function: Function) -> Function:
    return lambda case, *args: lifted(case, function, *args)


def _greater(case: Case, a: Poly, b: Poly) -> Poly:
    return lifted(case, positive, subtract(a, b))


def _equal(case: Case, a: Poly, b: Poly) -> Poly:
    return lifted(case, zero, subtract(a, b))


def _not(p: Poly) -> Poly:
    return subtract(ONE, p)


def _max(case: Case, a: Poly, b: Poly) -> Poly:
    return lifted(case, maximum, a, b)


def _min(case: Case, a: Poly, b: Poly) -> Poly:
    return scale(_max(case, scale(a, -1), scale(b, -1)), -1)


def _floor(case: Case, p: Poly) -> Poly:
    return lifted(case, floor, p)


def _every(case: Case, t: Poly, k: Poly) -> Poly:
    return ONE if k == ONE else lifted(case, lambda c, *args: holds(c, "every", *args), t, k)


def _product(case: Case, a: Poly, b: Poly) -> Poly:
    return case.table.multiply(a, b)


def _quotient(case: Case, a: Poly, b: Poly) -> Poly:
    return case.table.multiply(a, lifted(case, inverse, b))


def _power(case: Case, base: Poly, exponent: Poly) -> Poly:
    """base**exponent; 0**e is 1 where e = 0, and 0 where e > 0."""
    if as_constant(exponent) is None and case.table.is_zero(base) and not case.sign(exponent) & NEGATIVE:
        return zero(case, exponent)
    return power(case, base, exponent)


_RULES: dict[str, Callable[..., Poly]] = {
    "+": lambda case, a, b: add(a, b), "-": lambda case, a, b: subtract(a, b), "neg": lambda case, a: scale(a, -1),
    "*": _product, "/": _quotient, "**": _lift(_power), "sqrt": _lift(_root), "exp": _lift(exponential),
    "expm1": lambda case, a: add(lifted(case, exponential, a), MINUS_ONE), "log": _lift(logarithm),
    "log1p": lambda case, a: lifted(case, logarithm, add(ONE, a)), "abs": _lift(absolute), "sign": _lift(signum),
    "floor": _floor, "ceil": lambda case, a: scale(_floor(case, scale(a, -1)), -1), "sin": _lift(sine),
    "cos": _lift(cosine), "tan": lambda case, a: _quotient(case, lifted(case, sine, a), lifted(case, cosine, a)),
    "tanh": _lift(tanh), "max": _max, "min": _min, "clip": lambda case, x, lo, hi: _min(case, _max(case, x, lo), hi),
    "pi": lambda case: case.table.single("pi"), ">": _greater, "<": lambda case, a, b: _greater(case, b, a),
    "<=": lambda case, a, b: _not(_greater(case, a, b)), ">=": lambda case, a, b: _not(_greater(case, b, a)),
    "eq": _equal, "ne": lambda case, a, b: _not(_equal(case, a, b)), "and": _product,
    "or": lambda case, a, b: subtract(add(a, b), _product(case, a, b)), "not": lambda case, a: _not(a), "every": _every,
    "isfinite": _lift(lambda case, x: holds(case, "isfinite", x)),
}  # fmt: skip
