"""Rule 9: an optimizer inside another one."""

from pathlib import Path

import pytest

from symopt import DialectError
from symopt.expr import Seq, text

FAMILY = """
        @optimizer(title="SGD")
        def sgd(theta, g, *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr * g[t]

        @optimizer(title="Momentum")
        def momentum(theta, g, m, *, lr: Positive = 0.1, mu: Unit = 0.9):
            m[t] = mu * m[t-1] + g[t]
            theta[t] = theta[t-1] - lr * m[t]

        @optimizer(title="Nesterov")
        def nesterov(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
            g[t] = grad(theta[t-1] + mu * v[t-1])
            v[t] = mu * v[t-1] - lr * g[t]
            theta[t] = theta[t-1] + v[t]

        @optimizer(title="Schedule-Free")
        def free(theta, g, z, *, lr: Positive = 0.1, beta: OpenUnit = 0.9):
            z[0] = theta[0]
            g[t] = grad((1 - beta) * z[t-1] + beta * theta[t-1])
            z[t] = z[t-1] - lr * g[t]
            theta[t] = (1 - 1/t) * theta[t-1] + z[t] / t

        @optimizer(title="Schedule-Free, its point named")
        def named(theta, g, y, z, *, lr: Positive = 0.1, beta: OpenUnit = 0.9):
            z[0] = theta[0]
            y[t] = (1 - beta) * z[t-1] + beta * theta[t-1]
            g[t] = grad(y[t])
            z[t] = z[t-1] - lr * g[t]
            theta[t] = (1 - 1/t) * theta[t-1] + z[t] / t

        def ema(inner):
            @optimizer(title=f"EMA of {inner.title}")
            def ema(theta, x, *, decay: Unit = 0.999):
                x[0] = theta[0]
                x[t] = inner(x[t-1])
                theta[t] = decay * theta[t-1] + (1 - decay) * x[t]
            return ema

        def lookahead(inner):
            @optimizer(title=f"Lookahead({inner.title})")
            def lookahead(theta, slow, fast, *, k: PositiveInt = 5, alpha: Unit = 0.5):
                slow[0] = theta[0]
                fast[t] = inner(theta[t-1])
                slow[t] = where(every(k), slow[t-1] + alpha * (fast[t] - slow[t-1]), slow[t-1])
                theta[t] = where(every(k), slow[t], fast[t])
            return lookahead

        def clip(inner):
            @optimizer(title=f"{inner.title}, clipped")
            def clip(theta, g, h, *, bound: Positive = 1.0):
                g[t] = grad(inner.point(theta[t-1]))
                h[t] = g[t] * Min(1, bound / norm(g[t], over=ALL))
                theta[t] = inner(theta[t-1], h[t])
            return clip

        def l2(inner):
            @optimizer(title=f"{inner.title}, L2")
            def l2(theta, g, h, *, wd: NonNegative = 0.01):
                g[t] = grad(inner.point(theta[t-1]))
                h[t] = g[t] + wd * inner.point(theta[t-1])
                theta[t] = inner(theta[t-1], h[t])
            return l2

        def decay(inner):
            @optimizer(title=f"{inner.title}, decayed")
            def decay(theta, *, wd: NonNegative = 0.01):
                theta[t] = inner(theta[t-1]) - inner.lr * wd * theta[t-1]
            return decay

        def finite(inner):
            @optimizer(title=f"{inner.title}, finite")
            def finite(theta, g):
                g[t] = grad(inner.point(theta[t-1]))
                theta[t] = inner(theta[t-1], g[t], when=isfinite(norm(g[t], over=ALL)))
            return finite

        @schedule(title="Reciprocal")
        def reciprocal(t, value, *, rate: Positive = 0.1):
            return value / (1 + rate * t)
    """


def equations(optimizer) -> list[str]:
    return [str(equation) for equation in optimizer.equations]


def test_an_inner_recurrence_is_inlined(run):
    names = run(f"{FAMILY}\n        x = lookahead(momentum)\n        y = decay(sgd)\n")
    assert equations(names["x"]) == [
        "m[t] = mu * m[t-1] + g[t]",
        "fast[t] = theta[t-1] - lr * m[t]",
        "slow[t] = where(every(k), slow[t-1] + alpha * (fast[t] - slow[t-1]), slow[t-1])",
        "theta[t] = where(every(k), slow[t], fast[t])",
    ]
    assert [hyper.name for hyper in names["x"].hyperparameters] == ["k", "alpha", "lr", "mu"]
    assert equations(names["y"]) == ["theta[t] = theta[t-1] - lr * g[t] - lr * wd * theta[t-1]"]


def test_the_gradient_is_taken_where_the_inner_optimizer_wants_it(run):
    names = run(f"{FAMILY}\n        x = decay(nesterov)\n        y = ema(nesterov)\n        z = clip(free)\n")
    assert text(names["x"].gradient_point) == "theta[t-1] + mu * v[t-1]"
    assert text(names["y"].gradient_point) == "x[t-1] + mu * v[t-1]"
    assert text(names["z"].gradient_point) == "(1 - beta) * z[t-1] + beta * theta[t-1]"


def test_an_inner_optimizer_starts_where_it_steps_from(run):
    names = run(f"""{FAMILY}
        def half(inner):
            @optimizer(title="X")
            def half(theta, x):
                x[0] = theta[0] / 2
                x[t] = inner(x[t-1])
                theta[t] = 2 * x[t]
            return half

        def zero(inner):
            @optimizer(title="X")
            def zero(theta, x):
                x[t] = inner(x[t-1])
                theta[t] = x[t] + theta[t-1]
            return zero

        x, y = half(free), zero(free)
    """)
    assert text(names["x"].start_of("z")) == "theta[0] / 2"
    assert text(names["y"].start_of("z")) == "0"


def test_names_that_are_taken_get_the_inner_name_in_front(run):
    names = run(f"""{FAMILY}
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, m, v, momentum_m):
                momentum_m[t] = theta[t-1]
                m[t] = inner(theta[t-1])
                v[t] = m[t] + momentum_m[t]
                theta[t] = v[t]
            return wrap

        x = wrap(momentum)
        y = ema(ema(sgd).renamed(decay="inner_decay"))
    """)
    assert [e.target for e in names["x"].equations] == ["momentum_m", "momentum_momentum_m", "m", "v", "theta"]
    assert equations(names["y"]) == [
        "ema_x[t] = ema_x[t-1] - lr * g[t]",
        "x[t] = inner_decay * x[t-1] + (1 - inner_decay) * ema_x[t]",
        "theta[t] = decay * theta[t-1] + (1 - decay) * x[t]",
    ]


def test_a_theta_that_the_inner_optimizer_reads_again_keeps_an_equation(run):
    x = run(f"""{FAMILY}
        @optimizer(title="A")
        def late(theta, g, a):
            theta[t] = theta[t-1] - a[t-1] * g[t]
            a[t] = norm(theta[t])

        x = lookahead(late)
    """)["x"]
    assert [e.target for e in x.equations] == ["late_theta", "a", "fast", "slow", "theta"]


@pytest.mark.parametrize(
    ("expression", "symbol", "wrapper", "line"),
    [
        ("lookahead(ema(momentum))", "ema", "lookahead", "fast[t] = inner(theta[t-1])"),
        ("decay(ema(momentum))", "ema", "decay", "theta[t] = inner(theta[t-1]) - inner.lr"),
        ("decay(lookahead(ema(sgd)))", "ema", "lookahead", "fast[t] = inner(theta[t-1])"),
        ("lookahead(mean)", "mean", "lookahead", "fast[t] = inner(theta[t-1])"),
    ],
)
def test_a_wrapper_that_training_never_notices(run, expression, symbol, wrapper, line):
    mean = """
        @optimizer(title="Mean")
        def mean(theta, g, x, *, lr: Positive = 0.1):
            x[0] = theta[0]
            g[t] = grad(x[t-1])
            x[t] = x[t-1] - lr * g[t]
            theta[t] = theta[t-1] + (x[t] - theta[t-1]) / t
    """
    with pytest.raises(DialectError) as caught:
        run(f"{FAMILY}{mean}\n        x = {expression}\n")
    assert caught.value.symbol == symbol
    wrong = f"its training never looks at the theta that it deploys, so {wrapper} would change nothing of it"
    remedy = f"put {wrapper} around another optimizer, or around the one inside {symbol} if there is one"
    assert caught.value.message == f"{wrong}; {remedy}"
    written = Path(caught.value.file).read_text().splitlines()[caught.value.line - 1]
    assert line in written


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (
            "mu",
            "it needs mu, but sgd has no hyperparameter mu; it has lr; use an optimizer that has it, or rename the "
            "hyperparameter that means the same",
        ),
        (
            "lrr",
            "it needs lrr, but sgd has no hyperparameter lrr; it has lr; did you mean lr?",
        ),
    ],
)
def test_a_hyperparameter_that_the_inner_optimizer_lacks(error_of, read, message):
    error = error_of(f"""{FAMILY}
        def moved(inner):
            @optimizer(title="Moved")
            def moved(theta):
                theta[t] = inner(theta[t-1]) - inner.{read} * theta[t-1]  # <-
            return moved

        moved(sgd)
    """)
    assert (error.symbol, error.message) == ("moved", message)


@pytest.mark.parametrize(
    "expression",
    [
        "clip(ema(momentum))", "l2(ema(momentum))", "finite(ema(nesterov))", "clip(l2(ema(free)))",
        "ema(ema(sgd).renamed(decay='d'))", "ema(lookahead(decay(l2(momentum).renamed(wd='l2_decay'))))",
        "decay(clip(nesterov))", "l2(clip(named))", "finite(named)", "ema(decay(named))", "lookahead(free)",
        "clip(decay(sgd.scheduled(lr=reciprocal)))",
    ],
)  # fmt: skip
def test_compositions_that_make_sense(run, expression):
    x = run(f"{FAMILY}\n        x = {expression}\n")["x"]
    assert x.levels["theta"] == "element"


def test_the_name_that_a_clash_proposes_is_free(run):
    nested = "decay(decay(sgd).renamed(wd='inner_wd'))"
    with pytest.raises(DialectError, match=r'inner.renamed\(wd="inner_inner_wd"\)'):
        run(f"{FAMILY}\n        x = decay({nested})\n")
    run(f"{FAMILY}\n        x = decay({nested}.renamed(wd='inner_inner_wd'))\n")


def test_what_is_fed_replaces_the_gradient(run):
    x = run(f"{FAMILY}\n        x = clip(nesterov)\n")["x"]
    assert equations(x)[1] == "v[t] = mu * v[t-1] - lr * h[t]"
    assert text(x.gradient_point) == "theta[t-1] + mu * v[t-1]"


def test_a_named_gradient_point_comes_along(run):
    x = run(f"{FAMILY}\n        x = l2(named)\n")["x"]
    assert equations(x)[:2] == ["y[t] = (1 - beta) * z[t-1] + beta * theta[t-1]", "h[t] = g[t] + wd * y[t]"]
    assert text(x.gradient_point) == "y[t]"
    assert text(x.point_before_step) == "(1 - beta) * z[t-1] + beta * theta[t-1]"


def test_when_holds_every_state(run):
    names = run(f"""{FAMILY}
        @optimizer(title="A")
        def average(theta, g, m, *, lr: Positive = 0.1):
            m[t] = m[t-1] + (g[t] - m[t-1]) / t
            theta[t] = theta[t-1] - lr * m[t]

        def accumulate(inner):
            @optimizer(title="Accumulated")
            def accumulate(theta, g, a, h, *, k: PositiveInt = 4):
                g[t] = grad(inner.point(theta[t-1]))
                h[t] = a[t-1] + g[t] / k
                a[t] = where(every(k), 0, h[t])
                theta[t] = inner(theta[t-1], h[t], when=every(k))
            return accumulate

        x = accumulate(average)
        y = finite(accumulate(average))
        z = finite(sgd)
    """)
    assert equations(names["x"]) == [
        "h[t] = a[t-1] + g[t] / k",
        "a[t] = where(every(k), 0, h[t])",
        "m_next[t] = m[t-1] + (h[t] - m[t-1]) / (updates[t-1] + 1)",
        "m[t] = where(every(k), m_next[t], m[t-1])",
        "updates[t] = where(every(k), updates[t-1] + 1, updates[t-1])",
        "theta[t] = where(every(k), theta[t-1] - lr * m_next[t], theta[t-1])",
    ]
    assert names["x"].levels["updates"] == "step"
    assert names["x"].states == ("a", "m", "updates")
    assert {"updates", "accumulate_updates"} <= set(names["y"].states)
    assert equations(names["z"]) == [
        "theta[t] = where(isfinite(norm(g[t], over=ALL)), theta[t-1] - lr * g[t], theta[t-1])"
    ]


def test_the_schedule_of_an_inner_optimizer_counts_its_own_steps(run):
    x = run(f"{FAMILY}\n        x = finite(nesterov.scheduled(mu=reciprocal))\n")["x"]
    assert equations(x)[0] == "mu_now[t] = mu / (1 + mu_rate * (updates[t-1] + 1))"
    assert text(x.gradient_point) == "theta[t-1] + mu_now[t] * v[t-1]"


def test_lr_is_the_one_in_force_and_base_lr_the_one_before(run):
    x = run(
        f"""{FAMILY}
        def paper(inner):
            @optimizer(title="X")
            def paper(theta, *, wd: NonNegative = 0.01):
                theta[t] = (1 - inner.lr / inner.base.lr * wd) * theta[t-1] + inner(theta[t-1]) - theta[t-1]
            return paper

        x = paper(sgd.scheduled(lr=reciprocal))
    """
    )["x"]
    assert equations(x)[0] == "lr_now[t] = lr / (1 + lr_rate * t)"
    assert "lr_now[t] / lr * wd" in equations(x)[1]
    assert dict(x.in_force) == {"lr": Seq("lr_now", 0)}


CASES = {
    "called twice": (
        """
        def twice(inner):
            @optimizer(title="X")
            def twice(theta):
                theta[t] = inner(inner(theta[t-1]))  # <-
            return twice

        x = twice(sgd)
        """,
        "sgd",
        "it is called twice; one recurrence cannot take two steps at once, so declare it a second time",
    ),
    "clash of hyperparameters": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, *, lr: Positive = 1):
                theta[t] = lr * inner(theta[t-1])  # <-
            return wrap

        x = wrap(sgd)
        """,
        "lr",
        'wrap and sgd both use the name lr; rename one: inner.renamed(lr="inner_lr")',
    ),
    "hyperparameter like a sequence": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, mu):
                mu[t] = norm(theta[t-1])
                theta[t] = mu[t] * inner(theta[t-1])  # <-
            return wrap

        x = wrap(momentum)
        """,
        "mu",
        'inner.renamed(mu="inner_mu")',
    ),
    "hyperparameters that print alike": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, *, learning_rate: Positive = 1):  # <-
                theta[t] = learning_rate * inner(theta[t-1])
            return wrap

        x = wrap(sgd)
        """,
        "learning_rate",
        "a page would print it as it prints lr; rename one",
    ),
    "input like a sequence": (
        """
        @optimizer(title="X")
        def noisy(theta, g, noise: Input(level="element")):
            theta[t] = theta[t-1] - g[t] + noise[t]

        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, noise):
                noise[t] = inner(theta[t-1])  # <-
                theta[t] = noise[t]
            return wrap

        x = wrap(noisy)
        """,
        "noise",
        "noisy has an input of this name; choose another name for yours",
    ),
    "two gradient points": (
        """
        def first(inner):
            @optimizer(title="X")
            def first(theta, g, h):
                h[t] = g[t]
                theta[t] = inner(theta[t-1]) - h[t]  # <-
            return first

        x = first(nesterov)
        """,
        "g[t]",
        "theta[t-1] and theta[t-1] + mu * v[t-1]; feed an inner optimizer with inner(x, h[t])",
    ),
    "fed with another gradient": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                theta[t] = inner(theta[t-1], 2 * g[t])  # <-
            return wrap

        x = wrap(nesterov)
        """,
        "nesterov",
        "it wants its gradient at theta[t-1] + mu * v[t-1], but g[t] is the one at theta[t-1]; write g[t] = grad(",
    ),
    "gradient point with a step count of its own": (
        """
        @optimizer(title="X")
        def moving(theta, g, v):
            g[t] = grad(theta[t-1] + v[t-1] / t)
            v[t] = v[t-1] - g[t]
            theta[t] = theta[t-1] + v[t]

        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                g[t] = grad(inner.point(theta[t-1]))
                theta[t] = inner(theta[t-1], g[t], when=t > 5)  # <-
            return wrap

        x = wrap(moving)
        """,
        "moving",
        "its gradient point depends on its own step count",
    ),
    "number as when": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                theta[t] = inner(theta[t-1], g[t], when=t)  # <-
            return wrap

        x = wrap(sgd)
        """,
        "t",
        "this is a number, not a condition",
    ),
    "bool as when": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                theta[t] = inner(theta[t-1], g[t], when=True)  # <-
            return wrap

        x = wrap(sgd)
        """,
        "True",
        "a Python bool is not a condition",
    ),
    "step from a number": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta):
                theta[t] = inner(0)  # <-
            return wrap

        x = wrap(sgd)
        """,
        "wrap",
        "sgd is an optimizer, not a function; call it on a sequence inside an equation",
    ),
    "step from a bare sequence": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta):
                theta[t] = inner(theta)  # <-
            return wrap

        x = wrap(sgd)
        """,
        "wrap",
        "as in theta[t] = inner(theta[t-1])",
    ),
    "step from what has no start": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, x):
                x[t] = 2 * theta[t-1]
                theta[t] = inner(x[t])  # <-
            return wrap

        x = wrap(free)
        """,
        "free",
        "it starts where it steps from, and x[t] has no start",
    ),
    "start after the step": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, x):
                x[t] = inner(x[t-1])
                x[0] = theta[0]  # <-
                theta[t] = x[t]
            return wrap

        x = wrap(free)
        """,
        "x[0]",
        "an inner optimizer stepped from it already; write the start value above that line",
    ),
    "stateless step thrown away": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                inner(theta[t-1])  # <-
                theta[t] = theta[t-1] - g[t]
            return wrap

        x = wrap(sgd)
        """,
        "sgd",
        "its step is thrown away; use the value of the call",
    ),
    "step thrown away": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                inner(theta[t-1])  # <-
                theta[t] = theta[t-1] - g[t]
            return wrap

        x = wrap(momentum)
        """,
        "momentum",
        "its step is thrown away; use the value of the call",
    ),
    "never called": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                theta[t] = theta[t-1] - inner.lr * g[t]  # <-
            return wrap

        x = wrap(sgd)
        """,
        "lr",
        "those of an inner optimizer join when it is called",
    ),
    "never called, scheduled": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta, g):
                theta[t] = theta[t-1] - inner.lr * g[t]  # <-
            return wrap

        x = wrap(sgd.scheduled(lr=reciprocal))
        """,
        "lr_now",
        "it belongs to an inner optimizer that is never called here",
    ),
    "unknown hyperparameter": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta):
                theta[t] = inner(theta[t-1]) * inner.lrr  # <-
            return wrap

        x = wrap(sgd)
        """,
        "wrap",
        "sgd has no hyperparameter lrr; it has lr; did you mean lr?",
    ),
    "unknown hyperparameter of base": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta):
                theta[t] = inner(theta[t-1]) * inner.base.beta  # <-
            return wrap

        x = wrap(sgd)
        """,
        "wrap",
        "sgd has no hyperparameter beta; it has lr",
    ),
    "Python decides about inner.lr": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta):
                scale = 2 if inner.lr > 1 else 3  # <-
                theta[t] = inner(theta[t-1]) * scale
            return wrap

        x = wrap(sgd)
        """,
        "lr > 1",
        "the truth of a symbol cannot be decided",
    ),
    "optimizer as a number": (
        """
        def wrap(inner):
            @optimizer(title="X")
            def wrap(theta):
                theta[t] = theta[t-1] - 2 * inner  # <-
            return wrap

        x = wrap(sgd)
        """,
        "wrap",
        "unsupported operand",
    ),
}


@pytest.mark.parametrize(("text", "symbol", "words"), CASES.values(), ids=CASES)
def test_refused(error_of, text, symbol, words):
    error = error_of(FAMILY + text)
    assert error.symbol == symbol
    assert words in error.message
