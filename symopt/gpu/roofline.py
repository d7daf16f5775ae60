"""How long a step takes at least: the bytes that it moves at the bandwidth of memory, and its launches."""

from __future__ import annotations

from symopt.backends.launches import launches
from symopt.backends.layout import columns
from symopt.gpu.hardware import GPUS, LAUNCH, Gpu
from symopt.gpu.kinds import Kinds, kinds
from symopt.ir import Loop, Program, Reduce, Update

SIZES = {"1 million": 1_000_000, "25.6 million": 25_600_000, "124 million": 124_000_000}
"""Models by the number of their parameters: a small one, ResNet-50 and GPT-2."""

SHOWN = "25.6 million"
"""The model where there is room for one."""


def launch_count(program: Program) -> int:
    """How many kernels a step launches."""
    return len(launches(program, columns(program)).launches)


def step_bytes(program: Program, kinds: Kinds) -> int:
    """The bytes that a step moves per parameter, all passes over memory together, at most."""

    def of(loop: Loop | Reduce) -> int:
        return sum(map(sum, kinds.moved(loop, program)))

    count = 0
    for stage in program.stages:
        match stage:
            case Reduce():
                count += of(stage)
            case Update(loops):
                count += max(map(of, loops))
            case _:
                pass
    return count


def microseconds(moved: int, launched: int, gpu: Gpu) -> float:
    """The least time to move so many bytes in so many launches: none is faster than memory, and none starts at once."""
    return 1e6 * (moved / gpu.bandwidth + launched * LAUNCH)


def times(program: Program, dtype: str = "float32") -> dict[str, dict[str, float]]:
    """GPU -> size of the model -> the least microseconds of a step; dtype: a name of KINDS."""
    launched, each = launch_count(program), step_bytes(program, kinds(dtype))
    return {
        gpu.name: {size: round(microseconds(each * count, launched, gpu), 1) for size, count in SIZES.items()}
        for gpu in GPUS
    }
