"""What values an expression can take: the domains found hold every value, and are as narrow as they are said to be."""

import math
from fractions import Fraction
from itertools import product

import pytest

from symopt.domains import Domain, NonNegative, NonNegativeInt, OpenUnit, Positive, PositiveInt, Real, Share, Unit
from symopt.expr import Call, Num, Sym, T, substitute, symbols
from symopt.notation import Abs, Max, Min, ceiling, clip, cos, exp, floor, pi, sign, sqrt, t, tanh, where
from symopt.reach import apart, reach, within
from symopt.terms import Term

KNOWN = {
    "u": Unit, "o": OpenUnit, "s": Share, "p": Positive, "n": NonNegative, "k": PositiveInt, "i": NonNegativeInt,
    "r": Real, "t": PositiveInt,
}  # fmt: skip
DOMAINS = {Sym(name): domain for name, domain in KNOWN.items()}
u, o, s, p, n, k, i, r = (Term(Sym(name)) for name in "uospnkir")
CASES = [
    (u, "[0, 1)"),
    (1 - u, "(0, 1]"),
    (u - 1, "[-1, 0)"),
    (-u, "(-1, 0]"),
    (u + s, "(0, 2)"),
    (k + i, "[1, inf) integers"),
    (1 / p, "(0, inf)"),
    (1 / u, "(-inf, inf)"),
    (1 / (u - 1), "(-inf, -1]"),
    (1 - 1 / t, "[0, 1)"),
    (t / k, "(0, inf)"),
    (o * p, "(0, inf)"),
    (o * s, "(0, 1)"),
    (u * r, "(-inf, inf)"),
    (o * (u - 1), "(-1, 0)"),
    (2 * k, "[2, inf) integers"),
    (u * (u - 3), "(-3, 0]"),
    (k / 2, "[1/2, inf)"),
    (Min(t, k), "[1, inf) integers"),
    (Max(1, floor(n)), "[1, inf) integers"),
    (Min(u, s), "[0, 1)"),
    (Max(o, s), "(0, 1]"),
    (floor(u), "[0, 0] integers"),
    (floor(-u), "[-1, 0] integers"),
    (ceiling(o), "[1, 1] integers"),
    (ceiling(s), "[1, 1] integers"),
    (o**2, "(0, 1)"),
    (r**2, "[0, inf)"),
    (r**0, "[1, 1] integers"),
    ((u - 3) ** 2, "(4, 9]"),
    ((u - 3) ** 3, "[-27, -8)"),
    (o**k, "(0, 1]"),
    (u**i, "[0, 1]"),
    (r**k, "(-inf, inf)"),
    ((1 + n) ** n, "[1, inf)"),
    ((1 + n) ** (-p), "(0, 1]"),
    (p**r, "(0, inf)"),
    (sqrt(o), "(0, 1]"),
    (sqrt(1 + n), "[1, inf)"),
    (exp(-n), "(0, 1]"),
    (exp(n), "[1, inf)"),
    (exp(r), "(0, inf)"),
    (Abs(u - 3), "(2, 3]"),
    (Abs(r), "[0, inf)"),
    (clip(r, 0, 1), "[0, 1]"),
    (sign(r), "[-1, 1] integers"),
    (1 + cos(pi * r), "[0, 2]"),
    (tanh(r), "[-1, 1]"),
    (where(t > 3, k, 2 * i), "[0, inf) integers"),
    (where(t > 3, 1, u), "[0, 1]"),
    (1 + Term(Sym("unknown")), "(-inf, inf)"),
]
SAMPLES = {
    "u": (0, 0.5, 0.99), "o": (0.01, 0.5, 0.99), "s": (0.01, 0.5, 1), "p": (0.01, 1, 7.5), "n": (0, 0.5, 3),
    "k": (1, 2, 5), "i": (0, 1, 4), "r": (-2.5, 0, 3), "t": (1, 2, 9), "unknown": (-1, 0, 5),
}  # fmt: skip


@pytest.mark.parametrize(("term", "wanted"), CASES, ids=str)
def test_the_domain(term, wanted):
    assert str(reach(term.node, DOMAINS)) == wanted


@pytest.mark.parametrize("term", [term for term, _ in CASES], ids=str)
def test_every_value_is_inside(term):
    """Sampled in binary64: the ends of a domain may be missed by one rounding of numbers below 32."""
    names = sorted(symbols(term.node))
    found = reach(term.node, DOMAINS)
    low, high = (math.inf if end is None else float(end) for end in (found.lower, found.upper))
    low = -low if found.lower is None else low
    seen = 0
    for values in product(*(SAMPLES[name] for name in names)):
        at = value_of(term.node, dict(zip(names, values, strict=True)))
        if at is not None:
            assert low - 2**-47 <= at <= high + 2**-47
            assert not found.integer or at == int(at)
            seen += 1
    assert seen


def value_of(expr, at):
    """By Python's arithmetic; None where there is no value."""
    match expr:
        case Num(value):
            return float(value)
        case Sym(name):
            return at[name]
        case Call("where", (test, a, b)):
            return value_of(a if value_of(test, at) else b, at)
        case Call(op, args):
            try:
                found = PYTHON[op](*(value_of(arg, at) for arg in args))
            except (ZeroDivisionError, OverflowError, TypeError):
                return None
            return None if isinstance(found, complex) else found


PYTHON = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "**": lambda a, b: a**b, "neg": lambda a: -a, "min": min, "max": max, "floor": math.floor, "ceil": math.ceil,
    "sqrt": math.sqrt, "exp": math.exp, "abs": abs, "cos": math.cos, "tanh": math.tanh, "pi": lambda: math.pi,
    "clip": lambda x, a, b: min(max(x, a), b), "sign": lambda x: (x > 0) - (x < 0), ">": lambda a, b: a > b,
}  # fmt: skip


def test_a_point_gives_a_point():
    half = Domain("", Fraction(1, 2), Fraction(1, 2))
    expr = substitute((1 - u * 3 + u**2).node, {Sym("u"): T})
    assert str(reach(expr, {T: half})) == "[-1/4, -1/4]"


@pytest.mark.parametrize(
    ("inner", "outer", "inside", "away"),
    [
        (Unit, Unit, True, False), (OpenUnit, Unit, True, False), (Unit, OpenUnit, False, False),
        (Share, Unit, False, False),
        (PositiveInt, Positive, True, False), (Positive, PositiveInt, False, False), (Real, NonNegative, False, False),
        (NonNegative, Real, True, False), (Domain("", Fraction(1)), Unit, False, False),
        (Domain("", Fraction(5, 4)), Unit, False, True), (Unit, Domain("", None, Fraction(-1)), False, True),
    ],
)  # fmt: skip
def test_inside_and_apart(inner, outer, inside, away):
    assert within(inner, outer) == inside
    assert apart(inner, outer) == apart(outer, inner) == away
