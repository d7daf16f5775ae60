"""Rule 7: what Python, NumPy or math would decide about a symbol without a word."""

import pytest

from symopt import DialectError

PRELUDE = """
        import math

        import numpy as np
        from math import sqrt as root
        from numpy import exp as np_exp

        biggest = max
"""


def spec(expression: str, before: str = "pass") -> str:
    return f"""{PRELUDE}
        @optimizer(title="X")
        def x(theta, g, m, *, lr: Positive = 0.1, mu: Unit = 0.9):
            m[t] = mu * m[t-1] + g[t]
            {before}
            theta[t] = theta[t-1] - lr * m[t] - ({expression})  # <-
    """


LINES = (15, 16)  # of `before` and of the equation with the expression


@pytest.mark.parametrize(
    ("expression", "symbol", "words"),
    [
        (
            "g[t] if t == 1 else m[t]",
            "t == 1",
            "Python's if cannot decide about a symbol; write where(condition, a, b)",
        ),
        ("g[t] if lr else m[t]", "lr", "write where(condition, a, b)"),
        ("where(t == 1, g[t], m[t])", "t == 1", "Python decides this at once; write eq(t, 1)"),
        ("where(1 != m[t], g[t], m[t])", "1 != m[t]", "write ne(1, m[t])"),
        ("where(t is lr, g[t], m[t])", "t is lr", "write eq(t, lr)"),
        ("where(t is not lr, g[t], m[t])", "t is not lr", "write ne(t, lr)"),
        ("where(t in (1, 2), g[t], m[t])", "t in (1, 2)", "write the comparisons out with eq, & and |"),
        (
            "where(0 < g[t] < 1, g[t], m[t])",
            "0 < g[t] < 1",
            "a chained comparison is decided by Python; write (a < b) &",
        ),
        ("where(g[t] > 0 & m[t] > 0, g[t], m[t])", "g[t] > 0 & m[t] > 0", "a chained comparison"),
        (
            "where(g[t] > 0 and m[t] > 0, 1, 2)",
            "g[t] > 0 and m[t] > 0",
            "Python's and cannot combine symbols; write (a) & (b)",
        ),
        ("where(g[t] > 0 or m[t] > 0, 1, 2)", "g[t] > 0 or m[t] > 0", "write (a) | (b)"),
        ("where(not g[t] > 0, g[t], m[t])", "not g[t] > 0", "write ~(condition)"),
        ("max(g[t], 0)", "max", "Python's max cannot take symbols; write Max"),
        ("min(g[t], m[t])", "min", "write Min"),
        ("max(*[g[t], m[t]])", "max", "write Max"),
        ("max([g[t]], key=lr)", "max", "write Max"),
        ("biggest(g[t], 0)", "biggest", "Python's max cannot take symbols; write Max"),
        ("round(g[t])", "round", "write floor(x + Rational(1, 2))"),
        ("sum(g[t])", "sum", "write total"),
        ("float(lr)", "float", "the symbol itself"),
        ("int(t / 5)", "int", "write floor"),
        ("bool(g[t] > 0)", "bool", "write where"),
        ("np.sqrt(m[t])", "np.sqrt", "computes with numbers, not symbols, and rounds; write symopt's sqrt"),
        ("np.linalg.norm(m[t])", "np.linalg.norm", "write symopt's norm"),
        ("np.maximum(m[t], 0)", "np.maximum", "write symopt's Max"),
        ("np.median(m[t])", "np.median", "write symopt's functions"),
        ("np.power(m[t], 2)", "np.power", "write **"),
        ("math.sqrt(m[t])", "math.sqrt", "write symopt's sqrt"),
        ("math.sqrt(2) * m[t]", "math.sqrt", "rounds; write symopt's sqrt"),
        ("math.pi * m[t]", "math.pi", "this is a rounded float; write symopt's pi"),
        ("math.e * m[t]", "math.e", "write symopt's exp(1)"),
        ("root(m[t])", "root", "write symopt's sqrt"),
        ("np_exp(m[t])", "np_exp", "write symopt's exp"),
        ("m[t] // 2", "m[t]", "the dialect has no //; write floor(a / b)"),
        ("5 % t", "t", "the dialect has no %; write a - b*floor(a/b), or every(k)"),
        ("m[t] ^ 2", "m[t]", "the dialect has no ^; write a**b"),
        ("m[t] @ g[t]", "m[t]", "the dialect has no @; write dot(a, b)"),
        ("[y for y in m[t]][0]", "m[t]", "what a symbol holds cannot be decided"),
        ("where(True, g[t], m[t])", "where", "the condition of where is decided already (True); compare symbols"),
        ("where(5 > 3, g[t], m[t])", "where", "is decided already"),
        ("where(every(True), g[t], m[t])", "every", "it takes a number of steps, 1, 2, 3, ..., not True"),
        ("where(every(0), g[t], m[t])", "every", "1, 2, 3, ..., not 0"),
        ("where(every(2.5), g[t], m[t])", "every", "1, 2, 3, ..., not 2.5"),
        ("where(True & (t > 1), g[t], m[t])", "True", "a Python bool is not a condition; compare symbols"),
        ("Max(g[t])", "Max", "it compares two values or more, or maxabs(x) for the largest absolute value"),
        ("norm(g[t], over='all')", "over", "over the tensor, over everything with over=ALL, or over each row"),
        ("mean(g[t], over=0)", "over", "over each row with over=ROW, not over=0"),
        ("where(axes(g[t]), g[t], m[t])", "axes(g[t])", "this is a number, not a condition"),
        ("axes(g[t] > 0) * m[t]", "g[t] > 0", "this is a condition, not a number"),
        ("Rational(0.5) * g[t]", "Rational(0.5, 1)", "made of two whole numbers"),
        ("Rational(1, 0) * g[t]", "Rational(1, 0)", "the lower not 0"),
        ("np.ones(3) * g[t]", "g[t]", "NumPy's multiply cannot be decided"),
        ("g[t] * np.ones(3)", "", "a ndarray cannot stand in an equation"),
        ("g[t] * 1j", "1j", "a complex cannot stand in an equation"),
    ],
)
def test_expressions(error_of, expression, symbol, words):
    error = error_of(spec(expression))
    assert words in error.message
    assert error.symbol == symbol or not symbol


@pytest.mark.parametrize(
    ("before", "expression", "symbol", "words"),
    [
        ("old = m[t]", "g[t] if old > 0 else old", "old > 0", "Python's if cannot decide"),
        ("old, new = m[t], g[t]", "where(new == old, old, new)", "new == old", "write eq(new, old)"),
        ("(a, *b), c = (m[t], g[t]), lr", "where(b is c, a, b)", "b is c", "write eq(b, c)"),
        ("step: Term = t", "where(step == 1, m[t], g[t])", "step == 1", "write eq(step, 1)"),
        ("print(old := m[t])", "max(old, 0)", "max", "write Max"),
        ("largest = max", "largest(m[t], 0)", "largest", "Python's max cannot take symbols; write Max"),
        ("s = np.sqrt", "s(m[t])", "s", "computes with numbers, not symbols"),
        ("module = math", "module.sqrt(m[t])", "module.sqrt", "write symopt's sqrt"),
        ("f = lambda a: a if a > 0 else 0", "f(m[t])", "m[t] > 0", "write where(condition, a, b)"),
        ("f = [math.sqrt][0]", "f(m[t])", "m[t]", "use symopt's sqrt, exp, log"),
        ("f = [np.sqrt][0]", "f(m[t])", "m[t]", "NumPy's sqrt cannot be decided"),
        ("f = [np.mean][0]", "f(m[t])", "m[t]", "NumPy's mean cannot be decided"),
        ("f = [max][0]", "f(m[t], 0)", "m[t] < 0", "Max or Min"),
        ("f = [round][0]", "f(m[t])", "m[t]", "write floor(x + Rational(1, 2))"),
        ("f = [lambda a, b: a == b][0]", "where(f(m[t], t), 1, 0)", "m[t]", "write eq(m[t], t)"),
        ("f = [lambda a, b: a != b][0]", "where(f(m[t], t), 1, 0)", "m[t]", "write ne(m[t], t)"),
    ],
)
def test_behind_a_local(run, before, expression, symbol, words):
    """What the text does not show is found when the body runs."""
    with pytest.raises(DialectError) as caught:
        run(spec(expression, before))
    assert words in caught.value.message
    assert caught.value.symbol == symbol
    assert caught.value.file.endswith("spec.py")
    assert caught.value.line in LINES


@pytest.mark.parametrize(
    ("statement", "symbol", "words"),
    [
        ("if t > 1:  # <-\n                pass", "t > 1", "Python's if cannot decide"),
        ("while m[t] > 1:  # <-\n                pass", "m[t] > 1", "Python's while cannot decide"),
        ("assert lr > 0  # <-", "lr > 0", "Python's assert cannot decide"),
        ("match m[t]:  # <-\n                case 1: pass", "m[t]", "Python's match cannot decide"),
        ("for y in m:  # <-\n                pass", "m", "write m[t] (the new value)"),
        ("for y in m[t]:  # <-\n                pass", "m[t]", "what a symbol holds cannot be decided"),
    ],
)
def test_statements(error_of, statement, symbol, words):
    error = error_of(f"""
        @optimizer(title="X")
        def x(theta, g, m, *, lr: Positive = 0.1):
            m[t] = m[t-1] + g[t]
            {statement}
            theta[t] = theta[t-1] - lr * m[t]
    """)
    assert words in error.message
    assert error.symbol == symbol


def test_python_may_decide_about_python_objects(run):
    names = run("""
        import numpy as np

        def make(inner, nesterov):
            @optimizer(title=f"X of {inner.title}")
            def x(theta, g, m, *, lr: Positive = 0.1):
                parts = [m[t-1], g[t]]
                if nesterov and len(parts) == 2 and inner.name != "adam":
                    m[t] = sum(parts)
                else:
                    m[t] = g[t]
                assert isinstance(lr, Term) and not hasattr(lr, "foo")
                for k in range(2, 4):
                    parts.append(m[t] / k if k > 2 else m[t])
                count = 0
                count += 1
                half = parts[0]
                half *= np.float64(0.5)
                theta[t] = theta[t-1] - lr * (parts[-1] + half) * count * abs(-m[t]) * pow(m[t], 2) * (+m[t])
            return x

        @optimizer(title="SGD")
        def sgd(theta, g, *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr * g[t]

        x = make(sgd, True)
        y = make(sgd, False)
    """)
    assert str(names["x"].equations[0]) == "m[t] = 0 + m[t-1] + g[t]"
    assert str(names["y"].equations[0]) == "m[t] = g[t]"
