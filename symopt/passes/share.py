"""Share common subexpressions of the element loops under readable names."""

from __future__ import annotations

from collections import Counter

from symopt.expr import Call, Expr, Sym, substitute, walk
from symopt.ir import Assign, Loop, Program, Reduce, Scalars, Stage, Update
from symopt.passes.names import Fresh, describe


def share(program: Program) -> Program:
    """Compute what stands twice in a pass over memory once."""
    fresh = Fresh([*program.levels, *(h.name for h in program.hyperparameters)])
    levels = dict(program.levels)

    def block(assigns: tuple[Assign, ...]) -> tuple[Assign, ...]:
        while (found := _repeated(assigns)) is not None:
            name = fresh(describe(found) or f"{assigns[_first(assigns, found)].name}_part")
            levels[name] = "element"
            assigns = _named(assigns, found, name)
        return assigns

    def shared(stage: Stage) -> Stage:
        match stage:
            case Update(loops, conditions):
                return Update(tuple(Loop(x.outcome, block(x.assigns), x.reads, x.writes) for x in loops), conditions)
            case Reduce(assigns, partials, reads):
                return Reduce(block(assigns), partials, reads)
            case Scalars():
                return stage

    stages = [shared(stage) for stage in program.stages]
    return program.with_stages(stages, levels)


def _repeated(assigns: tuple[Assign, ...]) -> Expr | None:
    """The largest expression of two operations or more, or one costly operation, that stands more than once."""
    nodes = (node for assign in assigns for node in walk(assign.value))
    counts = Counter(node for node in nodes if isinstance(node, Call) and _worth(node))
    again = [node for node, count in counts.items() if count > 1]
    return max(again, key=lambda node: sum(1 for _ in walk(node)), default=None)


def _worth(node: Call) -> bool:
    operations = [n for n in walk(node) if isinstance(n, Call) and n.args]
    return len(operations) > 1 or node.op not in ("+", "-", "*", "neg", "ne", "eq", "<", ">", "<=", ">=")


def _first(assigns: tuple[Assign, ...], found: Expr) -> int:
    return next(i for i, assign in enumerate(assigns) if found in walk(assign.value))


def _named(assigns: tuple[Assign, ...], found: Expr, name: str) -> tuple[Assign, ...]:
    place = _first(assigns, found)
    replaced = [Assign(a.name, substitute(a.value, {found: Sym(name)})) for a in assigns]
    return (*replaced[:place], Assign(name, found), *replaced[place:])
