"""The algorithm box: the loop of an optimizer as statements."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, takewhile

from symopt.expr import START, Call, Expr, Seq, sequences
from symopt.latex.measure import width
from symopt.latex.printer import condition, gradient, latex, lines, target
from symopt.latex.tables import domain_relation
from symopt.naming import indexed, symbol
from symopt.recurrence import Optimizer, level_of

INDENT = 1.5
Assignment = tuple[str, Expr]


@dataclass(frozen=True)
class Algorithm:
    """The parts of a box: what it needs, how it starts, and its loop, in the words of algpseudocode."""

    needs: list[str]
    start: str
    steps: list[str]


def algorithm(optimizer: Optimizer, room: float) -> Algorithm:
    """The box of an optimizer in `room` em."""
    return Algorithm(_needs(optimizer), _start(optimizer), _steps(optimizer, room))


def gradient_place(optimizer: Optimizer) -> int | None:
    """Before which equation the gradient is taken: as soon as all that its point reads is there. None: never read."""
    if Seq("g", 0) not in optimizer.reads:
        return None
    needed = {seq.name for seq in sequences(optimizer.gradient_point) if seq.shift == 0}
    return max((i + 1 for i, e in enumerate(optimizer.equations) if e.target in needed), default=0)


def _needs(optimizer: Optimizer) -> list[str]:
    first = ["objective $f$"] if gradient_place(optimizer) is not None else []
    needs = [", ".join([*first, f"initial parameter ${indexed('theta', START)}$"])]
    relations: list[str] = []
    for relation, group in groupby(optimizer.hyperparameters, lambda hyper: domain_relation(hyper.domain)):
        named = r",\, ".join(symbol(hyper.name) for hyper in group)
        relations.append(f"${named} {relation}$")
    if relations:
        needs.append(f"hyperparameters {', '.join(relations)}")
    if optimizer.inputs:
        given = ", ".join(f"${target(name)}$" for name, _ in optimizer.inputs)
        needs.append(f"{given} from outside, at every step")
    return needs


def _start(optimizer: Optimizer) -> str:
    """The start of every state, equal starts together."""
    groups: dict[str, list[str]] = {}
    for name in optimizer.states:
        start = optimizer.start_of(name)
        groups.setdefault("0" if start is None else latex(start, inline=True), []).append(indexed(name, START))
    return ", ".join(f"${', '.join(names)} \\gets {value}$" for value, names in groups.items())


def _steps(optimizer: Optimizer, room: float) -> list[str]:
    place = gradient_place(optimizer)
    assignments = [(e.target, e.rhs) for e in optimizer.equations]
    if place is None:
        return _statements(optimizer, assignments, room)
    taken = f"\\State ${target('g')} \\gets {gradient(optimizer.gradient_point, inline=True)}$"
    before = _statements(optimizer, assignments[:place], room)
    return [*before, taken, *_statements(optimizer, assignments[place:], room)]


def _statements(optimizer: Optimizer, assignments: list[Assignment], room: float) -> list[str]:
    """Assignments in order; neighbours that are chosen by one condition share its branches."""
    found: list[str] = []
    while assignments:
        test = _branch(optimizer, assignments[0])
        run = list(takewhile(lambda a, test=test: _branch(optimizer, a) == test, assignments)) if test else []
        if test and run:
            found += [f"\\If{{${condition(test)}$}}", *_branches(optimizer, run, room - INDENT), r"\EndIf"]
        else:
            found.append(_assignment(*assignments[0], room))
        assignments = assignments[max(len(run), 1) :]
    return found


def _branches(optimizer: Optimizer, run: list[Assignment], room: float) -> list[str]:
    holds = [(name, rhs.args[1]) for name, rhs in run if isinstance(rhs, Call)]
    fails = [(name, rhs.args[2]) for name, rhs in run if isinstance(rhs, Call)]
    found = _statements(optimizer, holds, room)
    tests = {_branch(optimizer, assignment) for assignment in fails}
    test = tests.pop()
    if test is not None and not tests:
        return [*found, f"\\ElsIf{{${condition(test)}$}}", *_branches(optimizer, fails, room)]
    return [*found, r"\Else", *_statements(optimizer, fails, room)]


def _branch(optimizer: Optimizer, assignment: Assignment) -> Expr | None:
    """The condition of a choice that is the same for all elements."""
    match assignment[1]:
        case Call("where", (test, _, _)) if level_of(test, optimizer.levels) not in ("row", "element"):
            return test
        case _:
            return None


def _assignment(name: str, rhs: Expr, room: float) -> str:
    left = f"{target(name)} \\gets"
    rows = lines(rhs, room - width(left), inline=True)
    if len(rows) == 1:
        return f"\\State ${left} {rows[0]}$"
    return f"\\State ${left} \\begin{{aligned}}[t] & " + r" \\ & \quad ".join(rows) + r" \end{aligned}$"
