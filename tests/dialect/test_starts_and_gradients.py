"""Rules 3 and 6: start values, and the one gradient point."""

import pytest

from symopt.expr import START, Seq, text

CASES = {
    "start twice": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[0] = 1
            m[0] = 2  # <-
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - m[t]
        """,
        "m[0]",
        "its start value is written twice; write it once",
    ),
    "start of theta": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[0] = 1  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "theta[0]",
        "what the user trains; an optimizer cannot set it",
    ),
    "start from a new value": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[0] = g[t]  # <-
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - m[t]
        """,
        "m[0]",
        "a start value is made of hyperparameters, numbers and theta[0] only",
    ),
    "start with the step": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[0] = 1 / t  # <-
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - m[t]
        """,
        "m[0]",
        "hyperparameters, numbers and theta[0] only",
    ),
    "start that is a condition": (
        """
        @optimizer(title="X")
        def x(theta, g, m, *, lr: Positive = 0.1):
            m[0] = lr > 1  # <-
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - m[t]
        """,
        "lr > 1",
        "write where(lr > 1, 1, 0)",
    ),
    "start without use": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[0] = 1  # <-
            m[t] = 2 * g[t]
            theta[t] = theta[t-1] - m[t]
        """,
        "m",
        "its start value is never used, for nothing reads m[t-1]; take m[0] = ... out",
    ),
    "start of g": (
        """
        @optimizer(title="X")
        def x(theta, g):
            g[0] = 1  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "g[0]",
        "give a changed gradient another name",
    ),
    "start read too early": (
        """
        @optimizer(title="X")
        def x(theta, g, m, v):
            v[0] = m[0]  # <-
            m[t] = m[t-1] + g[t]
            v[t] = v[t-1] + m[t]
            theta[t] = theta[t-1] - v[t]
        """,
        "m[0]",
        "it is 0 unless m[0] = ... is written first",
    ),
    "theta[0] in an equation": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - g[t] * norm(theta[t-1] - theta[0])  # <-
        """,
        "theta[t]",
        "keep it in a state: first[0] = theta[0], first[t] = first[t-1]",
    ),
    "old gradient": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - 2 * g[t] + g[t-1]  # <-
        """,
        "g[t-1]",
        "only g[t], the gradient of this step, exists; keep an old one in a state",
    ),
    "gradient changed": (
        """
        @optimizer(title="X")
        def x(theta, g):
            g[t] = g[t] * 2  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "g[t]",
        "give a changed gradient another name, such as h[t]",
    ),
    "gradient under another name": (
        """
        @optimizer(title="X")
        def x(theta, h):
            h[t] = grad(theta[t-1])  # <-
            theta[t] = theta[t-1] - h[t]
        """,
        "h[t]",
        "the gradient is called g; write g[t] = grad(...)",
    ),
    "gradient inside an expression": (
        """
        @optimizer(title="X")
        def x(theta, m):
            m[t] = m[t-1] + grad(theta[t-1])  # <-
            theta[t] = theta[t-1] - m[t]
        """,
        "m[t]",
        "grad(...) stands alone on the right of g[t] = grad(...)",
    ),
    "gradient of a gradient": (
        """
        @optimizer(title="X")
        def x(theta, g):
            g[t] = grad(theta[t-1] - grad(theta[t-1]))  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "g[t]",
        "a gradient point cannot depend on another gradient",
    ),
    "gradient at the start": (
        """
        @optimizer(title="X")
        def x(theta, g):
            g[t] = grad(theta[0])  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "g[t]",
        "made of old values such as theta[t-1], not of theta[0]",
    ),
    "gradient of a bare sequence": (
        """
        @optimizer(title="X")
        def x(theta, g):
            g[t] = grad(theta)  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "grad(theta)",
        "g[t] = grad(theta[t-1])",
    ),
    "gradient written twice": (
        """
        @optimizer(title="X")
        def x(theta, g, v):
            g[t] = grad(theta[t-1])
            v[t] = theta[t-1] + g[t]
            g[t] = grad(v[t])  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "g[t]",
        "exactly one gradient point per step",
    ),
    "gradient point after its first use": (
        """
        @optimizer(title="X")
        def x(theta, g, v):
            v[t] = theta[t-1] + g[t]
            g[t] = grad(v[t])  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "g[t]",
        "read before its equation g[t] = grad(...); write that first",
    ),
    "written input": (
        """
        @optimizer(title="X")
        def x(theta, g, loss: Input(level="step")):
            loss[t] = 1  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "loss[t]",
        "it is an input and comes from outside; an equation cannot write it",
    ),
    "old input": (
        """
        @optimizer(title="X")
        def x(theta, g, loss: Input(level="step")):
            theta[t] = theta[t-1] - g[t] * loss[t-1]  # <-
        """,
        "loss[t-1]",
        "only loss[t] exists",
    ),
}


@pytest.mark.parametrize(("text_", "symbol", "words"), CASES.values(), ids=CASES)
def test_refused(error_of, text_, symbol, words):
    error = error_of(text_)
    assert error.symbol == symbol
    assert words in error.message


def test_starts_are_kept(run):
    x = run("""
        @optimizer(title="X")
        def x(theta, g, m, v, *, first: NonNegative = 0.5):
            m[0] = 2 * first
            v[0] = theta[0] - m[0]
            m[t] = m[t-1] + g[t]
            v[t] = v[t-1] + m[t]
            theta[t] = theta[t-1] - v[t]
    """)["x"]
    assert {name: text(rhs) for name, rhs in x.starts} == {"m": "2 * first", "v": "theta[0] - 2 * first"}
    assert x.start_of("theta") is None


def test_the_gradient_is_taken_at_theta_unless_asked_for_elsewhere(run):
    names = run("""
        @optimizer(title="X")
        def plain(theta, g):
            theta[t] = theta[t-1] - g[t]

        @optimizer(title="X")
        def ahead(theta, g, v, *, mu: Unit = 0.9):
            g[t] = grad(theta[t-1] + mu * v[t-1])
            v[t] = mu * v[t-1] - g[t]
            theta[t] = theta[t-1] + v[t]
    """)
    assert names["plain"].gradient_point == Seq("theta", -1)
    assert text(names["ahead"].gradient_point) == "theta[t-1] + mu * v[t-1]"
    assert "g" not in {equation.target for equation in names["ahead"].equations}


def test_a_gradient_point_can_have_a_name(run):
    x = run("""
        @optimizer(title="X")
        def x(theta, g, y, z, *, beta: Unit = 0.9):
            z[0] = theta[0]
            y[t] = (1 - beta) * z[t-1] + beta * theta[t-1]
            g[t] = grad(y[t])
            z[t] = z[t-1] - g[t]
            theta[t] = (1 - 1/t) * theta[t-1] + z[t] / t
    """)["x"]
    assert x.gradient_point == Seq("y", 0)
    assert text(x.point_before_step) == "(1 - beta) * z[t-1] + beta * theta[t-1]"
    assert x.states == ("z",)
    assert Seq("theta", START) not in x.reads - {Seq("theta", START)}
