"""Rule 8: constants are exact."""

from fractions import Fraction

import pytest

from symopt.expr import Num, walk

LONG = "0.12345678901234567890"


@pytest.mark.parametrize(
    ("expression", "symbol", "remedy"),
    [
        ("1/3 * g[t]", "1 / 3", "write Rational(1, 3)"),
        ("g[t] * (2/3)", "2 / 3", "write Rational(2, 3)"),
        ("-1/3 * g[t]", "-1 / 3", "write Rational(-1, 3)"),
        ("0.1*0.2*g[t]", "0.1 * 0.2", "write 0.02"),
        ("(1 - 0.9) * g[t]", "1 - 0.9", "write 0.1"),
        ("g[t] * 3**-1", "3 ** (-1)", "write Rational(1, 3)"),
        ("g[t] * 2**0.5", "2 ** 0.5", "write sqrt(2)"),
        ("g[t] * 2**0.25", "2 ** 0.25", "with Rational(p, q) as base or exponent"),
        ("g[t]**(1/3)", "1 / 3", "write Rational(1, 3)"),
        (f"{LONG} * g[t]", LONG, "a float keeps 17 digits"),
        ("1e400 * g[t]", "1e400", "ends at 1.8e308"),
        ("g[t] * THIRD", "0.3333333333333333", "Python has rounded; constants are exact, so write Rational(1, 3)"),
        ("g[t] * (1/count)", "0.3333333333333333", "write Rational(1, 3)"),
        ("g[t] * (1 - DECAY)", "0.09999999999999998", "write 0.1"),
        ("g[t] * ROOT", "1.4142135623730951", "write Rational(p, q), sqrt(2), pi, ..."),
    ],
)
def test_refused(error_of, expression, symbol, remedy):
    error = error_of(f"""
        THIRD, DECAY, ROOT = 1/3, 0.9, 2**0.5

        @optimizer(title="X")
        def x(theta, g):
            count = 3
            theta[t] = theta[t-1] - {expression}  # <-
    """)
    assert error.symbol == symbol
    assert remedy in error.message


@pytest.mark.parametrize(
    ("default", "symbol", "remedy"),
    [("1/3", "1 / 3", "Rational(1, 3)"), ("0.1 * 3", "0.1 * 3", "0.3"), (LONG, LONG, "Rational(")],
)
def test_defaults_are_constants_too(error_of, default, symbol, remedy):
    error = error_of(f"""
        @optimizer(title="X")
        def x(theta, g, *, lr: Positive = {default}):  # <-
            theta[t] = theta[t-1] - lr * g[t]
    """)
    assert error.symbol == symbol
    assert remedy in error.message


def test_a_start_value_and_a_gradient_point_are_looked_at(error_of):
    assert error_of("""
        FIRST = 0.1 + 0.2

        @optimizer(title="X")
        def x(theta, g, m):
            m[0] = FIRST  # <-
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - m[t]
    """).message.endswith("write 0.3")
    assert error_of("""
        SHARE = 0.1 + 0.2

        @optimizer(title="X")
        def x(theta, g, m):
            g[t] = grad(theta[t-1] + SHARE * m[t-1])  # <-
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - m[t]
    """).message.endswith("write 0.3")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.96 * g[t]", Fraction(24, 25)),
        ("1/2 * g[t]", Fraction(1, 2)),
        ("3/4 * g[t]", Fraction(3, 4)),
        ("1/1000 * g[t]", Fraction(1, 1000)),
        ("(2 + 0.5) * g[t]", Fraction(5, 2)),
        ("10**-8 * g[t]", Fraction(1, 10**8)),
        ("2**10 * g[t]", Fraction(1024)),
        ("7 // 2 * g[t]", Fraction(3)),
        ("1.e-3 * g[t]", Fraction(1, 1000)),
        ("1_000.5 * g[t]", Fraction(2001, 2)),
        ("0.10000000000000000000 * g[t]", Fraction(1, 10)),
        ("0.1234567890123456 * g[t]", Fraction("0.1234567890123456")),
        ("g[t] * np.float64(0.96)", Fraction(24, 25)),
        ("g[t] * Fraction(1, 3)", Fraction(1, 3)),
        ("Rational(1, 3) * g[t]", Fraction(1, 3)),
        ("Rational(-10, 15) * g[t]", Fraction(-2, 3)),
        ("g[t] * sympy.Rational(1, 3)", Fraction(1, 3)),
        ("g[t] * -(0.5)", Fraction(-1, 2)),
        ("12345678901234567890 * g[t]", Fraction(12345678901234567890)),
    ],
)
def test_exact(run, expression, value):
    x = run(f"""
        from fractions import Fraction
        import numpy as np
        import sympy

        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - {expression}
    """)["x"]
    assert [node.value for node in walk(x.equations[0].rhs) if isinstance(node, Num)] == [value]


def test_the_constants_of_an_inner_optimizer_were_checked_there(run):
    run("""
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - 0.1234567890123456 * g[t]

        def wrap(inner):
            @optimizer(title="Y")
            def y(theta, *, decay: Unit = 0.1):
                theta[t] = (1 - decay) * inner(theta[t-1])
            return y

        y = wrap(x)
    """)


def test_what_is_fed_to_an_inner_optimizer_is_looked_at(error_of):
    error = error_of("""
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - g[t]

        def wrap(inner, share):
            @optimizer(title="Y")
            def y(theta, g):
                theta[t] = inner(theta[t-1], share * g[t])  # <-
            return y

        y = wrap(x, 1/3)
    """)
    assert error.message.endswith("write Rational(1, 3)")
