"""`inner.base.lr` is the value before any schedule, whether it is applied inside a wrapper or outside."""

from fractions import Fraction

from symopt.interpret import EXACT, interpret

SPEC = """
    @optimizer(title="SGD")
    def sgd(theta, g, *, lr: Positive = 0.5):
        theta[t] = theta[t-1] - lr * g[t]

    def paper(inner):
        @optimizer(title="Paper")
        def paper(theta, *, wd: NonNegative = 0.25):
            theta[t] = inner(theta[t-1]) - inner.lr / inner.base.lr * wd * theta[t-1]
        return paper

    @schedule(title="Falling")
    def falling(t, value):
        return value / t

    inside = paper(sgd.scheduled(lr=falling))
    outside = paper(sgd).scheduled(lr=falling)
    renamed = paper(sgd).renamed(lr="eta").scheduled(eta=falling)
"""


def thetas(optimizer):
    return [snapshot.theta[0] for snapshot in interpret(optimizer, [Fraction(1)], [[Fraction(1)]] * 3, numbers=EXACT)]


def test_a_schedule_outside_leaves_the_base_alone(run):
    names = run(SPEC)
    theta, expected = Fraction(1), []
    for step in (1, 2, 3):
        theta -= Fraction(1, 2 * step) + Fraction(1, 4 * step) * theta
        expected.append(theta)
    assert thetas(names["inside"]) == expected
    assert thetas(names["outside"]) == expected
    assert thetas(names["renamed"]) == expected
