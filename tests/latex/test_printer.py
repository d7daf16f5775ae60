"""What the printer writes: the order of the paper, brackets where they are needed and nowhere else."""

from fractions import Fraction

import pytest

from symopt.errors import SymoptError
from symopt.expr import START, Call, Num, Reduction, Seq, Sym, T, number
from symopt.latex.constants import constant
from symopt.latex.measure import width
from symopt.latex.printer import condition, gradient, latex, lines

A, B, C, LR = Sym("a"), Sym("b"), Sym("c"), Sym("lr")
G, V, X = Seq("g", 0), Seq("v", 0), Seq("x", -1)


def op(name, *args):
    return Call(name, args)


def plus(a, b):
    return op("+", a, b)


def minus(a, b):
    return op("-", a, b)


def times(a, b):
    return op("*", a, b)


def over(a, b):
    return op("/", a, b)


@pytest.mark.parametrize(
    ("expr", "printed"),
    [
        (op("**", V, number(2)), "v_t^{2}"),
        (op("**", Sym("beta1"), T), r"\beta_1^{t}"),
        (op("**", op("sqrt", V), number(2)), r"(\sqrt{v_t})^{2}"),
        (op("**", A, over(B, C)), "a^{b / c}"),
        (over(A, plus(B, C)), r"\frac{a}{b + c}"),
        (over(plus(A, over(B, C)), A), r"\frac{a + b / c}{a}"),
        (over(over(A, B), C), r"\frac{a}{b c}"),
        (over(times(over(A, B), C), LR), r"\frac{a}{b} \cdot \frac{c}{\eta}"),
        (times(A, plus(B, C)), "a (b + c)"),
        (times(plus(number(1), over(number(1), T)), X), r"\left( 1 + \frac{1}{t} \right) x_{t-1}"),
        (minus(A, minus(B, C)), "a - (b - c)"),
        (plus(A, minus(B, C)), "a + b - c"),
        (minus(A, op("neg", B)), "a + b"),
        (plus(A, times(number(-2), B)), "a - 2 b"),
        (op("neg", plus(A, B)), "-(a + b)"),
        (times(A, op("neg", B)), "a (-b)"),
        (times(number(2), number(3)), r"2 \cdot 3"),
        (times(number(2), over(A, B)), r"2 \cdot \frac{a}{b}"),
        (times(Sym("slow"), Sym("fast")), r"\mathrm{slow} \, \mathrm{fast}"),
        (times(Sym("slow"), plus(A, B)), r"\mathrm{slow} \cdot (a + b)"),
        (times(Num(Fraction(1, 3)), A), r"\frac{1}{3} a"),
        (op("max", op("max", A, B), C), r"\max\{a, b, c\}"),
        (op("sign", G), r"\operatorname{sign}(g_t)"),
        (op("exp", over(A, B)), r"\exp\!\left( \frac{a}{b} \right)"),
        (op("clip", A, B, C), r"\operatorname{clip}_{[b, c]}(a)"),
        (op("abs", minus(A, B)), r"\lvert a - b \rvert"),
        (Reduction("norm", (G,), "tensor"), r"\lVert g_t \rVert_2"),
        (Reduction("norm", (G,), "all"), r"\lVert g_t \rVert_{2,\mathrm{all}}"),
        (Reduction("maxabs", (G,), "all"), r"\lVert g_t \rVert_{\infty,\mathrm{all}}"),
        (Reduction("dot", (G, V), "tensor"), r"\langle g_t, v_t \rangle"),
        (Reduction("mean", (G,), "tensor"), r"\operatorname{mean}(g_t)"),
        (times(A, Reduction("total", (times(G, V),), "tensor")), r"a \sum g_t v_t"),
        (times(Reduction("total", (G,), "tensor"), A), r"\left( \sum g_t \right) a"),
        (times(A, op("<", B, C)), "a [b < c]"),
        (Seq("x", START), "x_0"),
        (op("pi"), r"\pi"),
        (
            op("where", op("every", T, Sym("k")), A, op("where", op("eq", T, number(1)), B, C)),
            r"\begin{cases} a & \text{if } k \mid t \\ b & \text{if } t = 1 \\ c & \text{otherwise} \end{cases}",
        ),
    ],
)
def test_displayed(expr, printed):
    assert latex(expr) == printed


@pytest.mark.parametrize(
    ("expr", "printed"),
    [
        (over(times(LR, V), plus(op("sqrt", V), A)), r"\eta v_t / (\sqrt{v_t} + a)"),
        (times(A, over(B, C)), "a b / c"),
        (times(over(A, B), C), "(a / b) c"),
        (over(A, times(B, C)), "a / (b c)"),
        (Num(Fraction(1, 3)), "1/3"),
    ],
)
def test_in_a_line_of_text(expr, printed):
    assert latex(expr, inline=True) == printed


@pytest.mark.parametrize(
    ("expr", "printed"),
    [
        (op("and", op(">", A, B), op("or", op("<=", A, C), op("ne", B, C))), r"a > b \land (a \le c \lor b \ne c)"),
        (op("not", op(">", A, B)), r"\lnot (a > b)"),
        (op("isfinite", G), r"\lvert g_t \rvert < \infty"),
        (op("every", plus(Seq("n", -1), number(1)), Sym("k")), r"k \mid (n_{t-1} + 1)"),
    ],
)
def test_conditions(expr, printed):
    assert condition(expr) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("0.96", "0.96"),
        ("1/3", r"\frac{1}{3}"),
        ("1e-8", "10^{-8}"),
        ("2.5e-7", r"2.5 \times 10^{-7}"),
        ("0.001", "10^{-3}"),
        ("0.004", "0.004"),
        ("1000", "1000"),
        ("1000000", "10^{6}"),
        ("1234567", "1234567"),
        ("0", "0"),
    ],
)
def test_constants_are_exact(value, printed):
    assert constant(Fraction(value)) == printed


def test_the_gradient_names_its_point():
    assert gradient(plus(X, times(A, V))) == r"\nabla f(x_{t-1} + a v_t)"


def test_long_lines_break_before_operators_and_fit():
    term = times(Sym("inner_lr"), over(Seq("mhat", 0), op("sqrt", Seq("vhat", 0))))
    total = term
    for _ in range(9):
        total = plus(total, term)
    rows = lines(total, 30.0)
    assert len(rows) > 1
    assert all(row.startswith("+") for row in rows[1:])
    assert max(width(row) for row in rows) <= 30.0
    assert lines(term, 30.0) == [latex(term)]


def test_an_operation_without_a_form_is_an_error():
    with pytest.raises(SymoptError, match=r"cannot print debias\(g\[t\]\)"):
        latex(op("debias", G))
