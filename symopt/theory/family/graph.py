"""The family as data: optimizers and how they are related."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from symopt.catalogue import Contents, recurrence_hash
from symopt.errors import SymoptError
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.limits import KIND, limits

Kind = Literal["end", "limit", "equal", "trains as", "wraps"]
"""A special case; what it tends to; the same up to what is said; the same gradient points; one made of the other."""

_KINDS: Mapping[str, Kind] = {
    "as it is": "end", "while it trains": "trains as", "settled": "limit", "after many steps": "limit",
    "less its corrections": "end",
}  # fmt: skip
_SAID = {
    "while it trains": ("same gradient points",), "settled": ("t -> oo",), "after many steps": ("t -> oo",),
    "less its corrections": ("less bias correction",),
}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """An optimizer of the catalogue. states: arrays or numbers that it remembers"""

    name: str
    title: str
    states: int


@dataclass(frozen=True)
class Edge:
    """`source` is `target` where the relation says so: "beta1 = 0", "t -> oo", "lr / (1 - mu) for lr", "lookahead".

    conditions: what else has to hold, as "lr is constant"
    """

    source: str
    target: str
    kind: Kind
    relation: str
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """Every optimizer and every relation that was proved, in the order of the catalogue."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def family(catalogue: Mapping[str, Contents], told: Callable[[Optimizer], Iterable[Fact]] = limits) -> Family:
    """The family of what `symopt.catalogue.load_contents` finds.

    told: facts about an optimizer, those of its limits among them; a function that keeps them saves half a minute
    """
    optimizers = {name: o for contents in catalogue.values() for name, o in contents.optimizers.items()}
    combinators = {name: f for contents in catalogue.values() for name, f in contents.combinators.items()}
    nodes = tuple(Node(name, o.title, len(o.states)) for name, o in optimizers.items())
    facts = [(name, fact.data) for name, o in optimizers.items() for fact in told(o) if fact.kind == KIND]
    found = [_edge(name, data) for name, data in facts if data["to"] in optimizers]
    return Family(nodes, (*dict.fromkeys([*_wraps(optimizers, combinators), *found]),))


def to_json(found: Family) -> dict[str, Any]:
    """The family as plain data."""
    return asdict(found)


def _edge(name: str, data: Mapping[str, Any]) -> Edge:
    """A relation as a fact tells it."""
    kind = _KINDS[data["how"]] if data["ends"] or data["how"] != "as it is" else "equal"
    if kind == "end" and any("->" in end for end in data["ends"]):
        kind = "limit"
    parts = [*data["ends"], *_SAID.get(data["how"], ())]
    parts += [f"{data['lr']} for lr"] * (data["lr"] != "lr")
    return Edge(name, data["to"], kind, ", ".join(parts) or "equal", (*data["assumed"], *data["conditions"]))


def _wraps(optimizers: Mapping[str, Optimizer], combinators: Mapping[str, Callable[..., Any]]) -> Iterator[Edge]:
    """What a combinator makes of one optimizer and the catalogue has under another name: the same equations."""
    names = {_equations(o): name for name, o in reversed(list(optimizers.items()))}
    sought = {frozenset(h.name for h in o.hyperparameters) for o in optimizers.values()}
    for combinator, wrap in combinators.items():
        own = _own(wrap, optimizers)
        for name, optimizer in optimizers.items():
            if own is None or frozenset(own | {h.name for h in optimizer.hyperparameters}) not in sought:
                continue
            made = _made(wrap, optimizer)
            found = None if made is None else names.get(_equations(made))
            if found is not None and found != name:
                yield Edge(found, name, "wraps", combinator.replace("_", " "))


def _own(wrap: Callable[..., Any], optimizers: Mapping[str, Optimizer]) -> set[str] | None:
    """The hyperparameters that a combinator adds."""
    for optimizer in optimizers.values():
        made = _made(wrap, optimizer)
        if made is not None:
            return {h.name for h in made.hyperparameters} - {h.name for h in optimizer.hyperparameters}
    return None


def _made(wrap: Callable[..., Any], optimizer: Optimizer) -> Optimizer | None:
    """What a combinator makes of an optimizer; None where it refuses."""
    try:
        made = wrap(optimizer)
    except SymoptError:
        return None
    return made if isinstance(made, Optimizer) else None


def _equations(optimizer: Optimizer) -> str:
    """A fingerprint in which the order of the hyperparameters does not count: it is that of what was wrapped first."""
    hypers = sorted(optimizer.hyperparameters, key=lambda hyper: hyper.name)
    return recurrence_hash(replace(optimizer, name="any", hyperparameters=tuple(hypers)))
