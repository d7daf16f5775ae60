"""The trajectories of the package pytorch_optimizer, for what torch itself has not."""

import pytest

from symopt.catalogue import load
from symopt.specs.lookahead import lookahead_reset

LOOKAHEAD = [
    ({"lr": 0.05, "mu": 0.9, "k": 5, "alpha": 0.5}, {"lr": 0.05, "momentum": 0.9, "k": 5, "alpha": 0.5}),
    ({"lr": 0.1, "mu": 0.5, "k": 3, "alpha": 0.8}, {"lr": 0.1, "momentum": 0.5, "k": 3, "alpha": 0.8}),
]

BOUNDS = [
    (
        {"lr": 1e-3, "base_lr": 1e-3, "final_lr": 1e-4, "gamma": 1e-2},
        {"lr": 1e-3, "final_lr": 1e-4, "gamma": 1e-2},
    ),
    (
        {"lr": 0.02, "base_lr": 0.02, "final_lr": 1e-5, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3},
        {"lr": 0.02, "final_lr": 1e-5, "betas": (0.8, 0.9), "eps": 1e-3},
    ),
]


@pytest.mark.parametrize(
    ("name", "treatment"),
    [("lookahead_momentum", "none"), ("lookahead_momentum_pulled", "pullback"), ("reset", "reset")],
)
def test_lookahead(name, treatment, peer, torch, torch_run, agree):
    optimizer = lookahead_reset(load("momentum")) if name == "reset" else load(name)
    wrap = peer("pytorch_optimizer").Lookahead

    def make(tensors, k, alpha, **own):
        return wrap(torch.optim.SGD(tensors, **own), k=k, alpha=alpha, pullback_momentum=treatment)

    agree(optimizer, torch_run(make), LOOKAHEAD)


@pytest.mark.parametrize(("name", "maximum"), [("adabound", False), ("amsbound", True)])
def test_adabound(name, maximum, peer, torch_run, agree):
    """Gradients are a thousand times as large: the 1e-15 that the package adds to v is below rounding then."""
    kind = peer("pytorch_optimizer").AdaBound
    agree(load(name), torch_run(lambda x, **own: kind(x, ams_bound=maximum, **own)), BOUNDS, size=1e3)


@pytest.mark.parametrize(("name", "centralized"), [("ranger", False), ("ranger_centralized", True)])
def test_ranger(name, centralized, peer, torch_run, agree):
    """With an SGD step before its threshold, which is not its default."""
    kind = peer("pytorch_optimizer").Ranger
    settings = [
        ({"threshold": 5.0, "beta1": 0.95, "eps": 1e-5}, {}),
        (
            {"threshold": 5.0, "lr": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3, "k": 4, "alpha": 0.8},
            {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "k": 4, "alpha": 0.8},
        ),
    ]
    make = torch_run(lambda x, **own: kind(x, degenerated_to_sgd=True, use_gc=centralized, **own))
    agree(load(name), make, settings)
