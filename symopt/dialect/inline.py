"""Composition: the recurrence of an inner optimizer, rewritten so that it can stand inside another one's body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from symopt.expr import ONE, START, ZERO, Call, Expr, Seq, T, sequences, substitute
from symopt.recurrence import Equation, Optimizer


@dataclass(frozen=True)
class Names:
    """The names that an inner optimizer's sequences get in the body that calls it.

    here: its own names, kept where they are free, with the optimizer's name in front where they are not
    ahead: of each state, the name of its new value where the optimizer does not step always
    counter: the name of the number of steps that it took, where it does not step always
    """

    here: dict[str, str]
    ahead: dict[str, str]
    counter: str

    def table(self, x: Expr) -> dict[Expr, Expr]:
        """The replacements in the recurrence that steps from `x`."""
        names = {Seq(old, shift): Seq(new, shift) for old, new in self.here.items() for shift in (0, -1)}
        return {**names, Seq("theta", -1): x}


def choose_names(inner: Optimizer, taken: Iterable[str]) -> Names:
    """Names for the recurrence of `inner` that are not in `taken`."""
    used = {*taken, *(hyper.name for hyper in inner.hyperparameters), *dict(inner.inputs)}

    def fresh(name: str) -> str:
        while name in used:
            name = f"{inner.name}_{name}"
        used.add(name)
        return name

    targets = [equation.target for equation in inner.equations]
    here = {name: fresh(f"{inner.name}_theta" if name == "theta" else name) for name in targets}
    return Names(here, {name: fresh(f"{here[name]}_next") for name in inner.states}, fresh("updates"))


@dataclass(frozen=True)
class Inlined:
    """What an inner optimizer leaves in the body that called it. `result` stands for its new theta."""

    equations: list[Equation]
    result: Expr
    gradient_point: Expr
    starts: dict[str, Expr]
    in_force: dict[str, Expr]
    meanings: dict[str, str]


def inline(inner: Optimizer, names: Names, x: Expr, h: Expr | None, when: Expr | None, start: Expr) -> Inlined:
    """The recurrence of `inner` stepping from `x`, which starts at `start`, with the gradient `h` or, if None, g[t]."""
    table = names.table(x)
    if h is not None:
        table[Seq("g", 0)] = h
    if when is not None:
        table[T] = Call("+", (Seq(names.counter, -1), ONE))
    equations = [Equation(names.here[e.target], substitute(e.rhs, table)) for e in inner.equations]
    result, equations = _take_theta(equations, names.here["theta"])
    found = Inlined(
        equations,
        result,
        substitute(inner.gradient_point, table),
        {names.here[name]: substitute(rhs, {Seq("theta", START): start}) for name, rhs in inner.starts},
        {name: substitute(expr, table) for name, expr in inner.in_force},
        {names.here[name]: meaning for name, meaning in inner.meanings if name in names.here and name != "theta"},
    )
    return found if when is None else _only_when(found, names, when, x)


def _take_theta(equations: list[Equation], own: str) -> tuple[Expr, list[Equation]]:
    """Take the equation of inner's theta out; it stays, under a name of its own, only where something reads it."""
    rhs = next(e.rhs for e in equations if e.target == own)
    others = [e for e in equations if e.target != own]
    if any(Seq(own, 0) in sequences(e.rhs) for e in others):
        return Seq(own, 0), equations
    return rhs, others


def _only_when(found: Inlined, names: Names, when: Expr, x: Expr) -> Inlined:
    """Each state moves only when the condition holds, and so does inner's own step counter."""
    ahead = {names.here[name]: new for name, new in names.ahead.items()}
    moved: dict[Expr, Expr] = {Seq(name, 0): Seq(new, 0) for name, new in ahead.items()}
    held: list[Equation] = []
    for equation in found.equations:
        name = equation.target
        held.append(Equation(ahead.get(name, name), substitute(equation.rhs, moved)))
        if name in ahead:
            held.append(Equation(name, Call("where", (when, Seq(ahead[name], 0), Seq(name, -1)))))
    count = Seq(names.counter, -1)
    if any(
        count in sequences(expr) for expr in [found.result, found.gradient_point, *(e.rhs for e in found.equations)]
    ):
        held.append(Equation(names.counter, Call("where", (when, Call("+", (count, ONE)), count))))
    result = Call("where", (when, substitute(found.result, moved), x))
    return replace(found, equations=held, result=result, gradient_point=substitute(found.gradient_point, moved))


def inner_point(inner: Optimizer, names: Names, x: Expr) -> Expr:
    """The gradient point of `inner` when it steps from `x`."""
    return substitute(inner.gradient_point, names.table(x))


def notices_theta(inner: Optimizer) -> bool:
    """Whether the training of an optimizer ever looks at its theta; that of one with an EMA of the weights does not."""
    needed = {seq.name for seq in sequences(inner.gradient_point)}
    rhs = {equation.target: equation.rhs for equation in inner.equations}
    todo = list(needed)
    while todo:
        for seq in sequences(rhs.get(todo.pop(), ZERO)):
            if seq.name not in needed:
                needed.add(seq.name)
                todo.append(seq.name)
    return "theta" in needed
