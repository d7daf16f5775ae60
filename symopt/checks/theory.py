"""What is derived of an optimizer, kept on disk by content."""

from __future__ import annotations

from importlib import import_module

from symopt.catalogue import load
from symopt.checks import cache, content
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact, from_json, to_json

_KIND = "theory"


def facts(optimizer: Optimizer | str) -> list[Fact]:
    """Every fact about an optimizer, or about what a spec names: from the cache, else derived now (a second or so).

    raises SymoptError where there is no such optimizer
    """
    chosen = load(optimizer) if isinstance(optimizer, str) else optimizer
    key = _content(chosen)
    known = cache.read(_KIND, key)
    if isinstance(known, list):
        return [from_json(fact) for fact in known]
    found: list[Fact] = import_module("symopt.theory.answers").derived(chosen)  # SymPy is behind it
    cache.store(_KIND, key, [to_json(fact) for fact in found])
    return found


def _content(optimizer: Optimizer) -> str:
    """The key: that of its checks, and the catalogue that it is compared with."""
    return cache.digest(content(optimizer), cache.catalogue())
