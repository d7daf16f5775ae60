"""Loads and stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symopt.ptx.frame import Frame, Lanes
from symopt.ptx.memory import FIRST, LOCAL, SHARED, Arena
from symopt.ptx.model import Address, Group, Instruction, Operand, Symbol, fault
from symopt.ptx.operands import Names
from symopt.ptx.races import Races
from symopt.ptx.rules import TrapError
from symopt.ptx.types import BYTES, DTYPES, RAW, Array, Form, form

Action = Callable[[Frame, Lanes], None]

SPACES = ("global", "shared", "local", "param", "const")
CACHING = frozenset("nc weak volatile ca cg cs cv lu wb wt".split())
VECTORS = {"v2": 2, "v4": 4}
_WIDEST = 16  # bytes in one access


@dataclass
class Memories:
    """What a launch can reach by address; `shared` holds that of the blocks that run now."""

    world: Arena
    shared: Arena
    races: Races
    shared_races: Races


@dataclass(frozen=True)
class Shape:
    """What a load or store moves. space: "" for any; width: bytes of one number"""

    space: str
    kind: str
    width: int
    count: int


def shape(instruction: Instruction) -> Shape:
    """What the modifiers of a load or store say."""
    found: Form = form(instruction.modifiers)
    unknown = set(found.flags) - CACHING - set(SPACES) - VECTORS.keys()
    if unknown or len(found.types) != 1 or found.type == "pred":
        raise fault(instruction.line, f"the instruction {instruction.opcode} is not known here")
    width, count = BYTES[found.type], VECTORS.get(found.flag(VECTORS), 1)
    if width * count > _WIDEST:
        raise fault(instruction.line, f"{instruction.opcode}: no access is wider than {_WIDEST} bytes")
    return Shape(found.flag(SPACES), found.type, width, count)


def access(instruction: Instruction, names: Names, memories: Memories) -> Action:
    """What a load or store does."""
    loads = instruction.root == "ld"
    if len(instruction.operands) != 2:
        raise TrapError("a load or store has two operands")
    first, second = instruction.operands
    place, value = (second, first) if loads else (first, second)
    found = shape(instruction)
    values = value.members if isinstance(value, Group) else (value,)
    if len(values) != found.count:
        raise TrapError(f"{found.count} numbers are moved, and {len(values)} operands given")
    if found.space == "param":
        return _load_param(place, values, found, names) if loads else _store_param(place, values, found, names)
    return (_load if loads else _store)(place, values, found, names, memories)


def _load(place: Operand, values: tuple[Operand, ...], shape: Shape, names: Names, memories: Memories) -> Action:
    address = names.address(place)
    writes = [names.writes(value, shape.kind, wider=True) for value in values]
    size, dtype = shape.width * shape.count, DTYPES[shape.kind]

    def run(frame: Frame, lanes: Lanes) -> None:
        addresses = address(frame, lanes)
        arena, races, owners = _memory(shape.space, addresses, frame, lanes, memories)
        places = arena.locate(addresses, owners, size, writes=False)
        if races:
            races.read(races.spread(places, size, *_who(frame, lanes)))
        found = arena.load(places, shape.width, shape.count)
        for column, write in enumerate(writes):
            write(frame, lanes, np.ascontiguousarray(found[:, column]).view(dtype))

    return run


def _store(place: Operand, values: tuple[Operand, ...], shape: Shape, names: Names, memories: Memories) -> Action:
    address = names.address(place)
    reads = [names.reads(value, shape.kind, wider=True) for value in values]
    size, raw = shape.width * shape.count, RAW[shape.width]

    def run(frame: Frame, lanes: Lanes) -> None:
        addresses = address(frame, lanes)
        arena, races, owners = _memory(shape.space, addresses, frame, lanes, memories)
        places = arena.locate(addresses, owners, size, writes=True)
        columns = [np.broadcast_to(read(frame, lanes).view(raw), places.shape) for read in reads]
        changed = arena.store(places, np.stack(columns, axis=1))
        if races:
            races.write(races.spread(places, size, *_who(frame, lanes)), np.repeat(changed, shape.width // races.grain))

    return run


def _memory(
    space: str, addresses: Array, frame: Frame, lanes: Lanes, memories: Memories
) -> tuple[Arena, Races | None, Array | int]:
    """The memory that is accessed, who watches over it, and the owner of each thread's part."""
    if not space:  # a generic address says itself where it points
        first = int(addresses[0])
        space = "global" if first >= FIRST else "local" if first >= LOCAL else "shared" if first >= SHARED else "global"
    if space == "shared":
        return memories.shared, memories.shared_races, frame.threads.slot[lanes]
    if space == "local":
        return frame.local, None, frame.numbers(lanes)
    return memories.world, memories.races, 0


def _who(frame: Frame, lanes: Lanes) -> tuple[Array, Array, Array]:
    threads = frame.threads
    return threads.number[lanes], threads.block[lanes], threads.epochs[threads.slot[lanes]]


def _parameter(place: Operand, size: int) -> tuple[str, int]:
    match place:
        case Address(Symbol(name), offset) if offset % size == 0:
            return name, offset
        case _:
            raise TrapError("a parameter is read and written by its name and an aligned offset")


def _load_param(place: Operand, values: tuple[Operand, ...], shape: Shape, names: Names) -> Action:
    name, offset = _parameter(place, shape.width * shape.count)
    writes = [names.writes(value, shape.kind, wider=True) for value in values]

    def run(frame: Frame, lanes: Lanes) -> None:
        for position, write in enumerate(writes):
            start = offset + position * shape.width
            found = frame.param(name, start + shape.width)[lanes, start : start + shape.width]
            write(frame, lanes, np.ascontiguousarray(found).view(DTYPES[shape.kind])[:, 0])

    return run


def _store_param(place: Operand, values: tuple[Operand, ...], shape: Shape, names: Names) -> Action:
    name, offset = _parameter(place, shape.width * shape.count)
    reads = [names.reads(value, shape.kind, wider=True) for value in values]

    def run(frame: Frame, lanes: Lanes) -> None:
        for position, read in enumerate(reads):
            start = offset + position * shape.width
            raw = read(frame, lanes).view(RAW[shape.width])
            rows = np.ascontiguousarray(np.broadcast_to(raw, frame.threads.number[lanes].shape))
            frame.param(name, start + shape.width)[lanes, start : start + shape.width] = rows.view(np.uint8).reshape(
                -1, shape.width
            )

    return run
