"""Rules 3 and 4: nothing is declared and unused, written and unread, or read and unwritten."""

import pytest

CASES = {
    "unused sequence": (
        """
        @optimizer(title="X")
        def x(theta, g, m):  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "m",
        "declared and never used; use it or take it out",
    ),
    "unused gradient": (
        """
        @optimizer(title="X")
        def x(theta, g):  # <-
            theta[t] = theta[t-1] / 2
        """,
        "g",
        "declared and never used",
    ),
    "unused hyperparameter": (
        """
        @optimizer(title="X")
        def x(
            theta,
            g,
            *,
            lr: Positive = 0.1,
            mu: Unit = 0.9,  # <-
        ):
            theta[t] = theta[t-1] - lr * g[t]
        """,
        "mu",
        "declared and never used; use it or take it out",
    ),
    "unused input": (
        """
        @optimizer(title="X")
        def x(theta, g, loss: Input()):  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "loss",
        "declared and never used",
    ),
    "dead store": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t] = 0.9 * m[t-1] + g[t]  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "m",
        "nothing that counts reads it (a dead store)",
    ),
    "dead through another": (
        """
        @optimizer(title="X")
        def x(theta, g, m, v, w):
            m[t] = 0.9 * m[t-1] + g[t]
            v[t] = m[t] + w[t-1]  # <-
            w[t] = v[t] * m[t]
            theta[t] = theta[t-1] - m[t]
        """,
        "v",
        "(a dead store)",
    ),
    "sequence that nobody writes": (
        """
        @optimizer(title="X")
        def x(theta, g, m):  # <-
            theta[t] = theta[t-1] - g[t] - m[t-1]
        """,
        "m",
        "nobody writes it; write m[t] = ..., or annotate it m: Input(...) if it comes from outside",
    ),
    "every with a real number": (
        """
        @optimizer(title="X")
        def x(theta, g, *, k: Positive = 5):  # <-
            theta[t] = where(every(k), theta[t-1] - g[t], theta[t-1])
        """,
        "k",
        "annotate it PositiveInt",
    ),
    "every with a count that may be 0": (
        """
        @optimizer(title="X")
        def x(theta, g, *, k: NonNegativeInt = 5):  # <-
            theta[t] = where(every(k), theta[t-1] - g[t], theta[t-1])
        """,
        "k",
        "every counts steps, 1, 2, 3, ..., not [0, inf) integers",
    ),
    "two hyperparameters that print alike": (
        """
        @optimizer(title="X")
        def x(theta, g, *, wd: Positive = 0.1, weight_decay: Positive = 0.1):  # <-
            theta[t] = theta[t-1] - wd * weight_decay * g[t]
        """,
        "weight_decay",
        "a page would print it as it prints wd; rename one",
    ),
}


@pytest.mark.parametrize(("text", "symbol", "words"), CASES.values(), ids=CASES)
def test_refused(error_of, text, symbol, words):
    error = error_of(text)
    assert error.symbol == symbol
    assert words in error.message


def test_what_only_a_start_or_a_gradient_point_reads_is_used(run):
    run("""
        @optimizer(title="X")
        def x(theta, g, s, v, *, first: NonNegative = 0.0, mu: Unit = 0.9):
            s[0] = first
            g[t] = grad(theta[t-1] + mu * v[t-1])
            v[t] = v[t-1] - g[t]
            s[t] = s[t-1] + g[t]**2
            theta[t] = theta[t-1] - g[t] / s[t]
    """)
