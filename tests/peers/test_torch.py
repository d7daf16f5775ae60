"""The trajectories of torch, with the settings that make the published forms equal."""

import pytest

from symopt.catalogue import load
from symopt.specs.weight_decay import l2

ROWS = {
    # case: (our optimizer, torch's class, [(our settings, torch's)])
    "sgd": (load("sgd"), "SGD", [({"lr": 0.1}, {"lr": 0.1}), ({"lr": 0.3}, {"lr": 0.3})]),
    "momentum": (
        load("momentum_torch"),
        "SGD",
        [
            ({"lr": 0.05, "mu": 0.9}, {"lr": 0.05, "momentum": 0.9}),
            ({"lr": 0.1, "mu": 0.5, "tau": 0.3}, {"lr": 0.1, "momentum": 0.5, "dampening": 0.3}),
        ],
    ),
    # Equal to torch's while lr is constant: v = -lr*b.
    "momentum, lr inside": (
        load("momentum"),
        "SGD",
        [
            ({"lr": 0.05, "mu": 0.8}, {"lr": 0.05, "momentum": 0.8}),
            ({"lr": 0.02, "mu": 0.95}, {"lr": 0.02, "momentum": 0.95}),
        ],
    ),
    **{
        # At a constant lr all three train torch's points; the look-ahead form deploys others.
        f"{name} as nesterov": (
            load(name),
            "SGD",
            [
                ({"lr": 0.05, "mu": 0.9}, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
                ({"lr": 0.02, "mu": 0.5}, {"lr": 0.02, "momentum": 0.5, "nesterov": True}),
            ],
        )
        for name in ("nesterov", "nesterov_torch", "nesterov_transformed")
    },
    "sgd, weight_decay": (
        l2(load("sgd")),
        "SGD",
        [
            ({"lr": 0.1, "weight_decay": 0.1}, {"lr": 0.1, "weight_decay": 0.1}),
            ({"lr": 0.2, "weight_decay": 0.01}, {"lr": 0.2, "weight_decay": 0.01}),
        ],
    ),
    "nesterov, weight_decay": (
        l2(load("nesterov_torch")),
        "SGD",
        [
            (
                {"lr": 0.05, "mu": 0.9, "weight_decay": 0.1},
                {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
            ),
            (
                {"lr": 0.1, "mu": 0.5, "weight_decay": 0.0},
                {"lr": 0.1, "momentum": 0.5, "nesterov": True, "weight_decay": 0.0},
            ),
        ],
    ),
    "adagrad": (
        load("adagrad"),
        "Adagrad",
        [
            ({}, {}),
            (
                {"lr": 0.1, "lr_decay": 0.01, "initial": 0.1, "eps": 1e-8},
                {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.1, "eps": 1e-8},
            ),
        ],
    ),
    "rmsprop": (
        load("rmsprop"),
        "RMSprop",
        [({}, {}), ({"lr": 0.05, "alpha": 0.9, "eps": 1e-4}, {"lr": 0.05, "alpha": 0.9, "eps": 1e-4})],
    ),
    # v - gbar^2 loses the digits that the two share: the noise keeps the variance of each gradient large.
    "rmsprop, centered": (
        load("rmsprop_centered"),
        "RMSprop",
        [
            ({"alpha": 0.9, "eps": 0.1}, {"alpha": 0.9, "eps": 0.1, "centered": True}),
            ({"lr": 0.02, "alpha": 0.8, "eps": 0.2}, {"lr": 0.02, "alpha": 0.8, "eps": 0.2, "centered": True}),
        ],
    ),
    "rmsprop, momentum": (
        load("rmsprop_momentum"),
        "RMSprop",
        [
            ({"mu": 0.9}, {"momentum": 0.9}),
            ({"lr": 0.02, "alpha": 0.9, "mu": 0.5}, {"lr": 0.02, "alpha": 0.9, "momentum": 0.5}),
        ],
    ),
    "adadelta": (
        load("adadelta"),
        "Adadelta",
        [({}, {}), ({"lr": 0.5, "rho": 0.95, "eps": 1e-3}, {"lr": 0.5, "rho": 0.95, "eps": 1e-3})],
    ),
    "rprop": (
        load("rprop"),
        "Rprop",
        [
            ({}, {}),
            (
                {"lr": 1.0, "grow": 1.5, "shrink": 0.25, "smallest": 1e-3, "largest": 0.5},
                {"lr": 1.0, "etas": (0.25, 1.5), "step_sizes": (1e-3, 0.5)},
            ),
        ],
    ),
    "adam": (
        load("adam"),
        "Adam",
        [
            ({}, {}),
            ({"lr": 0.05, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3}, {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3}),
            ({"lr": 0.05, "beta1": 0.0}, {"lr": 0.05, "betas": (0.0, 0.999)}),
        ],
    ),
    "adam, weight_decay": (
        load("adam_l2"),
        "Adam",
        [
            ({"weight_decay": 0.1}, {"weight_decay": 0.1}),
            ({"lr": 0.05, "beta2": 0.95, "weight_decay": 1.0}, {"lr": 0.05, "betas": (0.9, 0.95), "weight_decay": 1.0}),
        ],
    ),
    "adam, maximize": (
        load("adam_maximizing"),
        "Adam",
        [({}, {"maximize": True}), ({"lr": 0.05, "eps": 1e-3}, {"lr": 0.05, "eps": 1e-3, "maximize": True})],
    ),
    "amsgrad": (
        load("amsgrad_torch"),
        "Adam",
        [
            ({}, {"amsgrad": True}),
            ({"lr": 0.05, "beta1": 0.8, "beta2": 0.9}, {"lr": 0.05, "betas": (0.8, 0.9), "amsgrad": True}),
        ],
    ),
    "adamw": (
        load("adamw"),
        "AdamW",
        [
            ({}, {}),
            (
                {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.3},
                {"lr": 0.05, "betas": (0.8, 0.95), "weight_decay": 0.3},
            ),
        ],
    ),
    "adamax": (
        load("adamax"),
        "Adamax",
        [
            ({}, {}),
            ({"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3}, {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3}),
        ],
    ),
    "nadam": (
        load("nadam_torch"),
        "NAdam",
        [
            ({}, {}),
            (
                {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "psi": 1.0},
                {"lr": 0.05, "betas": (0.8, 0.9), "momentum_decay": 1.0},
            ),
        ],
    ),
    "radam": (
        load("radam"),
        "RAdam",
        [
            ({"threshold": 5.0}, {}),
            ({"lr": 0.05, "beta2": 0.9, "eps": 1e-3, "threshold": 5.0}, {"lr": 0.05, "betas": (0.9, 0.9), "eps": 1e-3}),
            # Here the denominator is never used.
            ({"lr": 0.05, "beta2": 0.6, "threshold": 5.0}, {"lr": 0.05, "betas": (0.9, 0.6)}),
        ],
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_trajectories(case, torch, torch_run, agree):
    optimizer, kind, settings = ROWS[case]
    agree(optimizer, torch_run(getattr(torch.optim, kind)), settings)


def test_asgd(torch, torch_run, agree):
    """The average is deployed; it starts within the run in one of the groups."""

    class Run(torch_run.Run):
        @property
        def deployed(self):
            pairs = zip(self.tensors, self.optimizers, strict=True)
            return [[optimizer.state[x]["ax"].numpy() for x in group] for group, optimizer in pairs]

    settings = [
        ({}, {}),
        (
            {"lr": 0.1, "decay": 0.05, "power": 0.6, "averaging_start": 10},
            {"lr": 0.1, "lambd": 0.05, "alpha": 0.6, "t0": 10},
        ),
    ]
    agree(load("asgd"), torch_run(torch.optim.ASGD, Run), settings)
