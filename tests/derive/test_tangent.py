"""The rules of differentiation: each operation against a difference quotient in 60 digits, jumps and zeros apart."""

from fractions import Fraction

import numpy as np
import pytest

from symopt.derive.tangent import tangent
from symopt.domains import Positive, PositiveInt, Unit
from symopt.expr import (
    FUNCTIONS,
    ONE,
    REDUCTIONS,
    ZERO,
    Call,
    Num,
    Reduction,
    Seq,
    Sym,
    T,
    add,
    divide,
    negate,
    text,
    walk,
)
from symopt.interpret import Reader, reals

DIGITS = reals(60)
X, Y, DX, DY = (Seq(name, 0) for name in ("x", "y", "dx", "dy"))
MOVING = {X: DX, Y: DY}
VALUES = {
    "x": [["0.3", "1.7"], ["0.9", "2.5"], ["1.2", "0.4"]],
    "y": [["1.1", "0.6"], ["0.8", "0.7"], ["2.2", "1.3"]],
    "dx": [["0.5", "-1.1"], ["0.25", "2"], ["-0.75", "1"]],
    "dy": [["-0.5", "0.125"], ["1.5", "3"], ["1", "-2"]],
}
STEP = Fraction(1, 10**20)


def half(value):
    return Num(Fraction(value) / 2)


SMOOTH = [
    *(Call(op, (X, Y)) for op in ("+", "-", "*", "/", "**")),
    *(Call(op, (Call("-", (X, Y)),)) for op in ("neg", "abs", "exp", "expm1", "sin", "cos", "tan", "tanh")),
    *(Call(op, (X,)) for op in ("sqrt", "log", "log1p")),
    *(Call("**", (X, half(power))) for power in (-4, -1, 1, 2, 3, 4, 6)),
    Call("**", (half(1), Y)),
    *(Call(op, (X, Y)) for op in ("max", "min")),
    Call("clip", (X, half(1), Y)),
    Call("where", (Call(">", (X, Y)), Call("*", (X, Y)), Y)),
    divide(X, Call("**", (Call("+", (X, ONE)), Y))),
    Call("-", (X, Call("-", (Y, Call("*", (X, X)))))),
    *(Call("*", (X, Reduction(op, (Call("-", (X, Y)),), over)))
      for op in ("total", "mean", "norm", "maxabs") for over in ("row", "tensor", "all")),
    *(Reduction("dot", (X, Call("sqrt", (Y,))), over) for over in ("row", "tensor", "all")),
]  # fmt: skip
FLAT = [Call(op, (X,)) for op in ("sign", "floor", "ceil")] + [Reduction("axes", (X,), "tensor"), Call("pi", ())]


def evaluated(expr, moved=0):
    """The value of an expression, the names moved along their derivatives."""
    arrays = {name: np.frompyfunc(lambda x: DIGITS.constant(Fraction(x)), 1, 1)(x) for name, x in VALUES.items()}
    arrays |= {name: arrays[name] + DIGITS.constant(moved) * arrays[f"d{name}"] for name in "xy"}
    plain = [{"t": DIGITS.constant(3), "b": DIGITS.constant(0)}]
    reader = Reader(DIGITS, [(3, 2)], [0], {Seq(name, 0): [array] for name, array in arrays.items()}, plain)
    return reader.filled(reader.value(expr, 0), 0)


@pytest.mark.parametrize("expr", SMOOTH, ids=text)
def test_a_derivative_is_the_limit_of_quotients(expr):
    quotient = (evaluated(expr, STEP) - evaluated(expr, -STEP)) / DIGITS.constant(2 * STEP)
    error = evaluated(tangent(expr, MOVING, {})) - quotient
    # Truncation: STEP**2 = 1e-40 times a third derivative below 1e4. Rounding: 1e-60/STEP = 1e-40.
    assert max(abs(error).flat) < 1e-36
    assert max(abs(quotient).flat) > 0.1


@pytest.mark.parametrize("expr", FLAT, ids=text)
def test_what_jumps_is_constant_between_its_jumps(expr):
    assert tangent(expr, MOVING, {}) == ZERO


def test_every_operation_on_numbers_is_tried():
    tried = {node.op for expr in [*SMOOTH, *FLAT] for node in walk(expr) if not isinstance(node, Num | Seq)}
    assert tried >= (FUNCTIONS.keys() | REDUCTIONS.keys() | {"+", "-", "*", "/", "**", "neg"}) - {"isfinite"}


@pytest.mark.parametrize(
    "zero",
    [
        Call("sqrt", (Call("-", (X, X)),)),
        Call("**", (Call("-", (X, X)), half(1))),
        Reduction("norm", (Call("*", (X, ZERO)),), "tensor"),
        Call("**", (Call("*", (X, ZERO)), Y)),
    ],
    ids=text,
)
def test_where_a_root_or_a_norm_is_0_so_is_its_derivative(zero):
    found = tangent(zero, MOVING, {})
    assert not any(evaluated(found).flat)  # NaN would count


def test_a_power_of_the_step_needs_no_test_for_0():
    decay = Call("**", (Sym("b"), T))
    found = tangent(decay, {Sym("b"): ONE}, {T: PositiveInt, Sym("b"): Unit})
    assert text(found) == "t * b**(t - 1)"
    assert not any(evaluated(found).flat)


def test_domains_spare_a_test_for_0():
    root = Call("sqrt", (Sym("a"),))
    assert text(tangent(root, {Sym("a"): ONE}, {Sym("a"): Positive})) == "1 / (2 * sqrt(a))"
    assert text(tangent(root, {Sym("a"): ONE}, {})) == "where(a == 0, 0, 1 / (2 * sqrt(a)))"


@pytest.mark.parametrize(
    ("expr", "shown"),
    [
        (add(X, negate(Y)), "dx[t] - dy[t]"),
        (Call("*", (Call("-", (ONE, X)), Sym("c"))), "-dx[t] * c"),
        (divide(Sym("c"), Sym("d")), "0"),
        (divide(X, Sym("c")), "dx[t] / c"),
        (divide(ONE, X), "-1 / x[t] * dx[t] / x[t]"),
        (Call("where", (Call(">", (X, Y)), Sym("c"), Sym("d"))), "0"),
        (Call("max", (X, Sym("c"))), "where(x[t] >= c, dx[t], 0)"),
        (Call("**", (X, half(4))), "2 * x[t] * dx[t]"),
    ],
    ids=lambda value: value if isinstance(value, str) else text(value),
)
def test_it_reads_as_it_was_written(expr, shown):
    assert text(tangent(expr, MOVING, {})) == shown
