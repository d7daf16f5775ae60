"""Limits and special cases: what an optimizer is at the ends of its domains and after many steps, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from symopt.catalogue import load_all
from symopt.expr import Call, Seq, Sym, sequences, text, walk
from symopt.recurrence import Equation, Optimizer
from symopt.recurrence.parts import written_out
from symopt.theory.ends.case import End, Special
from symopt.theory.ends.folding import fold
from symopt.theory.ends.special import ends, special
from symopt.theory.fact import Fact
from symopt.theory.limits.dividing import may_divide_by_zero
from symopt.theory.limits.matching import Known, known, moves, trace
from symopt.theory.limits.relations import Relation, relations
from symopt.wording import listed

__all__ = ["Relation", "limits", "limits_among", "relations"]

KIND = "limits"
_SHORT = 70  # characters of an equation that is worth telling without a name


def limits(optimizer: Optimizer) -> Iterable[Fact]:
    """What an optimizer is at the ends of its hyperparameters' domains, as t grows, and up to a factor of lr."""
    return limits_among(optimizer, _catalogue())


def limits_among(optimizer: Optimizer, among: Known) -> Iterator[Fact]:
    """The same with the optimizers given that may be found."""
    told: set[str] = set()
    for relation in relations(optimizer, among):
        told |= {end.name for end in relation.ends}
        yield _fact(relation, optimizer)
    yield from _nameless(optimizer, told)


@cache
def _catalogue() -> Known:
    return known(load_all().values())


def _fact(relation: Relation, optimizer: Optimizer) -> Fact:
    names = [end.name for end in relation.ends]
    subject = names[0] if len(names) == 1 else "t" if relation.how in ("settled", "after many steps") else "theta"
    apart = "; what it deploys differs" if relation.how == "while it trains" else ""
    said = f"{_when(relation)} {_what(relation)}{_with(relation)}{_while(relation)}{apart}."
    data: dict[str, Any] = {
        "to": relation.target.name, "how": relation.how, "ends": [str(end) for end in relation.ends],
        "lr": text(relation.rate), "same": dict(relation.same), "assumed": list(relation.special.assumed),
        "conditions": [*relation.proof.conditions, *["neither divides by zero"] * relation.where_defined],
    }  # fmt: skip
    foreign = sorted(relation.target.names - optimizer.names)
    return Fact(KIND, subject, "proved", said, "", _steps(relation), ("A", "B", *foreign), data)


def _steps(relation: Relation) -> tuple[str, ...]:
    """What the limits are, what is left, and the proof that this is the other optimizer."""
    corrections = ("each 1 - b**t, which tends to 1, is replaced by 1",) * (relation.how == "less its corrections")
    reduced = [str(equation) for equation in relation.special.optimizer.equations]
    sides = ("A is what is left:", *reduced, f"B is {relation.target.title}{_with(relation)}:")
    return (*relation.special.limits, *corrections, *sides, *relation.proof.steps)


def _when(relation: Relation) -> str:
    if relation.how in ("settled", "after many steps"):
        return "As t grows it tends to"
    fixed = [str(end) for end in relation.ends if end.taken]
    moving = [_moving(end) for end in relation.ends if not end.taken]
    told = ", ".join(f"{word} {listed(names)}" for word, names in (("at", fixed), ("as", moving)) if names)
    verb = "it trains like" if relation.how == "while it trains" else "it is"
    whole = f"{told} {verb}".strip()
    return whole[:1].upper() + whole[1:]


def _moving(end: End) -> str:
    return f"{end.name} grows without bound" if end.value is None else f"{end.name} tends to {end.value}"


def _what(relation: Relation) -> str:
    """The name of what it is; where eps stands is said where that tells forms apart."""
    title = relation.target.title
    if relation.how != "less its corrections":
        return title
    eps = "" if "eps" in title else _place_of_eps(relation.target)
    return f"bias-corrected {title}{eps}"


def _place_of_eps(optimizer: Optimizer) -> str:
    """Inside or outside a root."""
    for equation in optimizer.equations:
        for node in walk(equation.rhs):
            match node:
                case Call("sqrt", (Call("+", (_, Sym("eps"))),)):
                    return " with eps inside the root"
                case Call("+", (Call("sqrt"), Sym("eps"))):
                    return " with eps outside the root"
                case _:
                    pass
    return ""


def _with(relation: Relation) -> str:
    changed = [f"{here} for {there}" for there, here in relation.same]
    changed += [f"{text(relation.rate)} for lr"] if relation.rate != Sym("lr") else []
    joined = ", with" if "with" in _what(relation) else " with"
    return f"{joined} {listed(changed)}" if changed else ""


def _while(relation: Relation) -> str:
    held = [condition.removesuffix(" is constant") for condition in relation.proof.conditions]
    where = f", where {listed(list(relation.special.assumed))}" if relation.special.assumed else ""
    defined = ", wherever neither divides by zero" if relation.where_defined else ""
    return where + defined + (f", while {listed(held)} {'is' if len(held) == 1 else 'are'} constant" if held else "")


# ---- what has no name ----


def _nameless(optimizer: Optimizer, told: set[str]) -> Iterator[Fact]:
    """The first end at which a state is needed no more and one short equation is left, if it was not told by a name."""
    for hyper in optimizer.hyperparameters:
        for end in ends(hyper) if hyper.name not in told else ():
            case = special(optimizer, [end]) if end.taken else None
            if case is not None and moves(trace(case.optimizer)):
                gone = [name for name in optimizer.states if name not in case.optimizer.states]
                short = _short(case)
                if gone and short is not None:
                    yield _remainder(end, gone, short, may_divide_by_zero(optimizer, [end]))
                    return


def _short(case: Special) -> str | None:
    """The equation of theta with all that one step makes written out, where it is short."""
    states = {Seq(name, 0) for name in case.optimizer.states}
    kept = [equation for equation in case.optimizer.equations if Seq(equation.target, 0) not in states]
    rhs = fold(written_out(Seq("theta", 0), kept))
    shown = str(Equation("theta", rhs))
    return shown if len(shown) <= _SHORT and Seq("g", 0) in sequences(rhs) else None


def _remainder(end: End, gone: list[str], short: str, where_defined: bool) -> Fact:
    defined = ", wherever it does not divide by zero" if where_defined else ""
    said = f"At {end} it needs no {listed(gone)}{defined}."
    data = {"to": None, "how": "as it is", "ends": [str(end)], "equation": short}
    return Fact(KIND, end.name, "proved", said, short, data=data)
