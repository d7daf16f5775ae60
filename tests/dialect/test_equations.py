"""Rule 2 and 3: what an equation is, and what may stand in one."""

import pytest

CASES = {
    "written twice": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t] = m[t-1] + g[t]
            m[t] = m[t-1] - g[t]  # <-
            theta[t] = theta[t-1] - m[t]
        """,
        "m[t]",
        "written twice; each x[t] is written exactly once",
    ),
    "theta missing": (
        """
        @optimizer(title="X")
        def x(theta, g, m):  # <-
            m[t] = m[t-1] + g[t]
        """,
        "theta",
        "never written; every optimizer ends with theta[t] = ...",
    ),
    "theta not in the signature": (
        """
        @optimizer(title="X")
        def x(g, *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr * g[t]  # <-
        """,
        "theta",
        "add a sequence to the arguments before the *",
    ),
    "no theta at all": (
        """
        @optimizer(title="X")  # <-
        def x(g, m):
            m[t] = m[t-1] + g[t]
        """,
        "theta",
        "missing from the signature",
    ),
    "read before written": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            theta[t] = theta[t-1] - m[t]  # <-
            m[t] = m[t-1] + g[t]
        """,
        "m[t]",
        "read before its equation; write the equation first, or read the old value m[t-1]",
    ),
    "reads itself": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t] = m[t] + g[t]  # <-
            theta[t] = theta[t-1] - m[t]
        """,
        "m[t]",
        "read the old value m[t-1]",
    ),
    "older index": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-2] - g[t]  # <-
        """,
        "theta[t - 2]",
        "kept in a state of its own, as in old[t] = x[t-1]",
    ),
    "future index": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t+1] = theta[t-1] - g[t]  # <-
        """,
        "theta[t + 1]",
        "t (the new value), t-1 (the old one) or 0 (the start)",
    ),
    "number as index": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[-1] - g[t]  # <-
        """,
        "theta[-1]",
        "t-1 (the old one)",
    ),
    "slice": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[:] - g[t]  # <-
        """,
        "theta[slice(None, None, None)]",
        "the index of a sequence",
    ),
    "index of a value": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1][0] - g[t]  # <-
        """,
        "theta[t-1]",
        "only a sequence has an index",
    ),
    "old value written": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t-1] = g[t]  # <-
        """,
        "theta[t-1]",
        "an old value cannot be written; write theta[t] = ...",
    ),
    "bare sequence": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - 2 * g  # <-
        """,
        "g",
        "write g[t] (the new value) or g[t-1] (the old one)",
    ),
    "bare sequence in a function": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - sqrt(g)  # <-
        """,
        "g",
        "write g[t] (the new value)",
    ),
    "bare sequence as a whole": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t] = g  # <-
            theta[t] = theta[t-1] - m[t]
        """,
        "g",
        "write g[t] (the new value)",
    ),
    "bare target": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta = theta[t-1] - g[t]  # <-
        """,
        "theta",
        "write theta[t] = ... for an equation",
    ),
    "called sequence": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta(t-1) - g[t]  # <-
        """,
        "theta",
        "write theta[t] (the new value) or theta[t-1]",
    ),
    "called value": (
        """
        @optimizer(title="X")
        def x(theta, g, *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr(g[t])  # <-
        """,
        "lr",
        "lr*(...) for a product",
    ),
    "method of a value": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - g[t].mean()  # <-
        """,
        "x",
        "g[t] has no attribute mean; write functions of it, as in sqrt(g[t]) or mean(g[t])",
    ),
    "method of a sequence": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - g.T  # <-
        """,
        "x",
        "the sequence g has no attribute T; write g[t] or g[t-1]",
    ),
    "augmented assignment": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] -= g[t]  # <-
        """,
        "theta[t]",
        "write theta[t] = theta[t-1] - ...",
    ),
    "augmented bare sequence": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t] = g[t]
            theta *= m[t]  # <-
        """,
        "theta",
        "write theta[t] = theta[t-1] * ...",
    ),
    "augmented hyperparameter": (
        """
        @optimizer(title="X")
        def x(theta, g, *, lr: Positive = 0.1):
            lr /= t  # <-
            theta[t] = theta[t-1] - lr * g[t]
        """,
        "lr",
        "this is a hyperparameter, which only the user changes; choose another name for the local value",
    ),
    "assigned step": (
        """
        @optimizer(title="X")
        def x(theta, g):
            t = 1  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "t",
        "this is the step; choose another name",
    ),
    "loop over the step": (
        """
        @optimizer(title="X")
        def x(theta, g):
            for t in range(3):  # <-
                theta[t] = theta[t-1] - g[t]
        """,
        "t",
        "this is the step",
    ),
    "two targets": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t], theta[t] = g[t], theta[t-1] - g[t]  # <-
        """,
        "m[t]",
        "each equation stands on a line of its own; write m[t] = ...",
    ),
    "chained targets": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t] = theta[t] = theta[t-1] - g[t]  # <-
        """,
        "m[t]",
        "each equation stands on a line of its own",
    ),
    "line without effect": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] - g[t]  # <-
            theta[t] = theta[t-1] - g[t]
        """,
        "theta[t] - g[t]",
        "this line changes nothing; an equation is written x[t] = ...",
    ),
    "comparison instead of an equation": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] == theta[t-1] - g[t]  # <-
        """,
        "theta[t] == theta[t - 1] - g[t]",
        "this line changes nothing; an equation is written x[t] = ...",
    ),
    "returned value": (
        """
        @optimizer(title="X")
        def x(theta, g):
            return theta[t-1] - g[t]  # <-
        """,
        "return theta[t - 1] - g[t]",
        "an optimizer returns nothing; its last equation is theta[t] = ...",
    ),
    "generator": (
        """
        @optimizer(title="X")  # <-
        def x(theta, g):
            yield g[t]
        """,
        "x",
        "no lambda, no async, no yield",
    ),
    "lambda": (
        """
        x = optimizer(title="X")(lambda theta, g: None)  # <-
        """,
        "<lambda>",
        "written with def",
    ),
    "text in an equation": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - g[t] * "0.1"  # <-
        """,
        "'0.1'",
        "a str cannot stand in an equation; use sequences, hyperparameters and numbers",
    ),
    "list in an equation": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = [theta[t-1], g[t]]  # <-
        """,
        "[theta[t-1], g[t]]",
        "a list cannot stand in an equation",
    ),
    "text as an index": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta["t-1"] - g[t]  # <-
        """,
        "theta['t-1']",
        "the index of a sequence is t (the new value)",
    ),
    "nothing in an equation": (
        """
        def nothing(x):
            pass

        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - nothing(g[t])  # <-
        """,
        "None",
        "a function that returns no value?",
    ),
    "function in an equation": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - g[t] * sqrt  # <-
        """,
        "sqrt",
        "a function cannot stand in an equation",
    ),
    "condition as a number": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - (g[t] > 0) * g[t]  # <-
        """,
        "g[t] > 0",
        "this is a condition, not a number; write where(g[t] > 0, 1, 0)",
    ),
    "condition in a sequence": (
        """
        @optimizer(title="X")
        def x(theta, g, m):
            m[t] = g[t] > 0  # <-
            theta[t] = theta[t-1] - m[t] * g[t]
        """,
        "g[t] > 0",
        "write where(g[t] > 0, 1, 0)",
    ),
    "number as a condition": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = where(g[t], theta[t-1], theta[t-1] - g[t])  # <-
        """,
        "g[t]",
        "this is a number, not a condition; compare it, as in g[t] > 0",
    ),
    "division by zero": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - g[t] / 0  # <-
        """,
        "g[t] / 0",
        "division by zero",
    ),
    "infinite constant": (
        """
        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - Min(g[t], float("inf"))  # <-
        """,
        "inf",
        "constants must be finite",
    ),
    "error in a helper": (
        """
        def decay(x, b):
            return b * x[t-1] + (1 - b) * x[t-3]  # <-

        @optimizer(title="X")
        def x(theta, g):
            theta[t] = decay(theta, 1) - g[t]
        """,
        "theta[t - 3]",
        "the index of a sequence",
    ),
}


@pytest.mark.parametrize(("text", "symbol", "words"), CASES.values(), ids=CASES)
def test_refused(error_of, text, symbol, words):
    error = error_of(text)
    assert error.symbol == symbol
    assert words in error.message
