"""Dimensional analysis: the unit of every hyperparameter and state, with theta in theta and the objective in f."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.units.read import Reading
from symopt.theory.units.solve import PLAIN, Relation, Solution, Unit
from symopt.theory.units.text import PLAIN_TEXT, grouped, objective, shown, which
from symopt.theory.units.witness import differs
from symopt.wording import listed

KIND = "units"
_ONE = Fraction(1)


def units(optimizer: Optimizer) -> Iterable[Fact]:
    """The unit of each hyperparameter and state, whether the step needs one from a hyperparameter, and what disagrees.

    Exponents are unknowns, sums and comparisons give equations between them, and these are solved exactly.
    """
    reading = Reading(optimizer)
    by_itself = _by_itself(reading)
    found = by_itself or reading.solution(reading.merged())
    yield _table(reading, found, by_itself is not None)
    yield from (_twice(reading, found, name) for name in _used_twice(reading, found))
    yield from (_disagreement(reading, found, relation) for relation in found.failed)
    yield from _open(reading, found)


def _by_itself(reading: Reading) -> Solution | None:
    """The solution in which what multiplies is a plain number and only what is added carries a unit, if there is one.

    A number that is added in two places may have two units here; `_twice` tells.
    """
    plain = [Relation("", "takes", name, "", ({name: _ONE}, PLAIN)) for name in sorted(reading.factors)]
    found = reading.solution(plain)
    apart = any("theta" in found.of(relation.unit) for relation in found.failed)
    return None if apart or len(found.failed) > len(reading.solution().failed) else found


# ---- facts ----


def _table(reading: Reading, found: Solution, by_itself: bool) -> Fact:
    """All units, and whether the step has that of theta although nothing that multiplies it carries one."""
    hypers = [hyper.name for hyper in reading.optimizer.hyperparameters]
    every = {name: _unit(reading, found, name) for name in [*hypers, *reading.optimizer.levels]}
    settled = {name: unit for name, unit in every.items() if not _is_open(name, unit)}
    twice = _used_twice(reading, found)
    texts = {name: shown(reading, unit) for name, unit in settled.items() if name not in twice}
    main = {name: texts[name] for name in [*hypers, *reading.optimizer.states] if name in texts}
    carrying = [name for name in hypers if name in reading.factors and set(settled.get(name, PLAIN)) - {"g"}]
    symbols = objective(reading, *main.values())
    with_f = ", with f that of the objective" * bool(symbols)
    what = "No units fit every equation; these fit all but what is refuted below" if found.failed else "Units"
    all_but = f" of all but {listed(twice)}" * bool(twice)
    said = [f"{what}{all_but}{with_f}: {grouped(main)}."] if main else []
    said += [] if found.failed else [_step(carrying, by_itself)]
    return Fact(
        KIND,
        "theta",
        "proved",
        " ".join(filter(None, said)) or "No hyperparameter and no state is there to carry a unit.",
        steps=tuple(f"{relation.where}: {_equation(reading, relation)}" for relation in reading.relations),
        symbols=symbols,
        data={"units": texts, "by_itself": by_itself, "carried_by": carrying},
    )


def _step(carrying: list[str], by_itself: bool) -> str:
    if by_itself:
        return "The step comes out in theta by itself: nothing that multiplies it carries a unit."
    verb = "carries one" if len(carrying) == 1 else "carry units"
    return f"The step comes out in theta because {listed(carrying)} {verb}." if carrying else ""


def _twice(reading: Reading, found: Solution, name: str) -> Fact:
    """One number that is added to values of different units."""
    places = [(reading.beside[place], shown(reading, found.of({place: _ONE}))) for place in reading.occurrences[name]]
    told = list(dict.fromkeys(f"{other} ({which(unit)})" for other, unit in places))
    texts = [unit for _, unit in places]
    statement = f"One number, {name}, is added to values of different units: {listed(told)}."
    return _refuted(reading, found, name, statement, texts, {"places": [list(place) for place in places]})


def _disagreement(reading: Reading, found: Solution, relation: Relation) -> Fact:
    """An equation that needs two units to be one."""
    texts = [shown(reading, found.of(unit)) for unit in relation.units]
    left, right = map(which, texts)
    said = f"{relation.does} {relation.left}, {left}, and {relation.right}, {right}"
    if not relation.right:
        said = f"{relation.does} {relation.left}, {left}, which has to be a plain number"
    statement = f"The equation of {relation.where} {said}."
    subject = relation.where.partition("[")[0]
    return _refuted(reading, found, subject, statement, texts, {"equation": relation.where, "units": texts})


def _refuted(
    reading: Reading, found: Solution, subject: str, statement: str, texts: list[str], data: dict[str, Any]
) -> Fact:
    """What disagrees, with a run that is another one where the gradient is measured in a smaller unit."""
    hypers = {hyper.name: _unit(reading, found, hyper.name) for hyper in reading.optimizer.hyperparameters}
    witness = differs(reading.optimizer, hypers)
    steps: tuple[str, ...] = ()
    if witness is not None:
        moved, scale, at = witness
        one, other = at.shown
        place = f"element {at.element + 1} of theta is {one} after step {at.step}, where it was {other}"
        steps = (f"with g counted in a unit {scale} times smaller, and everything in g with it, {place}", *moved.lines)
        data = {**data, "scale": scale, **at.data, **moved.data}
    symbols = objective(reading, *texts)
    return Fact(KIND, subject, "refuted", statement, steps=steps, symbols=symbols, data=data)


def _open(reading: Reading, found: Solution) -> Iterator[Fact]:
    """What no equation gives a unit."""
    names = [*(hyper.name for hyper in reading.optimizer.hyperparameters), *reading.optimizer.levels]
    units = {name: _unit(reading, found, name) for name in names}
    for name in names:
        if _is_open(name, units[name]):
            then = {other: shown(reading, unit) for other, unit in units.items() if other != name and name in unit}
            rest = f"; then {grouped(then)}" if then else ""
            statement = f"The equations leave the unit of {name} open, any will do{rest}."
            symbols = objective(reading, *then.values())
            yield Fact(KIND, name, "proved", statement, symbols=symbols, data={"free": name, "then": then})


# ---- units of names ----


def _unit(reading: Reading, found: Solution, name: str) -> Unit:
    """The unit of a name; of one that is only added, that of the places where it is."""
    places = [] if name in reading.factors else reading.occurrences.get(name, [])
    return found.of({places[0] if places else name: _ONE})


def _is_open(name: str, unit: Unit) -> bool:
    return unit == {name: _ONE} and name not in ("theta", "g")


def _used_twice(reading: Reading, found: Solution) -> list[str]:
    return [
        name
        for name, places in reading.occurrences.items()
        if any(found.of({place: _ONE}) != found.of({places[0]: _ONE}) for place in places)
    ]


def _equation(reading: Reading, relation: Relation) -> str:
    left, right = (shown(reading, unit) for unit in relation.units)
    return f"{left} = {right if right != PLAIN_TEXT else 'a plain number'}"
