"""The expression tree: exact constants, text in the dialect's syntax, rewriting."""

from fractions import Fraction

import pytest

from symopt.expr import (
    ONE,
    OPERATIONS,
    START,
    ZERO,
    Call,
    Num,
    Reduction,
    Seq,
    Sym,
    add,
    decimal,
    divide,
    multiply,
    negate,
    number,
    sequences,
    substitute,
    summands,
    symbols,
    text,
    transform,
)

M, M_OLD, LR = Seq("m", 0), Seq("m", -1), Sym("lr")
TWO = Num(Fraction(2))


def call(op, *args):
    return Call(op, args)


@pytest.mark.parametrize(
    ("value", "exact"),
    [(0.96, Fraction(24, 25)), (1e-8, Fraction(1, 10**8)), (3, Fraction(3)), (Fraction(1, 3), Fraction(1, 3))],
)
def test_a_constant_means_the_decimal_that_was_typed(value, exact):
    assert number(value).value == exact


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Fraction(24, 25), "0.96"), (Fraction(1, 3), "1/3"), (Fraction(-2), "-2"), (Fraction(1, 10**8), "1e-08")],
)
def test_a_constant_prints_exactly(value, shown):
    assert decimal(value) == shown
    assert Fraction(shown) == value


@pytest.mark.parametrize(
    ("expr", "shown"),
    [
        (call("-", M_OLD, call("*", LR, M)), "m[t-1] - lr * m[t]"),
        (call("-", LR, call("-", M, M_OLD)), "lr - (m[t] - m[t-1])"),
        (call("-", LR, call("+", M, M_OLD)), "lr - (m[t] + m[t-1])"),
        (call("/", M, call("*", LR, M)), "m[t] / (lr * m[t])"),
        (call("/", call("/", M, LR), M), "m[t] / lr / m[t]"),
        (call("**", call("neg", M), TWO), "(-m[t])**2"),
        (call("neg", call("**", M, TWO)), "-m[t]**2"),
        (call("neg", call("+", M, LR)), "-(m[t] + lr)"),
        (call("**", call("**", M, TWO), TWO), "(m[t]**2)**2"),
        (call("*", Num(Fraction(1, 3)), M), "1/3 * m[t]"),
        (
            call("where", call("and", call("<", M, LR), call("eq", M, LR)), M, LR),
            "where((m[t] < lr) & (m[t] == lr), m[t], lr)",
        ),
        (Reduction("norm", (M,), "all"), "norm(m[t], over=ALL)"),
        (Reduction("mean", (M,), "row"), "mean(m[t], over=ROW)"),
        (Reduction("axes", (M,), "tensor"), "axes(m[t])"),
        (Reduction("dot", (M, M_OLD), "tensor"), "dot(m[t], m[t-1])"),
        (Seq("theta", START), "theta[0]"),
        (call("every", Sym("t"), Sym("k")), "every(k)"),
        (call("every", Seq("count", 0), Sym("k")), "k divides count[t]"),
        (call("and", call("every", call("+", M, LR), TWO), call("<", M, LR)), "(2 divides (m[t] + lr)) & (m[t] < lr)"),
    ],
)
def test_text_keeps_the_structure(expr, shown):
    assert text(expr) == shown


def test_different_trees_have_different_texts():
    """Where two groupings differ in value, so do their texts."""
    a, b, c = LR, M, M_OLD
    for op in ("-", "/"):
        assert text(call(op, a, call(op, b, c))) != text(call(op, call(op, a, b), c))
    assert text(call("**", a, call("+", b, c))) != text(call("+", call("**", a, b), c))


def test_builders_drop_what_is_neutral():
    assert add() == ZERO
    assert add(ZERO, M) == M
    assert add(M, call("neg", LR)) == call("-", M, LR)
    assert add(M, Num(Fraction(-2))) == call("-", M, TWO)
    assert multiply(ONE, M, ONE) == M
    assert multiply(M, ZERO) == ZERO
    assert divide(M, ONE) == M
    assert negate(negate(M)) == M
    assert negate(TWO) == Num(Fraction(-2))


def test_substitution_is_simultaneous():
    swapped = substitute(call("-", M, M_OLD), {M: M_OLD, M_OLD: M})
    assert swapped == call("-", M_OLD, M)


def test_transform_sees_rewritten_arguments():
    def two_times(node):
        return multiply(TWO, node) if node == M else node

    assert transform(call("sqrt", M), two_times) == call("sqrt", call("*", TWO, M))


def test_leaves_are_collected():
    expr = call("+", call("*", LR, M), Reduction("total", (M_OLD,), "tensor"))
    assert sequences(expr) == {M, M_OLD}
    assert symbols(expr) == {"lr"}


def test_every_operation_has_an_arity():
    assert all(isinstance(count, int) and 0 <= count <= 3 for count in OPERATIONS.values())


@pytest.mark.parametrize(
    ("expr", "terms"),
    [
        (call("-", call("+", M, LR), call("-", M_OLD, TWO)), [M, LR, negate(M_OLD), TWO]),
        (call("neg", call("+", M, call("neg", LR))), [negate(M), LR]),
        (call("-", ZERO, M), [negate(M)]),
        (call("neg", M), [negate(M)]),
        (call("*", M, call("+", LR, TWO)), [call("*", M, call("+", LR, TWO))]),
        (ZERO, []),
    ],
    ids=lambda value: text(value) if isinstance(value, Call | Num) else None,
)
def test_summands(expr, terms):
    assert summands(expr) == terms
