"""The same trajectories as torch's, over 50 steps in float64, with the settings that make the published forms equal.

Both compute the same real numbers in float64 with other roundings, at most some tens of operations a step, each off by
2**-53 relative. The methods here do not amplify an error beyond the sum of what 50 steps bring in, about
50 * 40 * 2**-53 = 2e-13; 1e-12 is asked for. A centered RMSProp subtracts nearly equal averages and loses their common
digits: its gradients are drawn anew at each step, so that the variance under its root is not small.
"""

import numpy as np
import pytest

from symopt import catalogue

STEPS = 50
SHAPES = ((5, 3), (7,), ())
TOLERANCE = 1e-12

CASES = {
    # name: (torch's class and settings, symopt's name and settings)
    "sgd": (("SGD", {"lr": 0.1}), ("sgd", {"lr": 0.1})),
    "momentum": (("SGD", {"lr": 0.05, "momentum": 0.9}), ("momentum_torch", {"lr": 0.05, "mu": 0.9})),
    # Equal to torch's while lr is constant: v = -lr*b.
    "momentum, lr inside": (("SGD", {"lr": 0.05, "momentum": 0.8}), ("momentum", {"lr": 0.05, "mu": 0.8})),
    "dampening": (
        ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
        ("momentum_torch", {"lr": 0.05, "mu": 0.9, "tau": 0.3}),
    ),
    "nesterov": (
        ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
        ("nesterov_torch", {"lr": 0.05, "mu": 0.9}),
    ),
    # The transformed form with a constant lr: the same as torch's.
    "nesterov, transformed": (
        ("SGD", {"lr": 0.02, "momentum": 0.95, "nesterov": True}),
        ("nesterov_transformed", {"lr": 0.02, "mu": 0.95}),
    ),
    "adagrad": (
        ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.1, "eps": 1e-8}),
        ("adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial": 0.1, "eps": 1e-8}),
    ),
    "adagrad, defaults": (("Adagrad", {}), ("adagrad", {})),
    "rmsprop": (("RMSprop", {"lr": 0.01, "alpha": 0.9}), ("rmsprop", {"lr": 0.01, "alpha": 0.9})),
    "rmsprop, defaults": (("RMSprop", {}), ("rmsprop", {})),
    "rmsprop, centered": (
        ("RMSprop", {"lr": 0.01, "alpha": 0.9, "centered": True}),
        ("rmsprop_centered", {"lr": 0.01, "alpha": 0.9}),
    ),
    "rmsprop, momentum": (
        ("RMSprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.7}),
        ("rmsprop_momentum", {"lr": 0.01, "alpha": 0.9, "mu": 0.7}),
    ),
    "adam": (("Adam", {}), ("adam", {})),
    "adam, no first moment": (
        ("Adam", {"lr": 0.01, "betas": (0.0, 0.99), "eps": 1e-3}),
        ("adam", {"lr": 0.01, "beta1": 0.0, "beta2": 0.99, "eps": 1e-3}),
    ),
    "adamw": (("AdamW", {}), ("adamw", {})),
    "adamw, strong decay": (
        ("AdamW", {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.3}),
        ("adamw", {"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.3}),
    ),
}


def starting_point():
    random = np.random.default_rng(1)
    return [np.array(random.standard_normal(shape)) for shape in SHAPES]


def gradients(params, step):
    """Of a quadratic with noise that depends on the step alone; the last tensor's is 0 at times."""
    random = np.random.default_rng(1000 + step)
    found = [0.5 * array + random.standard_normal(array.shape) for array in params]
    found[-1] = found[-1] * (step % 3 > 0)
    return [np.asarray(array) for array in found]


def relative_difference(ours, theirs):
    scale = max(np.abs(array).max() for array in theirs)
    return max(np.abs(a - b).max() for a, b in zip(ours, theirs, strict=True)) / scale


@pytest.mark.parametrize("case", CASES)
def test_trajectories_agree(case, peer):
    torch = peer("torch")
    (kind, theirs), (name, ours) = CASES[case]
    params = starting_point()
    tensors = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in params]
    reference = getattr(torch.optim, kind)(tensors, **theirs)
    opt = catalogue.load(name).bind(params, **ours)
    for step in range(STEPS):
        opt.step(gradients(params, step))
        for tensor, gradient in zip(tensors, gradients([x.detach().numpy() for x in tensors], step), strict=True):
            tensor.grad = torch.tensor(gradient, dtype=torch.float64)
        reference.step()
        assert relative_difference(params, [x.detach().numpy() for x in tensors]) <= TOLERANCE, step


def test_momentum_departs_from_torch_when_lr_changes(peer):
    """lr inside the velocity or outside the buffer: equal while lr is constant, apart from the first change on."""
    torch = peer("torch")
    params = starting_point()
    tensors = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in params]
    reference = torch.optim.SGD(tensors, lr=0.1, momentum=0.9)
    opt = catalogue.load("momentum").bind(params, lr=0.1, mu=0.9)
    apart = []
    for step in range(4):
        if step == 2:
            opt.hyper["lr"] = reference.param_groups[0]["lr"] = 0.05
        given = gradients(starting_point(), step)
        opt.step(given)
        for tensor, gradient in zip(tensors, given, strict=True):
            tensor.grad = torch.tensor(gradient, dtype=torch.float64)
        reference.step()
        apart.append(relative_difference(params, [x.detach().numpy() for x in tensors]))
    assert max(apart[:2]) <= TOLERANCE
    assert min(apart[2:]) > 1e-3
