"""Rule 10: a published formula as it stands, with what is wrong with it."""

from fractions import Fraction

import pytest

from symopt.interpret import EXACT, interpret


def said(optimizer):
    return list(map(str, optimizer.findings))


def test_a_sound_formula_has_no_findings(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, v, *, mu: Unit = 0.9):
            v[t] = v[t-1] + mu * v[t-1] - g[t]
            theta[t] = theta[t-1] + v[t]
    """)["x"]
    assert x.findings == ()


def test_what_is_unused_or_dead(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, m, v, w, *, mu: Unit = 0.9, k: Positive = 5):
            m[t] = mu * m[t-1] + g[t]
            v[0] = 1
            v[t] = g[t]**2
            theta[t] = where(every(k), theta[t-1] - g[t] / v[t], theta[t-1])
    """)["x"]
    assert said(x) == [
        "w: it is declared and never used; use it or take it out",
        "m: nothing that counts reads it (a dead store); use it or take it out",
        "k: every counts steps, 1, 2, 3, ..., not (0, inf); annotate it PositiveInt",
        "v: its start value is never used, for nothing reads v[t-1]; take v[0] = ... out",
    ]


def test_an_equation_written_twice(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, *, lr: Positive = 0.1, wd: NonNegative = 0.01):
            theta[t] = theta[t-1] - lr * wd * theta[t-1]
            theta[t] = theta[t-1] - lr * g[t]
    """)["x"]
    assert [str(e) for e in x.equations] == ["theta[t] = theta[t-1] - lr * g[t]"]
    assert said(x) == [
        "theta[t]: its equation is written twice; each x[t] is written exactly once, and nothing reads what stood "
        "there before (a dead store), so take that out; the last one counts",
        "wd: this hyperparameter is declared and never used; use it or take it out",
    ]


def test_an_equation_that_goes_on_from_the_first(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, m, *, lr: Positive = 0.1):
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - lr * m[t]
            m[t] = m[t] / 2
    """)["x"]
    assert [str(e) for e in x.equations] == [
        "m_first[t] = m[t-1] + g[t]",
        "theta[t] = theta[t-1] - lr * m_first[t]",
        "m[t] = m_first[t] / 2",
    ]
    assert said(x) == [
        "m[t]: its equation is written twice; each x[t] is written exactly once, so give what stood there before, "
        "which is read, a name of its own; it lives on as m_first"
    ]


def test_a_value_that_is_read_too_early(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, m):
            theta[t] = theta[t-1] - m[t]
            m[t] = m[t-1] + g[t]
    """)["x"]
    assert str(x.equations[0]) == "theta[t] = theta[t-1] - m[t-1]"
    assert said(x) == [
        "m[t]: it is read before its equation; write the equation first, or read the old value m[t-1]; taken for "
        "m[t-1], left by the step before"
    ]


def test_an_equation_written_three_times(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, h, *, lr: Positive = 0.1, wd: NonNegative = 0.01):
            h[t] = g[t]
            h[t] = h[t] + wd * theta[t-1]
            h[t] = h[t] / norm(h[t])
            theta[t] = theta[t-1] - lr * h[t]
    """)["x"]
    assert [str(e) for e in x.equations] == [
        "h_first[t] = g[t]",
        "h_second[t] = h_first[t] + wd * theta[t-1]",
        "h[t] = h_second[t] / norm(h_second[t])",
        "theta[t] = theta[t-1] - lr * h[t]",
    ]
    assert [finding.kind for finding in x.findings] == ["loop-carried rebinding"] * 2


def test_a_sequence_that_nobody_writes_stays_what_it_was(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, u):
            u[0] = 3
            theta[t] = theta[t-1] - u[t-1] * g[t]
    """)["x"]
    assert [str(e) for e in x.equations] == ["u[t] = u[t-1]", "theta[t] = theta[t-1] - u[t-1] * g[t]"]
    ends = list(interpret(x, [Fraction(0)], [[Fraction(1)]] * 2, numbers=EXACT))
    assert [end.theta[0][()] for end in ends] == [-3, -6]


def test_a_name_that_nobody_declares_has_to_be_given(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - rate * g[t]
    """)["x"]
    assert [(h.name, h.domain.name, h.default) for h in x.hyperparameters] == [("rate", "Real", None)]
    (end,) = interpret(x, [Fraction(0)], [[Fraction(1)]], hyper={"rate": Fraction(1, 3)}, numbers=EXACT)
    assert end.theta[0][()] == Fraction(-1, 3)


CASES = {
    "no theta": (
        """
        @erratum(title="X")
        def x(theta, g, m):  # <-
            m[t] = m[t-1] + g[t]
        """,
        "theta",
        "theta[t] is never written",
    ),
    "a default outside its domain": (
        """
        @erratum(title="X")
        def x(theta, g, *, lr: Unit = 2):  # <-
            theta[t] = theta[t-1] - lr * g[t]
        """,
        "lr",
        "outside its domain",
    ),
    "Python's if": (
        """
        @erratum(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] if t > 1 else g[t]  # <-
        """,
        "t > 1",
        "write where",
    ),
}


@pytest.mark.parametrize(("text", "symbol", "words"), CASES.values(), ids=CASES)
def test_what_no_erratum_can_stand_with(error_of, text, symbol, words):
    error = error_of(text)
    assert error.symbol == symbol
    assert words in error.message
