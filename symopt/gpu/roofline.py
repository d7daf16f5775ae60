"""How long a step takes at least: the bytes that it moves at the bandwidth of memory, and its launches."""

from __future__ import annotations

from symopt.artifacts.cost import cost_of
from symopt.backends.launches import launches
from symopt.backends.layout import columns
from symopt.gpu.hardware import GPUS, LAUNCH, Gpu
from symopt.ir import Program

SIZES = {"1 million": 1_000_000, "25.6 million": 25_600_000, "124 million": 124_000_000}
"""Models by the number of their parameters: a small one, ResNet-50 and GPT-2."""

SHOWN = "25.6 million"
"""The model where there is room for one."""


def launch_count(program: Program) -> int:
    """How many kernels a step launches."""
    return len(launches(program, columns(program)).launches)


def microseconds(moved: int, launched: int, gpu: Gpu) -> float:
    """The least time to move so many bytes in so many launches: none is faster than memory, and none starts at once."""
    return 1e6 * (moved / gpu.bandwidth + launched * LAUNCH)


def times(program: Program) -> dict[str, dict[str, float]]:
    """GPU -> size of the model -> the least microseconds of a step in float32."""
    launched, each = launch_count(program), cost_of(program).bytes_per_parameter
    return {
        gpu.name: {size: round(microseconds(each * count, launched, gpu), 1) for size, count in SIZES.items()}
        for gpu in GPUS
    }
