"""States that equal each other after every step: one array serves them all.

That two states are equal is shown by induction over the steps: they start alike, and their new values are alike
wherever the old ones are. The classes of such states are found as the states of a finite automaton are minimised: all
that start alike are taken for equal, and those whose equations then differ are parted, until nothing changes. Numbers
part them, which is quick; what numbers leave together, SymPy has to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from symopt.derive.residues import residue, residues
from symopt.expr import START, ZERO, Expr, Seq, sequences, substitute
from symopt.recurrence import Equation, Optimizer
from symopt.recurrence.parts import written_out

Classes = list[list[str]]
"""Names that are taken for equal, each class in order; `theta` comes before the states."""


def equal_states(optimizer: Optimizer) -> dict[str, str]:
    """Each state that always equals another one, with that one: `theta` or the first in the order of the equations."""
    classes = _split([["theta", *optimizer.states]], lambda name: (optimizer.levels[name], _start(name, optimizer)))
    finer = _parted(classes, optimizer)
    while finer != classes:
        classes, finer = finer, _parted(finer, optimizer)
    return {name: first for first, *others in classes for name in others}


def _split(classes: Classes, key: Any) -> Classes:
    """Each class in parts with one key, those with a single name left out."""
    parts: Classes = []
    for names in classes:
        found: dict[Any, list[str]] = {}
        for name in names:
            found.setdefault(key(name), []).append(name)
        parts += [part for part in found.values() if len(part) > 1]
    return parts


def _start(name: str, optimizer: Optimizer) -> int:
    return residue(_started(name, optimizer), {})


def _started(name: str, optimizer: Optimizer) -> Expr:
    return Seq("theta", START) if name == "theta" else optimizer.start_of(name) or ZERO


def _parted(classes: Classes, optimizer: Optimizer) -> Classes:
    """The classes after one look at the equations, with the names of a class taken for equal before the step."""
    if not classes:
        return classes
    same: dict[Expr, Expr] = {Seq(name, -1): Seq(names[0], -1) for names in classes for name in names}
    values = residues([(e.target, substitute(e.rhs, same)) for e in optimizer.equations])
    finer = _split(classes, values.__getitem__)
    return _split(finer, _Shown(finer, same, optimizer)) if finer == classes else finer


class _Shown:
    """The first name of its class that a name is shown to equal."""

    def __init__(self, classes: Classes, same: Mapping[Expr, Expr], optimizer: Optimizer):
        self.classes, self.same, self.optimizer = classes, same, optimizer

    def __call__(self, name: str) -> str:
        names = next(names for names in self.classes if name in names)
        return next(other for other in names if other == name or self._alike(other, name))

    def _alike(self, a: str, b: str) -> bool:
        starts = _zero(_started(a, self.optimizer), _started(b, self.optimizer))
        return starts and _zero(*(substitute(self._new(name), self.same) for name in (a, b)))

    def _new(self, name: str) -> Expr:
        return written_out(Seq(name, 0), self.optimizer.equations)


def _zero(a: Expr, b: Expr) -> bool:
    """Whether a - b is 0 wherever both are defined."""
    sp, border = import_module("sympy"), import_module("symopt.canonical")  # heavy, and seldom needed
    difference: Any = border.to_sympy(a) - border.to_sympy(b)
    return sp.expand(difference) == 0 or sp.cancel(sp.together(difference)) == 0


def merged(optimizer: Optimizer, equal: Mapping[str, str]) -> Optimizer:
    """The same recurrence with equal states stored once, and without what nothing needs any more."""
    place = {equation.target: number for number, equation in enumerate(optimizer.equations)}
    table: dict[Expr, Expr] = {Seq(name, -1): Seq(kept, -1) for name, kept in equal.items()}
    table |= {Seq(name, 0): Seq(kept, 0) for name, kept in equal.items() if place[kept] < place[name]}
    fields = optimizer.rewritten(table)
    gone = _needed(optimizer.equations, optimizer.gradient_point) - _needed(
        fields["equations"], fields["gradient_point"]
    )
    return replace(
        optimizer,
        equations=tuple(e for e in fields["equations"] if e.target not in gone),
        starts=tuple((name, rhs) for name, rhs in fields["starts"] if name not in gone | equal.keys()),
        gradient_point=fields["gradient_point"],
        outputs=tuple(name for name in optimizer.outputs if name not in equal),
    )


def _needed(equations: Iterable[Equation], point: Expr) -> set[str]:
    """The names from which a path leads to theta or to the gradient point."""
    rhs = {equation.target: equation.rhs for equation in equations}
    needed: set[str] = set()
    todo = [Seq("theta", 0), point]
    while todo:
        names = {seq.name for expr in todo for seq in sequences(expr)} - needed
        needed |= names
        todo = [rhs[name] for name in names if name in rhs]
    return needed
