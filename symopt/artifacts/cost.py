"""What one step costs per parameter: memory moved, arithmetic, and what is remembered."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.artifacts.make import build
from symopt.ir import Program, operations, traffic
from symopt.recurrence import Optimizer

BYTES = 4  # of a float32


@dataclass(frozen=True)
class Cost:
    """Per parameter and step, in float32.

    states: the buffers of the parameter's size that are kept between steps
    """

    states: tuple[str, ...]
    bytes_per_parameter: int
    flops: int


def cost(optimizer: Optimizer) -> Cost:
    """The cost of the program that an optimizer becomes."""
    return cost_of(build(optimizer)[1])


def cost_of(program: Program) -> Cost:
    """The cost of a program."""
    kept = tuple(b.name for b in program.buffers if b.role == "state" and b.level == "element")
    return Cost(kept, BYTES * traffic(program), operations(program))
