"""A schedule inside another one, and schedules under other names."""

import pytest

from symopt import SymoptError
from symopt.expr import text

FAMILY = """
        @optimizer(title="SGD")
        def sgd(theta, g, *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr * g[t]

        @schedule(title="Constant")
        def constant(t, value):
            return value

        @schedule(title="Fade", reference="someone2020x")
        def fade(t, value, *, steps: Positive = 1000, power: Positive = 0.7):
            \"\"\"A power of the step.

            steps: how long it takes
            \"\"\"
            return value * (1 + t / steps) ** (-power)

        @schedule(title="Ramp")
        def ramp(t, value, *, total: PositiveInt):
            return value * Min(1, t / total)

        @schedule(title="Plateau")
        def plateau(t, value, loss: Input(level="step"), best, fell, scale, *, by: Unit = 0.5):
            \"\"\"Lower the value when the loss does not fall.

            best: lowest loss so far
            \"\"\"
            best[0] = 10**6
            scale[0] = 1
            best[t] = Min(best[t-1], loss[t])
            fell[t] = where(loss[t] < best[t-1], 1, by)
            scale[t] = scale[t-1] * fell[t]
            return value * scale[t]

        @schedule(title="Smooth")
        def smooth(t, value, loss: Input(), m, *, b: Unit = 0.9):
            m[t] = b * m[t-1] + (1 - b) * loss[t]
            return value * debias(m[t])

        @schedule(title="From the value")
        def kept(t, value, s):
            s[0] = value
            s[t] = s[t-1] / 2
            return s[t] + 0 * value

        def joined(first, second):
            @schedule(title=f"{first.title}, then {second.title}")
            def joined(t, value, *, at: PositiveInt):
                return where(t <= at, first(t, value), second(t - at, value, when=t > at))
            return joined

        def chained(first, second):
            @schedule(title=f"{first.title}, {second.title}")
            def chained(t, value):
                return second(t, first(t, value))
            return chained
    """


@pytest.fixture
def made(run):
    """`made(expression)` is its value, below the schedules of FAMILY."""
    return lambda expression: run(f"{FAMILY}\n        x = {expression}\n")["x"]


def test_a_call_stands_for_the_value(made):
    x = made("joined(ramp, fade)")
    assert text(x.value) == ("where(t <= at, value * min(1, t / total), value * (1 + (t - at) / steps)**(-power))")
    assert [hyper.name for hyper in x.hyperparameters] == ["at", "total", "steps", "power"]
    assert x.hyperparameters[2].meaning == "how long it takes"
    assert (x.title, x.reference, x.equations) == ("Ramp, then Fade", None, ())


def test_step_and_value_may_be_any_expressions(run):
    x = run(f"""{FAMILY}
        @schedule(title="X")
        def x(t, value, *, k: PositiveInt = 3):
            return fade(floor(t / k), value / 2) + ramp(7, value**2)
    """)["x"]
    assert text(x.value) == "value / 2 * (1 + floor(t / k) / steps)**(-power) + value**2 * min(1, 7 / total)"


def test_a_composed_schedule_is_applied_like_any(made):
    x = made("sgd.scheduled(lr=joined(ramp, fade))")
    assert [hyper.name for hyper in x.hyperparameters] == ["lr", "lr_at", "lr_total", "lr_steps", "lr_power"]
    assert str(x.equations[0]) == (
        "lr_now[t] = where(t <= lr_at, lr * min(1, t / lr_total), lr * (1 + (t - lr_at) / lr_steps)**(-lr_power))"
    )


def test_a_schedule_that_remembers_joins_with_all_it_has(made):
    x = made("chained(plateau, ramp)")
    assert [str(equation) for equation in x.equations] == [
        "best[t] = min(best[t-1], loss[t])",
        "fell[t] = where(loss[t] < best[t-1], 1, by)",
        "scale[t] = scale[t-1] * fell[t]",
    ]
    assert text(x.value) == "value * scale[t] * min(1, t / total)"
    assert (x.inputs, dict(x.meanings)) == ((("loss", "step"),), {"best": "lowest loss so far"})
    assert {name: text(rhs) for name, rhs in x.starts} == {"best": "1000000", "scale": "1"}


def test_when_holds_each_state_and_no_intermediate(made):
    x = made("joined(ramp, plateau)")
    assert [str(equation) for equation in x.equations] == [
        "best[t] = where(t > at, min(best[t-1], loss[t]), best[t-1])",
        "fell[t] = where(loss[t] < best[t-1], 1, by)",
        "scale[t] = where(t > at, scale[t-1] * fell[t], scale[t-1])",
    ]
    assert made("sgd.scheduled(lr=joined(ramp, plateau))").levels["lr_scale"] == "step"


def test_a_state_whose_name_is_taken_gets_the_schedule_in_front(made):
    x = made("chained(plateau, plateau.renamed(by='at_last', loss='error'))")
    assert [equation.target for equation in x.equations] == [
        "best", "fell", "scale", "plateau_best", "plateau_fell", "plateau_scale",
    ]  # fmt: skip
    assert text(x.equations[3].rhs) == "min(plateau_best[t-1], error[t])"
    assert x.inputs == (("loss", "step"), ("error", "step"))
    assert dict(x.meanings)["plateau_best"] == "lowest loss so far"


def test_two_schedules_share_an_input(made):
    assert made("chained(plateau, smooth)").inputs == (("loss", "step"),)


def test_a_correction_follows_the_step_of_the_call(made):
    x = made("joined(ramp, smooth)")
    assert "m[t] / (1 - b**(t - at))" in text(x.value)
    assert x.constants == ("b",)


def test_what_a_correction_takes_for_constant_follows_no_schedule(made):
    with pytest.raises(SymoptError, match="lr_b of sgd is taken for constant by a correction that debias derived"):
        made("sgd.scheduled(lr=joined(ramp, smooth)).scheduled(lr_b=ramp)")


def test_a_start_is_made_of_the_value_of_the_call(made):
    x = made("sgd.scheduled(lr=chained(constant, kept))")
    assert text(x.start_of("lr_s")) == "lr"


def test_a_schedule_without_hyperparameters_may_be_called_twice(made):
    assert text(made("joined(constant, constant)").value) == "where(t <= at, value, value)"


def test_renamed(made):
    x = made("joined(joined(ramp, fade).renamed(at='until'), ramp.renamed(total='last'))")
    assert [hyper.name for hyper in x.hyperparameters] == ["at", "until", "total", "steps", "power", "last"]


def test_renamed_everywhere(made):
    x = made("plateau.renamed(by='factor', loss='error')")
    assert str(x.equations[1]) == "fell[t] = where(error[t] < best[t-1], 1, factor)"
    assert (x.inputs, x.hyperparameters[0].name) == ((("error", "step"),), "factor")
    swapped = made("fade.renamed(steps='power', power='steps')")
    assert text(swapped.value) == "value * (1 + t / power)**(-steps)"
    assert swapped.hyperparameters[0].meaning == "how long it takes"
    assert made("smooth.renamed(b='decay')").constants == ("decay",)


def test_titled(made):
    x = made("fade.titled('Slow fade')")
    assert (x.title, x.reference, x.summary) == ("Slow fade", "someone2020x", "A power of the step.")
    y = made("fade.titled('Slow fade', 'other2021y', 'Slowly.')")
    assert (y.title, y.reference, y.summary, y.value) == ("Slow fade", "other2021y", "Slowly.", x.value)


def test_a_schedule_prints_as_its_equations(made):
    assert str(made("ramp")) == "Ramp\n    value * min(1, t / total)"
    assert str(made("plateau")).splitlines()[1:] == [
        "    best[t] = min(best[t-1], loss[t])",
        "    fell[t] = where(loss[t] < best[t-1], 1, by)",
        "    scale[t] = scale[t-1] * fell[t]",
        "    value * scale[t]",
    ]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("ramp.renamed(totl='x')", "ramp has no hyperparameter or input totl; it has total; did you mean total?"),
        ("constant.renamed(at='x')", "constant has no hyperparameter or input at; it has none"),
        ("plateau.renamed(best='x')", "plateau has no hyperparameter or input best; it has by, loss"),
        ("fade.renamed(steps='power')", "fade uses the name power already; choose another"),
        ("fade.renamed(steps='x', power='x')", "fade uses the name x already"),
        ("plateau.renamed(by='best')", "plateau uses the name best already"),
        ("plateau.renamed(by='loss')", "plateau uses the name loss already"),
        ("ramp.renamed(total='a b')", "ramp: a b cannot be a name: a page can print only names made of letters"),
        ("ramp.renamed(total='now')", "ramp: now cannot be a name: the ending _now is kept"),
        ("ramp.renamed(total='g')", "ramp: g cannot be a name: a schedule sees neither the parameter nor the gradient"),
        ("fade.renamed(steps='wd', power='lam')", "fade: a page would print lam as it prints wd; choose another name"),
        (
            "ramp(t, 0.1)",
            "ramp is a schedule, not a function; apply it, as in adam.scheduled(lr=ramp), or call it with",
        ),
        ("ramp()", "ramp is a schedule, not a function"),
    ],
)
def test_refused_outside_a_body(made, expression, words):
    with pytest.raises(SymoptError) as caught:
        made(expression)
    assert words in str(caught.value)


def body(line, names="", before=""):
    """A schedule whose body is one line, which is marked; `names` are its further arguments."""
    return f"""
        @schedule(title="X")
        def x(t, value{names}):
            {before or "pass"}
            {line}  # <-
        """


CASES = {
    "clash of hyperparameters": (
        body("return ramp(t, value) / total", ", *, total: Positive"),
        "total",
        'x and ramp both use the name total; rename one: ramp.renamed(total="ramp_total")',
    ),
    "hyperparameter like a sequence": (
        body("return ramp(t, value) * total[t]", ", total", "total[t] = t"),
        "total",
        "x and ramp both use the name total",
    ),
    "hyperparameter like a state that joined": (
        body("return fade.renamed(steps='best')(t, plateau(t, value))"),
        "best",
        "x and fade both use the name best; rename one: fade.renamed(best=",
    ),
    "input like a sequence": (
        body("return plateau(t, value) * loss[t]", ", loss", "loss[t] = t"),
        "loss",
        'x and plateau both use the name loss; rename one: plateau.renamed(loss="plateau_loss")',
    ),
    "called twice": (
        body("return fade(t, fade(t, value))"),
        "fade",
        "it is called twice with one set of hyperparameters; "
        'call fade.renamed(steps="second_steps", power="second_power") instead',
    ),
    "state at another step": (
        body("return plateau(t - 5, value)"),
        "plateau",
        "it remembers, and t - 5 is not the step; say when it moves: plateau(t - 5, value, when=t - 5 > 0)",
    ),
    "value that moves under a start": (
        body("return kept(t, ramp(t, value))"),
        "kept",
        "it takes its value for constant, and value * min(1, t / total) moves; call it with value",
    ),
    "thrown away": (
        body("ramp(t, value)").replace("# <-", "# <-\n            return value"),
        "ramp",
        "its value is thrown away; use the value of the call, as in return inner(t, value)",
    ),
    "no value": (
        body("return ramp(t) + value"),
        "ramp",
        "it is called with the step and the value, and with when=condition where it remembers; write ramp(t, value)",
    ),
    "too many": (body("return ramp(t, value, 5)"), "ramp", "write ramp(t, value)"),
    "hyperparameter": (body("return ramp(t, value, total=5)"), "ramp", "write ramp(t, value)"),
    "condition as a value": (body("return ramp(t, value > 1)"), "value > 1", "this is a condition, not a number"),
    "condition as a step": (body("return ramp(t > 1, value)"), "t > 1", "this is a condition, not a number"),
    "number as when": (body("return plateau(t, value, when=t)"), "t", "this is a number, not a condition"),
    "bool as when": (body("return plateau(t, value, when=True)"), "True", "a Python bool is not a condition"),
    "bare sequence": (
        body("return ramp(s, value)", ", s", "s[t] = s[t-1] + 1"),
        "s",
        "write s[t] (the new value)",
    ),
    "print alike": (
        """
        @schedule(title="X")
        def x(t, value, *, wd: Positive = 1):  # <-
            return fade.renamed(steps="lam")(t, value) * wd
        """,
        "lam",
        "a page would print it as it prints wd; rename one",
    ),
    "output": (
        """
        @schedule(title="X")
        def x(t, value, s: Output):  # <-
            s[t] = s[t-1] + t
            return value * s[t]
        """,
        "s",
        "a schedule keeps nothing to be read; take Output out",
    ),
    "in an optimizer": (
        """
        @optimizer(title="X")
        def x(theta, g, *, lr: Positive = 1):
            theta[t] = theta[t-1] - ramp(t, lr) * g[t]  # <-
        """,
        "x",
        "ramp is a schedule, not a function; apply it, as in adam.scheduled(lr=ramp)",
    ),
    "Python's if": (
        body("return ramp(t, value) if ramp(t, value) > 0 else value"),
        "ramp(t, value) > 0",
        "write where(condition, a, b)",
    ),
}


@pytest.mark.parametrize(("text_", "symbol", "words"), CASES.values(), ids=CASES)
def test_refused(error_of, text_, symbol, words):
    error = error_of(FAMILY + text_)
    assert error.symbol == symbol
    assert words in error.message
