"""One optimizer as a page that any LaTeX document can \\input: its algorithm, equations, tables, cost and facts."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from symopt.latex.algorithm import algorithm, gradient_place
from symopt.latex.escape import code, paragraphs, prose
from symopt.latex.measure import width
from symopt.latex.printer import gradient, latex, lines, target
from symopt.latex.tables import hyperparameter_rows, state_rows
from symopt.latex.template import render
from symopt.naming import symbol
from symopt.reading import read
from symopt.recurrence import Finding, Follows, Optimizer

TEXT_WIDTH = 39.0
"""The text width that a page is set for, in em: 5.5 inches at 10 points, what most papers of the field have."""

_NUMBER = 5.5  # what the number of an equation takes with the space before it

_COUNTS = frozenset({"t", "k"})  # what the words of a schedule count steps with


@dataclass(frozen=True)
class Statement:
    """A derived fact: a sentence, and a formula "left = right" in the dialect's syntax to set beside it.

    kind: what facts of one sort are listed under; symbols: what is a symbol in it besides the names of the optimizer
    mark: how well it is known, where it is not proved
    """

    kind: str
    sentence: str
    formula: str = ""
    symbols: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class Cost:
    """What one step costs per parameter, with arrays of `dtype`.

    least: what is stepped and, for devices by their names, the microseconds that this takes at least
    """

    dtype: str
    bytes_moved: int
    bytes_state: int
    flops: int
    least: tuple[str, tuple[tuple[str, float], ...]] | None = None


@dataclass(frozen=True)
class Entry:
    """An optimizer with all that its page says about it.

    key: names its file and its labels; the optimizer's name where not given
    """

    optimizer: Optimizer
    cost: Cost | None = None
    facts: Sequence[Statement] = ()
    key: str = field(default="")

    @property
    def label(self) -> str:
        """What its file and its labels are called."""
        return self.key or self.optimizer.name


def page(entry: Entry | Optimizer, *, heading: str = "section", text_width: float = TEXT_WIDTH) -> str:
    """The page of an optimizer.

    heading: the sectioning command of its title
    text_width: the width of the text around it, in em
    """
    entry = entry if isinstance(entry, Entry) else Entry(entry)
    optimizer = entry.optimizer
    names = _names(optimizer)
    return render(
        "page.tex.j2",
        {
            "heading": heading,
            "label": entry.label,
            "name": code(entry.label),
            "title": prose(optimizer.title),
            "summary": _summary(optimizer, names),
            "algorithm": algorithm(optimizer, text_width - 4.0),
            "equations": equations(optimizer, entry.label, text_width - _NUMBER),
            "hyperparameters": hyperparameter_rows(optimizer, names),
            "states": state_rows(optimizer, names),
            "schedules": [text for schedule in optimizer.schedules for text in _schedule(schedule)],
            "cost": entry.cost and _cost(entry.cost),
            "facts": _facts(entry.facts, names),
            "departures": paragraphs(_sentence_case(optimizer.departures, names), names),
            "findings": [_finding(finding, names) for finding in optimizer.findings],
        },
    )


def equations(optimizer: Optimizer, label: str, room: float) -> list[str]:
    """The rows of the numbered equations, in the order of the paper, the gradient where it is taken."""
    rows = [
        _equation(target(e.target), lines(e.rhs, room - width(target(e.target)) - 2.0)) for e in optimizer.equations
    ]
    names = [e.target for e in optimizer.equations]
    place = gradient_place(optimizer)
    if place is not None:
        rows.insert(place, _equation(target("g"), [gradient(optimizer.gradient_point)]))
        names.insert(place, "g")
    return [f"{row} \\label{{eq:{label}:{name}}}" for name, row in zip(names, rows, strict=True)]


def _equation(left: str, right: list[str]) -> str:
    """Lines after the first are indented and share the number of the last."""
    return f"{left} &= " + " \\notag \\\\\n  &\\qquad ".join(right)


def _cost(cost: Cost) -> str:
    state = f"{cost.bytes_state} bytes of state are kept" if cost.bytes_state else "No state is kept"
    return (
        f"One step in {code(cost.dtype)} moves {cost.bytes_moved} bytes and takes {cost.flops} floating-point "
        f"operations per parameter. {state}{' per parameter' if cost.bytes_state else ''} between steps."
        f"{_least(*cost.least) if cost.least else ''}"
    )


def _least(stepped: str, times: Sequence[tuple[str, float]]) -> str:
    """The bound that memory sets."""
    *others, last = [f"{time:.0f} on {device}" for device, time in times]
    listed = f"{', '.join(others)} and {last}" if others else last
    return f" A step of {stepped} takes at least, in microseconds and limited by memory: {listed}."


def _facts(facts: Sequence[Statement], names: Set[str]) -> list[tuple[str, str]]:
    """What each kind of facts is called, with their sentences."""
    kinds = dict.fromkeys(fact.kind for fact in facts)
    return [
        (prose(kind[:1].upper() + kind[1:]), " ".join(_fact(fact, names) for fact in facts if fact.kind == kind))
        for kind in kinds
    ]


def _fact(fact: Statement, names: Set[str]) -> str:
    sentence = prose(fact.sentence, names | set(fact.symbols))
    mark = f" [{prose(fact.mark)}]" if fact.mark else ""
    if not fact.formula:
        return sentence + mark
    left, _, right = fact.formula.partition(" = ")
    shown = [f"{latex(read(left))} = ", *lines(read(right), TEXT_WIDTH - 8.0)]
    if len(shown) == 2 and width("".join(shown)) <= TEXT_WIDTH / 4:
        return f"{sentence.removesuffix('.')}: ${''.join(shown)}$.{mark}"
    return f"{sentence.removesuffix('.')}{mark}:\n  \\[ \\begin{{aligned}} {_broken(shown)} \\end{{aligned}} \\]"


def _broken(shown: list[str]) -> str:
    """A left side and the lines of the right one, those after the first indented."""
    return f"{shown[0][:-2]}&= " + " \\\\ &\\qquad ".join(shown[1:])


def _finding(finding: Finding, names: Set[str]) -> str:
    """What kind of fault it is, where, and what is wrong."""
    return f"\\emph{{{prose(finding.kind)}}}, {code(finding.symbol)}: {prose(finding.message, names)}"


def _names(optimizer: Optimizer) -> Set[str]:
    """The names that stand for symbols in the optimizer's prose."""
    sequences = {equation.target for equation in optimizer.equations} | {name for name, _ in optimizer.inputs}
    return sequences | {hyper.name for hyper in optimizer.hyperparameters} | {"theta", "g", "t"}


def _summary(optimizer: Optimizer, names: Set[str]) -> list[str]:
    """The docstring's paragraphs; the citation ends the first, before its full stop."""
    found = paragraphs(optimizer.summary, names)
    if optimizer.reference is None:
        return found
    cited = _cited(optimizer.reference)
    if not found:
        return [f"{prose(optimizer.title)}{cited}."]
    stop = "." if found[0].endswith(".") else ""
    return [found[0].removesuffix(".") + cited + stop, *found[1:]]


def _schedule(schedule: Follows) -> list[str]:
    """What a hyperparameter follows; in the schedule's own words its hyperparameters have nothing in front."""
    title = f"\\emph{{{prose(schedule.title)}}}{_cited(schedule.reference)}"
    lead = f"${symbol(schedule.hyperparameter)}$ follows the schedule {title}."
    departures = schedule.departures and f"Departures: {schedule.departures}"
    found = [*paragraphs(schedule.summary, _COUNTS), *paragraphs(departures, _COUNTS)]
    return [" ".join([lead, *found[:1]]), *found[1:]]


def citations(optimizer: Optimizer) -> list[str]:
    """The references that the page of an optimizer cites."""
    return [key for key in (optimizer.reference, *(s.reference for s in optimizer.schedules)) if key]


def _cited(reference: str | None) -> str:
    return "" if reference is None else rf"~\citep{{{reference}}}"


def _sentence_case(text: str, names: Set[str]) -> str:
    """A text that starts like a sentence, unless it starts with a name."""
    first = re.match(r"\w*", text)
    return text if first is None or first[0] in names else text[:1].upper() + text[1:]
