"""Symmetries that move theta: negating a run, and starting it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from symopt.domains import Real
from symopt.expr import Expr, Num, Sym
from symopt.interpret import EXACT
from symopt.prove.facts import Facts
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.invariance.moves import Move, line, lines, moves_along
from symopt.theory.invariance.runs import Apart, Given, Values, apart, run, same
from symopt.theory.invariance.scale import free_letter

KIND = "invariances"
_MINUS = Num(Fraction(-1))


def sign_symmetry(optimizer: Optimizer, facts: Facts, chosen: Given, base: list[Values], free: bool) -> Fact:
    """Whether the negated gradients give the negated steps; free: whether theta[0] does not matter to the steps."""
    other = run(optimizer, chosen.moved(factor=-1, gradient=-1))
    found = apart(base, other, factor=-1)
    what = "every gradient negates every step" if free else "every gradient and theta[0] negates theta"
    if found is not None:
        exact = _exactly(optimizer, chosen, chosen.moved(factor=-1, gradient=-1), -1, 0) or found
        return _refuted(optimizer, chosen, "g", f"Not so: negating {what}", exact)
    guess = {name: Move({name: _MINUS}) for name in base[0] if _is(base, other, name, -1, 0)}
    move = _settled(optimizer, _joined([Move({"theta": _MINUS, "g": _MINUS}), *guess.values()]), _negated, facts)
    if not moves_along(optimizer, move, facts):
        return undecided("g", f"Negating {what}", base)
    flipped = [name for name in optimizer.states if name in move.factors]
    kept = [name for name in optimizer.states if name not in move.factors]
    told = [f"it negates {', '.join(flipped)}"] * bool(flipped) + [f"it leaves {', '.join(kept)}"] * bool(kept)
    return Fact(
        KIND, "g", "proved", f"Negating {what}.", steps=(*told, *map(str, lines(optimizer, move))),
        data={"negated": flipped, "kept": kept},
    )  # fmt: skip


def translation(optimizer: Optimizer, facts: Facts, chosen: Given, base: list[Values]) -> Fact:
    """Whether the steps are the same from any theta[0]: each element may start elsewhere by a number of its own."""
    other = run(optimizer, chosen.moved(shift=1))
    found = apart(base, other, shift=1)
    if found is not None:
        exact = _exactly(optimizer, chosen, chosen.moved(shift=1), 1, 1) or found
        return _refuted(
            optimizer,
            chosen,
            "theta",
            "The steps depend on where theta is",
            exact,
            " with theta[0] larger by 1, 2, 3, ...",
        )
    a = free_letter(optimizer, "abdeh")
    facts = replace(facts.knowing({a: Real}), levels={**facts.levels, a: "element"})
    shifted = [Move(shifts={name: Sym(a)}) for name in ("theta", *base[0]) if _is(base, other, name, 1, 1)]
    move = _settled(optimizer, _joined(shifted), lambda name: Move(shifts={name: Sym(a)}), facts)
    if not moves_along(optimizer, move, facts):
        return undecided("theta", "Adding constants to theta[0] changes no step", base)
    along = [name for name in optimizer.states if name in move.shifts]
    with_it = f"; {', '.join(along)} {'move' if len(along) > 1 else 'moves'} along" if along else ""
    return Fact(
        KIND, "theta", "proved", f"Adding constants to theta[0] changes no step{with_it}.",
        steps=tuple(map(str, lines(optimizer, move))), symbols=(a,), data={"moved": along},
    )  # fmt: skip


def _negated(name: str) -> Move:
    return Move({name: _MINUS})


def _joined(moves: Iterable[Move]) -> Move:
    factors: dict[str, Expr] = {}
    shifts: dict[str, Expr] = {}
    for move in moves:
        factors |= move.factors
        shifts |= move.shifts
    return Move(factors, shifts)


def _is(a: list[Values], b: list[Values], name: str, factor: int, shift: int) -> bool:
    """Whether a value of the second run is, at every step, that of the first as `Given.moved` moves theta.

    What is 0 all the time counts as unmoved.
    """
    elements = [
        (factor * x + shift * number, y)
        for one, other in zip(a, b, strict=True)
        for number, (x, y) in enumerate(zip(one[name], other[name], strict=True), 1)
    ]
    return all(same(x, y) for x, y in elements) and any(x or y for x, y in elements)


def _settled(optimizer: Optimizer, move: Move, moved: Callable[[str], Move], facts: Facts) -> Move:
    """The move with the values of a step that are not states: each as its equation has it, unmoved if that holds."""
    seen = {name for name in optimizer.states if optimizer.levels[name] == "element"}
    for equation in optimizer.equations:
        name = equation.target
        if name not in seen and name != "theta" and not line(optimizer, move, name).holds(facts):
            move = _joined([move, moved(name)])
    return move


def _exactly(optimizer: Optimizer, chosen: Given, moved: Given, factor: int, shift: int) -> Apart | None:
    """Where two runs in exact numbers differ, as far as exact numbers go."""
    return apart(run(optimizer, chosen, EXACT), run(optimizer, moved, EXACT), factor, shift)


def _refuted(optimizer: Optimizer, chosen: Given, subject: str, said: str, found: Apart, how: str = "") -> Fact:
    is_, wanted = found.shown
    moved = {h.name: chosen.hyper[h.name] for h in optimizer.hyperparameters if h.default != chosen.hyper[h.name]}
    where = f" with {', '.join(f'{name} = {value}' for name, value in moved.items())}" if moved else ""
    place = f"element {found.element + 1} of theta{how} is {is_} after step {found.step}"
    statement = f"{said}: in a run{where}, {place}, where {wanted} would be."
    return Fact(KIND, subject, "refuted", statement, steps=chosen.lines, data={**found.data, **chosen.data})


def undecided(subject: str, asked: str, base: list[Values]) -> Fact:
    """What no rule shows and no run contradicts."""
    tried = len(base) * len(base[0]["theta"])
    statement = f"{asked}: not shown, true at {tried} places of a run."
    return Fact(KIND, subject, "undecided", statement, data={"tried": tried})
