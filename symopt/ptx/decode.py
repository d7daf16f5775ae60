"""From an instruction to what it does to the threads that run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from symopt.ptx.access import Action, Memories, access
from symopt.ptx.carries import CARRY, READS_CARRY
from symopt.ptx.frame import Frame, Lanes
from symopt.ptx.model import Group, Immediate, Instruction, Operand, Register, Symbol, fault
from symopt.ptx.opcodes import rule
from symopt.ptx.operands import Names
from symopt.ptx.rules import Rule, TrapError, resolve
from symopt.ptx.types import BYTES, DTYPES, RAW, Array, form


@dataclass(frozen=True)
class Branch:
    """A jump to an instruction."""

    target: int


@dataclass(frozen=True)
class Leave:
    """The end of a call, or of the thread as a whole."""

    thread: bool


@dataclass(frozen=True)
class Barrier:
    """Where the threads of a block wait for each other."""


@dataclass(frozen=True)
class Call:
    """A call: the function, and the names of the parameters that hold its results and its arguments."""

    function: str
    results: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """An instruction ready to run. guard: tells which of some threads run it"""

    instruction: Instruction
    does: Action | Branch | Leave | Barrier | Call
    guard: Callable[[Frame, Lanes], Array] | None


def decode(instruction: Instruction, names: Names, labels: Mapping[str, int], memories: Memories) -> Step:
    """Make an instruction ready to run; one that is not known here is an error."""
    try:
        guard = names.reads(instruction.guard, "pred") if instruction.guard else None
        control = _control(instruction, labels)
        return Step(instruction, control or _action(instruction, names, memories), guard)
    except TrapError as trap:
        raise fault(instruction.line, f"{instruction.opcode}: {trap}") from None


def _control(instruction: Instruction, labels: Mapping[str, int]) -> Branch | Leave | Barrier | Call | None:
    match instruction.opcode, instruction.operands:
        case "bra" | "bra.uni", (Symbol(name),) if name in labels:
            return Branch(labels[name])
        case "ret" | "ret.uni" | "exit", ():
            return Leave(instruction.root == "exit")
        case "bar.sync" | "barrier.sync" | "barrier.sync.aligned", (Immediate(0),):
            return Barrier()
        case "call.uni" | "call", (Group("(", results), Symbol(name), Group("(", arguments)):
            return Call(name, _symbols(results), _symbols(arguments))
        case "call.uni" | "call", (Symbol(name), Group("(", arguments)):
            return Call(name, (), _symbols(arguments))
        case _:
            return None


def _symbols(operands: tuple[Operand, ...]) -> tuple[str, ...]:
    if not all(isinstance(operand, Symbol) for operand in operands):
        raise TrapError("only parameters can be passed to a call and got from it")
    return tuple(operand.name for operand in operands if isinstance(operand, Symbol))


def _action(instruction: Instruction, names: Names, memories: Memories) -> Action:
    if instruction.root in ("ld", "st"):
        return access(instruction, names, memories)
    if instruction.root == "mov":
        return _move(instruction, names)
    return _compute(instruction, names, rule(instruction))


def _compute(instruction: Instruction, names: Names, rule: Rule) -> Action:
    found = form(instruction.modifiers)
    compute = rule.make(found)
    targets, operands = _operands(instruction)
    wider = instruction.root == "cvt"
    kinds = zip(operands, resolve(rule.sources, found), strict=True)
    reads = [names.reads(operand, kind, wider) for operand, kind in kinds]
    kinds = zip(targets, resolve(rule.results, found), strict=False)
    writes = [names.writes(target, kind, wider) for target, kind in kinds]
    single = len(rule.results) == 1

    def run(frame: Frame, lanes: Lanes) -> None:
        results = compute(*(read(frame, lanes) for read in reads))
        for write, result in zip(writes, (results,) if single else results, strict=False):
            write(frame, lanes, result)

    return run


def _operands(instruction: Instruction) -> tuple[tuple[Operand, ...], tuple[Operand, ...]]:
    """Where the results go and where the operands come from, the carry included."""
    first, *operands = instruction.operands
    targets = first.members if isinstance(first, Group) and first.mark == "|" else (first,)
    if "cc" in instruction.modifiers:
        targets = (*targets, Register(CARRY))
    if instruction.root in READS_CARRY:
        operands.append(Register(CARRY))
    return targets, tuple(operands)


def _move(instruction: Instruction, names: Names) -> Action:
    match instruction.modifiers, instruction.operands:
        case (kind,), (Group("{", members), source) if kind in DTYPES:
            return _unpack(members, source, kind, names)
        case (kind,), (target, Group("{", members)) if kind in DTYPES:
            return _pack(target, members, kind, names)
        case (kind,), (target, source) if kind in DTYPES:
            read, write = names.reads(source, kind), names.writes(target, kind)
            return lambda frame, lanes: write(frame, lanes, read(frame, lanes))
        case _:
            raise TrapError("a move of this form is not known here")


def _part(kind: str, count: int) -> str:
    if BYTES[kind] % count or BYTES[kind] // count not in (2, 4):
        raise TrapError(f"{kind} has no {count} parts")
    return f"b{8 * BYTES[kind] // count}"


def _unpack(members: tuple[Operand, ...], source: Operand, kind: str, names: Names) -> Action:
    part = _part(kind, len(members))
    read, writes = names.reads(source, kind), [names.writes(member, part) for member in members]
    raw, bits, narrow = RAW[BYTES[kind]], 8 * BYTES[part], RAW[BYTES[part]]

    def run(frame: Frame, lanes: Lanes) -> None:
        whole = read(frame, lanes).view(raw)
        for position, write in enumerate(writes):
            write(frame, lanes, (whole >> raw.type(bits * position)).astype(narrow))

    return run


def _pack(target: Operand, members: tuple[Operand, ...], kind: str, names: Names) -> Action:
    part = _part(kind, len(members))
    reads, write = [names.reads(member, part) for member in members], names.writes(target, kind)
    raw, bits = RAW[BYTES[kind]], 8 * BYTES[part]

    def run(frame: Frame, lanes: Lanes) -> None:
        shifted = [read(frame, lanes).astype(raw) << raw.type(bits * place) for place, read in enumerate(reads)]
        write(frame, lanes, np.bitwise_or.reduce(np.broadcast_arrays(*shifted)).view(DTYPES[kind]))

    return run
