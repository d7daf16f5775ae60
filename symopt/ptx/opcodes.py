"""Every opcode of arithmetic that is known here, and the rule behind an instruction."""

from __future__ import annotations

from collections.abc import Collection

from symopt.ptx.approximate import APPROXIMATE
from symopt.ptx.carries import CARRIES
from symopt.ptx.compare import COMPARISONS
from symopt.ptx.convert import CONVERSIONS
from symopt.ptx.floats import FLOATS
from symopt.ptx.integers import INTEGERS
from symopt.ptx.model import Instruction, Kernel, fault
from symopt.ptx.rules import Rule
from symopt.ptx.types import form

TABLES = (FLOATS, INTEGERS, CONVERSIONS, COMPARISONS, CARRIES, APPROXIMATE)


def rule(instruction: Instruction) -> Rule:
    """The rule of an instruction; where there is none, it is an error."""
    found = form(instruction.modifiers)
    rules = [rule for table in TABLES for rule in table.get(instruction.root, ()) if rule.covers(found)]
    if not rules:
        raise fault(instruction.line, f"the instruction {instruction.opcode} is not known here")
    fitting = [rule for rule in rules if _arity(rule, instruction)]
    if not fitting:
        raise fault(instruction.line, f"{instruction.opcode} has {len(instruction.operands)} operands")
    return fitting[0]


def approximate(kernel: Kernel, ran: Collection[str]) -> dict[str, float]:
    """Of the opcodes that ran those whose bits PTX does not define, with the relative error that it allows."""
    functions = (kernel.entry, *kernel.functions.values())
    instructions = {one.opcode: one for function in functions for one in function.code if one.opcode in ran}
    found = {opcode: rule(one).error for opcode, one in instructions.items() if one.root in APPROXIMATE}
    return {opcode: error for opcode, error in found.items() if error is not None}


def _arity(rule: Rule, instruction: Instruction) -> bool:
    carried = rule.sources.count("pred") if instruction.root in ("addc", "subc", "madc") else 0
    return len(instruction.operands) == 1 + len(rule.sources) - carried
