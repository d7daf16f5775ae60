"""Where a symbol of the model stands: `v.0.3` is an element of v, `r.0` belongs to a tensor, `lr.g1` to a group."""

from __future__ import annotations

import re

from symopt.expr import Expr, Sym, transform, walk


def element(name: str, tensor: int, i: int) -> Sym:
    """The symbol of one element of a sequence."""
    return Sym(f"{name}.{tensor}.{i}")


def of_tensor(name: str, tensor: int) -> Sym:
    """The symbol of a number that each tensor has."""
    return Sym(f"{name}.{tensor}")


def of_group(name: str, group: int) -> Sym:
    """The symbol of a number that each group has."""
    return Sym(f"{name}.g{group}")


def anywhere(computed: Expr, declared: Expr) -> tuple[Expr, Expr]:
    """The same question without its place, where only one element is in it: one answer then serves all elements."""
    names = {node.name for expr in (computed, declared) for node in walk(expr) if isinstance(node, Sym)}
    places = {name[name.find(".") :] for name in names if "." in name}
    if any(len({place for place in places if kind(place)}) > 1 for kind in (_of_element, _of_group, _of_tensor)):
        return computed, declared
    return _without_places(computed), _without_places(declared)


def _of_group(place: str) -> bool:
    return place.startswith(".g")


def _of_element(place: str) -> bool:
    return place.count(".") == 2


def _of_tensor(place: str) -> bool:
    return place.count(".") == 1 and not _of_group(place)


def _plain(name: str) -> str:
    return re.sub(r"\..*", "", name)


def _without_places(expr: Expr) -> Expr:
    return transform(expr, lambda node: Sym(_plain(node.name)) if isinstance(node, Sym) else node)
