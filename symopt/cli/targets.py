"""What `generate` makes of an optimizer: a kernel per backend, and a page."""

from __future__ import annotations

from symopt.artifacts import artifact, build
from symopt.artifacts.cost import BYTES, cost_of
from symopt.backends import BACKENDS
from symopt.checks.theory import facts
from symopt.derive.training import Training
from symopt.errors import SymoptError
from symopt.gpu import times
from symopt.gpu.roofline import SHOWN
from symopt.ir import Program
from symopt.latex.page import Cost, Entry, Statement, page
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact

LATEX = "latex"
LANGUAGES = {**dict.fromkeys(BACKENDS, "python"), LATEX: "latex"}
"""Every target, with the language of its files."""

_ELSEWHERE = frozenset({"cost"})
"""Kinds of facts that a page tells in another place."""


def source(optimizer: Optimizer, target: str) -> str:
    """The text of an optimizer's file for a target."""
    return page(entry(optimizer)) if target == LATEX else artifact(optimizer, target).text


def entry(optimizer: Optimizer, built: tuple[Training, Program] | None = None) -> Entry:
    """An optimizer with what its page says about it; `built` is what `build` gave, where the caller has it."""
    program = (built or build(optimizer))[1]
    spent = cost_of(program)
    least = f"{SHOWN} parameters", tuple((gpu, found[SHOWN]) for gpu, found in times(program).items())
    numbers = Cost("float32", spent.bytes_per_parameter, BYTES * len(spent.states), spent.flops, least)
    known = [fact for fact in facts(optimizer) if fact.verdict != "not applicable" and fact.kind not in _ELSEWHERE]
    return Entry(optimizer, numbers, [_statement(fact) for fact in known])


def _statement(fact: Fact) -> Statement:
    """A fact as a page has it: what is proved is not marked."""
    mark = "" if fact.verdict == "proved" else fact.known
    return Statement(fact.kind, fact.statement, fact.formula, fact.symbols, mark)


def chosen(targets: str) -> list[str]:
    """The targets named in a list with commas; all of them where it is empty."""
    names = [name.strip() for name in targets.split(",") if name.strip()]
    for name in names:
        if name not in LANGUAGES:
            raise SymoptError(f"there is no target {name!r}; there is {', '.join(LANGUAGES)}")
    return list(dict.fromkeys(names)) or list(LANGUAGES)
