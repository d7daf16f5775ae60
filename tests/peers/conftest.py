"""One problem for all peers, and how far apart two libraries may be on it.

Two libraries compute the same real numbers in float64 with other roundings, at most some 40 operations a step, each off
by 2**-53 of its result. The methods here do not amplify an error on this problem, a quadratic that pulls towards 0, so
60 steps bring in about 60 * 40 * 2**-53 = 3e-13 of the largest number on the way; 1e-12 of that number is allowed.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

STEPS = 60
TOLERANCE = 1e-12
SHAPES = (((5, 3), (7,)), ((2, 1, 3), ()))  # of the tensors of each group

Arrays = list[list[Any]]
Settings = Sequence[dict[str, Any]]


def starting_point() -> Arrays:
    random = np.random.default_rng(1)
    return [[np.array(random.standard_normal(shape)) for shape in shapes] for shapes in SHAPES]


def gradients(points: Arrays, step: int, size: float) -> Arrays:
    """Of a quadratic with noise that depends on the step alone; one tensor's is 0 at times, at first too."""
    random = np.random.default_rng(1000 + step)
    found = [[size * (0.5 * x + random.standard_normal(x.shape)) for x in group] for group in points]
    found[1][1] = found[1][1] * (step % 3 > 0)
    return [[np.asarray(x) for x in group] for group in found]


def distance(ours: Arrays, theirs: Arrays) -> tuple[float, float]:
    """(largest difference, largest number)."""
    pairs = [(a, b) for mine, yours in zip(ours, theirs, strict=True) for a, b in zip(mine, yours, strict=True)]
    assert all(a.dtype == b.dtype == np.float64 for a, b in pairs)
    return max(float(np.max(np.abs(a - b))) for a, b in pairs), max(float(np.max(np.abs(b))) for _, b in pairs)


@pytest.fixture(scope="session")
def apart():
    """`apart(optimizer, ours, make, theirs)`: how far two libraries come apart, as a share of the largest number met.

    ours, theirs: the settings of the two groups; size: factor of all gradients
    make: makes a run of the other library from a starting point and its settings, with `points`, `step(gradients)` and,
        where it deploys something else than the points, `deployed`
    """

    def measure(optimizer: Any, ours: Settings, make: Callable[..., Any], theirs: Settings, size: float = 1.0) -> float:
        groups = [{"params": p, **own} for p, own in zip(starting_point(), ours, strict=True)]
        opt, peer = optimizer.bind(groups), make(starting_point(), theirs)
        far = large = 0.0
        for step in range(STEPS):
            opt.step(gradients(opt.params, step, size))
            peer.step(gradients(peer.points, step, size))
            seen = [distance(opt.params, peer.points)]
            if hasattr(peer, "deployed"):
                opt.to_eval()
                seen.append(distance(opt.params, peer.deployed))
                opt.to_train()
            far, large = max(far, *(d for d, _ in seen)), max(large, *(size for _, size in seen))
        return far / large

    return measure


@pytest.fixture(scope="session")
def agree(apart):
    """`agree(optimizer, make, settings)` asserts that two libraries agree under each of the settings.

    settings: pairs (ours, theirs); each is used in either group, beside the next one
    """

    def check(optimizer: Any, make: Callable[..., Any], settings: Sequence[Any], size: float = 1.0) -> None:
        assert len(settings) >= 2
        for first, second in zip(settings, [*settings[1:], settings[0]], strict=True):
            (ours, theirs), (other_ours, other_theirs) = first, second
            far = apart(optimizer, [ours, other_ours], make, [theirs, other_theirs], size)
            assert far <= TOLERANCE, f"{far:.1e} apart with {ours} beside {other_ours}"

    return check


@pytest.fixture
def torch(peer):
    """torch; what it keeps beside the parameters (step counts, products, rates) is float64 here, not float32."""
    module = peer("torch")
    before = module.get_default_dtype()
    module.set_default_dtype(module.float64)
    yield module
    module.set_default_dtype(before)


@pytest.fixture
def torch_run(torch):
    """`torch_run(make)`: a run with one optimizer `make(tensors, **settings)` for each group."""

    class Run:
        def __init__(self, make: Callable[..., Any], arrays: Arrays, settings: Settings):
            self.tensors = [[torch.tensor(x, requires_grad=True) for x in group] for group in arrays]
            self.optimizers = [make(group, **own) for group, own in zip(self.tensors, settings, strict=True)]

        @property
        def points(self) -> Arrays:
            return [[x.detach().numpy() for x in group] for group in self.tensors]

        def step(self, grads: Arrays) -> None:
            for group, values in zip(self.tensors, grads, strict=True):
                for tensor, gradient in zip(group, values, strict=True):
                    tensor.grad = torch.tensor(gradient)
            self.before_step()
            for optimizer in self.optimizers:
                optimizer.step()
            self.after_step()

        def before_step(self) -> None:
            """What a subclass does with the gradients."""

        def after_step(self) -> None:
            """What a subclass does with the new points."""

    def start(make: Callable[..., Any], kind: type[Any] = Run) -> Callable[..., Any]:
        return lambda arrays, settings: kind(make, arrays, settings)

    start.Run = Run
    return start
