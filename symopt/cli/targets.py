"""What `generate` makes of an optimizer: a kernel per backend, and a page."""

from __future__ import annotations

from symopt.artifacts import artifact, build
from symopt.backends import BACKENDS
from symopt.checks.cost import BYTES, cost_of
from symopt.checks.derived import derived_facts
from symopt.derive.training import Training
from symopt.errors import SymoptError, suggest
from symopt.gpu import times
from symopt.gpu.roofline import SHOWN
from symopt.ir import Program
from symopt.latex.page import Cost, Entry, page
from symopt.recurrence import Optimizer

LATEX = "latex"
LANGUAGES = {**dict.fromkeys(BACKENDS, "python"), LATEX: "latex"}
"""Every target, with the language of its files."""


def source(optimizer: Optimizer, target: str) -> str:
    """The text of an optimizer's file for a target."""
    return page(entry(optimizer)) if target == LATEX else artifact(optimizer, target).text


def entry(optimizer: Optimizer, built: tuple[Training, Program] | None = None) -> Entry:
    """An optimizer with what its page says about it; `built` is what `build` gave, where the caller has it."""
    program = (built or build(optimizer))[1]
    spent = cost_of(program)
    least = f"{SHOWN} parameters", tuple((gpu, found[SHOWN]) for gpu, found in times(program).items())
    numbers = Cost("float32", spent.bytes_per_parameter, BYTES * len(spent.states), spent.flops, least)
    return Entry(optimizer, numbers, derived_facts(optimizer))


def chosen(targets: str) -> list[str]:
    """The targets named in a list with commas; all of them where it is empty."""
    names = [name.strip() for name in targets.split(",") if name.strip()]
    for name in names:
        if name not in LANGUAGES:
            remedy = suggest(name, LANGUAGES) or f"; there is {', '.join(LANGUAGES)}"
            raise SymoptError(f"there is no target {name!r}{remedy}")
    return list(dict.fromkeys(names)) or list(LANGUAGES)
