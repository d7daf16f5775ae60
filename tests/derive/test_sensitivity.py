"""The derivative of a recurrence as a recurrence: what it is called, where the Hessian enters, what is refused."""

from pathlib import Path

import pytest

from symopt import Input, OpenUnit, Output, Positive, Real, Unit, grad, norm, optimizer, sign, sqrt, t, where
from symopt.artifacts import artifact
from symopt.catalogue import load_file
from symopt.derive.sensitivity import derived, sensitivity
from symopt.derive.training import training_form
from symopt.errors import SymoptError
from symopt.expr import START, Seq, text
from symopt.naming import symbol
from symopt.specs.adam import adam
from symopt.specs.lookahead import lookahead
from symopt.specs.momentum import momentum
from symopt.specs.nesterov import nesterov
from symopt.specs.schedules import cosine
from symopt.specs.sgd import sgd

BACKENDS = "cpu", "cuda"


def equations(made):
    return {e.target: text(e.rhs) for e in made.equations}


def test_each_sequence_that_moves_has_its_derivative_below_it():
    found = equations(sensitivity(momentum, "mu"))
    assert list(found) == ["v", "v_mu", "theta", "theta_mu"]
    assert found["v_mu"] == "v[t-1] + mu * v_mu[t-1] - lr * hv[t]"
    assert found["theta_mu"] == "theta_mu[t-1] + v_mu[t]"


def test_what_is_said_about_it():
    made = sensitivity(adam, "beta1")
    assert (made.name, made.title) == ("adam_by_beta1", "Adam with its derivative by beta1")
    assert made.inputs == (("hv", "element"),)
    assert made.outputs == ("theta_beta1",)
    assert set(made.states) == {"m", "v", "m_beta1", "v_beta1", "theta_beta1"}
    meanings = dict(made.meanings)
    assert meanings["m_beta1"] == "derivative of m with respect to beta1"
    assert meanings["hv"] == "the Hessian at the gradient point times theta_beta1 as the last step left it"
    assert meanings.items() >= dict(adam.meanings).items()
    assert made.hyperparameters == adam.hyperparameters


def test_a_gradient_point_ahead_has_a_derivative_that_is_read_before_the_step():
    made = derived(nesterov, "mu")
    assert made.direction == "d_point_mu"
    assert equations(made.optimizer)["d_point_mu"] == "theta_mu[t] + v[t] + mu * v_mu[t]"
    assert made.optimizer.start_of("d_point_mu") is None
    assert {"theta_mu", "d_point_mu"} <= {*training_form(made.optimizer).states}


def test_a_gradient_point_that_is_a_state_needs_no_other():
    @optimizer(title="Beside")
    def beside(theta, g, x, *, lr: Positive = 0.1):
        x[0] = theta[0]
        g[t] = grad(x[t - 1])
        x[t] = x[t - 1] - lr * g[t]
        theta[t] = (theta[t - 1] + x[t]) / 2

    made = derived(beside)
    assert made.direction == "x_lr"
    assert made.optimizer.outputs == ("theta_lr", "x_lr")


def test_the_first_gradient_point_may_move_already():
    @optimizer(title="Moved")
    def moved(theta, g, v, *, lr: Positive = 0.1, mu: OpenUnit = 0.5, first: Real = 0.125):
        v[0] = first
        g[t] = grad(theta[t - 1] + mu * v[t - 1])
        v[t] = mu * v[t - 1] - lr * g[t]
        theta[t] = theta[t - 1] + v[t]

    made = derived(moved, "first")
    assert {name: text(rhs) for name, rhs in made.optimizer.starts if name not in dict(moved.starts)} == {
        "v_first": "1",
        "d_point_first": "mu",
    }
    assert text(derived(moved, "mu").optimizer.start_of("d_point_mu")) == "first"


def test_a_start_that_cancels_is_none():
    @optimizer(title="Between")
    def between(theta, g, z, *, lr: Positive = 0.5, beta: OpenUnit = 0.25):
        z[0] = theta[0]
        g[t] = grad((1 - beta) * z[t - 1] + beta * theta[t - 1])
        z[t] = z[t - 1] - lr * g[t]
        theta[t] = (theta[t - 1] + z[t]) / 2

    made = sensitivity(between, "beta")
    assert equations(made)["d_point_beta"] == "(1 - beta) * z_beta[t] - z[t] + theta[t] + beta * theta_beta[t]"
    assert made.starts == (("z", Seq("theta", START)),)


def test_no_hessian_where_only_the_sign_is_read():
    @optimizer(title="Signum")
    def signum(theta, g, m, *, lr: Positive = 0.1, beta: Unit = 0.9):
        m[t] = beta * m[t - 1] + (1 - beta) * g[t]
        theta[t] = theta[t - 1] - lr * sign(m[t])

    made = derived(signum)
    assert made.direction is None
    assert made.optimizer.inputs == ()
    assert list(equations(made.optimizer)) == ["m", "theta", "theta_lr"]
    assert equations(made.optimizer)["theta_lr"] == "theta_lr[t-1] - sign(m[t])"


def test_a_scheduled_hyperparameter_moves_by_its_own_value():
    found = equations(sensitivity(sgd.scheduled(lr=cosine)))
    assert "lr_now_lr" in found
    assert found["theta_lr"] == "theta_lr[t-1] - lr_now_lr[t] * g[t] - lr_now[t] * hv[t]"


def test_states_below_the_element_level_keep_theirs():
    @optimizer(title="Slowed")
    def slowed(theta, g, n, s, *, lr: Positive = 0.1, decay: Unit = 0.9):
        n[t] = decay * n[t - 1] + (1 - decay) * norm(g[t])
        s[t] = decay * s[t - 1] + decay
        theta[t] = theta[t - 1] - lr * g[t] / (n[t] + s[t])

    made = sensitivity(slowed, "decay")
    assert {name: made.levels[name] for name in ("n_decay", "s_decay", "theta_decay")} == {
        "n_decay": "tensor",
        "s_decay": "step",
        "theta_decay": "element",
    }
    assert equations(made)["s_decay"] == "s[t-1] + decay * s_decay[t-1] + 1"


@pytest.mark.parametrize("backend", BACKENDS)
def test_names_that_are_taken_are_not_used_again(backend):
    @optimizer(title="Crowded")
    def crowded(theta, g, hv, m, m_lr: Output, point_lr, *, lr: Positive = 0.1, theta_lr: Real = 0.5):
        g[t] = grad(theta[t - 1] + lr * m[t - 1])
        hv[t] = g[t] ** 2
        m[t] = theta_lr * m[t - 1] + hv[t]
        m_lr[t] = m_lr[t - 1] + 1
        point_lr[t] = sqrt(m[t])
        theta[t] = theta[t - 1] - lr * point_lr[t]

    made = derived(crowded)
    names = {name: made.names[name] for name in ("g", "hv", "m", "point_lr", "theta")}
    assert names == {"g": "d_hv", "hv": "d_hv_lr", "m": "d_m_lr", "point_lr": "point_lr_lr", "theta": "d_theta_lr"}
    assert made.direction == "d_point_lr"
    assert artifact(made.optimizer, backend).text


def test_a_sequence_may_be_called_point():
    @optimizer(title="Pointed")
    def pointed(theta, g, point, *, lr: Positive = 0.1):
        g[t] = grad(theta[t - 1] - lr * point[t - 1])
        point[t] = point[t - 1] / 2 + g[t]
        theta[t] = theta[t - 1] - lr * point[t]

    made = derived(pointed)
    assert (made.names["point"], made.direction) == ("d_point_lr", "d_d_point_lr")
    assert equations(made.optimizer)["d_d_point_lr"] == "theta_lr[t] - point[t] - lr * d_point_lr[t]"


def test_a_word_keeps_its_own_letter_on_a_page():
    made = derived(lookahead(sgd))
    assert {"slow": "d_slow_lr", "fast": "d_fast_lr", "theta": "theta_lr"}.items() <= made.names.items()
    assert (symbol("d_slow_lr"), symbol("slow_lr")) == (r"d_{\mathrm{slow},\eta}", r"\eta_{\mathrm{slow}}")


def test_a_derivative_can_be_differentiated_again():
    twice = derived(sensitivity(sgd))
    assert twice.names == {"theta": "d_theta_lr", "theta_lr": "theta_lr_lr", "g": "d_hv", "hv": "d_hv_lr"}
    assert equations(twice.optimizer)["theta_lr_lr"] == "theta_lr_lr[t-1] - d_hv[t] - hv[t] - lr * d_hv_lr[t]"


@pytest.mark.parametrize("backend", BACKENDS)
def test_everything_unusual_is_generated(backend):
    unusual = load_file(Path(__file__).parent.parent / "backends" / "unusual.py")
    made = [
        artifact(sensitivity(made, hyper.name), backend).text
        for made in unusual.values()
        for hyper in made.hyperparameters[:1]
        if not hyper.domain.integer
    ]
    assert len(made) > 20


def test_a_spec_file_may_hold_one(tmp_path):
    spec = tmp_path / "mine.py"
    lines = (
        "from symopt.derive.sensitivity import sensitivity",
        "from symopt.specs.adam import adam",
        "adam_by_lr = sensitivity(adam)",
    )
    spec.write_text("\n".join(lines))
    assert load_file(spec)["adam_by_lr"].equations == sensitivity(adam).equations


def test_a_whole_number_has_no_derivative():
    with pytest.raises(SymoptError, match=r"has no derivative with respect to k: it takes whole numbers only$"):
        sensitivity(lookahead(sgd), "k")


def test_what_only_steers_has_no_derivative():
    @optimizer(title="Switched")
    def switched(theta, g, *, lr: Positive = 0.1, switch: Positive = 10):
        theta[t] = theta[t - 1] - where(t > switch, lr, 1) * g[t]

    with pytest.raises(SymoptError, match=r"switched has no derivative with respect to switch: .* conditions only"):
        sensitivity(switched, "switch")


def test_an_unknown_hyperparameter_is_named():
    with pytest.raises(SymoptError, match=r"^sgd has no hyperparameter rl; it has lr"):
        sensitivity(sgd, "rl")


def test_an_unknown_input_is_named():
    @optimizer(title="Scaled")
    def scaled(theta, g, loss: Input(level="step"), *, lr: Positive = 0.1):
        theta[t] = theta[t - 1] - lr * loss[t] * g[t]

    with pytest.raises(SymoptError, match=r"^scaled takes no input 'los'; did you mean loss\?"):
        sensitivity(scaled, constant=["los"])
