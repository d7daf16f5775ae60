"""Rule 10: a published formula as it stands, with what is wrong with it."""

import pytest


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
    assert x.findings == (
        "w: it is declared and never used; use it or take it out",
        "m: nothing that counts reads it (a dead store); use it or take it out",
        "k: every counts steps, 1, 2, 3, ..., not (0, inf); annotate it PositiveInt",
        "v: its start value is never used, for nothing reads v[t-1]; take v[0] = ... out",
    )


def test_an_equation_written_twice(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, *, lr: Positive = 0.1, wd: NonNegative = 0.01):
            theta[t] = theta[t-1] - lr * wd * theta[t-1]
            theta[t] = theta[t-1] - lr * g[t]
    """)["x"]
    assert [str(e) for e in x.equations] == ["theta[t] = theta[t-1] - lr * g[t]"]
    assert x.findings == (
        "theta[t]: its equation is written twice; nothing reads the first (a dead store)",
        "wd: this hyperparameter is declared and never used; use it or take it out",
    )


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
    assert x.findings == ("m[t]: its equation is written twice; the first lives on as m_first",)


def test_a_value_that_is_read_too_early(run):
    x = run("""
        @erratum(title="X")
        def x(theta, g, m):
            theta[t] = theta[t-1] - m[t]
            m[t] = m[t-1] + g[t]
    """)["x"]
    assert str(x.equations[0]) == "theta[t] = theta[t-1] - m[t-1]"
    assert x.findings == ("m[t]: it is read before its equation; taken for m[t-1]",)


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
    "an unwritten sequence": (
        """
        @erratum(title="X")
        def x(theta, g, m):  # <-
            theta[t] = theta[t-1] - m[t-1] * g[t]
        """,
        "m",
        "nobody writes it",
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
