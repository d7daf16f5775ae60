"""An optimizer with some hyperparameters at the ends of their domains: simpler equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from symopt.expr import Call, Expr, Num, Sym, T, number, substitute, symbols, transform
from symopt.recurrence import Hyperparameter, Optimizer
from symopt.theory.ends.built import rewritten
from symopt.theory.ends.case import End, Special
from symopt.theory.ends.folding import fold
from symopt.theory.ends.growing import below_1, grown, limits_of
from symopt.theory.ends.tails import INFINITE, Tail

_MOST_TOGETHER = 3


def ends(hyper: Hyperparameter) -> Iterator[End]:
    """The ends of a domain at which something may happen; an average that never takes anything in is not among them."""
    domain = hyper.domain
    if domain.lower is not None:
        yield End(hyper.name, domain.lower, not domain.open_lower)
    if domain.upper is None:
        yield End(hyper.name, None, False)
    elif not domain.open_upper:
        yield End(hyper.name, domain.upper, True)


def specials(optimizer: Optimizer, closed: Callable[[Special], bool]) -> Iterator[Special]:
    """The special cases, the most general first; none that goes further than one that is closed.

    closed: whether a special case has a name, or does nothing any more
    """
    single = [end for hyper in optimizer.hyperparameters for end in ends(hyper)]
    done: list[frozenset[End]] = []
    for size in range(1, _MOST_TOGETHER + 1):
        for chosen in combinations(single, size):
            together = frozenset(chosen)
            further = size > 1 and any(end.value is None for end in chosen)
            if further or any(known <= together for known in done) or len({end.name for end in chosen}) < size:
                continue
            found = special(optimizer, chosen)
            if found is None or closed(found):
                done.append(together)
            if found is not None:
                yield found


def special(optimizer: Optimizer, chosen: Iterable[End]) -> Special | None:
    """An optimizer at some ends; None where a limit is unknown."""
    chosen = tuple(chosen)
    fixed: dict[Expr, Expr] = {
        Sym(end.name, base): number(end.value) for end in chosen if end.value is not None for base in (False, True)
    }
    found = rewritten(optimizer, lambda expr: fold(substitute(expr, fixed)))
    if found is None:
        return None
    free = [end.name for end in chosen if end.value is None]
    grow: dict[Expr, Tail] = {Sym(name, base): INFINITE for name in free for base in (False, True)}
    result = grown(found, grow) if grow else Special(found)
    return None if result is None else replace(result, ends=chosen)


def without_corrections(case: Special) -> Special | None:
    """A special case with each 1 - b**t that tends to 1 replaced by 1; None where there is none, or other t is left."""
    limits = limits_of(case.optimizer, {})

    def gone(node: Expr) -> Expr:
        match node:
            case Call("-", (Num(one), Call("**", (b, exponent)))) if one == 1 and exponent == T and below_1(b, limits):
                return number(1)
            case _:
                return node

    found = rewritten(case.optimizer, lambda expr: fold(transform(expr, gone)))
    if (
        found is None
        or found.equations == case.optimizer.equations
        or any("t" in symbols(e.rhs) for e in found.equations)
    ):
        return None
    return replace(case, optimizer=found)
