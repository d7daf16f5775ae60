"""What is known of GPUs: the limits of a multiprocessor, and memory. Data, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.errors import SymoptError

WARP = 32
"""Threads that run in step."""

REGISTER_UNIT = 256
"""Registers that a warp takes come in this many (CUDA occupancy calculator, all compute capabilities from 3.0 on)."""

PARTITIONS = 4
"""Each multiprocessor has as many parts; a warp and its registers lie in one."""

RESERVED_SHARED = 1024
"""Bytes of shared memory that the system takes of each block (tuning guides of compute capability 8.0 and later)."""

SHARED_UNIT = 128
"""Bytes in which shared memory is given out (CUDA occupancy calculator)."""

REGISTERS = 65536
"""Registers of a multiprocessor, of 32 bits, on all compute capabilities below."""

LATENCY = 800e-9
"""Seconds from a load to its value while memory is busy.

Without load it was measured as 466 cycles at 1.41 GHz on an A100 and 479 cycles at 1.755 GHz on an H100 (Luo et al.,
"Benchmarking and dissecting the Nvidia Hopper GPU architecture via microbenchmarking", 2024): 331 and 273 ns. At full
bandwidth requests queue; more than twice as much is assumed here, for all GPUs.
"""

LAUNCH = 1e-6
"""Seconds between two kernels of one stream whose launches were queued in time.

NVIDIA measured 0.9 us ("Getting started with CUDA graphs", 2019: 3.8 us per kernel of 2.9 us on a V100).
"""


@dataclass(frozen=True)
class Gpu:
    """A product. bandwidth: bytes per second; multiprocessors: how many it has (NVIDIA's data sheets)"""

    name: str
    architecture: str
    bandwidth: float
    multiprocessors: int


@dataclass(frozen=True)
class Architecture:
    """The limits of one multiprocessor: CUDA C++ Programming Guide, technical specifications per compute capability.

    shared: bytes of shared memory
    """

    name: str
    threads: int
    blocks: int
    shared: int

    @property
    def capability(self) -> tuple[int, int]:
        """The compute capability, (9, 0) for sm_90."""
        number = int(self.name.removeprefix("sm_"))
        return number // 10, number % 10

    @property
    def gpu(self) -> Gpu:
        """The product of this architecture whose multiprocessors must be fed fastest."""
        own = (gpu for gpu in (*GPUS, *_OTHERS) if gpu.architecture == self.name)
        return max(own, key=lambda gpu: gpu.bandwidth / gpu.multiprocessors)


GPUS = (
    Gpu("A100", "sm_80", 2039e9, 108),  # SXM, 80 GB
    Gpu("H100", "sm_90", 3350e9, 132),  # SXM
    Gpu("H200", "sm_90", 4800e9, 132),
    Gpu("B200", "sm_100", 8000e9, 148),
)
"""Those whose times are told."""

_OTHERS = (
    Gpu("RTX 3090", "sm_86", 936e9, 82),
    Gpu("RTX 4090", "sm_89", 1008e9, 128),
    Gpu("RTX 5090", "sm_120", 1792e9, 170),
)

ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture("sm_80", 2048, 32, 164 * 1024),
        Architecture("sm_86", 1536, 16, 100 * 1024),
        Architecture("sm_89", 1536, 24, 100 * 1024),
        Architecture("sm_90", 2048, 32, 228 * 1024),
        Architecture("sm_100", 2048, 32, 228 * 1024),
        Architecture("sm_120", 1536, 24, 100 * 1024),
    )
}


def architecture(name: str) -> Architecture:
    """The architecture of a name such as sm_90."""
    if name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise SymoptError(f"nothing is known here of the architecture {name!r}; there is {known}")
    return ARCHITECTURES[name]
