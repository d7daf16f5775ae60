"""Composition: the recurrence of an inner optimizer, rewritten so that it can stand inside another one's body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from symopt import naming
from symopt.expr import ONE, START, ZERO, Call, Expr, Seq, T, sequences, substitute
from symopt.recurrence import Equation, Optimizer


@dataclass(frozen=True)
class Names:
    """The names that an inner optimizer's sequences get in the body that calls it.

    here: its own names, kept where they are free, with the optimizer's name in front where they are not
    ahead: of each state, the name of its new value where the optimizer does not step always
    slow: of each state, the name of the value that it is pulled back to
    counter: the name of the number of steps that it took, where that is not t
    """

    here: dict[str, str]
    ahead: dict[str, str]
    slow: dict[str, str]
    counter: str

    @property
    def all(self) -> list[str]:
        """Every name that is taken."""
        return [*self.here.values(), *self.ahead.values(), *self.slow.values(), self.counter]

    def table(self, x: Expr) -> dict[Expr, Expr]:
        """The replacements in the recurrence that steps from `x`."""
        names = {Seq(old, shift): Seq(new, shift) for old, new in self.here.items() for shift in (0, -1)}
        return {**names, Seq("theta", -1): x}


def choose_names(inner: Optimizer, taken: Iterable[str]) -> Names:
    """Names for the recurrence of `inner` that are not in `taken`."""
    used = {*taken, *(hyper.name for hyper in inner.hyperparameters), *dict(inner.inputs)}

    def fresh(name: str) -> str:
        return naming.fresh(name, inner.name, used)

    targets = [equation.target for equation in inner.equations]
    here = {name: fresh(f"{inner.name}_theta" if name == "theta" else name) for name in targets}
    ahead = {name: fresh(f"{here[name]}_next") for name in inner.states}
    slow = {name: fresh(f"{here[name]}_slow") for name in inner.states}
    return Names(here, ahead, slow, fresh("updates"))


@dataclass(frozen=True)
class Mode:
    """How an inner optimizer's memory is carried from step to step, where that is not simply its recurrence.

    when: it steps only where this condition holds
    restart: where this holds after a step, it starts anew
    pull_back: (condition, share): where the condition holds after a step, its states go back towards what they were
        when it held last, keeping this share of the way
    """

    when: Expr | None = None
    restart: Expr | None = None
    pull_back: tuple[Expr, Expr] | None = None

    @property
    def counts(self) -> bool:
        """Whether the number of steps that it took is not t."""
        return self.when is not None or self.restart is not None


@dataclass(frozen=True)
class Inlined:
    """What an inner optimizer leaves in the body that called it. `result` stands for its new theta."""

    equations: list[Equation]
    result: Expr
    gradient_point: Expr
    starts: dict[str, Expr]
    in_force: dict[str, Expr]
    meanings: dict[str, str]


def inline(inner: Optimizer, names: Names, x: Expr, h: Expr | None, mode: Mode, start: Expr) -> Inlined:
    """The recurrence of `inner` stepping from `x`, which starts at `start`, with the gradient `h` or, if None, g[t]."""
    table = names.table(x)
    if h is not None:
        table[Seq("g", 0)] = h
    if mode.counts:
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
    return found if mode == Mode() else _carried(found, names, mode, x, inner.levels)


def _take_theta(equations: list[Equation], own: str) -> tuple[Expr, list[Equation]]:
    """Take the equation of inner's theta out; it stays, under a name of its own, only where something reads it."""
    rhs = next(e.rhs for e in equations if e.target == own)
    others = [e for e in equations if e.target != own]
    if any(Seq(own, 0) in sequences(e.rhs) for e in others):
        return Seq(own, 0), equations
    return rhs, others


def _carried(found: Inlined, names: Names, mode: Mode, x: Expr, levels: Mapping[str, str]) -> Inlined:
    """Each state is remembered as the mode says, and so is inner's own step count; within the step nothing changes."""
    states = {names.here[name]: name for name in names.ahead}
    moved: dict[Expr, Expr] = {Seq(here, 0): Seq(names.ahead[name], 0) for here, name in states.items()}
    starts = dict(found.starts)
    equations: list[Equation] = []
    for equation in found.equations:
        here, rhs = equation.target, substitute(equation.rhs, moved)
        if here not in states:
            equations.append(Equation(here, rhs))
            continue
        name = states[here]
        start, ahead = found.starts.get(here, ZERO), names.ahead[name]
        equations.append(Equation(ahead, rhs))
        kept = _held(Seq(ahead, 0), Seq(here, -1), start, mode)
        if mode.pull_back is not None and levels[name] == "element":
            slow = names.slow[name]
            equations += _pulled(here, slow, kept, *mode.pull_back)
            starts |= {slow: start} if start != ZERO else {}
        else:
            equations.append(Equation(here, kept))
    equations += _count(found, names.counter, mode)
    result = substitute(found.result, moved)
    return replace(
        found,
        equations=equations,
        result=result if mode.when is None else Call("where", (mode.when, result, x)),
        gradient_point=substitute(found.gradient_point, moved),
        starts=starts,
    )


def _held(new: Expr, old: Expr, start: Expr, mode: Mode) -> Expr:
    """What is remembered of a state: its new value, unless it rests or starts anew."""
    held = new if mode.when is None else Call("where", (mode.when, new, old))
    return held if mode.restart is None else Call("where", (mode.restart, start, held))


def _pulled(here: str, slow: str, kept: Expr, condition: Expr, share: Expr) -> list[Equation]:
    """A state that follows its recurrence, and goes back towards a slow copy of itself where the condition holds."""
    back = Call("+", (Seq(slow, -1), Call("*", (share, Call("-", (kept, Seq(slow, -1)))))))
    return [
        Equation(slow, Call("where", (condition, back, Seq(slow, -1)))),
        Equation(here, Call("where", (condition, Seq(slow, 0), kept))),
    ]


def _count(found: Inlined, counter: str, mode: Mode) -> list[Equation]:
    """Inner's own step count, where something reads it."""
    count = Seq(counter, -1)
    expressions = [found.result, found.gradient_point, *(e.rhs for e in found.equations)]
    if not any(count in sequences(expr) for expr in expressions):
        return []
    return [Equation(counter, _held(Call("+", (count, ONE)), count, ZERO, mode))]


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
