"""A kernel made ready to run: its variables placed in memory, its instructions decoded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from symopt.ptx.access import Memories, shape
from symopt.ptx.carries import CARRY
from symopt.ptx.decode import decode
from symopt.ptx.memory import FIRST, LOCAL, SHARED, Arena, Memory, Region, following
from symopt.ptx.model import Function, Kernel, Variable
from symopt.ptx.operands import Names
from symopt.ptx.races import Races
from symopt.ptx.walk import Code


class Linked:
    """A kernel with the memory that it runs on. codes: the functions that it may call; code: itself"""

    def __init__(self, kernel: Kernel, memory: Memory):
        functions = [kernel.entry, *kernel.functions.values()]
        self.memory = memory
        own = [one for one in kernel.variables.values() if one.space in ("global", "const")]
        shared = [one for function in functions for one in function.variables.values() if one.space == "shared"]
        shared += [one for one in kernel.variables.values() if one.space == "shared"]
        self.shared = _place(shared, SHARED, [])
        regions = _place(own, FIRST, memory.regions)
        self.grains = _grain(functions, "shared"), _grain(functions, "global")
        world = Arena([*memory.regions, *regions], FIRST)
        for region, variable in zip(regions, own, strict=True):
            world.part(region)[:] = np.frombuffer(variable.data or bytes(variable.size), np.uint8)
        for region, array in zip(memory.regions, memory.arrays, strict=True):
            world.part(region)[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        empty = Arena((), SHARED)
        self.memories = Memories(world, empty, Races(len(world.data), self.grains[1]), Races(0, 1))
        self.addresses = {region.name: region.start for region in [*regions, *self.shared]}
        self.codes = {name: self._code(function) for name, function in kernel.functions.items()}
        self.code = self._code(kernel.entry)

    def _code(self, function: Function) -> Code:
        local = [replace(one, name=name) for name, one in function.variables.items() if one.space == "local"]
        regions = _place(local, LOCAL, [])
        addresses = self.addresses | {region.name: region.start for region in regions}
        names = Names({**function.registers, CARRY: "pred"}, addresses)
        steps = [decode(instruction, names, function.labels, self.memories) for instruction in function.code]
        return Code(function, tuple(steps), tuple(regions))

    def fresh_blocks(self, count: int) -> None:
        """Give some blocks their shared memory, with nothing in it."""
        self.memories.shared = Arena(self.shared, SHARED, count, known=False)
        self.memories.shared_races = Races(len(self.memories.shared.data), self.grains[0])

    def copy_back(self) -> None:
        """Give the arrays of the host what the kernel wrote."""
        for region, array in zip(self.memory.regions, self.memory.arrays, strict=True):
            if region.writable:
                array.reshape(-1).view(np.uint8)[:] = self.memories.world.part(region)


def _place(variables: Iterable[Variable], first: int, before: list[Region]) -> list[Region]:
    found: list[Region] = []
    for variable in variables:
        start = following([*before, *found], first, max(variable.align, 16))
        found.append(Region(variable.name, start, variable.size))
    return found


def _grain(functions: Iterable[Function], space: str) -> int:
    """The fewest bytes that a load or store of a space, or of any, moves at once."""
    widths = [8]
    for function in functions:
        for instruction in function.code:
            if instruction.root in ("ld", "st") and (space in instruction.modifiers or _generic(instruction.modifiers)):
                widths.append(shape(instruction).width)
    return min(widths)


def _generic(modifiers: tuple[str, ...]) -> bool:
    return not {"global", "shared", "local", "param", "const"} & set(modifiers)
