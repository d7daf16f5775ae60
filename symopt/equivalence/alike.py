"""States that have the same values in many runs, or those of a formula of the other side."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from symopt.equivalence.data import Data, Signature
from symopt.equivalence.product import Product, Side
from symopt.expr import BOOLEAN, Call, Expr, Seq, Sym, sequences, symbols, walk

_PARTNER = {"cos": "sin", "sin": "cos"}
"""What is kept along: a rotation has both."""


def equal_values(data: Data, product: Product, known: Collection[str]) -> dict[str, Expr]:
    """Each state that agrees with one before it in all runs, with that one."""
    seen: dict[Signature, str] = {}
    found: dict[str, Expr] = {}
    for name in (name for name in product.states if name not in known):
        signature = data.signature(Seq(name, 0))
        if signature is None:
            continue
        head = seen.setdefault(signature, name)
        if head != name:
            found[name] = Seq(head, 0)
    return found


def formula_values(data: Data, product: Product, known: Collection[str]) -> dict[str, Expr]:
    """Each state that agrees in all runs with a formula in the other side's equations, with that formula."""
    found: dict[str, Expr] = {}
    for side, other in (product.sides, product.sides[::-1]):
        names = [name for name in side.states if name not in known]
        signed = {data.signature(Seq(name, 0)): name for name in names}
        formulas = _formulas(product, other) if signed else ()
        for formula in formulas:
            name = signed.get(data.signature(formula))
            if name is not None:
                found.setdefault(name, formula)
    return found


def _formulas(product: Product, side: Side) -> Iterator[Expr]:
    """What could be a value after a step: what is made of new values, or of old ones one step later."""
    changing = set(product.pair.changing)
    seen: set[Expr] = set()
    todo = [*(Sym(hyper.name) for hyper in product.pair.hypers), *_nodes(product, side)]
    for node in todo:
        if node in seen or (isinstance(node, Call) and node.op in BOOLEAN):
            continue
        seen.add(node)
        todo += [Call(_PARTNER[node.op], node.args)] if isinstance(node, Call) and node.op in _PARTNER else []
        shifts = {seq.shift for seq in sequences(node)}
        if shifts <= {0} and Seq("g", 0) not in sequences(node):
            yield node
        if shifts <= {-1} and not symbols(node) & changing and isinstance(node, Call):
            yield product.later(node)


def _nodes(product: Product, side: Side) -> Iterator[Expr]:
    for equation in side.equations:
        yield from walk(product.late_inside[equation.target])
