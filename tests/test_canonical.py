"""The border to SymPy: there and back is the same mathematics, and what SymPy must not decide stays as it is."""

import pytest
import sympy as sp

from symopt.canonical import canonical, from_sympy, sympy_symbol, to_sympy
from symopt.errors import SymoptError
from symopt.expr import COMPARISONS, FUNCTIONS, Call, Reduction, Seq, Sym
from symopt.specs.adam import adam

G, M = Seq("g", 0), Seq("m", -1)
SMOOTH = sorted(name for name, arity in FUNCTIONS.items() if arity == 1 and name not in ("isfinite",))


@pytest.mark.parametrize("op", SMOOTH)
def test_functions_survive_both_ways(op):
    expr = Call(op, (G,))
    assert to_sympy(from_sympy(to_sympy(expr))) == to_sympy(expr)


@pytest.mark.parametrize("op", sorted(COMPARISONS))
def test_conditions_are_not_decided(op):
    expr = Call("where", (Call(op, (G, G)), G, M))
    assert from_sympy(to_sympy(expr)) == expr


@pytest.mark.parametrize("over", ["tensor", "all"])
@pytest.mark.parametrize("op", ["norm", "total", "mean", "maxabs"])
def test_reductions_are_opaque(op, over):
    expr = Call("*", (G, Reduction(op, (G,), over)))
    back = from_sympy(to_sympy(expr))
    assert {G, Reduction(op, (G,), over)} == set(back.args)


def test_every_keeps_its_counter():
    expr = Call("every", (Sym("t"), Sym("k")))
    assert from_sympy(to_sympy(expr)) == expr


def test_sums_and_products_come_back_equal():
    lr, g, m = (sympy_symbol(leaf) for leaf in (Sym("lr"), G, M))
    for expr in (g - lr * m, -g / (1 - lr), (g + m) ** 2 / 3, 1 / sp.sqrt(g**2 + 1), lr ** (-sp.Rational(3, 2)) * g):
        assert sp.simplify(to_sympy(from_sympy(expr)) - expr) == 0


def test_canonical_equations_are_plain_sympy():
    equations = canonical(adam)
    assert [str(equation.lhs) for equation in equations] == [f"{e.target}[t]" for e in adam.equations]
    t, beta1 = sp.Symbol("t", integer=True, positive=True), sp.Symbol("beta1", real=True)
    m, mhat = sp.Symbol("m[t]", real=True), equations[2]
    assert mhat.rhs == m / (1 - beta1**t)


def test_an_unknown_function_is_named():
    with pytest.raises(SymoptError, match="gamma has no meaning in a spec"):
        from_sympy(sp.gamma(sympy_symbol(G)))
