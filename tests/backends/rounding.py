"""A number system that carries, beside each value, a bound on the rounding error of any kernel that computes it.

This is running error analysis (Wilkinson 1963; Higham, Accuracy and Stability, 3.3). A value x computed in floating
point is x^ with |x^ - x| <= e. An operation on computed operands gives

    e(result) = what the errors of the operands make of it + SLACK*u*(|result| + that) + half the smallest subnormal

where u is the unit roundoff of the arrays' dtype if an operand is an element, that of float64 if all are numbers. A
number that enters element work is rounded once more, u*|x|. SLACK is 2: a kernel may factor a product in another order,
or take a library function that is off by more than half a unit. Sums: a kernel adds in lanes, whose bound is below that
of adding one after the other, which is what is done here.

Where a stored value is read twice, as in theta + (x - theta)/k, the shares of its error in the result have signs and
cancel as they do in truth (affine arithmetic: de Figueiredo and Stolfi 2004): sums, products and quotients
keep the share of each stored value apart from the rest; every other operation adds up absolute values. A quotient is
(a + da)/(b + db) - a/b = da/b - (a + da)/b * db/(b + db).

A condition whose two sides come closer than their errors may go either way: the error of what it selects is then the
distance between the two, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from symopt.expr import OPERATIONS
from symopt.interpret import Numbers, reals

SLACK = 2  # roundings charged for each operation of the equations
DIGITS = reals(40)
INF = math.inf


@dataclass(frozen=True)
class Bounded:
    """A real number, the bound on the error of its computed value, and whether it is an element of an array.

    shares: the part of the error that comes from each stored value, with its sign; rest: a bound on all other parts
    """

    value: object
    rest: float = 0.0
    element: bool = False
    shares: dict[object, float] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """The bound on the whole error."""
        return self.rest + sum(map(abs, self.shares.values()))


def stored(array):
    """Make every element of an array a stored value, in place: from now on its error is one, wherever it is read."""
    for at, x in np.ndenumerate(array):
        array[at] = Bounded(x.value, 0.0, True, {object(): x.error}) if 0 < x.error < INF else x


@dataclass(frozen=True)
class Undecided:
    """A condition on computed numbers: what it is in exact arithmetic, and whether rounding could turn it."""

    holds: bool
    sure: bool


def elements(array):
    """An array of float32 or float64 as an object array of exact elements."""
    result = np.empty(np.shape(array), object)
    for at, x in np.ndenumerate(array):
        result[at] = Bounded(DIGITS.constant(float(x)), 0.0, True)
    return result


def bounding(dtype) -> Numbers:
    """The number system for kernels on arrays of a dtype."""
    unit, tiny = float(np.finfo(dtype).eps) / 2, float(np.finfo(dtype).smallest_subnormal)
    apply = DIGITS.apply

    def entering(x, element):
        if x.element or not element:
            return x
        held = x.error == 0 and float(dtype(float(x.value))) == x.value
        return replace(x, rest=x.rest + (0.0 if held else unit * size(x)), element=True)

    def arithmetic(op, carried):
        def result(*args):
            args = [bounded(arg) for arg in args]
            element = any(arg.element for arg in args)
            args = [entering(arg, element) for arg in args]
            value = apply(op, *(arg.value for arg in args))
            split = shared(op, *args)
            rest, shares = split or (carried(value, *args), {})
            error = Bounded(value, rest, element, shares).error
            u = unit if element else 2.0**-53
            rounded = SLACK * u * (magnitude(value) + error) + (tiny if element else 0.0)
            zero = error == 0 and value == 0  # 0 is what every kernel computes then
            exact = op in EXACT or zero or neutral(op, *args)
            return Bounded(value, rest + (0.0 if exact else rounded), element, shares)

        return result

    def compare(op, distance):
        def result(*args):
            args = [bounded(arg) for arg in args]
            element = any(arg.element for arg in args)
            args = [entering(arg, element) for arg in args]
            holds = bool(apply(op, *(arg.value for arg in args)))
            return Undecided(holds, distance(*args))

        return result

    def where(condition, a, b):
        a, b = bounded(a), bounded(b)
        element = a.element or b.element
        chosen = entering(a if condition.holds else b, element)
        apart = magnitude(apply("-", a.value, b.value)) + a.error + b.error
        return chosen if condition.sure else replace(chosen, rest=chosen.rest + apart)

    table = {op: arithmetic(op, rule) for op, rule in CARRIED.items()}
    table |= {op: compare(op, sure_order) for op in ("<", "<=", ">", ">=", "eq", "ne")}
    table |= {"every": compare("every", sure_integers), "isfinite": compare("isfinite", lambda x: True)}
    table |= {"and": both, "or": either, "not": lambda c: Undecided(not c.holds, c.sure), "where": where}
    table |= {"clip": lambda x, lo, hi: table["min"](table["max"](x, lo), hi)}
    table |= {"pi": lambda: Bounded(DIGITS.apply("pi"), 2.0**-52)}
    operations = {op: np.frompyfunc(f, OPERATIONS[op], 1) if OPERATIONS[op] else f for op, f in table.items()}
    return Numbers("values with bounds", bounded, operations)


def bounded(x) -> Bounded:
    """A number that is not an element; a decimal such as 0.999 is rounded when the kernel reads it."""
    if isinstance(x, Bounded):
        return x
    value = DIGITS.constant(x)
    exact = isinstance(x, int | float) or magnitude(DIGITS.apply("-", value, DIGITS.constant(float(value)))) == 0
    return Bounded(value, 0.0 if exact else 2.0**-53 * magnitude(value))


def magnitude(value) -> float:
    """The absolute value as a float; infinite for NaN, so that nothing is claimed about it."""
    return INF if value != value else abs(float(value))


def size(x) -> float:
    """The largest absolute value that the computed number can have."""
    return magnitude(x.value) + x.error


def sure_order(a, b):
    """Whether rounding cannot turn the order; two exact numbers are always sure."""
    apart = magnitude(DIGITS.apply("-", a.value, b.value))
    return a.error + b.error == 0 or apart > a.error + b.error


def sure_integers(t, k):
    return t.error == k.error == 0


def both(a, b):
    decided = (a.sure and not a.holds) or (b.sure and not b.holds) or (a.sure and b.sure)
    return Undecided(a.holds and b.holds, decided)


def either(a, b):
    decided = (a.sure and a.holds) or (b.sure and b.holds) or (a.sure and b.sure)
    return Undecided(a.holds or b.holds, decided)


def shared(op, a, b=None):
    """(rest, shares) of a result to which each stored value contributes in proportion; None for other operations."""
    if any(size(x) == INF for x in (a, b) if x is not None):
        return None
    if op == "neg":
        return a.rest, {name: -share for name, share in a.shares.items()}
    if op in ("+", "-"):
        return a.rest + b.rest, together(a.shares, 1.0, b.shares, 1.0 if op == "+" else -1.0)
    if op == "*":
        x, y = float(a.value), float(b.value)
        return abs(x) * b.rest + abs(y) * a.rest + a.error * b.error, together(a.shares, y, b.shares, x)
    if op == "/" and (room := magnitude(b.value) - b.error) > 0:
        size_b = magnitude(b.value)
        rest = a.rest / size_b + (magnitude(a.value) + a.error) / size_b * b.error / room
        return rest, together(a.shares, 1 / float(b.value), {}, 0.0)
    if op in ("max", "min") and sure_order(a, b):
        chosen = a if (a.value > b.value) == (op == "max") else b
        return chosen.rest, chosen.shares
    return None


def neutral(op, a, b=None):
    """Whether an operand is exactly the number that changes nothing: then nothing is rounded."""
    none = {"+": 0, "-": 0, "*": 1, "/": 1}.get(op)
    first = op in ("+", "*") and a.error == 0 and a.value == none
    return none is not None and (first or (b.error == 0 and b.value == none))


def together(a, x, b, y):
    """The shares x*a + y*b."""
    return {name: x * a.get(name, 0.0) + y * b.get(name, 0.0) for name in {**a, **b}}


def times(a, b):
    """A product in which 0 wins over infinity: an exact 0 has no error to enlarge."""
    return a * b if a and b else 0.0


def divide(q, a, b):
    """|(a + da)/(b + db) - a/b| <= (|da| + |q| |db|)/(|b| - |db|)."""
    room = magnitude(b.value) - b.error
    if a.error == b.error == 0:
        return 0.0
    return (a.error + times(magnitude(q), b.error)) / room if room > 0 else INF


def root(r, x):
    """|sqrt(x + d) - sqrt(x)| = |d|/(sqrt(x + d) + sqrt(x)) <= min(|d|/sqrt(x), sqrt(|d|)); below 0 nothing holds."""
    if x.error == 0:
        return 0.0
    if x.error > magnitude(x.value) and float(x.value) - x.error < 0:
        return math.sqrt(2 * x.error) if float(x.value) >= 0 else INF
    return min(x.error / magnitude(r), math.sqrt(x.error))


def power(p, a, b):
    """(a + da)**(b + db): by the mean value theorem over the box, the derivatives at its far corner."""
    if a.error == b.error == 0:
        return 0.0
    exponent, base = float(b.value), float(a.value)
    if b.error == 0 and exponent == int(exponent) and exponent >= 0:
        return abs(exponent) * size(a) ** max(exponent - 1, 0) * a.error
    low = base - a.error
    if low <= 0:
        return INF
    steep = max(low ** (exponent - 1), size(a) ** (exponent - 1))
    log = max(abs(math.log(low)), abs(math.log(size(a))))
    return abs(exponent) * steep * a.error + magnitude(p) * math.expm1(log * b.error) * 2


def step_function(r, x):
    """sign, floor, ceil: unchanged unless a jump is near."""
    if x.error == 0:
        return 0.0
    below, above = (DIGITS.constant(float(x.value) + d) for d in (-2 * x.error, 2 * x.error))
    jumps = any(math.floor(float(v)) != math.floor(float(x.value)) for v in (below, above)) or size(x) > 2**20
    return INF if jumps else 0.0


def log_of(r, x):
    low = float(x.value) - x.error
    return x.error / low if low > 0 else 0.0 if x.error == 0 else INF


CARRIED = {
    "+": lambda r, a, b: a.error + b.error,
    "-": lambda r, a, b: a.error + b.error,
    "*": lambda r, a, b: times(magnitude(a.value), b.error) + times(size(b), a.error),
    "/": divide,
    "**": power,
    "neg": lambda r, a: a.error,
    "abs": lambda r, a: a.error,
    "max": lambda r, a, b: max(a.error, b.error),
    "min": lambda r, a, b: max(a.error, b.error),
    "sqrt": root,
    "exp": lambda r, x: magnitude(r) * math.expm1(x.error) if x.error < 700 else INF,
    "expm1": lambda r, x: math.exp(min(size(x), 700)) * x.error,
    "log": log_of,
    "log1p": lambda r, x: x.error / max(1 + float(x.value) - x.error, 1e-300),
    "sin": lambda r, x: x.error,
    "cos": lambda r, x: x.error,
    "tanh": lambda r, x: x.error,
    "sign": step_function,
    "floor": step_function,
    "ceil": step_function,
}
"""How errors of the operands reach the result, to all orders; each rule takes the exact result first."""

EXACT = frozenset({"neg", "abs", "max", "min", "sign", "floor", "ceil"})
"""Operations that do not round."""
