"""How many threads of a kernel a multiprocessor holds at a time, and whether their loads keep memory busy."""

from __future__ import annotations

from symopt.gpu.assemble import Resources
from symopt.gpu.hardware import (
    LATENCY,
    PARTITIONS,
    REGISTER_UNIT,
    REGISTERS,
    RESERVED_SHARED,
    SHARED_UNIT,
    WARP,
    Architecture,
)


def resident(resources: Resources, threads: int, architecture: Architecture) -> int:
    """The threads that a multiprocessor holds, in blocks of `threads`."""
    warps = -(-threads // WARP)
    shared = _up(resources.shared + RESERVED_SHARED, SHARED_UNIT)
    of_registers = PARTITIONS * (REGISTERS // PARTITIONS // _up(WARP * max(resources.registers, 1), REGISTER_UNIT))
    limits = (architecture.blocks, architecture.threads // WARP // warps, of_registers // warps)
    return threads * min(*limits, architecture.shared // shared)


def occupancy(resources: Resources, threads: int, architecture: Architecture) -> float:
    """The share of the threads that a multiprocessor could hold."""
    return resident(resources, threads, architecture) / architecture.threads


def needed(loaded: float, stored: float, architecture: Architecture) -> float:
    """The bytes of loads that must be under way on a multiprocessor to keep memory busy (Little's law).

    loaded, stored: bytes of an element; stores take their share of the bandwidth, and nobody waits for them
    """
    gpu = architecture.gpu
    return gpu.bandwidth * loaded / (loaded + stored) * LATENCY / gpu.multiprocessors


def _up(count: int, unit: int) -> int:
    return -(-count // unit) * unit
