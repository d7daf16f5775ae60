"""How an instruction reads its operands and writes its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from symopt.ptx.frame import Frame, Lanes
from symopt.ptx.model import Address, Immediate, Operand, Register, Symbol
from symopt.ptx.rules import TrapError
from symopt.ptx.types import DTYPES, RAW, SPECIAL, Array

Read = Callable[[Frame, Lanes], Array]
Write = Callable[[Frame, Lanes, Array], None]


@dataclass(frozen=True)
class Names:
    """What names stand for in a function: the types of its registers, the addresses of variables."""

    registers: Mapping[str, str]
    addresses: Mapping[str, int]

    def reads(self, operand: Operand, kind: str, wider: bool = False) -> Read:
        """How to read an operand as a type; `wider` where a register may have more bits than are read."""
        match operand:
            case Register(name, negated):
                return self._register(name, kind, negated, wider)
            case Immediate():
                return _constant(_immediate(operand, kind))
            case Symbol(name) if name in SPECIAL:
                return _special(name, kind)
            case Symbol(name) if name in self.addresses:
                return _constant(np.array(self.addresses[name], np.uint64).astype(DTYPES[kind]))
            case _:
                raise TrapError("an operand of this form is not known here")

    def _register(self, name: str, kind: str, negated: bool, wider: bool) -> Read:
        dtype, held = DTYPES[kind], DTYPES[self.registers[name]]
        self._check(name, kind, wider)
        if kind == "pred":
            return (
                (lambda frame, lanes: ~frame.read(name, lanes))
                if negated
                else lambda frame, lanes: frame.read(name, lanes)
            )
        if dtype.itemsize == held.itemsize:
            return lambda frame, lanes: frame.read(name, lanes).view(dtype)
        return lambda frame, lanes: frame.read(name, lanes).astype(RAW[dtype.itemsize]).view(dtype)

    def _check(self, name: str, kind: str, wider: bool) -> None:
        held = self.registers[name]
        sizes = DTYPES[held].itemsize, DTYPES[kind].itemsize
        fits = sizes[0] == sizes[1] or (wider and sizes[0] > sizes[1])
        if not fits or (held == "pred") != (kind == "pred"):
            raise TrapError(f"{name} is declared as {held} and used as {kind}")

    def writes(self, operand: Operand, kind: str, wider: bool = False) -> Write:
        """How to write a result of a type; into a wider register its sign or zeros are extended."""
        if operand in (Symbol("_"), Register("_")):
            return lambda frame, lanes, values: None
        if not isinstance(operand, Register) or operand.negated:
            raise TrapError("only a register can be written to")
        name = operand.name
        self._check(name, kind, wider)
        if kind == "pred":
            return lambda frame, lanes, values: frame.write(name, lanes, values)
        width, held = DTYPES[kind].itemsize, RAW[DTYPES[self.registers[name]].itemsize]
        if held.itemsize == width:
            return lambda frame, lanes, values: frame.write(name, lanes, values.view(held))
        integer = RAW[width] if kind[0] == "f" else DTYPES[kind]
        return lambda frame, lanes, values: frame.write(name, lanes, values.view(integer).astype(held))

    def address(self, operand: Operand) -> Read:
        """How to compute an address."""
        if not isinstance(operand, Address):
            raise TrapError("an address in brackets is expected")
        wide = isinstance(operand.base, Register) and DTYPES[self.registers[operand.base.name]].itemsize == 4
        base, offset = self.reads(operand.base, "u32" if wide else "u64"), np.int64(operand.offset)
        return lambda frame, lanes: np.broadcast_to(
            base(frame, lanes).astype(np.int64) + offset, frame.threads.number[lanes].shape
        )


def _constant(value: Array) -> Read:
    return lambda frame, lanes: value


def _special(name: str, kind: str) -> Read:
    dtype = DTYPES[kind]
    return lambda frame, lanes: frame.threads.special[name][lanes].astype(dtype)


def _immediate(operand: Immediate, kind: str) -> Array:
    dtype = DTYPES[kind]
    if kind == "pred":
        return np.array(operand.value != 0)
    raw, bits = RAW[dtype.itemsize], 8 * dtype.itemsize
    if operand.bits and operand.bits != bits:
        raise TrapError(f"a float of {operand.bits} bits stands where {bits} are expected")
    if kind[0] == "f" and not operand.bits:
        raise TrapError("a whole number stands where a float is expected")
    if not -(2**bits) < operand.value < 2**bits:
        raise TrapError(f"{operand.value} does not fit into {bits} bits")
    return np.array(operand.value % 2**bits, raw).view(dtype)
