"""The trajectories of the package schedulefree: the points that it trains, and the averages that it deploys."""

import pytest

from symopt.catalogue import load
from symopt.specs.schedules import linear_warmup

SGD = load("schedule_free_sgd")
ADAMW = load("schedule_free_adamw")

ROWS = {
    # case: (our optimizer, its class, [(our settings, its)])
    "sgd": (
        SGD,
        "SGDScheduleFree",
        [
            ({"lr": 0.2}, {"lr": 0.2}),
            (
                {"lr": 0.1, "beta": 0.7, "weight_decay": 0.3, "r": 1.0, "p": 1.0},
                {"lr": 0.1, "momentum": 0.7, "weight_decay": 0.3, "r": 1.0, "weight_lr_power": 1.0},
            ),
        ],
    ),
    "sgd, warm-up": (
        SGD.scheduled(lr=linear_warmup),
        "SGDScheduleFree",
        [
            ({"lr": 0.2, "lr_steps": 15}, {"lr": 0.2, "warmup_steps": 15}),
            (
                {"lr": 0.3, "beta": 0.95, "lr_steps": 40, "r": 0.5, "weight_decay": 0.1},
                {"lr": 0.3, "momentum": 0.95, "warmup_steps": 40, "r": 0.5, "weight_decay": 0.1},
            ),
        ],
    ),
    "adamw": (
        ADAMW,
        "AdamWScheduleFree",
        [
            ({}, {}),
            (
                {"lr": 0.1, "beta1": 0.7, "beta2": 0.9, "weight_decay": 0.3, "r": 2.0, "p": 1.0, "eps": 1e-3},
                {"lr": 0.1, "betas": (0.7, 0.9), "weight_decay": 0.3, "r": 2.0, "weight_lr_power": 1.0, "eps": 1e-3},
            ),
        ],
    ),
    "adamw, warm-up": (
        ADAMW.scheduled(lr=linear_warmup),
        "AdamWScheduleFree",
        [
            ({"lr": 0.05, "lr_steps": 15}, {"lr": 0.05, "warmup_steps": 15}),
            (
                {"lr": 0.1, "beta1": 0.95, "lr_steps": 40, "r": 0.5, "weight_decay": 0.1},
                {"lr": 0.1, "betas": (0.95, 0.999), "warmup_steps": 40, "r": 0.5, "weight_decay": 0.1},
            ),
        ],
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_trajectories(case, peer, torch_run, agree):
    class Run(torch_run.Run):
        def __init__(self, make, arrays, settings):
            super().__init__(make, arrays, settings)
            for optimizer in self.optimizers:
                optimizer.train()

        @property
        def deployed(self):
            kept = [[x.detach().clone() for x in group] for group in self.tensors]
            for optimizer in self.optimizers:
                optimizer.eval()
            found = [[x.detach().clone().numpy() for x in group] for group in self.tensors]
            for optimizer, group, values in zip(self.optimizers, self.tensors, kept, strict=True):
                optimizer.train()
                for tensor, value in zip(group, values, strict=True):
                    tensor.detach().copy_(value)  # the way back rounds
            return found

    optimizer, kind, settings = ROWS[case]
    agree(optimizer, torch_run(getattr(peer("schedulefree"), kind), Run), settings)
