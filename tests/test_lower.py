"""The border: what every reduction and word becomes, and what no kernel can compute."""

from dataclasses import replace

import pytest

from symopt import ALL, ROW, Positive, axes, clip, dot, maxabs, mean, norm, optimizer, t, total, where
from symopt.derive.training import training_form
from symopt.errors import SymoptError
from symopt.expr import START, Call, Num, Reduction, Seq, Sym, number, text
from symopt.ir import fold
from symopt.lower import lower
from symopt.passes import run_passes
from symopt.recurrence import Equation


@optimizer(title="Reductions")
def reductions(theta, g, a, b, *, lr: Positive = 0.5):
    b[0] = norm(theta[0], over=ALL)
    a[t] = norm(g[t]) + dot(g[t], theta[t - 1], over=ALL) + total(g[t]) + mean(g[t], over=ALL) + maxabs(g[t])
    b[t] = b[t - 1] + a[t]
    theta[t] = clip(theta[t - 1], -lr, lr) - lr * b[t] * g[t]


def test_every_reduction_is_a_sum_or_a_largest_value():
    program = lower(training_form(reductions))
    (loop,) = program.update.loops
    assert text(loop.assigns[0].value) == (
        "sqrt(total(g**2)) + total(g * theta, over=ALL) + total(g) + total(g, over=ALL) / size_all_ + maxabs(g)"
    )
    assert text(program.buffer("b").start) == "sqrt(total(theta**2, over=ALL))"


@optimizer(title="Rows")
def rows(theta, g, *, lr: Positive = 0.5):
    theta[t] = theta[t - 1] - lr * (g[t] - where(axes(g[t]) > 1, mean(g[t], over=ROW), norm(g[t], over=ROW)))


def test_rows_and_axes():
    (loop,) = lower(training_form(rows)).update.loops
    assert text(loop.assigns[0].value) == (
        "theta - lr * (g - where(axes_ > 1, total(g, over=ROW) / columns_, sqrt(total(g**2, over=ROW))))"
    )


def test_numbers_per_row_have_a_stage_of_their_own():
    """They follow the pass that reads their elements, and the numbers per tensor that they read."""
    program = run_passes(lower(training_form(rows)))
    assert [getattr(stage, "level", type(stage).__name__) for stage in program.stages] == ["Reduce", "row", "Update"]
    (reduced, scalars, _) = program.stages
    assert [(p.name, p.over) for p in reduced.partials] == [("sum_g_row", "row"), ("sum_g_squared_row", "row")]
    assert program.levels[scalars.assigns[0].name] == "row"


def test_names_and_clip():
    program = lower(training_form(reductions))
    (loop,) = program.update.loops
    assert [assign.name for assign in loop.assigns] == ["a", "b_new", "theta_new"]
    assert text(loop.assigns[2].value) == "min(max(theta, -lr), lr) - lr * b_new * g"
    assert loop.writes == (("theta", "theta_new"), ("b", "b_new"))


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (Call("bessel", (Seq("theta", -1),)), "bessel: no kernel can compute this operation"),
        (Seq("theta", START), "its start value cannot be read"),
    ],
)
def test_what_the_border_does_not_know_is_an_error(expr, message):
    training = training_form(reductions)
    with pytest.raises(SymoptError, match=message):
        lower(replace(training, equations=(*training.equations[:-1], Equation("theta", expr))))


X, ONE, ZERO = Sym("x"), number(1), number(0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Call("+", (number(2), number(3))), number(5)),
        (Call("-", (number(2), number(2))), ZERO),
        (Call("/", (number(1), number(4))), number(0.25)),
        (Call("/", (number(1), ZERO)), Call("/", (number(1), ZERO))),
        (Call("**", (number(2), number(-2))), number(0.25)),
        (Call("**", (ZERO, number(-1))), Call("**", (ZERO, number(-1)))),
        (Call("neg", (number(2),)), number(-2)),
        (Call("+", (ZERO, X)), X),
        (Call("-", (X, ZERO)), X),
        (Call("*", (ONE, X)), X),
        (Call("*", (ZERO, X)), Call("*", (ZERO, X))),  # 0*inf is NaN
        (Call("/", (X, ONE)), X),
        (Call("sqrt", (Call("+", (ZERO, Call("*", (X, ONE)))),)), Call("sqrt", (X,))),
        (Reduction("total", (Call("*", (X, ONE)),), "all"), Reduction("total", (X,), "all")),
    ],
)
def test_fold(before, after):
    assert fold(before) == after
    assert not isinstance(after, Num) or isinstance(fold(before), Num)
