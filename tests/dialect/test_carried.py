"""What an inner optimizer remembers can start anew or be pulled back; what a wrapper counts can be read."""

from fractions import Fraction

import pytest

from symopt.errors import DialectError, SymoptError
from symopt.interpret import EXACT, interpret

FAMILY = """
    @optimizer(title="Average")
    def average(theta, g, m, *, lr: Positive = 1.0):
        m[t] = m[t-1] + (g[t] - m[t-1]) / t
        theta[t] = theta[t-1] - lr * m[t]

    @optimizer(title="Momentum")
    def momentum(theta, g, v, *, lr: Positive = 1.0, mu: Unit = 0.5):
        v[t] = mu * v[t-1] + g[t]
        theta[t] = theta[t-1] - lr * v[t]

    @optimizer(title="Anchored")
    def anchored(theta, g, first, *, lr: Positive = 1.0):
        first[0] = theta[0]
        first[t] = first[t-1]
        theta[t] = theta[t-1] - lr * (g[t] + theta[t-1] - first[t-1])

    def restarted(inner, k=3):
        @optimizer(title=f"{inner.title}, restarted")
        def restarted(theta):
            theta[t] = inner(theta[t-1], restart=every(k))
        return restarted

    def at_a_number(inner):
        @optimizer(title="W")
        def at_a_number(theta):
            theta[t] = inner(theta[t-1], restart=t)
        return at_a_number

    def pulled(inner):
        @optimizer(title=f"{inner.title}, pulled back")
        def pulled(theta, *, k: PositiveInt = 2, share: Share = 0.25):
            theta[t] = inner(theta[t-1], pull_back=(every(k), share))
        return pulled
"""


def thetas(optimizer, gradients):
    run = interpret(optimizer, [Fraction(0)], [[Fraction(g)] for g in gradients], numbers=EXACT)
    return [snapshot.theta[0] for snapshot in run]


def equations(optimizer):
    return [str(equation) for equation in optimizer.equations]


def test_a_restart_forgets_the_states_and_the_step_count(run):
    average = run(f"{FAMILY}\n    x = restarted(average)\n    y = average\n")
    gradients = [1, 5, 3, 8, 2]
    whole, parts = thetas(average["x"], gradients), thetas(average["y"], gradients[:3])
    later = thetas(average["y"], gradients[3:])
    assert whole == parts + [parts[-1] + moved for moved in later]
    assert whole != thetas(average["y"], gradients)


def test_a_restart_shows_its_equations(run):
    assert equations(run(f"{FAMILY}\n    x = restarted(average)\n")["x"]) == [
        "m_next[t] = m[t-1] + (g[t] - m[t-1]) / (updates[t-1] + 1)",
        "m[t] = where(every(3), 0, m_next[t])",
        "updates[t] = where(every(3), 0, updates[t-1] + 1)",
        "theta[t] = theta[t-1] - lr * m_next[t]",
    ]


def test_pulled_back_states_go_a_share_of_the_way(run):
    found = thetas(run(f"{FAMILY}\n    x = pulled(momentum)\n")["x"], [8, 0, 0, 0])
    velocity, slow, theta, expected = Fraction(0), Fraction(0), Fraction(0), []
    for step, g in enumerate([8, 0, 0, 0], 1):
        velocity = velocity / 2 + g
        theta -= velocity
        expected.append(theta)
        if step % 2 == 0:
            slow = velocity = slow + Fraction(1, 4) * (velocity - slow)
    assert found == expected


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "restarted(anchored)",
            "anchored: its first starts at theta[0], which nobody keeps, so it cannot start anew at a later step; call "
            "it without restart, or put what restarts around an optimizer whose states start at numbers",
        ),
        ("wrong(momentum)", "pull_back=(every(k), alpha)"),
    ],
)
def test_what_cannot_be_carried_is_refused(run, call, said):
    wrong = """
    def wrong(inner):
        @optimizer(title="W")
        def wrong(theta, *, k: PositiveInt = 2):
            theta[t] = inner(theta[t-1], pull_back=every(k))
        return wrong
    """
    with pytest.raises(DialectError) as caught:
        run(f"{FAMILY}\n{wrong}\n    x = {call}\n")
    assert said in str(caught.value)


def test_a_restart_needs_a_condition(run):
    with pytest.raises(DialectError, match="condition"):
        run(f"{FAMILY}\n    x = at_a_number(momentum)\n")


COUNTED = """
    @optimizer(title="Counted")
    def counted(theta, g, up{annotation}, *, lr: Positive = 1.0):
        up[t] = up[t-1] + where(total(g[t]) > 0, 1, 0)
        theta[t] = theta[t-1] - lr * g[t]

    def decayed(inner):
        @optimizer(title="Decayed")
        def decayed(theta, up, *, rate: Unit = 0.5):
            up[t] = rate * up[t-1] + 1
            theta[t] = inner(theta[t-1]) - up[t] * theta[t-1]
        return decayed
"""


def test_an_output_is_kept_though_nothing_reads_it(run):
    counted = run(COUNTED.format(annotation=": Output"))["counted"]
    assert counted.outputs == ("up",)
    assert counted.states == ("up",)
    ends = list(interpret(counted, [Fraction(0)], [[Fraction(g)] for g in (1, -1, 2)], numbers=EXACT))
    assert ends[-1].states["up"] == [2]


def test_without_the_annotation_it_is_a_dead_store(run):
    with pytest.raises(DialectError, match="dead store"):
        run(COUNTED.format(annotation=""))


def test_an_output_stays_one_in_a_composition(run):
    composed = run(COUNTED.format(annotation=": Output") + "    x = decayed(counted)\n")["x"]
    assert composed.outputs == ("counted_up",)


def test_an_output_may_be_computed_anew_at_each_step(run):
    seen = run("""
        @optimizer(title="Seen")
        def seen(theta, g, size_of_g: Output, *, lr: Positive = 1.0):
            size_of_g[t] = norm(g[t], over=ALL)
            theta[t] = theta[t-1] - lr * g[t]
    """)["seen"]
    assert seen.states == ("size_of_g",)
    assert seen.levels["size_of_g"] == "global"


def test_other_defaults(run):
    pulled = run(f"{FAMILY}\n    x = pulled(momentum).with_defaults(k=6, share=0.1)\n")["x"]
    assert [(h.name, h.default) for h in pulled.hyperparameters if h.name in ("k", "share")] == [
        ("k", 6),
        ("share", Fraction(1, 10)),
    ]
    with pytest.raises(SymoptError, match="outside its domain"):
        pulled.with_defaults(k=0)
    with pytest.raises(SymoptError, match=r"has no hyperparameter kk.*did you mean k"):
        pulled.with_defaults(kk=3)
