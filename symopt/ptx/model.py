"""What a PTX text declares: kernels, functions, variables, and instructions with their operands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.errors import SymoptError


def fault(line: int, message: str) -> SymoptError:
    """The error that refuses a PTX text, or stops its run, at one of its lines."""
    return SymoptError(f"PTX line {line}: {message}")


@dataclass(frozen=True, slots=True)
class Register:
    """A register; `negated` where an instruction reads the opposite of a predicate."""

    name: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Immediate:
    """A number in the text. value: an integer; bits: the width of a float given by its bits, else 0"""

    value: int
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name that is no register: a label, a variable, a function or a special register such as %tid.x."""

    name: str


@dataclass(frozen=True, slots=True)
class Address:
    """What stands in brackets: a register, a name or a number, and a constant offset in bytes."""

    base: Register | Symbol | Immediate
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Several operands as one: `{a, b}`, the `p|q` of a comparison, or the lists of a call."""

    mark: str
    members: tuple[Operand, ...]


Operand = Register | Immediate | Symbol | Address | Group


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. opcode: as written, with its modifiers; guard: the predicate that it runs under"""

    line: int
    opcode: str
    operands: tuple[Operand, ...]
    guard: Register | None = None

    @property
    def root(self) -> str:
        """The opcode without modifiers."""
        return self.opcode.partition(".")[0]

    @property
    def modifiers(self) -> tuple[str, ...]:
        """What follows the opcode's name."""
        return tuple(self.opcode.split(".")[1:])


@dataclass(frozen=True, slots=True)
class Variable:
    """Declared memory. space: "param", "global", "const", "shared" or "local"; size: bytes; data: its start"""

    name: str
    space: str
    kind: str
    size: int
    align: int
    data: bytes | None = None
    offset: int = 0


@dataclass(frozen=True)
class Function:
    """A kernel's body or a function that it calls. labels: the index of the instruction behind each label"""

    name: str
    params: tuple[Variable, ...]
    results: tuple[Variable, ...]
    registers: Mapping[str, str]
    variables: Mapping[str, Variable]
    code: tuple[Instruction, ...]
    labels: Mapping[str, int]
    line: int


@dataclass(frozen=True)
class Kernel:
    """An entry point with all that it can reach: the functions and the variables of its module."""

    entry: Function
    functions: Mapping[str, Function]
    variables: Mapping[str, Variable]

    @property
    def name(self) -> str:
        """The name of the entry point."""
        return self.entry.name

    @property
    def params(self) -> tuple[Variable, ...]:
        """What the kernel is launched with."""
        return self.entry.params


@dataclass(frozen=True)
class Module:
    """A PTX text: its kernels by name."""

    kernels: Mapping[str, Kernel] = field(default_factory=dict[str, Kernel])

    @property
    def kernel(self) -> Kernel:
        """The only kernel."""
        if len(self.kernels) != 1:
            raise SymoptError(f"the PTX text has {len(self.kernels)} kernels; choose one by name from .kernels")
        return next(iter(self.kernels.values()))
