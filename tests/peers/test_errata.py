"""The packages named in the page of disagreements do what the specs of that page say.

One vector starts at the same point, on a quadratic with noise; a run of ours is the spec read in float64. The tolerance
is the one of conftest.py, for fewer steps.
"""

from itertools import count

import numpy as np
import pytest

from symopt.errata import disagreements, run, spec
from symopt.interpret import FLOAT, interpret

STEPS = 15
SAME = 1e-12  # see conftest.py
START = np.array([1.0, -0.5, 0.25, 2.0])
RATES = [0.1 / (1 + 0.5 * max(k - 1, 0)) for k in range(STEPS + 1)]  # the first two are the same

CLAIMS = {each.id: each for each in disagreements()}
NOT_RUN = {
    "nnabla-lars": "a comment in a header of C++",
    "document-000-adam": "a text",
    "document-000-schedule-free": "a text",
    "document-002-momentum": "a text",
    "document-003-adagrad": "a text",
    "document-003-adadelta": "a text",
}


def slope(point, step):
    """A quadratic with noise that depends on the step alone; the last element has no gradient at first."""
    noise = np.random.default_rng(step).standard_normal(len(point))
    return (0.5 * point + noise) * [1, 1, 1, step > 2]


def ours(optimizer, rates=None, **hyper):
    """(gradient points, deployed parameters) of a spec; `rates` are the learning rates of the steps."""
    steps, points = count(1), []

    def gradient(arrays):
        points.append(arrays[0])
        return [slope(arrays[0], next(steps))]

    given = hyper if rates is None else lambda step: hyper | {"lr": rates[step - 1]}
    ends = interpret(optimizer, [START], gradient, STEPS, given, numbers=FLOAT)
    return points, [end.theta[0] for end in ends]


def torchs(torch, make, rates=None):
    """The same of an optimizer of torch's, or after torch's model; it gets its gradient where its parameter is."""
    theta = torch.tensor(START, requires_grad=True)
    optimizer, points = make([theta]), [START]
    for step in range(1, STEPS + 1):
        if rates:
            optimizer.param_groups[0]["lr"] = rates[step - 1]
        theta.grad = torch.tensor(slope(points[-1], step))
        if isinstance(optimizer, torch.optim.SparseAdam):
            theta.grad = theta.grad.to_sparse()
        optimizer.step()
        points.append(theta.detach().numpy().copy())
    return points[:-1], points[1:]


@pytest.fixture
def optaxs(peer):
    """`optaxs(make)` is the same of one of optax's; `deploy` says what is deployed, the parameter where not given."""
    jax, optax = peer("jax"), peer("optax")

    def follow(make, deploy=lambda optax, state, theta: theta):
        with jax.enable_x64(True):
            optimizer, theta = make(optax), jax.numpy.asarray(START)
            state, points, deployed = optimizer.init(theta), [], []
            for step in range(1, STEPS + 1):
                points.append(np.asarray(theta))
                moves, state = optimizer.update(jax.numpy.asarray(slope(points[-1], step)), state, theta)
                theta = optax.apply_updates(theta, moves)
                deployed.append(np.asarray(deploy(optax, state, theta)))
        return points, deployed

    return follow


@pytest.fixture
def keras(peer):
    """Keras, computing in float64."""
    module = peer("keras")
    before = module.config.floatx()
    module.config.set_floatx("float64")
    yield module
    module.config.set_floatx(before)


def kerases(keras, optimizer, rates=None):
    """The same of one of Keras'."""
    theta, points = keras.Variable(START, dtype="float64"), [START]
    for step in range(1, STEPS + 1):
        if rates:
            optimizer.learning_rate = rates[step - 1]
        optimizer.apply([keras.ops.convert_to_tensor(slope(points[-1], step))], [theta])
        points.append(np.asarray(theta.value))
    return points[:-1], points[1:]


def distance(one, other):
    """How far two runs come apart, as a share of the largest number met."""
    pairs = [pair for mine, yours in zip(one, other, strict=True) for pair in zip(mine, yours, strict=True)]
    assert all(x.dtype == y.dtype == np.float64 for x, y in pairs)
    return max(np.abs(x - y).max() for x, y in pairs) / max(np.abs(y).max() for _, y in pairs)


def sides(name):
    """Both sides of a disagreement."""
    claim = CLAIMS[name]
    return spec(claim.a), spec(claim.b)


def printed(thing):
    """A docstring, its white space made equal."""
    return " ".join(thing.__doc__.split())


def test_every_disagreement_is_run_or_says_why_not():
    named = {name for name in CLAIMS if f"test_{name.replace('-', '_')}" in globals()}
    assert named | NOT_RUN.keys() == CLAIMS.keys()
    assert not named & NOT_RUN.keys()


def test_optax_rprop(optaxs, torch):
    wrong, right = sides("optax-rprop")
    assert distance(ours(wrong, lr=0.1), optaxs(lambda optax: optax.rprop(0.1))) <= SAME
    assert distance(ours(right, lr=0.1), torchs(torch, lambda x: torch.optim.Rprop(x, lr=0.1))) <= SAME


def test_optax_rmsprop_momentum(optaxs, peer):
    inside, outside = sides("optax-rmsprop-momentum")
    rate = lambda k: peer("jax").numpy.asarray(RATES)[k]  # noqa: E731
    theirs = optaxs(lambda optax: optax.rmsprop(rate, decay=0.9, eps=1e-6, momentum=0.8))
    assert distance(ours(inside, RATES, alpha=0.9, eps=1e-6, mu=0.8), theirs) <= SAME
    theirs = optaxs(lambda optax: optax.chain(optax.scale_by_rms(0.9, 1e-6), optax.sgd(rate, momentum=0.8)))
    assert distance(ours(outside, RATES, alpha=0.9, eps=1e-6, mu=0.8), theirs) <= SAME


def test_torch_momentum(torch, keras):
    outside, inside = sides("torch-momentum")
    theirs = torchs(torch, lambda x: torch.optim.SGD(x, momentum=0.9), RATES)
    assert distance(ours(outside, RATES, mu=0.9), theirs) <= SAME
    theirs = kerases(keras, keras.optimizers.SGD(momentum=0.9), RATES)
    assert distance(ours(inside, RATES, mu=0.9), theirs) <= SAME


def test_torch_nadam(torch):
    theirs = torchs(torch, lambda x: torch.optim.NAdam(x, lr=0.05, momentum_decay=0.01))
    assert distance(ours(sides("torch-nadam")[0], lr=0.05, psi=0.01), theirs) <= SAME


def test_keras_nadam(keras):
    theirs = kerases(keras, keras.optimizers.Nadam(0.05, epsilon=1e-6))
    assert distance(ours(sides("keras-nadam")[0], lr=0.05, psi=1, eps=1e-6), theirs) <= SAME


def test_torch_adafactor(torch):
    """The text has the two lines; the code is the other side."""
    kind = torch.optim.Adafactor
    text = printed(kind)
    decays = text.index(r"\theta_t \leftarrow \theta_{t-1} - \gamma \lambda \theta_{t-1}")
    assert decays < text.index(r"\theta_t \leftarrow \theta_{t-1} - \alpha_t \widehat{U}_t")
    documented, code = sides("torch-adafactor")
    theirs = torchs(torch, lambda x: kind(x, lr=0.1, eps=(1e-8, 1e-3), weight_decay=0.5))
    assert distance(ours(code, lr=0.1, weight_decay=0.5), theirs) <= SAME
    assert distance(ours(documented, lr=0.1, weight_decay=0.5), theirs) > 0.1


def test_torch_muon(torch):
    """The text doubles the rate at each step of a matrix with four rows and one column; the code does not.

    Five Newton-Schulz iterations turn a singular value of 1 into 0.6964 when nothing is rounded. In bfloat16 each one
    is off by about eight times 2**-9, which the others enlarge up to three times: 5 * 8 * 3 / 2**9 is 0.23.
    """
    assert r"\gamma \leftarrow \mathrm{AdjustLR}" in printed(torch.optim.Muon)
    theta = torch.zeros((4, 1), dtype=torch.float64, requires_grad=True)
    optimizer, last, lengths = torch.optim.Muon([theta], lr=0.1, weight_decay=0.0), np.zeros(4), []
    for step in range(1, 6):
        theta.grad = torch.tensor(slope(last, step)[:, None])
        optimizer.step()
        now = theta.detach().numpy()[:, 0].copy()
        lengths.append(np.linalg.norm(now - last))
        last = now
    assert optimizer.param_groups[0]["lr"] == 0.1
    code = ours(sides("torch-muon")[1], lr=0.1, weight_decay=0.0, ratio=2.0)
    own = [np.linalg.norm(after - before) for before, after in zip(*code, strict=True)]
    assert own == pytest.approx([0.2] * STEPS, rel=SAME)
    assert lengths == pytest.approx([0.2 * 0.6964] * 5, rel=0.23)


def test_torch_sparse_adam(torch):
    sparse, dense = sides("torch-sparse-adam")
    theirs = torchs(torch, lambda x: torch.optim.SparseAdam(x, lr=0.05, eps=1e-3))
    assert distance(ours(sparse, lr=0.05, eps=1e-3), theirs) <= SAME
    assert distance(ours(dense, lr=0.05, eps=1e-3), theirs) > SAME
    theirs = torchs(torch, lambda x: torch.optim.Adam(x, lr=0.05, eps=1e-3))
    assert distance(ours(dense, lr=0.05, eps=1e-3), theirs) <= SAME


def test_pytorch_optimizer_ranger(torch, peer):
    kind = peer("pytorch_optimizer").Ranger
    theirs = torchs(torch, lambda x: kind(x, lr=0.05, use_gc=False))
    assert distance(ours(sides("pytorch-optimizer-ranger")[0], lr=0.05), theirs) <= SAME


def rates_of(torch, make, steps):
    """The learning rates of a scheduler, before any step and after each."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, found = make(optimizer), []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return [*found, optimizer.param_groups[0]["lr"]]


def test_pytorch_optimizer_polynomial(torch, peer):
    """Its rate before the first call is the lowest one, so that it is called once before the first step."""
    kind = peer("pytorch_optimizer.lr_scheduler").PolyScheduler
    claim = CLAIMS["pytorch-optimizer-polynomial"]
    (known,) = claim.runs
    rates = rates_of(torch, lambda optimizer: kind(optimizer, t_max=1000, max_lr=1.0), 1001)
    assert [rates[t] for t in known.at] == pytest.approx([float(x) for x in run(claim, known)], rel=SAME)


def test_torch_one_cycle(torch):
    claim = CLAIMS["torch-one-cycle"]
    (known,) = claim.runs
    kind = torch.optim.lr_scheduler.OneCycleLR
    make = lambda optimizer: kind(optimizer, 1.0, 20, anneal_strategy="linear", cycle_momentum=False)  # noqa: E731
    rates = rates_of(torch, make, 20)
    assert [rates[t - 1] for t in known.at] == pytest.approx([float(x) for x in run(claim, known)], rel=SAME)


def test_optax_amsgrad(optaxs, torch):
    before, after = sides("optax-amsgrad")
    assert distance(ours(before, lr=0.05), optaxs(lambda optax: optax.amsgrad(0.05))) <= SAME
    theirs = torchs(torch, lambda x: torch.optim.Adam(x, lr=0.05, amsgrad=True))
    assert distance(ours(after, lr=0.05), theirs) <= SAME


def test_optax_schedule_free(optaxs, peer):
    rate = lambda k: peer("jax").numpy.asarray(RATES)[k]  # noqa: E731
    theirs = optaxs(
        lambda optax: optax.contrib.schedule_free(optax.sgd(rate), rate, b1=0.8),
        lambda optax, state, theta: optax.contrib.schedule_free_eval_params(state, theta),
    )
    neighbours, authors = sides("optax-schedule-free")
    assert distance(ours(neighbours, RATES[1:], beta=0.8), theirs) <= SAME
    assert distance(ours(authors, RATES[1:], beta=0.8), theirs) > 1e-3


def test_deepspeed_adagrad(torch, peer):
    """In float32: a step is off by up to 8 roundings of 2**-24, which the quadratic does not amplify."""
    package = peer("deepspeed")
    wrong, mended = sides("deepspeed-adagrad")
    version = tuple(int(part) for part in package.__version__.split("+")[0].split(".")[:3])
    kind = peer("deepspeed.ops.adagrad").DeepSpeedCPUAdagrad
    theta, points = torch.tensor(START, dtype=torch.float32, requires_grad=True), [START]
    optimizer = kind([theta], lr=0.1, weight_decay=0.5)
    for step in range(1, STEPS + 1):
        theta.grad = torch.tensor(slope(points[-1], step), dtype=torch.float32)
        optimizer.step()
        points.append(theta.detach().double().numpy().copy())
    theirs, bound = (points[:-1], points[1:]), STEPS * 8 * 2**-24
    now, then = (mended, wrong) if version >= (0, 19, 8) else (wrong, mended)
    assert distance(ours(now, lr=0.1, weight_decay=0.5), theirs) <= bound
    assert distance(ours(then, lr=0.1, weight_decay=0.5), theirs) > 0.01


def test_optax_signum(optaxs, peer):
    """The formula is read as it is meant, which is what the code computes."""
    assert r"m_t \leftarrow \beta\, m_t + (1 - \beta)\, g_t" in printed(peer("optax").signum)
    for side in sides("optax-signum"):
        assert distance(ours(side, lr=0.05), optaxs(lambda optax: optax.signum(0.05))) <= SAME


def test_optax_adadelta(optaxs, peer):
    text = printed(peer("optax").adadelta)
    assert r"E[\Delta w^2]_{t-1} + \epsilon" in text
    assert r"E[\Delta w^2]_t =" not in text
    theirs = optaxs(lambda optax: optax.adadelta(1.0, rho=0.8, eps=1e-3))
    documented, code = sides("optax-adadelta")
    assert distance(ours(code, rho=0.8, eps=1e-3), theirs) <= SAME
    assert distance(ours(documented, rho=0.8, eps=1e-3), theirs) > 0.01


def test_keras_adamax(keras):
    kind = keras.optimizers.Adamax
    assert "m = beta1 * m + (1 - beta) * g" in printed(kind)
    documented, code = sides("keras-adamax")
    theirs = kerases(keras, kind(0.05, epsilon=1e-4))
    assert distance(ours(code, lr=0.05, eps=1e-4), theirs) <= SAME
    assert distance(ours(documented, lr=0.05, eps=1e-4, beta=0.9), theirs) <= SAME
