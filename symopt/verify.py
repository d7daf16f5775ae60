"""The grammar of each stage of a program, as code: what holds between any two passes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from symopt.expr import OPERATIONS, Call, Expr, Num, Reduction, Seq, Sym, children, symbols, walk
from symopt.ir import COUNTS, Assign, Loop, Program, Reduce, Scalars, Update, element_blocks
from symopt.recurrence import level_of


class Grammar(Enum):
    """The stages of lowering, in their order."""

    LOWERED = auto()  # one flat loop, reductions inside expressions
    PHASED = auto()  # reductions are passes over memory of their own; scalars stand apart
    HOISTED = auto()  # element loops hold element work only
    FINAL = auto()  # loops per outcome, reads and writes exact


class GrammarError(AssertionError):
    """A pass broke the grammar: an error of symopt, not of its user."""


def verify(program: Program, grammar: Grammar) -> None:
    """Raise GrammarError where `program` is not in `grammar`."""
    _check_leaves(program)
    _check_defined(program)
    if grammar is Grammar.LOWERED:
        _need(len(program.stages) == 1, program, "a lowered program is one flat loop")
        return
    for expr in _expressions(program):
        bare = not any(isinstance(node, Reduction) for node in walk(expr))
        _need(bare, program, "a reduction stands inside an expression")
    _check_scalars(program)
    if grammar is not Grammar.PHASED:
        _check_element_work(program)
    if grammar is Grammar.FINAL:
        _check_loops(program)


def _need(condition: bool, program: Program, message: str) -> None:
    if not condition:
        raise GrammarError(f"{program.name}: {message}")


def _expressions(program: Program) -> Iterable[Expr]:
    for block in element_blocks(program):
        yield from (assign.value for assign in block)
    for stage in program.stages:
        if isinstance(stage, Scalars):
            yield from (assign.value for assign in stage.assigns)


def _check_leaves(program: Program) -> None:
    for expr in _expressions(program):
        for node in walk(expr):
            _need(not isinstance(node, Seq), program, f"a sequence is left: {node}")
            if isinstance(node, Call):
                known = OPERATIONS.get(node.op) == len(node.args) and node.op != "clip"
                _need(known, program, f"no kernel computes {node.op} with {len(node.args)} arguments")


def _check_defined(program: Program) -> None:
    """Every name is a buffer, a hyperparameter, t, a count, or assigned before."""
    known = {buffer.name for buffer in program.buffers} | {hyper.name for hyper in program.hyperparameters}
    known |= {"t", *COUNTS}
    for stage in program.stages:
        match stage:
            case Scalars(assigns=assigns):
                known |= _sequence(program, assigns, known)
            case Reduce(assigns, partials):
                inner = known | _sequence(program, assigns, known)
                _sequence(program, [Assign(p.name, p.value) for p in partials], inner)
                known |= {partial.name for partial in partials}
            case Update(loops):
                for loop in loops:
                    inner = known | _sequence(program, loop.assigns, known)
                    for buffer, value in loop.writes:
                        stored = program.buffer(buffer).level == "element"
                        _need(value in inner or not stored, program, f"{buffer} gets {value}, which nothing computes")


def _sequence(program: Program, assigns: Iterable[Assign], known: set[str]) -> set[str]:
    found: set[str] = set()
    for assign in assigns:
        missing = symbols(assign.value) - known - found
        _need(not missing, program, f"{assign.name} reads {', '.join(sorted(missing))} before it is computed")
        found.add(assign.name)
    return found


def _check_scalars(program: Program) -> None:
    for stage in program.stages:
        if isinstance(stage, Scalars):
            for assign in stage.assigns:
                level = level_of(assign.value, program.levels)
                _need(level != "element", program, f"{assign.name} is a scalar that reads elements")


def _check_element_work(program: Program) -> None:
    for block in element_blocks(program):
        for assign in block:
            for node in _scalar_work(assign.value, program.levels):
                _need(False, program, f"{assign.name} computes {node} anew for every element")


def _scalar_work(expr: Expr, levels: dict[str, str]) -> Iterable[Expr]:
    """Operations below element level, the test of a flag apart."""
    match expr:
        case Num() | Sym() | Call("ne", (Sym(), Num())):
            return
        case Call() if level_of(expr, levels) != "element" and expr.args:
            yield expr
        case _:
            for arg in children(expr):
                yield from _scalar_work(arg, levels)


def _check_loops(program: Program) -> None:
    update = program.update
    _need(1 <= len(update.loops) <= 4, program, "an update has one to four loops")
    _need(len(update.loops) == 2 ** len(update.conditions), program, "there is one loop per outcome")
    for loop in update.loops:
        written = [name for name, _ in loop.writes]
        _need(len(set(written)) == len(written), program, "a buffer is written twice")
        _need(loop.reads == _exact_reads(loop, program), program, "the buffers read are not the ones listed")


def _exact_reads(loop: Loop, program: Program) -> tuple[str, ...]:
    used = {name for assign in loop.assigns for name in symbols(assign.value)} | {value for _, value in loop.writes}
    return tuple(b.name for b in program.buffers if b.level == "element" and b.name in used)
