"""Schedules: declared like optimizers, applied to any hyperparameter."""

from fractions import Fraction

import pytest

from symopt import SymoptError
from symopt.expr import Seq, Sym, text

FAMILY = """
        @optimizer(title="Momentum")
        def momentum(theta, g, m, s, *, lr: Positive = 0.1, mu: Unit = 0.9, first: Real = 0):
            s[0] = first
            m[t] = mu * m[t-1] + g[t]
            s[t] = s[t-1] + m[t]**2
            theta[t] = theta[t-1] - lr * m[t] / sqrt(s[t])

        @schedule(title="Anneal", reference="someone2020x")
        def anneal(t, value, *, start: Unit = 0.5, steps: PositiveInt = 1000):
            \"\"\"A straight line.

            start: where it begins
            steps: how long it takes
            \"\"\"
            return start + (value - start) * Min(1, t / steps)

        @schedule(title="Plateau")
        def plateau(t, value, loss: Input(level="step"), best, bad, scale, *, patience: PositiveInt, by: Unit = 0.5):
            \"\"\"Lower the value when the loss stops improving.

            best: lowest loss so far
            patience: how many bad steps are borne
            \"\"\"
            best[0] = 10**6
            scale[0] = 1
            best[t] = Min(best[t-1], loss[t])
            bad[t] = where(loss[t] < best[t-1], 0, where(bad[t-1] >= patience, 0, bad[t-1] + 1))
            scale[t] = scale[t-1] * where(bad[t-1] >= patience, by, 1)
            return value * scale[t]
    """


def test_a_schedule_joins_the_recurrence(run):
    names = run(f"{FAMILY}\n        x = momentum.scheduled(mu=anneal)\n")
    x = names["x"]
    assert [str(e) for e in x.equations[:2]] == [
        "mu_now[t] = mu_start + (mu - mu_start) * min(1, t / mu_steps)",
        "m[t] = mu_now[t] * m[t-1] + g[t]",
    ]
    assert [(h.name, h.default) for h in x.hyperparameters][2:] == [
        ("first", 0), ("mu_start", Fraction(1, 2)), ("mu_steps", 1000),
    ]  # fmt: skip
    assert x.hyperparameter("mu_start").meaning == "where it begins"
    assert x.levels["mu_now"] == "step"
    assert (x.mu.node, x.base.mu.node) == (Seq("mu_now", 0), Sym("mu", base=True))
    assert (names["anneal"].summary, names["anneal"].reference) == ("A straight line.", "someone2020x")


def test_a_schedule_may_remember_and_read_an_input(run):
    x = run(f"{FAMILY}\n        x = momentum.scheduled(lr=plateau, mu=anneal)\n")["x"]
    assert x.inputs == (("loss", "step"),)
    assert x.start_of("lr_best").value == 10**6
    assert {"lr_best", "lr_bad", "lr_scale"} <= set(x.states)
    assert x.levels["lr_scale"] == "step"
    assert dict(x.meanings) == {"lr_best": "lowest loss so far"}
    assert x.hyperparameter("lr_patience").default is None


def test_two_hyperparameters_share_an_input(run):
    x = run(f"{FAMILY}\n        x = momentum.scheduled(lr=plateau, mu=plateau)\n")["x"]
    assert x.inputs == (("loss", "step"),)


def test_a_schedule_can_be_scheduled(run):
    x = run(f"{FAMILY}\n        x = momentum.scheduled(mu=anneal).scheduled(mu_start=anneal)\n")["x"]
    assert [e.target for e in x.equations[:2]] == ["mu_start_now", "mu_now"]
    assert "mu_start_now[t]" in text(x.equations[1].rhs)


def test_a_schedule_of_a_gradient_point(run):
    x = run(f"""{FAMILY}
        @optimizer(title="Nesterov")
        def nesterov(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
            g[t] = grad(theta[t-1] + mu * v[t-1])
            v[t] = mu * v[t-1] - lr * g[t]
            theta[t] = theta[t-1] + v[t]

        x = nesterov.scheduled(mu=anneal)
    """)["x"]
    assert text(x.gradient_point) == "theta[t-1] + mu_now[t] * v[t-1]"
    before = "theta[t-1] + (mu_start + (mu - mu_start) * min(1, t / mu_steps)) * v[t-1]"
    assert text(x.point_before_step) == before


def test_a_value_in_force_that_a_page_would_print_like_a_sequence(run):
    names = run(
        FAMILY
        + """
        @optimizer(title="Rated")
        def rated(theta, g, eta, *, lr: Positive = 0.1):
            eta[t] = lr / (1 + t)
            theta[t] = theta[t-1] - eta[t] * g[t]
    """
    )
    with pytest.raises(SymoptError, match="rated: a page would print lr_now of Anneal as it prints eta; rename yours"):
        names["rated"].scheduled(lr=names["anneal"])


def test_debias_in_a_schedule(run):
    smooth = run("""
        @schedule(title="Smooth")
        def smooth(t, value, loss: Input(), m, *, b: Unit = 0.9):
            m[t] = b * m[t-1] + (1 - b) * loss[t]
            return value * debias(m[t])
    """)["smooth"]
    assert text(smooth.value) == "value * m[t] / (1 - b**t)"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            "momentum.scheduled(lrr=anneal)",
            "momentum has no hyperparameter lrr; it has lr, mu, first; did you mean lr?",
        ),
        ("momentum.scheduled(lr=0.1)", "lr follows a schedule, a function under @schedule, not 0.1"),
        ("momentum.scheduled(first=anneal)", "first sets a start value of momentum; a schedule cannot follow it"),
        (
            "momentum.scheduled(lr=anneal).scheduled(lr=anneal)",
            "lr of momentum follows a schedule already; join the two",
        ),
        (
            "momentum.renamed(first='lr_start').scheduled(lr=anneal)",
            "momentum uses the name lr_start already, and Anneal brings it",
        ),
        ("reader.scheduled(lr=plateau)", "reader uses the name loss already, and Plateau brings it; rename yours"),
        ("fed.scheduled(lr=plateau)", "loss is an input of fed and of Plateau, at different levels"),
        ("averaged.scheduled(b=anneal)", "b of averaged is taken for constant by a correction that debias derived"),
        ("momentum.renamed(lr='x', mu='x')", "momentum uses the name x already"),
        ("momentum.renamed(lr='m')", "momentum uses the name m already; choose another"),
        ("momentum.renamed(lr='mu')", "momentum uses the name mu already"),
        ("momentum.renamed(rate='mu')", "momentum has no hyperparameter rate"),
        ("momentum.renamed(lr='t')", "t cannot be a name"),
        ("momentum.renamed(lr='states')", "states cannot be a name: it has this attribute"),
        ("momentum.renamed(first='learning_rate')", "a page would print learning_rate as it prints lr"),
    ],
)
def test_refused_applications(run, expression, words):
    family = f"""{FAMILY}
        @optimizer(title="Reader")
        def reader(theta, g, loss, *, lr: Positive = 0.1):
            loss[t] = norm(g[t])
            theta[t] = theta[t-1] - lr * g[t] * loss[t]

        @optimizer(title="Fed")
        def fed(theta, g, loss: Input(level="element"), *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr * g[t] * loss[t]

        @optimizer(title="Averaged")
        def averaged(theta, g, m, *, b: Unit = 0.9):
            m[t] = b * m[t-1] + (1 - b) * g[t]
            theta[t] = theta[t-1] - debias(m[t])
    """
    with pytest.raises(SymoptError) as caught:
        run(f"{family}\n        x = {expression}\n")
    assert words in str(caught.value)


def test_renamed_takes_the_schedule_along(run):
    x = run(f"{FAMILY}\n        x = momentum.scheduled(mu=anneal).renamed(mu='beta', lr='mu')\n")["x"]
    assert str(x.equations[0]) == "beta_now[t] = mu_start + (beta - mu_start) * min(1, t / mu_steps)"
    assert text(x.equations[1].rhs) == "beta_now[t] * m[t-1] + g[t]"
    assert (x.beta.node, x.mu.node.name) == (Seq("beta_now", 0), "mu")


CASES = {
    "no value": (
        """
        @schedule(title="X")
        def x(t, *, rate: Positive = 1):  # <-
            return rate * t
        """,
        "x",
        "a schedule's first arguments are t and value: def name(t, value, *, ...)",
    ),
    "no return": (
        """
        @schedule(title="X")
        def x(t, value):  # <-
            value / t
        """.replace("value / t", "pass"),
        "x",
        "a schedule returns its value; end with return ...",
    ),
    "value computed and dropped": (
        """
        @schedule(title="X")
        def x(t, value):
            value / t  # <-
        """,
        "value / t",
        "this line changes nothing",
    ),
    "unused hyperparameter": (
        """
        @schedule(title="X")
        def x(t, value, *, rate: Positive = 1):  # <-
            return value / t
        """,
        "rate",
        "declared and never used; use it or take it out",
    ),
    "unused input": (
        """
        @schedule(title="X")
        def x(t, value, loss: Input()):  # <-
            return value / t
        """,
        "loss",
        "declared and never used",
    ),
    "unused value": (
        """
        @schedule(title="X")
        def x(t, value, *, rate: Positive = 1):  # <-
            return rate / t
        """,
        "value",
        "the schedule says what becomes of it, as in value/t",
    ),
    "unwritten sequence": (
        """
        @schedule(title="X")
        def x(t, value, s):  # <-
            return value * s[t-1]
        """,
        "s",
        "nobody writes it; write s[t] = ...",
    ),
    "dead store": (
        """
        @schedule(title="X")
        def x(t, value, s):
            s[t] = s[t-1] + 1  # <-
            return value / t
        """,
        "s",
        "(a dead store)",
    ),
    "theta": (
        """
        @schedule(title="X")
        def x(t, value, theta):  # <-
            return value / norm(theta[t-1])
        """,
        "theta",
        "a schedule sees neither the parameter nor the gradient",
    ),
    "element input": (
        """
        @schedule(title="X")
        def x(t, value, loss: Input(level="element")):  # <-
            return value * loss[t]
        """,
        "loss",
        'a schedule is one number per step; write Input(level="step")',
    ),
    "reduction": (
        """
        @schedule(title="X")
        def x(t, value, loss: Input()):
            return value * mean(loss[t])  # <-
        """,
        "mean(...)",
        "a schedule is one number per step, made of t, value and its inputs",
    ),
    "gradient": (
        """
        @schedule(title="X")
        def x(t, value):
            return grad(value)  # <-
        """,
        "grad(...)",
        "a schedule is one number per step",
    ),
    "optimizer": (
        """
        @schedule(title="X")
        def x(t, value, s):
            s[t] = momentum(s[t-1])
            return value * s[t]  # <-
        """,
        "x",
        "a schedule sees no optimizer and no gradient; leave them out",
    ),
    "condition": (
        """
        @schedule(title="X")
        def x(t, value):
            return value > t  # <-
        """,
        "value > t",
        "this is a condition, not a number",
    ),
    "bare sequence": (
        """
        @schedule(title="X")
        def x(t, value, s):
            s[t] = s[t-1] + value
            return s  # <-
        """,
        "s",
        "write s[t] (the new value)",
    ),
    "Python's if": (
        """
        @schedule(title="X")
        def x(t, value, *, total: PositiveInt = 5):
            return value if t < total else 0  # <-
        """,
        "t < total",
        "write where(condition, a, b)",
    ),
    "Python's min": (
        """
        @schedule(title="X")
        def x(t, value, *, total: PositiveInt = 5):
            return value * min(t, total)  # <-
        """,
        "min",
        "write Min",
    ),
    "name": (
        """
        @schedule(title="X")
        def x(t, value, *, now: Positive = 1):  # <-
            return value * now
        """,
        "now",
        "a spec cannot use this name here: the ending _now is kept",
    ),
    "print alike": (
        """
        @schedule(title="X")
        def x(t, value, *, wd: Positive = 1, lam: Positive = 1):  # <-
            return value * wd * lam
        """,
        "lam",
        "a page would print it as it prints wd; rename one",
    ),
    "rounded": (
        """
        @schedule(title="X")
        def x(t, value):
            return value * (1/3)  # <-
        """,
        "1 / 3",
        "write Rational(1, 3)",
    ),
    "rounded, hidden": (
        """
        third = 1/3

        @schedule(title="X")  # <-
        def x(t, value):
            return value * third
        """,
        "0.3333333333333333",
        "write Rational(1, 3)",
    ),
}


@pytest.mark.parametrize(("text_", "symbol", "words"), CASES.values(), ids=CASES)
def test_refused(error_of, text_, symbol, words):
    error = error_of(FAMILY + text_)
    assert error.symbol == symbol
    assert words in error.message
