"""Split the element loop on step-level conditions, where another outcome touches other buffers.

`where(every(k), ...)` then costs its memory traffic only in the steps in which it holds.
"""

from __future__ import annotations

from itertools import product

from symopt.expr import ZERO, Call, Expr, Sym, substitute, symbols, transform, walk
from symopt.ir import Assign, Loop, Program, Update, needed
from symopt.passes.hoist import hoist

MOST_CONDITIONS = 2  # four loops


def split_loops(program: Program) -> Program:
    """One loop per outcome of the step-level conditions that decide which buffers are touched; others select."""
    loop = program.update.loops[0]
    conditions = tuple(flag for flag in _conditions(loop, program) if _matters(flag, loop, program))
    if not conditions or len(conditions) > MOST_CONDITIONS:
        return _with_update(program, Update((_finished(loop, program),)))
    outcomes = product((True, False), repeat=len(conditions))
    loops = tuple(_finished(_decided(loop, conditions, outcome), program) for outcome in outcomes)
    return hoist(_with_update(program, Update(loops, conditions)))  # what was chosen may be a number per step


def _with_update(program: Program, update: Update) -> Program:
    return program.with_stages(update if stage is program.update else stage for stage in program.stages)


def _matters(flag: str, loop: Loop, program: Program) -> bool:
    """Whether other buffers are touched where a condition holds than where it does not."""
    yes, no = (_finished(_decided(loop, (flag,), (holds,)), program) for holds in (True, False))
    return (yes.reads, dict(yes.writes).keys()) != (no.reads, dict(no.writes).keys())


def _conditions(loop: Loop, program: Program) -> tuple[str, ...]:
    """The step-level flags that select between element values."""
    found: list[str] = []
    for assign in loop.assigns:
        for node in walk(assign.value):
            match node:
                case Call("where", (Call("ne", (Sym(flag), zero)), _, _)) if zero == ZERO:
                    if program.levels.get(flag) == "step" and flag not in found:
                        found.append(flag)
                case _:
                    pass
    return tuple(found)


def _decided(loop: Loop, conditions: tuple[str, ...], outcome: tuple[bool, ...]) -> Loop:
    """The loop with the conditions known, copies followed to what they copy."""
    table = dict(zip(conditions, outcome, strict=True))
    copies: dict[Expr, Expr] = {}
    assigns: list[Assign] = []

    def choose(node: Expr) -> Expr:
        match node:
            case Call("where", (Call("ne", (Sym(flag), zero)), a, b)) if zero == ZERO and flag in table:
                return a if table[flag] else b
            case _:
                return node

    for assign in loop.assigns:
        value = substitute(transform(assign.value, choose), copies)
        if isinstance(value, Sym):
            copies[Sym(assign.name)] = value
        else:
            assigns.append(Assign(assign.name, value))
    writes = tuple((buffer, _followed(value, copies)) for buffer, value in loop.writes)
    return Loop(outcome, tuple(assigns), loop.reads, writes)


def _followed(name: str, copies: dict[Expr, Expr]) -> str:
    value = copies.get(Sym(name), Sym(name))
    assert isinstance(value, Sym)
    return value.name


def _finished(loop: Loop, program: Program) -> Loop:
    """Only what the writes need; a buffer that keeps its value is not written."""
    writes = tuple((buffer, value) for buffer, value in loop.writes if buffer != value)
    assigns = needed(loop.assigns, [value for _, value in writes])
    used = {name for assign in assigns for name in symbols(assign.value)} | {value for _, value in writes}
    reads = tuple(b.name for b in program.buffers if b.level == "element" and b.name in used)
    return Loop(loop.outcome, assigns, reads, writes)
