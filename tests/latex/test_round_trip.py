"""What a page prints is read back as what it was printed from."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symopt.expr import START, Call, Expr, Num, Reduction, Seq, Sym, children, rebuild, text
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


def _operations(inner):
    def call(ops, count):
        return st.builds(lambda op, args: Call(op, tuple(args)), st.sampled_from(ops), st.tuples(*[inner] * count))

    tests = call(["<", "<=", ">", ">=", "eq", "ne", "every"], 2) | call(["isfinite"], 1)
    tests |= st.builds(lambda op, a, b: Call(op, (a, b)), st.sampled_from(["and", "or"]), tests, tests)
    tests |= st.builds(lambda a: Call("not", (a,)), tests)
    choices = st.builds(lambda c, a, b: Call("where", (c, a, b)), tests, inner, inner)
    unary = call("neg sqrt exp log expm1 log1p abs sign floor ceil sin cos tan tanh".split(), 1)
    scopes = st.sampled_from(["tensor", "all"])
    reductions = st.builds(
        lambda op, a, over: Reduction(op, (a,), over), st.sampled_from(["total", "mean", "norm", "maxabs"]), inner, scopes
    )
    dots = st.builds(lambda a, b, over: Reduction("dot", (a, b), over), inner, inner, scopes)
    arithmetic = call(["+", "-", "*", "/", "**", "max", "min"], 2)
    return arithmetic | arithmetic | unary | call(["clip"], 3) | choices | reductions | dots | tests


trees = st.recursive(leaves, _operations, max_leaves=25)


def normal(expr: Expr) -> object:
    """An expression but for what a page leaves open: where brackets and signs of sums, products and quotients stand."""
    terms = _terms(expr, Fraction(1))
    return terms[0] if len(terms) == 1 else ("sum", tuple(terms))


def _terms(expr, sign):
    match expr:
        case Call("+" | "-" as op, (a, b)):
            return _terms(a, sign) + _terms(b, sign if op == "+" else -sign) if sign == 1 else [_product(expr, sign)]
        case _:
            coefficient, factors = _product(expr, sign)
            lone_sum = coefficient == 1 and len(factors) == 1 and factors[0][0][0] == "sum"
            return list(factors[0][0][1]) if lone_sum and factors[0][1] == 1 else [(coefficient, factors)]


def _product(expr, sign):
    coefficient, factors = sign, ()
    for factor, power in _factors(expr, 1):
        if isinstance(factor, Num):
            coefficient *= factor.value**power
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
        case Call("**", (Num(Fraction(numerator=10, denominator=1)), Num(value))) if value.denominator == 1:
            return [(Num(Fraction(10) ** int(value)), power)]
        case _:
            return [(expr, power)]


def _opaque(expr):
    if isinstance(expr, Call) and expr.op in "+-":
        return normal(expr)
    if isinstance(expr, Call | Reduction):
        return (type(expr).__name__, expr.op, getattr(expr, "over", ""), *(normal(a) for a in expr.args))
    return expr


@settings(max_examples=1000, deadline=None)
@given(trees, st.booleans())
def test_random_trees_come_back(tree, inline):
    printed = latex(tree, inline=inline)
    assert normal(parse(printed, SYMBOLS)) == normal(tree), f"{text(tree)} printed as {printed}"


@settings(max_examples=300, deadline=None)
@given(trees, st.floats(8, 40))
def test_broken_lines_come_back(tree, room):
    printed = lines(tree, room)
    assert normal(parse(" ".join(printed), SYMBOLS)) == normal(tree), printed
