"""A kernel as the assembler may make it, which is free to fuse products and sums whose rounding is left open.

`mul.f32` and `add.f32` stand for the nearest number, as `mul.rn.f32` and `add.rn.f32` do, but only the latter must be
kept as they are. The text as it stands gives one of the results that the device may give; with all of them fused it
gives another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symopt.ptx.model import Function, Group, Immediate, Instruction, Kernel, Operand, Register
from symopt.ptx.rules import FLOAT

_LOOSE = frozenset({*((kind,) for kind in FLOAT), ("ftz", "f32")})
"""Modifiers that leave the rounding open."""


def contracted(kernel: Kernel) -> Kernel:
    """The kernel with each sum fused that adds a product to something, if both leave their rounding open."""
    functions = {name: _Contraction(function).result() for name, function in kernel.functions.items()}
    return replace(kernel, entry=_Contraction(kernel.entry).result(), functions=functions)


@dataclass(frozen=True)
class _Product:
    first: Operand
    second: Operand
    negative: bool
    modifiers: tuple[str, ...]


class _Contraction:
    def __init__(self, function: Function):
        self.function = function
        self.code: list[Instruction] = []
        self.registers = dict(function.registers)
        self.products: dict[str, _Product] = {}

    def result(self) -> Function:
        """The function with its sums fused and its labels moved along."""
        targets, moved = set(self.function.labels.values()), dict[int, int]()
        for at, instruction in enumerate(self.function.code):
            if at in targets:
                self.products.clear()  # who comes from elsewhere has not computed them
            moved[at] = len(self.code)
            self._take(instruction)
        labels = {name: moved[at] for name, at in self.function.labels.items()}
        return replace(self.function, code=tuple(self.code), labels=labels, registers=self.registers)

    def _take(self, instruction: Instruction) -> None:
        loose = instruction.modifiers in _LOOSE and not instruction.guard
        product = self._product(instruction) if loose else None
        self.code.append((self._fused(instruction) if loose else None) or instruction)
        for name in _written(instruction):
            self.products = {
                key: known for key, known in self.products.items() if name != key and not _uses(known, name)
            }
            if product and not _uses(product, name):
                self.products[name] = product

    def _product(self, instruction: Instruction) -> _Product | None:
        match instruction.root, instruction.operands:
            case "mul", (_, first, second):
                return _Product(first, second, False, instruction.modifiers)
            case "neg", (_, source) if found := self._known(source, instruction):
                return replace(found, negative=not found.negative)
            case _:
                return None

    def _known(self, operand: Operand, instruction: Instruction) -> _Product | None:
        found = self.products.get(operand.name) if isinstance(operand, Register) else None
        return found if found and found.modifiers == instruction.modifiers else None

    def _fused(self, instruction: Instruction) -> Instruction | None:
        match instruction.root, instruction.operands:
            case "add" | "sub" as root, (target, left, right):
                minus = root == "sub"
                if found := self._known(left, instruction):
                    return self._fma(instruction, target, found, found.negative, right, minus)
                if found := self._known(right, instruction):
                    return self._fma(instruction, target, found, found.negative != minus, left, False)
                return None
            case _:
                return None

    def _fma(
        self, instruction: Instruction, target: Operand, product: _Product, negative: bool, addend: Operand, minus: bool
    ) -> Instruction:
        first = self._negated(product.first, instruction) if negative else product.first
        addend = self._negated(addend, instruction) if minus else addend
        opcode = f"fma.rn.{'.'.join(instruction.modifiers)}"
        return Instruction(instruction.line, opcode, (target, first, product.second, addend))

    def _negated(self, operand: Operand, instruction: Instruction) -> Operand:
        if isinstance(operand, Immediate):
            return replace(operand, value=operand.value ^ 1 << operand.bits - 1)
        fresh = Register(f"%negated@{len(self.code)}")
        self.registers[fresh.name] = instruction.modifiers[-1]
        self.code.append(Instruction(instruction.line, f"neg.{instruction.modifiers[-1]}", (fresh, operand)))
        return fresh


def _written(instruction: Instruction) -> Iterator[str]:
    """The registers that an instruction may change."""
    if instruction.root not in ("st", "bra", "ret", "exit", "bar", "barrier", "call"):
        first = instruction.operands[0]
        for member in first.members if isinstance(first, Group) else (first,):
            if isinstance(member, Register):
                yield member.name


def _uses(product: _Product, name: str) -> bool:
    return any(isinstance(operand, Register) and operand.name == name for operand in (product.first, product.second))
