"""Specs as commands take them that work on many: a file of several optimizers stands for each of them."""

from __future__ import annotations

from collections.abc import Sequence

from symopt.catalogue import load_file
from symopt.cli.workers import attempt
from symopt.errors import SymoptError


def each(specs: Sequence[str]) -> list[str]:
    """The specs without repetition, a file of several optimizers as `path.py:name` for each of these."""
    return list(dict.fromkeys(one for spec in specs for one in _all_of(spec)))


def _all_of(spec: str) -> list[str]:
    found = attempt(load_file, spec) if spec.endswith(".py") else {}
    if isinstance(found, SymoptError) or len(found) < 2:
        return [spec]  # whoever loads it says what is wrong
    return [f"{spec}:{name}" for name in found]
