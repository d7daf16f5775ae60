"""A kernel launched on the memory of the made-up device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.ptx.frame import ALL, Frame, launched
from symopt.ptx.link import Linked
from symopt.ptx.memory import LOCAL, Arena, Memory
from symopt.ptx.model import Kernel, Variable
from symopt.ptx.opcodes import approximate
from symopt.ptx.types import DTYPES, Array
from symopt.ptx.walk import Launch, Walk

TOGETHER = 4096
"""How many threads run together, if a block has no more."""
LARGEST_BLOCK = 1024
INSTRUCTIONS = 1_000_000

Size = int | Sequence[int]


@dataclass(frozen=True)
class Report:
    """What a launch did. executed: instructions that ran, each for many threads at once; opcodes: which ones

    approximate: those opcodes whose bits PTX does not define, with the relative error that it allows
    """

    executed: int
    opcodes: frozenset[str]
    approximate: Mapping[str, float]


def run(
    kernel: Kernel, grid: Size, block: Size, arguments: Sequence[Any], memory: Memory, limit: int = INSTRUCTIONS
) -> Report:
    """Launch a kernel: `grid` blocks of `block` threads, with a number for each parameter."""
    blocks, threads = _size(grid, "grid"), _size(block, "block")
    size, count = prod(threads), prod(blocks)
    if size > LARGEST_BLOCK:
        raise SymoptError(f"a block has at most {LARGEST_BLOCK} threads, not {size}")
    params = _params(kernel, arguments)
    linked = Linked(kernel, memory)
    launch = Launch(linked.codes, size, limit)
    most = max(1, TOGETHER // size)
    with np.errstate(all="ignore"):
        for first in range(0, count, most):
            together = min(most, count - first)
            linked.fresh_blocks(together)
            start = Frame(launched(blocks, threads, first, together), Arena((), LOCAL), {})
            rows = tuple(np.broadcast_to(row, (together * size, len(row))) for row in params)
            Walk(launch, linked.code, linked.code.frame(start, ALL, rows)).finish()
    linked.copy_back()
    ran = frozenset(launch.ran)
    return Report(launch.executed, ran, approximate(kernel, ran))


def _size(given: Size, what: str) -> tuple[int, int, int]:
    lengths = (given,) if isinstance(given, int) else tuple(given)
    x, y, z = (*lengths, 1, 1, 1)[:3]
    if len(lengths) > 3 or min(x, y, z) < 1:
        raise SymoptError(f"a {what} has one to three lengths of at least 1, not {given}")
    return x, y, z


def _params(kernel: Kernel, arguments: Sequence[Any]) -> list[Array]:
    if len(arguments) != len(kernel.params):
        raise SymoptError(f"the kernel has {len(kernel.params)} parameters, and {len(arguments)} arguments are given")
    return [_bytes(param, value) for param, value in zip(kernel.params, arguments, strict=True)]


def _bytes(param: Variable, value: Any) -> Array:
    """The bytes of one argument: a number for a parameter of that type, or the bytes themselves."""
    if not isinstance(value, bytes):
        raw = DTYPES[param.kind]
        number = np.array(value)
        if number.dtype.kind == "f" and raw.kind != "f":
            raw = np.dtype(f"f{raw.itemsize}")  # a float in a parameter that is declared by its bits
        value = (
            np.array(int(value) % 256**raw.itemsize, f"u{raw.itemsize}") if raw.kind != "f" else number.astype(raw)
        ).tobytes()
    if len(value) != param.size:
        raise SymoptError(f"the parameter {param.name} has {param.size} bytes, and its argument {len(value)}")
    return np.frombuffer(value, np.uint8)
