"""What a page prints is read back as what it was printed from."""

import operator
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symopt.expr import OPERATIONS, START, Call, Expr, Num, Reduction, Seq, Sym, text
from symopt.latex.parser import parse
from symopt.latex.printer import latex, lines
from symopt.latex.symbols import Symbols

PLAIN = ["lr", "beta1", "inner_lr", "mu_steps", "max_norm", "k", "slow_total"]
SEQUENCES = ["theta", "g", "mhat", "v", "slow", "vmax", "lr_now", "adam_m", "bc1"]
SYMBOLS = Symbols.of(PLAIN, SEQUENCES)

constants = st.fractions(min_value=-1000, max_value=1000, max_denominator=7).filter(bool) | st.sampled_from(
    [Fraction(text) for text in "1e-8 2.5e-7 0.999 0.001 10 1e7 -1 1/3 0.96".split()]
)
leaves = (
    constants.map(Num)
    | st.sampled_from([Sym(name) for name in (*PLAIN, "t")])
    | st.builds(Seq, st.sampled_from(SEQUENCES), st.sampled_from([0, -1, START]))
    | st.just(Call("pi", ()))
)


ARITHMETIC = ["leaf"] * 3 + ["+", "-", "*", "/"] * 2 + ["**", "neg"]
EVERYTHING = [
    *ARITHMETIC * 2,
    *["unary"] * 4,
    "max",
    "min",
    "clip",
    "where",
    "where",
    "dot",
    "reduction",
    "reduction",
    "test",
]
UNARY = "sqrt exp log expm1 log1p abs sign floor ceil sin cos tan tanh".split()
SCOPES = ["tensor", "all", "row"]


@st.composite
def trees(draw, kinds, depth=5):
    """An expression of these kinds; a kind that is listed more often is drawn more often."""
    kind = draw(st.sampled_from(kinds)) if depth else "leaf"
    inner = trees(kinds, depth - 1)
    if kind == "leaf":
        return draw(leaves)
    if kind == "test":
        return draw(conditions(kinds, depth - 1))
    if kind == "where":
        return Call("where", (draw(conditions(kinds, depth - 1)), draw(inner), draw(inner)))
    if kind == "dot":
        return Reduction("dot", (draw(inner), draw(inner)), draw(st.sampled_from(SCOPES)))
    if kind == "reduction":
        op = draw(st.sampled_from(["total", "mean", "norm", "maxabs", "axes"]))
        return Reduction(op, (draw(inner),), "tensor" if op == "axes" else draw(st.sampled_from(SCOPES)))
    op = draw(st.sampled_from(UNARY)) if kind == "unary" else kind
    return Call(op, tuple(draw(inner) for _ in range(OPERATIONS[op])))


@st.composite
def conditions(draw, kinds, depth):
    """A condition on expressions of these kinds."""
    relations = ["<", "<=", ">", ">=", "eq", "ne", "every", "isfinite"]
    op = draw(st.sampled_from([*relations, "and", "or", "not"] if depth > 0 else relations))
    inner = conditions(kinds, depth - 1) if op in ("and", "or", "not") else trees(kinds, max(depth - 1, 0))
    return Call(op, tuple(draw(inner) for _ in range(OPERATIONS[op])))


def normal(expr: Expr) -> tuple[object, ...]:
    """The signed terms of an expression, whatever the brackets and signs of its sums, products and quotients."""
    match expr:
        case Call("+", (a, b)):
            return normal(a) + normal(b)
        case Call("-", (a, b)):
            return normal(a) + _scaled(normal(b), Fraction(-1))
        case Call("neg", (a,)):
            return _scaled(normal(a), Fraction(-1))
        case _:
            coefficient, factors = _product(expr)
            lone_sum = len(factors) == 1 and isinstance(factors[0][0], tuple) and factors[0][1] == 1
            if lone_sum and abs(coefficient) == 1:
                return _scaled(factors[0][0], coefficient)
            return ((coefficient, factors),)


def _scaled(terms, by):
    return tuple((by * coefficient, factors) for coefficient, factors in terms)


def _product(expr):
    coefficient, factors = Fraction(1), ()
    for factor, power in _factors(expr, 1):
        if isinstance(factor, Num):
            coefficient *= factor.value**power
        elif isinstance(factor, Call) and factor.op in ("+", "-"):
            factors += ((normal(factor), power),)
        else:
            factors += ((_opaque(factor), power),)
    return coefficient, factors


def _factors(expr, power):
    match expr:
        case Call("*", (a, b)):
            return _factors(a, power) + _factors(b, power)
        case Call("/", (a, b)):
            return _factors(a, power) + _factors(b, -power)
        case Call("neg", (a,)):
            return [(Num(Fraction(-1)), 1), *_factors(a, power)]
        case Call("**", (base, exponent)) if _value(base) == 10 and _is_small_integer(_value(exponent)):
            return [(Num(Fraction(10) ** int(_value(exponent))), power)]
        case _:
            return [(expr, power)]


def _value(expr):
    """The value of an expression of constants, else None."""
    match expr:
        case Num(value):
            return value
        case Call("neg", (a,)):
            return None if _value(a) is None else -_value(a)
        case Call("+" | "-" | "*" | "/" as op, (a, b)) if _value(a) is not None and _value(b) is not None:
            exact = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[op]
            return None if op == "/" and _value(b) == 0 else exact(_value(a), _value(b))
        case _:
            return None


def _is_small_integer(value):
    return value is not None and value.denominator == 1 and abs(value) <= 400


def _opaque(expr):
    if isinstance(expr, Call | Reduction):
        return f"{expr.op} {getattr(expr, 'over', '')} {[normal(arg) for arg in expr.args]}"
    return repr(expr)


@pytest.mark.parametrize("kinds", [ARITHMETIC, EVERYTHING], ids=["arithmetic", "everything"])
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.booleans())
def test_random_trees_come_back(kinds, data, inline):
    tree = data.draw(trees(kinds))
    printed = latex(tree, inline=inline)
    assert normal(parse(printed, SYMBOLS)) == normal(tree), f"{text(tree)} printed as {printed}"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees(EVERYTHING), st.floats(8, 40), st.booleans())
def test_broken_lines_come_back(tree, room, inline):
    printed = lines(tree, room, inline=inline)
    assert normal(parse(" ".join(printed), SYMBOLS)) == normal(tree), printed
