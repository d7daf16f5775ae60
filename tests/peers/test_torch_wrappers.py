"""What is done around torch's optimizers: clipped and accumulated gradients, averages of the weights, a scheduler."""

import pytest

from symopt.catalogue import load
from symopt.specs.averaging import ema
from symopt.specs.schedules import cosine

CLIPPED = {
    # our optimizer: (torch's function, whether of all tensors at once, its bound, torch's class, [(ours, torch's)])
    "adamw_clipped": (
        *("clip_grad_norm_", True, 0.5, "AdamW"),
        [({"max_norm": 0.5}, {}), ({"max_norm": 0.5, "lr": 0.05}, {"lr": 0.05})],
    ),
    "momentum_clipped": (
        *("clip_grad_norm_", False, 1.5, "SGD"),
        [
            ({"max_norm": 1.5, "lr": 0.1, "mu": 0.5}, {"lr": 0.1, "momentum": 0.5}),
            ({"max_norm": 1.5, "lr": 0.2, "mu": 0.8}, {"lr": 0.2, "momentum": 0.8}),
        ],
    ),
    "sgd_clipped": (
        *("clip_grad_value_", True, 0.5, "SGD"),
        [({"largest": 0.5, "lr": 0.1}, {"lr": 0.1}), ({"largest": 0.5, "lr": 0.3}, {"lr": 0.3})],
    ),
}


@pytest.mark.parametrize("name", CLIPPED)
def test_clipping(name, torch, torch_run, agree):
    function, together, bound, kind, settings = CLIPPED[name]
    clip = getattr(torch.nn.utils, function)

    class Run(torch_run.Run):
        def before_step(self):
            tensors = [x for group in self.tensors for x in group]
            for some in [tensors] if together else [[x] for x in tensors]:
                clip(some, bound)

    agree(load(name), torch_run(getattr(torch.optim, kind), Run), settings)


def test_centralized_gradients(torch, torch_run, agree):
    class Run(torch_run.Run):
        def before_step(self):
            for tensor in (x for group in self.tensors for x in group if x.dim() > 1):
                tensor.grad -= tensor.grad.mean(dim=tuple(range(1, tensor.dim())), keepdim=True)

    settings = [({"beta1": 0.8, **own}, {"betas": (0.8, 0.999), **own}) for own in ({"lr": 0.05}, {"lr": 0.01})]
    agree(load("adam_centralized"), torch_run(torch.optim.Adam, Run), settings)


class Averaging:
    """A run that deploys what torch.optim.swa_utils averages."""

    def averages(self, torch, from_start, functions):
        self.models = [torch.nn.ParameterList(group) for group in self.tensors]
        make = torch.optim.swa_utils.AveragedModel
        self.averaged = [make(model, multi_avg_fn=f) for model, f in zip(self.models, functions, strict=True)]
        if from_start:
            self.after_step()

    def after_step(self):
        for average, model in zip(self.averaged, self.models, strict=True):
            average.update_parameters(model)

    @property
    def deployed(self):
        return [[x.detach().numpy() for x in average.module] for average in self.averaged]


def test_exponential_average(torch, torch_run, agree):
    """torch starts its average at the first point that it is given, which must be the one before the first step."""

    class Run(Averaging, torch_run.Run):
        def __init__(self, make, arrays, settings):
            super().__init__(make, arrays, [{k: v for k, v in own.items() if k != "decay"} for own in settings])
            of = torch.optim.swa_utils.get_ema_multi_avg_fn
            self.averages(torch, True, [of(own["decay"]) for own in settings])

    settings = [
        ({"lr": 0.1, "mu": 0.5, "decay": 0.9}, {"lr": 0.1, "momentum": 0.5, "decay": 0.9}),
        ({"lr": 0.05, "mu": 0.9, "decay": 0.99}, {"lr": 0.05, "momentum": 0.9, "decay": 0.99}),
    ]
    agree(ema(load("momentum_torch")), torch_run(torch.optim.SGD, Run), settings)


def test_running_mean(torch, torch_run, agree):
    class Run(Averaging, torch_run.Run):
        def __init__(self, make, arrays, settings):
            super().__init__(make, arrays, settings)
            self.averages(torch, False, [torch.optim.swa_utils.get_swa_multi_avg_fn()] * 2)

    settings = [({"lr": 0.1}, {"lr": 0.1}), ({"lr": 0.3}, {"lr": 0.3})]
    agree(load("sgd_averaged"), torch_run(torch.optim.SGD, Run), settings)


def test_clipping_under_an_average(torch, torch_run, agree):
    """The chain that large models are trained with."""

    class Run(Averaging, torch_run.Run):
        def __init__(self, make, arrays, settings):
            super().__init__(make, arrays, settings)
            self.averages(torch, True, [torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)] * 2)

        def before_step(self):
            torch.nn.utils.clip_grad_norm_([x for group in self.tensors for x in group], 0.5)

    settings = [({"max_norm": 0.5, "decay": 0.9, **own}, own) for own in ({"lr": 0.05}, {"weight_decay": 0.5})]
    agree(load("adamw_clipped_averaged"), torch_run(torch.optim.AdamW, Run), settings)


def test_a_scheduler(torch, torch_run, agree):
    """Decoupled weight decay follows the scheduled learning rate in both."""

    class Run(torch_run.Run):
        def __init__(self, make, arrays, settings):
            super().__init__(make, arrays, settings)
            anneal = torch.optim.lr_scheduler.CosineAnnealingLR
            self.schedulers = [anneal(optimizer, 60, eta_min=0.005) for optimizer in self.optimizers]

        def after_step(self):
            for scheduler in self.schedulers:
                scheduler.step()

    rates = ((0.05, 0.1), (0.02, 0.25))
    settings = [
        ({"lr": lr, "lr_total": 60, "lr_floor": floor, "weight_decay": 0.3}, {"lr": lr, "weight_decay": 0.3})
        for lr, floor in rates
    ]
    agree(load("adamw").scheduled(lr=cosine), torch_run(torch.optim.AdamW, Run), settings)


def test_accumulation(torch, torch_run, agree):
    """Gradients are added up over k calls, each divided by k; torch then steps once."""

    class Run(torch_run.Run):
        def __init__(self, make, arrays, settings):
            super().__init__(make, arrays, [{"lr": own["lr"]} for own in settings])
            self.counts = [own["k"] for own in settings]
            self.calls = 0

        def step(self, grads):
            self.calls += 1
            for group, values, optimizer, k in zip(self.tensors, grads, self.optimizers, self.counts, strict=True):
                for tensor, gradient in zip(group, values, strict=True):
                    kept = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
                    tensor.grad = kept + torch.tensor(gradient) / k
                if self.calls % k == 0:
                    optimizer.step()
                    optimizer.zero_grad()

    settings = [({"lr": 0.05, "k": 4}, {"lr": 0.05, "k": 4}), ({"lr": 0.1, "k": 3}, {"lr": 0.1, "k": 3})]
    agree(load("adam_accumulated"), torch_run(torch.optim.Adam, Run), settings)
