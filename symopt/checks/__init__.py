"""Checks of an optimizer, and what they found, kept on disk by content.

Loading this costs nothing: what computes (`symopt.checks.run`) is loaded when something must be computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

from symopt.catalogue import load
from symopt.checks import cache
from symopt.checks.facts import Facts, from_json, to_json
from symopt.recurrence import Optimizer

__all__ = ["Facts", "check", "content", "facts", "known"]

_KIND = "checks"


def check(optimizer: Optimizer, mutants: bool = False, tell: Callable[[int, int], None] | None = None) -> Facts:
    """Prove and test an optimizer, whatever is known already; what is found is kept.

    mutants: also break the kernel in every small way there is, and see what notices it (slow); not where it is wrong
    tell: is told how many of these were tried, of how many
    Raises SymoptError where no kernel can be made of it; anything else that is wrong is one of `.faults`.
    """
    found: Facts = import_module("symopt.checks.run").checked(optimizer, mutants, tell)
    cache.store(_KIND, content(optimizer), to_json(found))
    return found


def facts(optimizer: Optimizer | str) -> Facts:
    """What a check of an optimizer, or of what a spec names, finds: from the cache, else checked now (seconds)."""
    chosen = load(optimizer) if isinstance(optimizer, str) else optimizer
    return known(content(chosen)) or check(chosen)


def known(key: str) -> Facts | None:
    """What an earlier check of this content found."""
    return from_json(cache.read(_KIND, key))


def content(optimizer: Optimizer) -> str:
    """The key of an optimizer: its value, symopt's own source, the bibliography and the libraries below."""
    value, file = repr(replace(optimizer, origin=None)), optimizer.origin.file if optimizer.origin else None
    return cache.digest(value, cache.engine(), cache.bibliography(file), cache.surroundings())
