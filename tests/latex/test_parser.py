"""What the parser reads, and what it refuses rather than guess."""

import pytest

from symopt.errors import SymoptError
from symopt.expr import START, Call, Reduction, Seq, Sym, T, number
from symopt.latex.parser import parse, parse_equation
from symopt.latex.symbols import Symbols
from symopt.latex.tokens import LatexError

SYMBOLS = Symbols.of(
    ["lr", "beta1", "eps", "k", "slow", "phi", "inner_lr", "rho_inf", "max_norm"], ["theta", "g", "m", "mhat", "vmax"]
)
LR, EPS, K, SLOW, PHI = (Sym(name) for name in ("lr", "eps", "k", "slow", "phi"))
G, M, MHAT = Seq("g", 0), Seq("m", 0), Seq("mhat", 0)
TWO = number(2)


def op(name, *args):
    return Call(name, args)


@pytest.mark.parametrize(
    ("latex", "expr"),
    [
        (r"\hat m_t", MHAT),
        (r"\widehat{m}_{t}", MHAT),
        (r"m_{t - 1}", Seq("m", -1)),
        (r"\theta_0", Seq("theta", START)),
        (r"\eta_{\text{inner}}", Sym("inner_lr")),
        (r"v_{\max,t}", Seq("vmax", 0)),
        (r"\rho_\infty", Sym("rho_inf")),
        (r"\mathrm{max\text{-}norm}", Sym("max_norm")),
        (r"\varepsilon", EPS),
        (r"g_t^2", op("**", G, TWO)),
        (r"g^2_t", op("**", G, TWO)),
        (r"\beta_1^t", op("**", Sym("beta1"), T)),
        (r"\beta^t_1", op("**", Sym("beta1"), T)),
        (r"\frac12", number(0.5)),
        (r"\dfrac{\eta}{k}", op("/", LR, K)),
        (r"\tfrac1k", op("/", number(1), K)),
        (r"\eta \cdot g_t", op("*", LR, G)),
        (r"\eta \odot g_t", op("*", LR, G)),
        (r"\eta\,g_t", op("*", LR, G)),
        (r"\phi(k)", op("*", PHI, K)),
        (r"2.5 \times 10^{-7}", number(2.5e-7)),
        (r"\bigl(\eta + k\bigr) g_t", op("*", op("+", LR, K), G)),
        (r"\left(\eta\right)", LR),
        (r"|g_t|", op("abs", G)),
        (r"\left|g_t\right|", op("abs", G)),
        (r"\|g_t\|_2", Reduction("norm", (G,), "tensor")),
        (r"\left\| g_t \right\|_{2, \mathrm{all}}", Reduction("norm", (G,), "all")),
        (r"\lVert g_t \rVert_{\infty,\mathrm{row}}", Reduction("maxabs", (G,), "row")),
        (r"\operatorname{mean}_{\mathrm{row}}(g_t)", Reduction("mean", (G,), "row")),
        (r"\sum_{\mathrm{row}} g_t m_t", Reduction("total", (op("*", G, M),), "row")),
        (r"\operatorname{axes}(g_t) > 2", op(">", Reduction("axes", (G,), "tensor"), TWO)),
        (r"\lVert g_t \rVert_2^2", op("**", Reduction("norm", (G,), "tensor"), TWO)),
        (r"\mathrm{sgn}(g_t)", op("sign", G)),
        (r"\operatorname{clip}(g_t, -k, k)", op("clip", G, op("neg", K), K)),
        (r"\max(g_t, k)", op("max", G, K)),
        (r"\ln(k)", op("log", K)),
        (r"\log k", op("log", K)),
        (r"e^{-k}", op("exp", op("neg", K))),
        (r"\sum g_t m_t + k", op("+", Reduction("total", (op("*", G, M),), "tensor"), K)),
        (r"-\eta g_t", op("neg", op("*", LR, G))),
        (r"k \leq 2 \wedge k \neq 1", op("and", op("<=", K, TWO), op("ne", K, number(1)))),
        (
            r"\begin{cases} k, & \text{if } t > 1, \\ \eta & \text{else} \end{cases}",
            op("where", op(">", T, number(1)), K, LR),
        ),
        (r"\begin{aligned} k &+ \eta \\ & - g_t \end{aligned}", op("-", op("+", K, LR), G)),
        (r"k + \eta.", op("+", K, LR)),
    ],
)
def test_a_careful_hand(latex, expr):
    assert parse(latex, SYMBOLS) == expr


@pytest.mark.parametrize(
    ("latex", "column", "message"),
    [
        (r"k + \foo", 5, r"unknown command \foo"),
        (r"k + q", 5, "unknown symbol q"),
        (r"k + m", 5, "m is a sequence"),
        (r"\eta_t", 1, "lr is not a sequence"),
        (r"m_{t}_{1}", 6, "expected an expression, found _"),
        (r"\eta / k g_t", 6, "two ways"),
        (r"\eta / k / k", 6, "two ways"),
        (r"\eta / k \cdot g_t", 6, "two ways"),
        (r"\sin k g_t", 8, "argument ends"),
        (r"\sin^2(k)", 5, "two readings"),
        (r"\sin(k)^2", 1, "brackets around what carries the exponent"),
        (r"\sqrt{k}^2", 1, "brackets around what carries the exponent"),
        (r"\sqrt[3]{k}", 6, "only square roots"),
        (r"k^2^2", 4, "two exponents"),
        (r"k^10", 3, "only the first digit"),
        (r"k^-1", 3, "write braces"),
        (r"x_10", 3, "only the first digit"),
        (r"k - -k", 5, "two signs"),
        (r"|k|g_t|k|", 9, "which belong together"),
        (r"\|g_t\|", 8, "which norm"),
        (r"\|g_t\|_{2,\mathrm{column}}", 8, r"over all tensors, ,\mathrm{row} if over each row"),
        (r"\operatorname{axes}_{\mathrm{row}}(g_t)", 20, "expected an expression, found _"),
        (r"\lVert g_t \rVert^2", 18, "which norm"),
        (r"\lVert g_t \rVert_3", 18, "which norm"),
        (r"\lvert g_t", 11, r"expected \rvert"),
        (r"(k + \eta", 10, "expected )"),
        (r"k + \eta)", 9, "unexpected )"),
        (r"k +", 4, "expected an expression"),
        (r"\frac{k}{0}", 1, "division by zero"),
        (r"\max\{k\}", 1, "two or more"),
        (r"k < 2 < 3", 7, "two relations"),
        (r"k < \infty", 3, "can be said of infinity"),
        (r"\sum_i g_t", 5, "only subscripts known here"),
        (r"\begin{cases} k & \text{if } k > 1 \end{cases}", 36, "otherwise"),
        (r"\begin{matrix} k \end{matrix}", 1, "unknown environment matrix"),
        (r"\begin{aligned} k", 18, r"\end{aligned} is missing"),
        (r"\begin{aligned} k \\ \eta \end{aligned}", 19, "hide a product"),
        (r"k \\ \eta", 3, "unexpected"),
        (r"k \left. \eta", 3, "not printed"),
        (r"{k + \eta} g_t", 1, "expected an expression, found {"),
        ("k § 2", 3, "unexpected character"),
        ("lr", 1, "unknown symbol l"),
    ],
)
def test_what_it_refuses(latex, column, message):
    with pytest.raises(LatexError) as caught:
        parse(latex, SYMBOLS)
    assert message in str(caught.value)
    assert caught.value.column == column, str(caught.value)


@pytest.mark.parametrize("sign", ["=", r"\leftarrow", r"\gets", "&="])
def test_equations(sign):
    equation = parse_equation(rf"m_t {sign} \beta_1 m_{{t-1}} + (1 - \beta_1) g_t", SYMBOLS)
    assert str(equation) == "m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]"


def test_the_gradient_is_a_call():
    equation = parse_equation(r"g_t = \nabla f(\theta_{t-1})", SYMBOLS)
    assert equation.rhs == op("grad", Seq("theta", -1))


@pytest.mark.parametrize("latex", ["m_{t-1} = k", r"\eta = k", "2 = k"])
def test_an_equation_defines_a_new_value(latex):
    with pytest.raises(LatexError, match="starts with the sequence"):
        parse_equation(latex, SYMBOLS)


def test_names_that_print_alike_are_refused():
    with pytest.raises(SymoptError, match="lr and eta would print alike"):
        Symbols.of(["lr", "eta"], [])
