"""What correct specs become: roles, levels, composition, schedules, debias, errata."""

from fractions import Fraction

import pytest

from symopt.errors import SymoptError
from symopt.expr import Seq, Sym, text
from symopt.specs.adam import adam
from symopt.specs.adamw import adamw
from symopt.specs.averaging import ema
from symopt.specs.clipping import clip_by_global_norm
from symopt.specs.momentum import momentum
from symopt.specs.nesterov import nesterov
from symopt.specs.schedules import cosine, linear_warmup
from symopt.specs.weight_decay import decoupled_weight_decay, l2


def lines(optimizer):
    return [str(equation) for equation in optimizer.equations]


def test_roles_are_inferred():
    assert adam.states == ("m", "v")
    assert adam.intermediates == ("mhat", "vhat")
    assert adam.hyperparameter("beta2").default == Fraction(999, 1000)


def test_the_order_of_the_paper_is_kept():
    assert lines(adam)[0] == "m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]"
    assert lines(adam)[4] == "theta[t] = theta[t-1] - lr * mhat[t] / (sqrt(vhat[t]) + eps)"


def test_levels_are_the_least_fixed_point(spec):
    found = spec("""
        @optimizer()
        def mine(theta, g, a, b, c, d, *, lr: Positive = 0.1):
            a[t] = a[t-1] + 1 / t
            b[t] = Max(b[t-1], norm(g[t], over=ALL)) + a[t]
            c[t] = c[t-1] / 2 + norm(g[t])
            d[t] = d[t-1] + b[t] * c[t] * g[t]
            theta[t] = theta[t-1] - lr * d[t]
        """)["mine"]
    assert [found.levels[name] for name in "abcd"] == ["step", "global", "tensor", "element"]


def test_numbers_per_row_lie_between_those_per_tensor_and_elements(spec):
    found = spec("""
        @optimizer()
        def mine(theta, g, n, r, s, h, c, *, lr: Positive = 0.1):
            n[t] = axes(theta[t-1]) + lr
            r[t] = mean(g[t], over=ROW)
            s[t] = n[t] * r[t] + norm(g[t])
            h[t] = g[t] - s[t]
            c[t] = maxabs(r[t], over=ALL) + total(s[t])
            theta[t] = theta[t-1] - lr * c[t] * h[t]
        """)["mine"]
    assert [found.levels[name] for name in "nrshc"] == ["tensor", "row", "row", "element", "tensor"]
    assert lines(found)[0:2] == ["n[t] = axes(theta[t-1]) + lr", "r[t] = mean(g[t], over=ROW)"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0.96 * g[t]", "0.96 * g[t]"), ("g[t]*1/3", "g[t] * 1 / 3"), ("Rational(1, 3) * g[t]", "1/3 * g[t]"),
     ("sympy.sqrt(g[t])", "sqrt(g[t])"), ("sympy.Rational(2, 7) * g[t]", "2 * g[t] / 7"), ("-g[t]", "-g[t]"),
     ("abs(g[t])", "abs(g[t])"), ("+g[t]", "g[t]"), ("clip(g[t], -1, 1)", "clip(g[t], -1, 1)"),
     ("where(~(g[t] > 0) & (t > 1), g[t], 0)", "where(~(g[t] > 0) & (t > 1), g[t], 0)")],
)  # fmt: skip
def test_right_hand_sides(spec, written, meant):
    found = spec(f"""
        import sympy

        @optimizer()
        def mine(theta, g, x):
            local = {written}
            x[t] = local
            theta[t] = theta[t-1] - x[t]
        """)["mine"]
    assert text(found.equations[0].rhs) == meant


def test_annotations_may_be_strings_and_sympy_sets(tmp_path):
    from symopt import catalogue

    path = tmp_path / "strings.py"
    path.write_text(
        "from __future__ import annotations\n"
        "import sympy\nfrom symopt import Positive, optimizer, t\n\n\n"
        "@optimizer()\n"
        "def mine(theta, g, *, lr: Positive = 0.1, a: sympy.Interval.open(0, 2) = 1, k: sympy.Range(1, 5) = 3):\n"
        "    theta[t] = theta[t-1] - lr * a * k * g[t]\n"
    )
    domains = {h.name: h.domain for h in catalogue.load(str(path)).hyperparameters}
    assert (Fraction(0) in domains["a"], Fraction(1) in domains["a"], Fraction(2) in domains["a"]) == (
        False,
        True,
        False,
    )
    assert (Fraction(3, 2) in domains["k"], Fraction(4) in domains["k"], Fraction(5) in domains["k"]) == (
        False,
        True,
        False,
    )


def test_debias_is_derived(spec):
    found = spec("""
        @optimizer()
        def mine(theta, g, m, v, *, lr: Positive = 0.1, beta: Unit = 0.9):
            m[t] = m[t-1] + (1 - beta) * (g[t] - m[t-1])
            v[t] = beta * v[t-1] + g[t]**2
            theta[t] = theta[t-1] - lr * debias(m[t]) / sqrt(debias(v[t]))
        """)["mine"]
    assert lines(found)[2].count("1 - beta**t") == 2
    assert "/ ((1 - beta**t))" not in lines(found)[2]


def test_composition_inlines_and_joins():
    assert adamw.name == "decoupled_weight_decay"
    assert [h.name for h in adamw.hyperparameters] == ["weight_decay", "lr", "beta1", "beta2", "eps"]
    assert lines(adamw)[-1].endswith("- lr * weight_decay * theta[t-1]")


def test_names_that_clash_get_the_inner_name():
    both = clip_by_global_norm(l2(momentum))
    assert {"h", "l2_h"} <= {e.target for e in both.equations}


def test_the_gradient_is_asked_for_at_the_inner_point():
    clipped = clip_by_global_norm(nesterov)
    assert text(clipped.gradient_point) == "theta[t-1] + mu * v[t-1]"
    assert lines(clipped)[1] == "v[t] = mu * v[t-1] - lr * h[t]"


def test_what_only_hands_theta_through_may_wrap_an_average():
    assert lines(clip_by_global_norm(ema(momentum)))[-1] == lines(ema(momentum))[-1]
    assert lines(l2(ema(momentum)))[-1] == lines(ema(momentum))[-1]


def test_renaming():
    twice = l2(l2(momentum).renamed(weight_decay="inner_decay"))
    assert {"weight_decay", "inner_decay"} <= {h.name for h in twice.hyperparameters}
    with pytest.raises(SymoptError, match="uses the name mu already"):
        momentum.renamed(lr="mu")
    with pytest.raises(SymoptError, match="has no hyperparameter rate; it has lr, mu"):
        momentum.renamed(rate="lr")


def test_a_schedule_takes_the_place_of_a_hyperparameter():
    scheduled = momentum.scheduled(lr=cosine, mu=linear_warmup)
    assert {"lr_total", "lr_floor", "mu_steps", "mu_start"} <= {h.name for h in scheduled.hyperparameters}
    assert lines(scheduled)[2] == "v[t] = mu_now[t] * v[t-1] - lr_now[t] * g[t]"
    with pytest.raises(SymoptError, match="follows a schedule already"):
        scheduled.scheduled(lr=cosine)
    with pytest.raises(SymoptError, match="no hyperparameter beta"):
        momentum.scheduled(beta=cosine)


def test_the_value_in_force_and_the_one_before(spec):
    scheduled = adam.scheduled(lr=cosine)
    assert lines(decoupled_weight_decay(scheduled))[-1].endswith("- lr_now[t] * weight_decay * theta[t-1]")
    assert scheduled.base.lr.node == Sym("lr", base=True)
    assert scheduled.lr.node == Seq("lr_now", 0)


def test_a_value_in_force_may_be_read_before_the_inner_step(spec):
    found = spec("""
        from symopt.specs.schedules import cosine
        from symopt.specs.sgd import sgd

        def wrap(inner):
            @optimizer()
            def wrap(theta, x, *, wd: Unit = 0.1):
                x[t] = inner.lr * wd * theta[t-1]
                theta[t] = inner(theta[t-1]) - x[t]
            return wrap

        mine = wrap(sgd.scheduled(lr=cosine))
        """)["mine"]
    assert found.name == "mine"
    assert [e.target for e in found.equations] == ["lr_now", "x", "theta"]


def test_when_holds_the_inner_states_and_its_clock(spec):
    found = spec("""
        from symopt.specs.adam import adam

        def skip(inner):
            @optimizer()
            def skip(theta, g):
                theta[t] = inner(theta[t-1], g[t], when=norm(g[t], over=ALL) < 1)
            return skip

        mine = skip(adam)
        """)["mine"]
    condition = "norm(g[t], over=ALL) < 1"
    equations = dict(line.split(" = ", 1) for line in lines(found))
    assert equations["m[t]"] == f"where({condition}, m_next[t], m[t-1])"
    assert equations["updates[t]"] == f"where({condition}, updates[t-1] + 1, updates[t-1])"
    assert equations["mhat[t]"] == "m_next[t] / (1 - beta1**(updates[t-1] + 1))"
    assert found.levels["updates"] == "global"


def test_a_schedule_may_remember(spec):
    spec("""
        @schedule()
        def mine(t, value, metric: Input(level="step"), best, bad, *, patience: PositiveInt = 3):
            best[0] = 1000
            best[t] = Min(best[t-1], metric[t])
            bad[t] = where(metric[t] > best[t-1], bad[t-1] + 1, 0)
            return where(bad[t] > patience, value / 2, value)
        """)


def test_an_erratum_keeps_its_findings(spec):
    found = spec("""
        @erratum()
        def mine(theta, g, m, *, lr: Positive = 0.1, mu: Unit = 0.9):
            m[t] = mu * m[t-1] + g[t]
            theta[t] = theta[t-1] - lr * g[t]
        """)["mine"]
    assert len(found.findings) == 1
    assert str(found.findings[0]).startswith("m: nothing that counts reads it")


def test_an_optimizer_is_not_a_function():
    with pytest.raises(SymoptError, match="call it on a sequence inside an equation"):
        adam(3)


def test_a_docstring_gives_meanings_and_departures():
    assert adam.hyperparameter("lr").meaning == "learning rate"
    assert dict(adam.meanings)["m"] == "first moment; unit of g"
    assert adam.departures.startswith("none; eps stands outside the root")
    assert "lr" not in adam.summary


@pytest.mark.parametrize("whole", [adam, adamw, nesterov])
def test_a_declaration_is_plain_data(whole):
    import pickle

    assert pickle.loads(pickle.dumps(whole)) == whole
