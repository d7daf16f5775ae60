"""Composition: the recurrence of an inner optimizer, rewritten so that it can stand inside another one's body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.expr import ONE, START, ZERO, Call, Expr, Seq, Sym, sequences, substitute
from symopt.recurrence import Equation, Optimizer


@dataclass(frozen=True)
class Inlined:
    """What an inner optimizer leaves in the body that called it. `result` stands for its new theta."""

    equations: list[Equation]
    result: Expr
    gradient_point: Expr
    starts: dict[str, Expr]
    inputs: dict[str, str]
    meanings: dict[str, str] = field(default_factory=dict[str, str])


def inner_point(inner: Optimizer, x: Expr, taken: set[str]) -> Expr:
    """The gradient point of `inner` when it steps from `x`."""
    return substitute(inner.gradient_point, {**_names(inner, taken), Seq("theta", -1): x})


def inline(inner: Optimizer, x: Expr, h: Expr | None, when: Expr | None, taken: set[str]) -> Inlined:
    """The recurrence of `inner` stepping from `x` with the gradient `h` (None: the gradient itself)."""
    table: dict[Expr, Expr] = {**_names(inner, taken), Seq("theta", -1): x}
    if h is not None:
        table[Seq("g", 0)] = h
    own = inner.name + "_theta"
    table[Seq("theta", 0)] = Seq(own, 0)
    counter = _fresh("count", inner, taken)
    if when is not None:
        table[Sym("t")] = Call("+", (Seq(counter, -1), ONE))
    equations = [Equation(_renamed(e.target, table), substitute(e.rhs, table)) for e in inner.equations]
    result, equations = _take_theta(equations, own)
    if when is not None:
        result, equations = _only_when(inner, when, x, counter, table, result, equations)
    starts = {_renamed(name, table): rhs for name, rhs in inner.starts}
    return Inlined(
        equations,
        result,
        substitute(inner.gradient_point, table),
        starts,
        dict(inner.inputs),
        {_renamed(name, table): meaning for name, meaning in inner.meanings if name != "theta"},
    )


def notices_theta(inner: Optimizer) -> bool:
    """Whether the training of an optimizer ever looks at its theta; an EMA of the weights does not."""
    needed = {seq.name for seq in sequences(inner.gradient_point)}
    rhs = {equation.target: equation.rhs for equation in inner.equations}
    todo = list(needed)
    while todo:
        for seq in sequences(rhs.get(todo.pop(), ZERO)):
            if seq.name not in needed and seq.shift != START:
                needed.add(seq.name)
                todo.append(seq.name)
    return "theta" in needed


def _names(inner: Optimizer, taken: set[str]) -> dict[Expr, Expr]:
    """Own names where they are free, with the optimizer's name in front where they are not."""
    table: dict[Expr, Expr] = {}
    for equation in inner.equations:
        name = equation.target
        if name != "theta" and name in taken:
            for shift in (0, -1):
                table[Seq(name, shift)] = Seq(_fresh(name, inner, taken), shift)
    return table


def _fresh(name: str, inner: Optimizer, taken: set[str]) -> str:
    candidate = name
    while candidate in taken:
        candidate = f"{inner.name}_{candidate}"
    return candidate


def _renamed(name: str, table: Mapping[Expr, Expr]) -> str:
    found = table.get(Seq(name, 0))
    return found.name if isinstance(found, Seq) and name != "g" else name


def _take_theta(equations: list[Equation], own: str) -> tuple[Expr, list[Equation]]:
    """Take the equation of inner's theta out; it stays, under a name of its own, only where something reads it."""
    rhs = next(e.rhs for e in equations if e.target == own)
    others = [e for e in equations if e.target != own]
    if any(Seq(own, 0) in sequences(e.rhs) for e in others):
        return Seq(own, 0), equations
    return rhs, others


def _only_when(
    inner: Optimizer,
    when: Expr,
    x: Expr,
    counter: str,
    table: Mapping[Expr, Expr],
    result: Expr,
    equations: list[Equation],
) -> tuple[Expr, list[Equation]]:
    """Each state moves only when the condition holds, and so does inner's own step counter."""
    states = {_renamed(name, table) for name in inner.states}
    moved: dict[Expr, Expr] = {Seq(name, 0): Seq(f"{name}_next", 0) for name in states}
    held: list[Equation] = []
    for equation in equations:
        target = f"{equation.target}_next" if equation.target in states else equation.target
        held.append(Equation(target, substitute(equation.rhs, moved)))
        if equation.target in states:
            new, old = Seq(f"{equation.target}_next", 0), Seq(equation.target, -1)
            held.append(Equation(equation.target, Call("where", (when, new, old))))
    ahead = Call("+", (Seq(counter, -1), ONE))
    held.append(Equation(counter, Call("where", (when, ahead, Seq(counter, -1)))))
    return Call("where", (when, substitute(result, moved), x)), held
