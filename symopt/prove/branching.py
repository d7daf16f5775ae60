"""Telling cases apart: which conditions a proof should decide, and what follows from each outcome."""

from __future__ import annotations

from collections.abc import Iterator

from symopt.expr import COMPARISONS, Call, Expr, Reduction, Seq, Sym, children, walk
from symopt.prove.atoms import CONDITIONS, REDUCTIONS, Table
from symopt.prove.cases import Case
from symopt.prove.normal import Normal
from symopt.prove.polynomials import Poly, UndefinedError, atoms_of, subtract
from symopt.prove.ranges import NEGATIVE, NIL, NOT_NEGATIVE, POSITIVE

_BRANCHING = (*sorted(CONDITIONS), "max", "abs", "sign")
_MOST_PLAIN = 6


def plain_conditions(*exprs: Expr) -> list[Expr]:
    """Conditions on one name, such as beta > 0: deciding them first keeps all sums short. None if they are many."""
    found: dict[Expr, None] = {}
    todo, seen = list(exprs), set[int]()
    while todo:
        expr = todo.pop()
        if id(expr) in seen or isinstance(expr, Reduction):  # in a sum a name means any element's
            continue
        seen.add(id(expr))
        todo += children(expr)
        if isinstance(expr, Call) and (expr.op in COMPARISONS or expr.op in ("every", "isfinite")) and _is_plain(expr):
            found[expr] = None
    return list(found) if len(found) <= _MOST_PLAIN else []


def _is_plain(condition: Call) -> bool:
    names: set[Expr] = set()
    for count, node in enumerate(walk(condition)):
        if isinstance(node, Reduction) or count > 12 or (isinstance(node, Call) and node.op in ("where", "max", "min")):
            return False
        if isinstance(node, Sym | Seq):
            names.add(node)
    return len(names) == 1 or condition.op == "every"


def undecided(normal: Normal, conditions: list[Expr]) -> Iterator[int]:
    """The condition atoms that a case leaves open."""
    for condition in conditions:
        try:
            yield from (n for n in atoms_of(normal.of(condition)) if normal.case.table.atoms[n].kind in CONDITIONS)
        except UndefinedError:
            continue


def branching(table: Table, p: Poly) -> list[int]:
    """What divides a case: the atoms that hold no others of their kind first, conditions before extrema and signs."""
    numbers = [number for number in _visible(table, p) if table.atoms[number].kind in _BRANCHING]

    def order(number: int) -> tuple[bool, int, int]:
        held = (inner for arg in table.atoms[number].args for inner in _visible(table, arg))
        nested = any(table.atoms[inner].kind in _BRANCHING for inner in held)
        return nested, _BRANCHING.index(table.atoms[number].kind), number

    return sorted(numbers, key=order)


def outcomes(case: Case, number: int) -> list[Case | None]:
    """The cases into which a branching atom divides a case; None where one cannot be."""
    atom = case.table.atoms[number]
    if atom.kind in CONDITIONS:
        return [case.assume_condition(number, holds) for holds in (True, False)]
    p = subtract(atom.args[0], atom.args[1]) if atom.kind == "max" else atom.args[0]
    signs = (POSITIVE, NIL, NEGATIVE) if atom.kind == "sign" else (NOT_NEGATIVE, NEGATIVE)
    return [case.assume(p, sign) for sign in signs]


def _visible(table: Table, p: Poly) -> list[int]:
    """The atoms of a sum and of their arguments, but not what is summed over: there a name means any element's."""
    found: dict[int, None] = {}
    todo = list(atoms_of(p))
    while todo:
        number = todo.pop()
        if number not in found:
            found[number] = None
            if table.atoms[number].kind not in REDUCTIONS:
                todo += [inner for arg in table.atoms[number].args for inner in atoms_of(arg)]
    return list(found)
