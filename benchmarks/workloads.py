"""What the benchmarks step: the shapes of small tensors, two well-known models and one large tensor, and their data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from math import prod

import numpy as np

Arrays = list[np.ndarray]


def resnet50() -> list[tuple[int, ...]]:
    """The 161 tensors of ResNet-50."""
    shapes: list[tuple[int, ...]] = [(64, 3, 7, 7), (64,), (64,)]
    before = 64
    for width, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            wide = 4 * width
            shapes += [(width, before, 1, 1), (width,), (width,), (width, width, 3, 3), (width,), (width,)]
            shapes += [(wide, width, 1, 1), (wide,), (wide,)]
            shapes += [(wide, before, 1, 1), (wide,), (wide,)] if block == 0 else []
            before = wide
    return [*shapes, (1000, 2048), (1000,)]


def gpt2() -> list[tuple[int, ...]]:
    """The 148 tensors of GPT-2 with 124 million parameters."""
    d = 768
    block = [(d,), (d,), (d, 3 * d), (3 * d,), (d, d), (d,), (d,), (d,), (d, 4 * d), (4 * d,), (4 * d, d), (d,)]
    return [(50257, d), (1024, d), *(block * 12), (d,), (d,)]


@dataclass(frozen=True)
class Workload:
    """What is stepped.

    batch: how many steps are timed in a row
    scales: standard deviation of the gradients, for as many sets of them
    new_gradients: whether each step gets arrays that no step has seen, with the numbers of the sets in turn
    """

    title: str
    shapes: list[tuple[int, ...]]
    batch: int
    scales: tuple[float, ...] = (1.0,)
    new_gradients: bool = False

    @property
    def size(self) -> int:
        return sum(map(prod, self.shapes))

    def arrays(self, seed: int, scale: float = 1.0) -> Arrays:
        """Normally distributed numbers in float32."""
        rng = np.random.default_rng(seed)
        return [np.float32(scale) * rng.standard_normal(shape, dtype=np.float32) for shape in self.shapes]

    def params(self) -> Arrays:
        """The parameters that every contestant starts from, in fresh arrays."""
        return self.arrays(99)

    def gradients(self) -> Iterator[Arrays]:
        """The gradients of each step: the same list again, or arrays that no step has seen."""
        for arrays in cycle([self.arrays(*which) for which in enumerate(self.scales)]):
            yield [array[...] for array in arrays] if self.new_gradients else arrays


WORKLOADS = {
    "small": Workload("100 small tensors", [(64, 64), (64,)] * 50, 50),
    "small-new": Workload("100 small tensors, new gradient arrays", [(64, 64), (64,)] * 50, 50, (1.0,) * 8, True),
    "resnet50": Workload("ResNet-50", resnet50(), 3),
    "gpt2": Workload("GPT-2 124M", gpt2(), 1),
    "large": Workload("one tensor of 25 million", [(25_000_000,)], 3),
}
