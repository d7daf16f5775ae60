"""Static facts of a kernel, from its instructions and never from its text (whose names may hold anything)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symopt.ptx.access import shape
from symopt.ptx.flow import back_edges, looped
from symopt.ptx.model import Function, Instruction, Kernel, Symbol
from symopt.ptx.opcodes import rule
from symopt.ptx.types import form

ROOTS = ("div", "rcp", "sqrt", "rsqrt")
ROUNDING = {"rn", "rz", "rm", "rp"}


@dataclass(frozen=True, order=True)
class Access:
    """One kind of load or store. space: "" where the address itself says it; width: bits of each of `count` numbers"""

    root: str
    space: str
    width: int
    count: int


@dataclass(frozen=True)
class Counts:
    """How often things stand in a kernel and in the functions that it calls, each function once.

    float64: instructions that compute with float64 (moves, loads and stores apart)
    roots: divisions, reciprocals and square roots of floats by opcode, such as "div.rn.f32"
    approximate: instructions whose bits PTX does not define, by opcode
    fusible: sums and products of floats without a rounding modifier, which the assembler may fuse into fma
    accesses, in_loops: loads and stores (parameters apart), and those of them that a loop repeats
    loops: jumps that close a loop; local: whether each thread uses memory of its own, as for spilled registers
    """

    instructions: int
    float64: int
    roots: Mapping[str, int]
    approximate: Mapping[str, int]
    fusible: int
    accesses: Mapping[Access, int]
    in_loops: Mapping[Access, int]
    barriers: int
    calls: int
    loops: int
    local: bool
    shared_bytes: int

    def bits(self, root: str, space: str) -> int:
        """The bits that all loads ("ld") or stores ("st") of a space move, each counted once."""
        found = ((one, n) for one, n in self.accesses.items() if (one.root, one.space) == (root, space))
        return sum(one.width * one.count * n for one, n in found)


def counts(kernel: Kernel) -> Counts:
    """Count in a kernel and in what it calls."""
    functions = _called(kernel)
    code = [one for function in functions for one in function.code]
    repeated = [function.code[at] for function in functions for at in sorted(looped(function))]
    variables = [one for function in functions for one in function.variables.values()]
    shared = [one for one in (*variables, *kernel.variables.values()) if one.space == "shared"]
    return Counts(
        instructions=len(code),
        float64=sum(_computes_double(one) for one in code),
        roots=_opcodes(one for one in code if one.root in ROOTS and _of_floats(one)),
        approximate=_opcodes(one for one in code if _is_approximate(one)),
        fusible=sum(_is_fusible(one) for one in code),
        accesses=_accesses(code),
        in_loops=_accesses(repeated),
        barriers=sum(one.root in ("bar", "barrier") for one in code),
        calls=sum(one.root == "call" for one in code),
        loops=sum(back_edges(function) for function in functions),
        local=any(one.space == "local" for one in variables),
        shared_bytes=sum(one.size for one in shared),
    )


def _called(kernel: Kernel) -> list[Function]:
    found = {kernel.name: kernel.entry}
    waiting = [kernel.entry]
    while waiting:
        for name in _callees(waiting.pop()):
            if name in kernel.functions and name not in found:
                found[name] = kernel.functions[name]
                waiting.append(kernel.functions[name])
    return list(found.values())


def _callees(function: Function) -> list[str]:
    calls = [one for one in function.code if one.root == "call"]
    return [operand.name for one in calls for operand in one.operands if isinstance(operand, Symbol)]


def _opcodes(code: Iterable[Instruction]) -> dict[str, int]:
    return dict(sorted(Counter(one.opcode for one in code).items()))


def _accesses(code: Iterable[Instruction]) -> dict[Access, int]:
    moved = [(one, shape(one)) for one in code if one.root in ("ld", "st")]
    found = Counter(Access(one.root, s.space, 8 * s.width, s.count) for one, s in moved if s.space != "param")
    return dict(sorted(found.items()))


def _computes_double(instruction: Instruction) -> bool:
    return "f64" in instruction.modifiers and instruction.root not in ("ld", "st", "mov", "selp")


def _is_approximate(instruction: Instruction) -> bool:
    return bool({"approx", "full"} & set(instruction.modifiers)) and rule(instruction).error is not None


def _is_fusible(instruction: Instruction) -> bool:
    summed = instruction.root in ("add", "sub", "mul") and _of_floats(instruction)
    return summed and not ROUNDING & set(instruction.modifiers)


def _of_floats(instruction: Instruction) -> bool:
    return any(kind[0] == "f" for kind in form(instruction.modifiers).types)
