"""Where libraries part from each other or from the paper: the numbers that the specs' docstrings and the peers show.

One parameter starts at 0 (or where the test says) and gets the gradients listed. A number that is quoted with so many
digits is compared to half a unit of the last one.
"""

from itertools import accumulate

import numpy as np
import pytest

from symopt.catalogue import load
from symopt.specs.schedules import linear_warmup_torch

SAME = 1e-12  # as in conftest.py, on runs that are shorter still


def ours(name, grads, rates=None, start=0.0, **hyper):
    """The parameter after each step; `rates` changes the learning rate from step to step."""
    theta = np.array(start)
    opt = load(name).bind(theta, **hyper)
    found = []
    for step, gradient in enumerate(grads):
        if rates:
            opt.hyper["lr"] = rates[step]
        opt.step(np.array(float(gradient(float(theta)) if callable(gradient) else gradient)))
        found.append(float(theta))
    return found


def torchs(torch, make, grads, rates=None, start=0.0, **hyper):
    """The same of a class of torch's, or of a package's after torch's model."""
    theta = torch.tensor(start, requires_grad=True)
    opt = make([theta], **hyper)
    found = []
    for step, gradient in enumerate(grads):
        if rates:
            opt.param_groups[0]["lr"] = rates[step]
        theta.grad = torch.tensor(float(gradient(theta.item()) if callable(gradient) else gradient))
        opt.step()
        found.append(theta.item())
    return found


@pytest.fixture
def optaxs(peer):
    """The same of one of optax's optimizers."""
    jax, optax = peer("jax"), peer("optax")

    def run(make, grads):
        with jax.enable_x64(True):
            opt, theta = make(optax), jax.numpy.zeros(())
            state, found = opt.init(theta), []
            for gradient in grads:
                moves, state = opt.update(jax.numpy.asarray(float(gradient)), state, theta)
                theta = optax.apply_updates(theta, moves)
                found.append(float(theta))
        return found

    return run


def steps(thetas):
    """How far each step went down."""
    return [before - after for before, after in zip([0.0, *thetas], thetas, strict=False)]


def test_amsgrad_takes_its_maximum_before_or_after_the_correction(torch, optaxs):
    by_torch, by_optax = ours("amsgrad_torch", [1, 0.1], lr=0.1), ours("amsgrad_optax", [1, 0.1], lr=0.1)
    assert by_torch[-1] == pytest.approx(-0.17408, abs=5e-6)
    assert by_optax[-1] == pytest.approx(-0.15263, abs=5e-6)
    assert torchs(torch, torch.optim.Adam, [1, 0.1], lr=0.1, amsgrad=True) == pytest.approx(by_torch, rel=SAME)
    assert optaxs(lambda optax: optax.amsgrad(0.1), [1, 0.1]) == pytest.approx(by_optax, rel=SAME)


def test_the_large_first_gradient_stays_in_optaxs_maximum():
    theta = {name: np.array(0.0) for name in ("amsgrad_torch", "amsgrad_optax")}
    opts = {name: load(name).bind(x) for name, x in theta.items()}
    for gradient in (1, 0.1, 0.1, 0.1, 0.1):
        for opt in opts.values():
            opt.step(np.array(float(gradient)))
    assert opts["amsgrad_torch"].state["vmax"] / (1 - 0.999**5) == pytest.approx(0.208, abs=5e-4)
    assert opts["amsgrad_optax"].state["vmax"] == pytest.approx(1.0, rel=SAME)


RATES = [0.1 / (1 + 0.5 * k) for k in range(3)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("momentum_torch", [0.1, 0.1267, 0.1355]),
        ("rmsprop_momentum", [0.1, 0.1267, 0.1355]),
        ("momentum", [0.1, 0.1567, 0.191]),
        ("rmsprop_momentum_inside", [0.1, 0.1567, 0.191]),
    ],
)
def test_the_learning_rate_stands_outside_the_buffer_or_inside(name, expected):
    """Equal while it is constant: see test_torch.py."""
    scaled = {"alpha": 0.0, "eps": 1e-16} if name.startswith("rmsprop") else {}
    assert steps(ours(name, [1, 1, 1], RATES, mu=0.9, **scaled)) == pytest.approx(expected, abs=5.1e-5)


def test_torch_and_optax_stand_on_both_sides_of_that(torch, optaxs):
    rate = lambda k: 0.1 / (1 + 0.5 * k)  # noqa: E731
    outside = optaxs(lambda optax: optax.sgd(rate, momentum=0.9), [1, 1, 1])
    inside = optaxs(lambda optax: optax.rmsprop(rate, decay=0.0, eps=0.0, momentum=0.9), [1, 1, 1])
    own = ours("momentum_torch", [1, 1, 1], RATES, mu=0.9)
    assert outside == pytest.approx(own, rel=SAME)
    assert torchs(torch, torch.optim.SGD, [1, 1, 1], RATES, lr=0.1, momentum=0.9) == pytest.approx(own, rel=SAME)
    assert inside == pytest.approx(ours("momentum", [1, 1, 1], RATES, mu=0.9), rel=SAME)


def test_without_momentum_torch_ignores_dampening(torch):
    assert steps(ours("momentum_torch", [1, 1], lr=0.1, mu=0.0, tau=0.5)) == pytest.approx([0.1, 0.05], rel=SAME)
    without = torchs(torch, torch.optim.SGD, [1, 1], lr=0.1, momentum=0.0, dampening=0.5)
    assert steps(without) == pytest.approx([0.1, 0.1], rel=SAME)


GAINS = {
    # the gain of mbar on a constant gradient in the first five steps
    "torch": ("nadam_torch", {}, [1.056, 0.784, 0.732, 0.731, 0.746]),
    "Keras": ("nadam_torch", {"psi": 1.0}, [1.063, 0.774, 0.711, 0.702, 0.710]),
    "Dozat": ("nadam", {}, [1.310, 1.085, 1.032, 1.013, 1.006]),
    "optax": ("nadam_constant", {}, [1.474, 1.157, 1.078, 1.047, 1.031]),
}


@pytest.mark.parametrize("case", GAINS)
def test_nadams_gain(case):
    """With v = 1 the gain is the step in units of lr; all tend to 1."""
    name, hyper, expected = GAINS[case]
    found = steps(ours(name, [1] * 5, lr=1.0, eps=1e-16, **hyper))
    assert found == pytest.approx(expected, abs=5.1e-4)


@pytest.mark.parametrize(
    ("name", "kind", "settings", "theirs"),
    [
        ("nadam_torch", "NAdam", {"lr": 0.05}, {"lr": 0.05}),
        ("asgd", "ASGD", {"lr": 0.1, "decay": 0.05}, {"lr": 0.1, "lambd": 0.05}),
    ],
)
def test_torch_keeps_some_numbers_in_float32(name, kind, settings, theirs, torch, torch_run, apart):
    """Each step is then off by up to 2**-24 of itself, which sixty steps add up to less than 60 * 2**-24 = 4e-6."""
    torch.set_default_dtype(torch.float32)
    far = apart(load(name), [settings] * 2, torch_run(getattr(torch.optim, kind)), [theirs] * 2)
    assert 1e-10 < far < 60 * 2**-24


def switch(thetas, lr):
    """The first step that is not lr, which a constant gradient gives while RAdam leaves its denominator out."""
    return next((t for t, step in enumerate(steps(thetas), 1) if abs(step - lr) > 1e-6 * lr), None)


def test_radams_denominator_sets_in_at_step_5_or_6(torch, optaxs):
    ones = [1] * 10
    assert switch(ours("radam", ones, lr=0.1), 0.1) == 5
    assert switch(ours("radam", ones, lr=0.1, threshold=5.0), 0.1) == 6
    assert switch(ours("radam_optax", ones, lr=0.1), 0.1) == 6
    assert switch(torchs(torch, torch.optim.RAdam, ones, lr=0.1), 0.1) == 6
    assert switch(optaxs(lambda optax: optax.radam(0.1), ones), 0.1) == 6


@pytest.mark.parametrize(("beta2", "expected"), [(0.6, None), (0.66, None), (0.7, 10)])
def test_radams_denominator_never_sets_in_for_a_short_average(beta2, expected, torch):
    """Its length is at most 2/(1 - beta2) - 1, which exceeds 5 for beta2 > 2/3 only."""
    ones = [1] * 100
    found = ours("radam", ones, lr=0.1, beta2=beta2, threshold=5.0)
    assert switch(found, 0.1) == expected
    assert torchs(torch, torch.optim.RAdam, ones, lr=0.1, betas=(0.9, beta2)) == pytest.approx(found, rel=SAME)


def test_ranger_of_pytorch_optimizer_climbs_at_first(peer, torch):
    """Its default takes steps in the wrong direction until its threshold; ours are RAdam's."""
    slope = [lambda x: x] * 6
    wrong = torchs(torch, peer("pytorch_optimizer").Ranger, slope, start=1.0, lr=0.1, use_gc=False)
    assert wrong[:5] == pytest.approx([1.1, 1.205, 1.316, 1.432, 1.554], abs=5.1e-4)
    assert wrong[5] < wrong[4]
    own = ours("ranger", slope, start=1.0, lr=0.1, beta1=0.95, threshold=5.0, eps=1e-5)
    assert own[0] == pytest.approx(0.9, rel=SAME)
    assert own[:5] == sorted(own[:5], reverse=True)  # the sixth step goes back half of the way


def test_rprops_bounds_hold_from_the_first_step_on(torch):
    assert ours("rprop", [1], lr=100.0) == [-50.0]
    assert torchs(torch, torch.optim.Rprop, [1], lr=100.0) == [-50.0]


def test_optaxs_rprop_emits_the_step_before(torch, optaxs):
    grads = [1, 1, 1, -1, 1]
    found = ours("rprop", grads, lr=0.1)
    assert steps(found) == pytest.approx([0.1, 0.12, 0.144, 0, 0.072], abs=SAME)
    assert torchs(torch, torch.optim.Rprop, grads, lr=0.1) == pytest.approx(found, rel=SAME)
    late = steps(optaxs(lambda optax: optax.rprop(0.1), grads))
    assert late == pytest.approx([0, 0.1, 0.12, 0, 0], abs=SAME)


def test_rprops_variants_part_at_the_change_of_sign():
    """Without a move, with the last one taken back, and with a shorter one the other way."""
    turn = {name: steps(ours(name, [1, 1, -1, -1], lr=0.1)) for name in ("rprop", "rprop_plus", "rprop_minus")}
    assert turn["rprop"] == pytest.approx([0.1, 0.12, 0, -0.06], abs=SAME)
    assert turn["rprop_plus"] == pytest.approx([0.1, 0.12, -0.12, -0.06], abs=SAME)
    assert turn["rprop_minus"] == pytest.approx([0.1, 0.12, -0.06, -0.072], abs=SAME)


def test_centered_rmsprop_becomes_nan_on_a_constant_gradient(torch):
    """Ours holds its decay in two words and gets there less often, at other gradients."""
    found = torchs(torch, torch.optim.RMSprop, [0.05] * 331, alpha=0.9, centered=True)
    assert np.isfinite(found[-2])
    assert np.isnan(found[-1])
    gradients = np.random.default_rng(0).random(200)
    theta = np.zeros(200)
    opt = load("rmsprop_centered").bind(theta, alpha=0.5)
    for _ in range(100):
        opt.step(gradients)
    assert np.isnan(theta).any()


def test_adams_eps_before_the_correction_is_larger_after_it(torch):
    """adam_hat with eps is adam with eps/sqrt(1 - beta2^t); torch's SparseAdam is adam_hat."""
    grads = [(-0.5) ** k * 1e-3 for k in range(20)]
    eps = 1e-5
    hat = ours("adam_hat", grads, lr=0.1, eps=eps)
    theta, found = np.array(0.0), []
    opt = load("adam").bind(theta, lr=0.1)
    for step, gradient in enumerate(grads, 1):
        opt.hyper["eps"] = eps / (1 - 0.999**step) ** 0.5
        opt.step(np.array(gradient))
        found.append(float(theta))
    assert found == pytest.approx(hat, rel=SAME)
    sparse = torch.zeros(1, requires_grad=True)
    reference = torch.optim.SparseAdam([sparse], lr=0.1, eps=eps)
    for gradient, expected in zip(grads, hat, strict=True):
        sparse.grad = torch.tensor([gradient]).to_sparse()
        reference.step()
        assert sparse.item() == pytest.approx(expected, rel=SAME)


def test_adams_first_step_without_correction():
    corrected, plain = ours("adam", [1], eps=1e-16), ours("adam_uncorrected", [1], eps=1e-16)
    assert plain[0] / corrected[0] == pytest.approx(3.16, abs=5e-3)


def test_pytorch_optimizer_adds_to_adabounds_second_moment(peer, torch):
    """v = 1e-15 after the first gradient of 1e-6, and 1e-15 on top of it: sqrt(v + 1e-15) + eps for sqrt(v) + eps."""
    own = ours("adabound", [1e-6], lr=1e-6, base_lr=1e-6)
    theirs = torchs(torch, peer("pytorch_optimizer").AdaBound, [1e-6], lr=1e-6)
    assert own[0] / theirs[0] == pytest.approx(((2e-15) ** 0.5 + 1e-8) / ((1e-15) ** 0.5 + 1e-8), rel=1e-9)
    assert own[0] / theirs[0] == pytest.approx(1.3147, abs=5e-5)


def test_optaxs_schedule_free_weighs_a_step_by_the_next_learning_rate(peer):
    """The points that take the steps are ours, up to a warm-up in float32; the weight of step t is that of t + 1."""
    jax, optax = peer("jax"), peer("optax")
    theta, points = np.array(0.0), []
    opt = load("schedule_free_sgd").scheduled(lr=linear_warmup_torch).bind(theta, lr=0.1, lr_steps=4, lr_start=0)
    with jax.enable_x64(True):
        reference, other = optax.contrib.schedule_free_sgd(0.1, warmup_steps=4), jax.numpy.zeros(())
        state = reference.init(other)
        for _ in range(4):
            opt.step(np.array(1.0))
            moves, state = reference.update(jax.numpy.ones(()), state, other)
            other = optax.apply_updates(other, moves)
            assert float(opt.state["z"]) == pytest.approx(float(state.z), rel=2**-23)
            points.append((float(theta), float(other)))
    expected = [(0, 0), (-0.025, -0.0205), (-0.066, -0.05732), (-0.12268, -0.11025)]
    assert np.array(points) == pytest.approx(np.array(expected), abs=5.1e-6)


def test_an_average_of_torch_starts_at_the_first_point_that_it_is_given(torch):
    """Given the points after each step only, it leaves the start out, which ours averages in."""
    theta = [-x for x in accumulate([0.1] * 3)]
    module = torch.nn.ParameterList([torch.tensor(0.0)])
    average = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.5))
    for value in theta:
        module[0].detach().fill_(value)
        average.update_parameters(module)
    assert average.module[0].item() == pytest.approx(0.25 * -0.1 + 0.25 * -0.2 + 0.5 * -0.3, rel=SAME)
