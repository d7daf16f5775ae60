"""What follows a schedule stays in its domain: a real number must not be shown to leave it, a whole one to stay."""

from fractions import Fraction

import pytest

from symopt import SymoptError

FAMILY = """
    @optimizer(title="Averaged every k")
    def every_k(theta, g, m, *, lr: Positive = 0.1, beta: Unit = 0.9, k: PositiveInt = 4):
        m[t] = beta * m[t-1] + g[t]
        theta[t] = where(every(k), theta[t-1] - lr * m[t], theta[t-1])

    @optimizer(title="Nesterov")
    def nesterov(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
        g[t] = grad(theta[t-1] + mu * v[t-1])
        v[t] = mu * v[t-1] - lr * g[t]
        theta[t] = theta[t-1] + v[t]

    @schedule(title="Share")
    def share(t, value, *, total: PositiveInt, floor: Unit = 0.0):
        return value * (floor + (1 - floor) * (1 + cos(pi * Min(t - 1, total) / total)) / 2)

    @schedule(title="Doubled")
    def doubled(t, value, *, at: PositiveInt = 10):
        return where(t > at, 2 * value, value)

    @schedule(title="Counted down")
    def counted_down(t, value, *, steps: PositiveInt = 10):
        return value - floor(t / steps)

    @schedule(title="Counted down to 1")
    def counted_down_to_1(t, value, *, steps: PositiveInt = 10):
        return Max(1, value - floor(t / steps))

    @schedule(title="Counted up")
    def counted_up(t, value, up):
        up[t] = up[t-1] + 1
        return value + up[t]

    @schedule(title="Counted up, said so")
    def counted_up_whole(t, value, up):
        up[t] = Max(1, floor(up[t-1] + 1))
        return value + up[t]

    @schedule(title="Grown")
    def grown(t, value, *, rate: Positive = 1):
        return value * (1 + rate * (t - 1))

    @schedule(title="Grown as told")
    def grown_as_told(t, value, *, rate: Positive):
        return value * (1 + rate * (t - 1))

    @schedule(title="Swollen")
    def swollen(t, value):
        return value * t

    @schedule(title="Less 2")
    def less_2(t, value):
        return value - 2

    @schedule(title="Judged")
    def judged(t, value, metric: Input()):
        return value * where(metric[t] > 1, Rational(1, 2), 1)

    @schedule(title="Judged a step later")
    def judged_later(t, value, metric: Input(), seen):
        seen[t] = metric[t]
        return value * where(seen[t-1] > 1, Rational(1, 2), 1)
"""


@pytest.mark.parametrize(
    "expression",
    [
        "every_k.scheduled(lr=share)", "every_k.scheduled(beta=share)", "every_k.scheduled(lr=grown)",
        "every_k.scheduled(lr=swollen)", "every_k.scheduled(k=doubled)", "every_k.scheduled(k=counted_down_to_1)",
        "every_k.scheduled(k=counted_up_whole)", "every_k.scheduled(beta=grown_as_told)",
        "every_k.with_defaults(beta=0).scheduled(beta=grown)",
        "every_k.with_defaults(beta=0.5).scheduled(beta=grown.with_defaults(rate=1e-9))",
        "nesterov.scheduled(lr=judged)", "nesterov.scheduled(mu=judged_later)",
        "every_k.scheduled(lr=judged, beta=judged)",
    ],
)  # fmt: skip
def test_accepted(run, expression):
    run(f"{FAMILY}\n    x = {expression}\n")


LEAVES = "k of every_k: under {} it may leave its domain PositiveInt = [1, inf) integers; leave it constant, or return"
NOT_WHOLE = "k of every_k: under {} it may be no whole number, which its domain PositiveInt = [1, inf) integers wants"
MOVED = (
    "mu moves the point where {} takes its gradient, before metric is known; let mu follow a schedule without inputs"
)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("every_k.scheduled(k=share)", NOT_WHOLE.format("share")),
        ("every_k.scheduled(k=share)", "or return Max(1, floor(...)) in the schedule"),
        ("every_k.scheduled(k=counted_down)", LEAVES.format("counted_down")),
        ("every_k.scheduled(k=counted_up)", NOT_WHOLE.format("counted_up")),
        ("every_k.scheduled(k=judged)", NOT_WHOLE.format("judged")),
        ("every_k.scheduled(lr=share).scheduled(lr_total=grown_as_told)", "lr_total of every_k: under grown_as_told"),
        (
            "every_k.scheduled(beta=grown)",
            "beta of every_k: with the defaults of grown it is 1.8 at t = 2, outside its domain Unit = [0, 1); write a "
            "schedule that stays inside, or choose another default, as in grown.with_defaults(rate=...)",
        ),
        ("every_k.scheduled(beta=swollen)", "it is 1.8 at t = 2, outside its domain Unit = [0, 1); write"),
        ("every_k.scheduled(beta=less_2)", "beta of every_k: under less_2 it is never in its domain Unit = [0, 1)"),
        ("every_k.scheduled(beta=share).scheduled(beta_floor=less_2)", "beta_floor of every_k: under less_2 it is"),
        ("nesterov.scheduled(mu=judged)", MOVED.format("nesterov")),
        ("share.with_defaults(flor=0.5)", "share has no hyperparameter flor; it has total, floor; did you mean floor?"),
        ("share.with_defaults(floor=1)", "floor of share: 1 is outside its domain Unit = [0, 1); choose another"),
    ],
)  # fmt: skip
def test_refused(run, expression, words):
    with pytest.raises(SymoptError) as caught:
        run(f"{FAMILY}\n    x = {expression}\n")
    assert words in str(caught.value)


def test_another_default(run):
    names = run(f"{FAMILY}\n    x = every_k.scheduled(lr=share.with_defaults(total=7, floor=0.1))\n")
    assert [(h.name, h.default) for h in names["x"].hyperparameters[3:]] == [
        ("lr_total", 7),
        ("lr_floor", Fraction(1, 10)),
    ]
    assert [h.default for h in names["share"].hyperparameters] == [None, 0]
