"""Differences of nearly equal numbers in the equations as they are written, and what the kernels make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from symopt.expr import ZERO, Call, Expr, Seq, Sym, symbols, walk
from symopt.interpret import FLOAT, Reader
from symopt.ir import Program, Scalars, element_blocks
from symopt.recurrence import Optimizer, level_of

STEPS = 10
LEAST = 30.0
"""How many times smaller than its terms a difference is, so that it counts: a digit and a half is lost."""

_COMPUTES = frozenset("+ - * / ** sqrt exp log".split())


@dataclass(frozen=True)
class Cancels:
    """A difference, how many times smaller than its terms it is, and the t at which it is worst; 0: at every t."""

    node: Expr
    loss: float
    t: int


def of_scalars(optimizer: Optimizer, hyper: Mapping[str, float]) -> list[Cancels]:
    """The differences of numbers per step that cancel at these values within the first steps, the worst first."""
    worst: dict[Expr, Cancels] = {}
    for t, names in _moments(optimizer, hyper):
        for equation in optimizer.equations:
            for node in _computed(equation.rhs, names, optimizer.levels):
                loss = _loss(node, names)
                if loss >= LEAST and loss > worst.get(node, Cancels(node, 0.0, 0)).loss * (1 + 1e-9):
                    worst[node] = Cancels(node, loss, t if _moves(node) else 0)
    return sorted(worst.values(), key=lambda found: -found.loss)


def _moves(node: Expr) -> bool:
    """Whether a number is another one from step to step."""
    return "t" in symbols(node) or any(isinstance(part, Seq) for part in walk(node))


def _moments(optimizer: Optimizer, hyper: Mapping[str, float]) -> Iterator[tuple[int, Reader]]:
    """The numbers per step at t = 1, 2, ..., computed in float64."""
    plain = {name: np.float64(value) for name, value in hyper.items()}
    own = [equation for equation in optimizer.equations if optimizer.levels[equation.target] == "step"]
    outside = {Seq(name, 0): [np.float64(1)] for name, level in optimizer.inputs if level == "step"}
    start = Reader(FLOAT, [()], [0], {}, [plain])
    kept = [equation.target for equation in own if equation.target in optimizer.states]
    old = {name: start.value(optimizer.start_of(name) or ZERO, 0) for name in kept}
    for t in range(1, STEPS + 1):
        values = outside | {Seq(name, -1): [value] for name, value in old.items()}
        reader = Reader(FLOAT, [()], [0], values, [{**plain, "t": np.float64(t)}])
        for equation in own:
            values[Seq(equation.target, 0)] = [reader.value(equation.rhs, 0)]
        yield t, reader
        old = {name: values[Seq(name, 0)][0] for name in old}


def _computed(expr: Expr, names: Reader, levels: Mapping[str, str]) -> Iterator[Expr]:
    """The differences per step that are used; of a branch that is decided, those of the one that is taken."""
    match expr:
        case Call("where", (condition, a, b)) if level_of(condition, levels) == "step":
            yield from _computed(a if names.value(condition, 0) else b, names, levels)
        case Call(op, args):
            if op == "-" and level_of(expr, levels) == "step":
                yield expr
            for arg in args:
                yield from _computed(arg, names, levels)
        case _:
            pass


def _loss(node: Expr, names: Reader) -> float:
    """How many times smaller than its terms a difference is; 1 where float32 holds both terms exactly."""
    assert isinstance(node, Call)
    a, b = (float(names.value(arg, 0)) for arg in node.args)
    if a == b or (float(np.float32(a)) == a and float(np.float32(b)) == b) or not np.isfinite(a - b):
        return 1.0
    return max(abs(a), abs(b)) / abs(a - b)


def of_elements(optimizer: Optimizer) -> list[Expr]:
    """The differences per element under a root or in a denominator, where lost digits are not hidden by a sum."""
    found: dict[Expr, None] = {}
    for equation in optimizer.equations:
        for node in walk(equation.rhs):
            if isinstance(node, Call) and node.op in ("sqrt", "/"):
                inside = walk(node.args[-1])
                differences = (part for part in inside if isinstance(part, Call) and part.op == "-")
                found |= {part: None for part in differences if level_of(part, optimizer.levels) == "element"}
    return list(found)


# ---- what the kernels do ----


def scalars_apart(program: Program) -> bool:
    """Whether all numbers per step are computed in float64: no element loop computes with scalars alone."""
    nodes = (node for block in element_blocks(program) for assign in block for node in walk(assign.value))
    return all(
        level_of(node, program.levels) == "element"
        for node in nodes
        if isinstance(node, Call) and node.op in _COMPUTES and node.args
    )


def complements(program: Program) -> list[tuple[str, Expr]]:
    """(b, e) of each 1 - b**e that is computed as -expm1(e*log(b))."""
    found: dict[tuple[str, Expr], None] = {}
    for stage in program.stages:
        if isinstance(stage, Scalars):
            for node in (node for assign in stage.assigns for node in walk(assign.value)):
                match node:
                    case Call("expm1", (Call("*", (exponent, Call("log", (Call("where", (_, Sym(base), _)),)))),)):
                        found[base, exponent] = None
                    case _:
                        pass
    return list(found)


def two_words(program: Program) -> list[str]:
    """The coefficients that are held in two words of the storage type."""
    return list(words(program).values())


def words(program: Program) -> dict[str, str]:
    """What the first word of each such coefficient is called, with the coefficient."""
    found: dict[str, str] = {}
    for assign in (assign for stage in program.stages if isinstance(stage, Scalars) for assign in stage.assigns):
        match assign.value:
            case Call("below", (Sym(name),)):
                found[assign.name] = name
            case _:
                pass
    return found


def as_it_stands(program: Program, node: Expr, names: Mapping[str, str]) -> bool:
    """Whether an element loop subtracts what a difference of two values per element subtracts.

    names: what each value is called in the program
    """
    assert isinstance(node, Call)
    sides = [{names.get(part.name, part.name) for part in walk(arg) if isinstance(part, Seq)} for arg in node.args]
    parts = (part for block in element_blocks(program) for assign in block for part in walk(assign.value))
    differences = (part for part in parts if isinstance(part, Call) and part.op == "-")
    return any([symbols(arg) for arg in part.args] == sides for part in differences)
