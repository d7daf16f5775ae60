"""debias: the correction is derived from the recurrence, or refused."""

import pytest

from symopt.expr import text


def spec(average: str, shown: str = "debias(m[t])", start: str = "pass") -> str:
    return f"""
        @optimizer(title="X")
        def x(theta, g, m, b, *, beta: Unit = 0.9, lr: Positive = 0.1):
            {start}
            b[t] = beta * b[t-1] + norm(g[t])
            m[t] = {average}
            theta[t] = theta[t-1] - lr * {shown} / b[t]  # <-
    """


@pytest.mark.parametrize(
    ("average", "corrected"),
    [
        ("beta * m[t-1] + (1 - beta) * g[t]", "m[t] / (1 - beta**t)"),
        ("(1 - beta) * g[t] + m[t-1] * beta", "m[t] / (1 - beta**t)"),
        ("m[t-1] + (1 - beta) * (g[t] - m[t-1])", "m[t] / (1 - beta**t)"),
        ("beta * m[t-1] + (1 - beta) * (g[t]**2 + norm(g[t]))", "m[t] / (1 - beta**t)"),
        ("beta**2 * m[t-1] + (1 - beta**2) * g[t]", "m[t] / (1 - (beta**2)**t)"),
        ("0.9 * m[t-1] + 0.1 * g[t]", "m[t] / (1 - 0.9**t)"),
        ("beta * m[t-1] + (1 - beta) * (g[t] - theta[t-1])**2", "m[t] / (1 - beta**t)"),
        ("0.9 * m[t-1] + 0.1 * (g[t] - theta[t-1])**2", "m[t] / (1 - 0.9**t)"),
        ("beta * m[t-1] + (1 - beta) * g[t] / t", "m[t] / (1 - beta**t)"),
        ("beta * m[t-1] + (1 - beta) * (g[t] + lr)", "m[t] / (1 - beta**t)"),
    ],
)
def test_derived(run, average, corrected):
    x = run(spec(average))["x"]
    assert text(x.equations[-1].rhs) == f"theta[t-1] - lr * {corrected} / b[t]"
    assert x.constants == (("beta",) if "beta" in average else ())


def test_a_sum_is_corrected_by_its_gain(run):
    x = run(spec("beta * m[t-1] + g[t]"))["x"]
    values = {"beta": 0.5, "t": 3, "m": 1.75}  # the sum of 1, 1, 1 is corrected to 1
    formula = text(x.equations[-1].rhs).partition(" - lr * ")[2].removesuffix(" / b[t]").replace("m[t]", "m")
    assert eval(formula, {}, values) == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize(
    ("average", "shown", "start", "symbol", "words"),
    [
        ("beta * m[t-1]**2 + g[t]", "debias(m[t])", "pass", "debias(m[t])", "is not m[t] = b*m[t-1] + c*x[t]"),
        (
            "beta**t * m[t-1] + g[t]",
            "debias(m[t])",
            "pass",
            "debias(m[t])",
            "with constant b and c; write the correction",
        ),
        ("where(eq(t, 1), g[t], beta * m[t-1])", "debias(m[t])", "pass", "debias(m[t])", "is not m[t] = b*m[t-1]"),
        ("Max(beta * m[t-1], g[t])", "debias(m[t])", "pass", "debias(m[t])", "is not m[t] = b*m[t-1]"),
        ("g[t]", "debias(m[t])", "pass", "debias(m[t])", "is not m[t] = b*m[t-1]"),
        ("beta * m[t-1] + (1 - beta) * g[t] + lr", "debias(m[t])", "pass", "debias(m[t])", "is not m[t] = b*m[t-1]"),
        ("beta * m[t-1] + (1 - beta) * (g[t] - m[t-1])**2", "debias(m[t])", "pass", "debias(m[t])", "is not m[t]"),
        ("t * m[t-1] + g[t]", "debias(m[t])", "pass", "debias(m[t])", "is not m[t] = b*m[t-1]"),
        ("b[t] * m[t-1] + g[t]", "debias(m[t])", "pass", "debias(m[t])", "with constant b and c"),
        ("beta * m[t-1] + g[t]", "debias(m[t-1])", "pass", "debias(m[t-1])", "an average that was written before"),
        ("beta * m[t-1] + g[t]", "debias(2 * m[t])", "pass", "debias(2 * m[t])", "as in debias(m[t])"),
        ("beta * m[t-1] + g[t]", "debias(g[t]) * m[t]", "pass", "debias(g[t])", "an average that was written before"),
        ("beta * m[t-1] + g[t]", "debias(m[t])", "m[0] = 1", "debias(m[t])", "its average does not start at 0"),
        ("beta * m[t-1] + g[t]", "debias(m)", "pass", "debias(m)", "as in debias(m[t])"),
        ("beta * m[t-1] + g[t]", "debias(m[t] > 0)", "pass", "m[t] > 0", "this is a condition, not a number"),
    ],
)
def test_refused(error_of, average, shown, start, symbol, words):
    error = error_of(spec(average, shown, start))
    assert error.symbol == symbol
    assert words in error.message


def test_a_constant_stays_constant_through_a_composition(run):
    x = run(
        spec("beta * m[t-1] + g[t]")
        + """
        def wrap(inner):
            @optimizer(title="Y")
            def wrap(theta):
                theta[t] = inner(theta[t-1]) / 2
            return wrap

        y = wrap(x.renamed(beta="rho"))
    """
    )["y"]
    assert x.constants == ("rho",)
