"""The trajectories of optax: eps under the root, maxima of corrected moments, schedules, and what it chains.

A row's function makes optax's optimizer from the very settings that ours takes, by our names.
"""

from math import exp

import pytest

from symopt.catalogue import load
from symopt.specs.schedules import cosine, exponential
from symopt.specs.weight_decay import scheduled_weight_decay

ADAM = [{}, {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3}]


def adam_like(name, **fixed):
    """One of optax's optimizers with the arguments of its adam, as a function of our settings."""

    def make(optax, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, **more):
        return getattr(optax, name)(lr, b1=beta1, b2=beta2, eps=eps, **fixed, **more)

    return make


def amsgrad(optax, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    raw = {"bias_correction_mu": False, "bias_correction_nu": False}
    return optax.amsgrad(lambda k: lr / (k + 1.0) ** 0.5, b1=beta1, b2=beta2, eps=eps, **raw)


def momentum(optax, lr, mu, lr_steps):
    """The learning rate inside the buffer."""
    return optax.chain(optax.scale_by_learning_rate(decay(optax, lr, lr_steps)), optax.trace(mu))


def momentum_outside(optax, lr, mu, lr_steps, nesterov=False):
    return optax.sgd(decay(optax, lr, lr_steps), momentum=mu, nesterov=nesterov)


def decay(optax, lr, lr_steps):
    return optax.exponential_decay(lr, transition_steps=lr_steps, decay_rate=exp(-1))


def adamw(optax, lr, lr_total, lr_floor, weight_decay):
    return optax.adamw(optax.cosine_decay_schedule(lr, lr_total, lr_floor), weight_decay=weight_decay)


def adamw_paper(optax, lr, lr_total, lr_floor, weight_decay):
    """The schedule's multiplier scales the learning rate and the decay alike."""
    multiplier = optax.cosine_decay_schedule(1.0, lr_total, lr_floor)
    steps = [optax.scale_by_adam(), optax.scale(lr), optax.add_decayed_weights(weight_decay)]
    return optax.chain(*steps, optax.scale_by_schedule(multiplier), optax.scale(-1.0))


SCHEDULED = [{"lr": 0.1, "mu": 0.9, "lr_steps": 20.0}, {"lr": 0.2, "mu": 0.5, "lr_steps": 50.0}]
ANNEALED = [
    {"lr": 0.05, "lr_total": 40, "lr_floor": 0.1, "weight_decay": 0.3},
    {"lr": 0.02, "lr_total": 80, "lr_floor": 0.0, "weight_decay": 0.05},
]

ROWS = {
    # case: (our optimizer, a function that makes optax's, [settings])
    "sgd": (load("sgd"), lambda optax, lr: optax.sgd(lr), [{"lr": 0.1}, {"lr": 0.3}]),
    "sign_sgd": (load("signsgd"), lambda optax, lr: optax.sign_sgd(lr), [{"lr": 0.1}, {"lr": 0.3}]),
    "averaged momentum": (
        load("momentum_ema"),
        lambda optax, lr, mu: optax.chain(optax.ema(mu, debias=False), optax.scale(-lr)),
        [{"lr": 0.1, "mu": 0.9}, {"lr": 0.3, "mu": 0.5}],
    ),
    "momentum, lr inside": (load("momentum").scheduled(lr=exponential), momentum, SCHEDULED),
    "momentum, lr outside": (load("momentum_torch").scheduled(lr=exponential), momentum_outside, SCHEDULED),
    "nesterov, lr outside": (
        load("nesterov_torch").scheduled(lr=exponential),
        lambda optax, **own: momentum_outside(optax, **own, nesterov=True),
        SCHEDULED,
    ),
    "adagrad": (
        load("adagrad_inside"),
        lambda optax, lr=1e-2, initial=0.1, eps=1e-7: optax.adagrad(lr, initial, eps),
        [{}, {"lr": 0.2, "initial": 1.0, "eps": 1e-2}],
    ),
    "rmsprop": (
        load("rmsprop_inside"),
        lambda optax, lr=1e-3, alpha=0.9, eps=1e-7: optax.rmsprop(lr, alpha, eps),
        [{}, {"lr": 0.02, "alpha": 0.99, "eps": 1e-3}],
    ),
    "rmsprop, momentum": (
        load("rmsprop_momentum_inside"),
        lambda optax, lr=1e-3, alpha=0.9, mu=0.9, eps=1e-7: optax.rmsprop(lr, alpha, eps, momentum=mu),
        [{}, {"lr": 0.02, "alpha": 0.99, "mu": 0.5, "eps": 1e-3}],
    ),
    "adadelta": (
        load("adadelta"),
        lambda optax, lr=1.0, rho=0.9, eps=1e-6: optax.adadelta(lr, rho, eps),
        [{}, {"lr": 0.5, "rho": 0.95, "eps": 1e-3}],
    ),
    "adam": (load("adam"), adam_like("adam"), ADAM),
    "adam, eps_root": (
        load("adam_inner"),
        lambda optax, eps=1e-8, **own: adam_like("adam")(optax, eps=0.0, eps_root=eps, **own),
        ADAM,
    ),
    "adamax": (
        load("adamax"),
        lambda optax, lr=2e-3, **own: adam_like("adamax")(optax, lr=lr, **own),
        ADAM,
    ),
    "amsgrad": (load("amsgrad_optax"), adam_like("amsgrad"), ADAM),
    "amsgrad as published": (load("amsgrad"), amsgrad, ADAM),
    "nadam": (load("nadam_constant"), adam_like("nadam"), ADAM),
    "radam": (
        load("radam_optax"),
        adam_like("radam"),
        [*ADAM, {"lr": 0.05, "beta2": 0.6}, {"lr": 0.05, "threshold": 20.0}],
    ),
    "adamw, scheduled": (load("adamw").scheduled(lr=cosine), adamw, ANNEALED),
    "adamw as published, scheduled": (
        load("adamw_paper").scheduled(multiplier=cosine),
        lambda optax, multiplier_total, multiplier_floor, **own: adamw_paper(
            optax, lr_total=multiplier_total, lr_floor=multiplier_floor, **own
        ),
        [{name.replace("lr_", "multiplier_"): value for name, value in own.items()} for own in ANNEALED],
    ),
    # The wrapper reads the multiplier off the schedule, which may be put on before it or after it.
    "scheduled weight decay": (scheduled_weight_decay(load("adam")).scheduled(lr=cosine), adamw_paper, ANNEALED),
    "scheduled, then weight decay": (
        scheduled_weight_decay(load("adam").scheduled(lr=cosine)),
        adamw_paper,
        ANNEALED,
    ),
}


@pytest.fixture
def optax_run(peer):
    """`optax_run(make)`: a run with one optimizer `make(optax, **settings)` for each group, in float64."""
    jax, optax = peer("jax"), peer("optax")

    class Run:
        def __init__(self, make, arrays, settings):
            self.params = [[jax.numpy.asarray(x) for x in group] for group in arrays]
            self.optimizers = [make(optax, **own) for own in settings]
            self.states = [opt.init(group) for opt, group in zip(self.optimizers, self.params, strict=True)]
            self.moved = jax.jit(self.move)

        def move(self, params, states, grads):
            found = []
            for optimizer, given, state, own in zip(self.optimizers, grads, states, params, strict=True):
                moves, kept = optimizer.update(given, state, own)
                found.append((optax.apply_updates(own, moves), kept))
            return tuple(zip(*found, strict=True))

        @property
        def points(self):
            return jax.device_get(self.params)

        def step(self, grads):
            self.params, self.states = self.moved(self.params, self.states, grads)

    def start(make, kind=Run):
        return lambda arrays, settings: kind(make, arrays, settings)

    start.Run, start.optax, start.get = Run, optax, jax.device_get
    with jax.enable_x64(True):
        yield start


@pytest.mark.parametrize("case", ROWS)
def test_trajectories(case, optax_run, agree):
    optimizer, make, settings = ROWS[case]
    agree(optimizer, optax_run(make), [(own, own) for own in settings])


@pytest.mark.parametrize(("name", "reset"), [("lookahead_adam", False), ("lookahead_adam_reset", True)])
def test_lookahead(name, reset, optax_run, agree):
    """optax too starts every state of the inner optimizer anew, its step count included."""
    optax = optax_run.optax

    class Run(optax_run.Run):
        def __init__(self, make, arrays, settings):
            super().__init__(make, arrays, settings)
            self.params = [optax.LookaheadParams(group, group) for group in self.params]
            self.states = [opt.init(pair) for opt, pair in zip(self.optimizers, self.params, strict=True)]

        @property
        def points(self):
            return [pair.fast for pair in optax_run.get(self.params)]

    def make(optax, lr, k, alpha):
        return optax.lookahead(optax.adam(lr), k, alpha, reset_state=reset)

    settings = [{"lr": 0.05, "k": 5, "alpha": 0.5}, {"lr": 0.1, "k": 7, "alpha": 0.8}]
    agree(load(name), optax_run(make, Run), [(own, own) for own in settings])


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_schedule_free_at_a_constant_learning_rate(kind, optax_run, agree):
    """Where it changes optax departs: see test_departures.py."""
    optax = optax_run.optax

    class Run(optax_run.Run):
        @property
        def deployed(self):
            pairs = zip(self.states, self.params, strict=True)
            return optax_run.get([optax.contrib.schedule_free_eval_params(*pair) for pair in pairs])

    def make(optax, lr, beta, weight_decay=0.0):
        return getattr(optax.contrib, f"schedule_free_{kind}")(lr, b1=beta, weight_decay=weight_decay)

    beta = {"sgd": "beta", "adamw": "beta1"}[kind]
    settings = [
        ({"lr": lr, beta: b, "weight_decay": decay}, {"lr": lr, "beta": b, "weight_decay": decay})
        for lr, b, decay in ((0.2, 0.9, 0.0), (0.05, 0.7, 0.3))
    ]
    agree(load(f"schedule_free_{kind}"), optax_run(make, Run), settings)
