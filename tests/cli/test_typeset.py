"""Equations as they stand in a terminal."""

# ruff: noqa: RUF001 - the signs of mathematics are meant

import pytest

from symopt.catalogue import load, names
from symopt.cli import typeset
from symopt.cli.boxes import cells
from symopt.cli.glyphs import indexed, name
from symopt.expr import START, Call, Num, Reduction, Seq, Sym, number

THETA, G, V = Seq("theta", -1), Seq("g", 0), Seq("v", 0)


def times(a, b):
    return Call("*", (a, b))


def over(a, b):
    return Call("/", (a, b))


@pytest.mark.parametrize(
    ("expr", "lines"),
    [
        (Call("-", (THETA, times(Sym("lr"), G))), ["θₜ₋₁ − η gₜ"]),
        (Call("-", (THETA, Call("-", (G, V)))), ["θₜ₋₁ − (gₜ − vₜ)"]),
        (Call("**", (Call("+", (G, V)), number(2))), ["(gₜ + vₜ)²"]),
        (Call("**", (Sym("beta1"), Sym("t"))), ["β₁ᵗ"]),
        (Call("sqrt", (V,)), ["√vₜ"]),
        (times(Sym("lr"), number(1e-6)), ["η·10⁻⁶"]),
        (over(G, Sym("t")), ["gₜ/t"]),
        (times(G, over(V, Sym("t"))), ["gₜ vₜ/t"]),
        (times(over(V, Sym("t")), G), ["(vₜ/t) gₜ"]),
        (over(times(Sym("lr"), G), Call("sqrt", (V,))), [" η gₜ", "──────", " √vₜ"]),
        (
            Call("where", (Call("eq", (Sym("t"), number(1))), G, V)),
            ["⎧ gₜ   if t = 1", "⎨", "⎩ vₜ   otherwise"],
        ),
        (Call("neg", (Call("+", (G, V)),)), ["−(gₜ + vₜ)"]),
        (times(Num(number(-2).value), G), ["(−2) gₜ"]),
        (Call("-", (G, Reduction("mean", (G,), "row"))), ["gₜ − mean_row(gₜ)"]),
        (Reduction("norm", (G,), "row"), ["‖gₜ‖₂‚_row"]),
        (Call(">", (Reduction("axes", (G,), "tensor"), number(1))), ["(axes(gₜ) > 1)"]),
    ],
)
def test_forms(expr, lines):
    assert [line.rstrip() for line in typeset.Typesetter().at(expr, typeset.SUM).lines] == lines


@pytest.mark.parametrize(
    ("written", "shown"),
    [("lr", "η"), ("beta1", "β₁"), ("max_norm", "max-norm"), ("k", "k"), ("inner_lr", "ηᵢₙₙₑᵣ")],
)
def test_names(written, shown):
    assert name(written) == shown


@pytest.mark.parametrize(
    ("written", "shift", "shown"),
    [("theta", -1, "θₜ₋₁"), ("gbar", 0, "ḡₜ"), ("v", START, "v₀"), ("vmax", 0, "vₘₐₓ‚ₜ"), ("slow", 0, "slowₜ")],
)
def test_sequences(written, shift, shown):
    assert indexed(written, shift) == shown


@pytest.mark.parametrize("width", [36, 56, 80, 200])
@pytest.mark.parametrize("spec", names())
def test_equations_fit(spec, width):
    for equation in load(spec).equations:
        assert max(map(cells, typeset.equation(equation.target, equation.rhs, width))) <= width


LONG = over(times(Sym("lr"), Call("+", (G, V))), Call("+", (Call("sqrt", (V,)), Sym("eps"))))


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (40, ["             η (gₜ + vₜ)", "θₜ = θₜ₋₁ − ─────────────", "               √vₜ + ε"]),
        (24, ["θₜ = θₜ₋₁", "         η (gₜ + vₜ)", "      − ─────────────", "           √vₜ + ε"]),
        (20, ["θₜ =", "    θₜ₋₁", "        η (gₜ + vₜ)", "     − ─────────────", "          √vₜ + ε"]),
    ],
)
def test_what_is_too_wide_breaks(width, lines):
    assert typeset.formula(Seq("theta", 0), Call("-", (THETA, LONG)), width) == lines


def test_a_product_without_room_breaks_between_its_factors():
    both = Call("+", (G, V))
    lines = ["θₜ =", "    (gₜ + vₜ) (gₜ + vₜ)", "        (gₜ + vₜ)"]
    assert typeset.formula(Seq("theta", 0), times(times(both, both), both), 24) == lines


def test_a_condition_among_arguments_needs_no_brackets():
    whole = Call("where", (Call(">", (G, V)), G, V))
    assert list(typeset.Typesetter(0).at(whole, typeset.SUM).lines) == ["where(gₜ > vₜ, gₜ, vₜ)"]
