"""Where a symbol of the model stands: `v.0.3` is an element of v, `r.0` belongs to a tensor, `lr.g1` to a group."""

from __future__ import annotations

from symopt.expr import Expr, Sym, children, rebuild


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
    plain = _WithoutPlaces()
    question = plain(computed), plain(declared)
    if any(len({place for place in plain.places if kind(place)}) > 1 for kind in (_of_element, _of_group, _of_tensor)):
        return computed, declared
    return question


class _WithoutPlaces:
    """Expressions without the places of their symbols, and what those were; parts that are shared are met once."""

    def __init__(self) -> None:
        self.places: set[str] = set()
        self.done: dict[int, Expr] = {}

    def __call__(self, node: Expr) -> Expr:
        found = self.done.get(id(node))
        if found is None:
            found = self.done[id(node)] = self._plain(node)
        return found

    def _plain(self, node: Expr) -> Expr:
        if isinstance(node, Sym):
            name, dot, place = node.name.partition(".")
            if dot:
                self.places.add(f".{place}")
            return Sym(name)
        inside = children(node)
        return rebuild(node, tuple(map(self, inside))) if inside else node


def _of_group(place: str) -> bool:
    return place.startswith(".g")


def _of_element(place: str) -> bool:
    return place.count(".") == 2


def _of_tensor(place: str) -> bool:
    return place.count(".") == 1 and not _of_group(place)
