"""The shapes that the benchmarks step: small tensors, two well-known models, one large tensor."""

from __future__ import annotations

from dataclasses import dataclass


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
    """Shapes, how many steps are timed in a row, and whether each step gets new gradient arrays."""

    title: str
    shapes: list[tuple[int, ...]]
    batch: int
    new_gradients: bool = False


WORKLOADS = {
    "small": Workload("100 small tensors", [(64, 64), (64,)] * 50, 50),
    "small-new": Workload("100 small tensors, new gradient arrays", [(64, 64), (64,)] * 50, 50, new_gradients=True),
    "resnet50": Workload("ResNet-50", resnet50(), 3),
    "gpt2": Workload("GPT-2 124M", gpt2(), 1),
    "large": Workload("one tensor of 25 million", [(25_000_000,)], 3),
}
