"""How the arrays that a user passes nest: one array, a list or a dict of them, or groups of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.errors import SymoptError

KINDS = {np.ndarray: "one array", list: "a list", dict: "a dict"}


@dataclass(frozen=True)
class Part:
    """The arrays of one group. kind: ndarray, list or dict; names: the keys, or the positions."""

    kind: type
    names: tuple[Any, ...]

    def flatten(self, what: str, value: Any) -> Sequence[Any]:
        """The arrays of a value of this structure, in the order of the names; a list comes back as it is."""
        if self.kind is list and isinstance(value, list | tuple) and len(value) == len(self.names):
            return value
        if self.kind is np.ndarray and not isinstance(value, list | tuple | Mapping):
            return (value,)
        if self.kind is dict and isinstance(value, Mapping) and len(value) == len(self.names):
            try:
                return [value[name] for name in self.names]
            except KeyError:
                pass
        raise SymoptError(self._mismatch(what, value))

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """Values, one per array, nested as the arrays are."""
        if self.kind is dict:
            return dict(zip(self.names, leaves, strict=True))
        return list(leaves) if self.kind is list else leaves[0]

    def suffix(self, name: Any) -> str:
        """What stands behind `params` to name one array."""
        return "" if self.kind is np.ndarray else f"[{name!r}]"

    def _mismatch(self, what: str, value: Any) -> str:
        if self.kind is dict and isinstance(value, Mapping):
            missing = [name for name in self.names if name not in value]
            extra = [name for name in value if name not in self.names]
            fault = f"{missing[0]!r} is missing" if missing else f"{extra[0]!r} is not one of them"
            return f"{what} must have the keys of params; {fault}"
        if self.kind is list and isinstance(value, list | tuple):
            return f"{what} must have one array for each of the {len(self.names)} in params; it has {len(value)}"
        found = KINDS.get(type(value), f"a {type(value).__name__}")
        return f"{what} must be {KINDS[self.kind]}, as params is; it is {found}"


@dataclass(frozen=True)
class Structure:
    """The structure of all arrays. grouped: whether params was a list of groups, each a dict with the key "params"."""

    parts: tuple[Part, ...]
    grouped: bool

    @property
    def groups(self) -> list[int]:
        """The group of each array."""
        return [group for group, part in enumerate(self.parts) for _ in part.names]

    def flatten(self, what: str, value: Any) -> Sequence[Any]:
        """All arrays of a value of this structure. With groups, a value is a list with one entry per group."""
        if not self.grouped:
            return self.parts[0].flatten(what, value)
        if not isinstance(value, list | tuple) or len(value) != len(self.parts):
            raise SymoptError(
                f"{what} must be a list with one entry for each of the {len(self.parts)} groups of params"
            )
        pieces = zip(self.parts, value, strict=True)
        return [leaf for k, (part, entry) in enumerate(pieces) for leaf in part.flatten(f"{what}[{k}]", entry)]

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """Values, one per array, nested as params is; with groups a list of one entry per group."""
        split = self.split(leaves)
        return split if self.grouped else split[0]

    def split(self, leaves: Sequence[Any]) -> list[Any]:
        """The values of each group, nested as its params are."""
        rest = iter(leaves)
        return [part.unflatten([next(rest) for _ in part.names]) for part in self.parts]

    def labels(self, what: str) -> list[str]:
        """How to name each array in a message: `params['w']`, and with groups `params[0]['params']['w']`."""
        heads = [self._head(what, group) for group in range(len(self.parts))]
        pairs = zip(heads, self.parts, strict=True)
        return [f"{head}{part.suffix(name)}" for head, part in pairs for name in part.names]

    def _head(self, what: str, group: int) -> str:
        if not self.grouped:
            return what
        return f"{what}[{group}]['params']" if what == "params" else f"{what}[{group}]"

    def keys(self) -> list[str]:
        """The name of each array in a checkpoint: its group, and its key or position."""
        return [
            f"{group}" if part.kind is np.ndarray else f"{group}.{name}"
            for group, part in enumerate(self.parts)
            for name in part.names
        ]


Wrong = Callable[[str, Any], str | None]
"""What is wrong with a value, under its label, that should be an array; None where it is one."""


def part_of(label: str, value: Any, wrong: Wrong) -> tuple[Part, list[Any]]:
    """The structure of one group's arrays, and the arrays."""
    if isinstance(value, Mapping):
        names, leaves = tuple(value), list(value.values())
        if not all(isinstance(name, str) for name in names):
            raise SymoptError(f"the keys of {label} must be strings")
        part = Part(dict, names)
    elif isinstance(value, list | tuple):
        part, leaves = Part(list, tuple(range(len(value)))), list(value)
    else:
        part, leaves = Part(np.ndarray, (0,)), [value]
    if not leaves:
        raise SymoptError(f"{label} holds no array")
    for name, leaf in zip(part.names, leaves, strict=True):
        fault = wrong(f"{label}{part.suffix(name)}", leaf)
        if fault is not None:
            raise SymoptError(fault)
    return part, leaves


def not_an_array(label: str, value: Any) -> str:
    """What is wrong with a value that should be a NumPy array, and what to pass instead."""
    home = type(value).__module__.partition(".")[0]
    if value is None:
        return f"{label} is None; every array of params needs one: pass zeros, or bind only the arrays that have one"
    if isinstance(value, list | tuple | Mapping):
        return f"{label} is a {type(value).__name__}; arrays may stand in one list or dict, not deeper"
    if isinstance(value, np.generic):
        return f"{label} is a NumPy scalar; pass np.asarray(...) of it"
    if home == "torch":
        return f"{label} is a torch tensor; pass .detach().numpy() of it, which shares its memory"
    if home in ("jax", "jaxlib"):
        return f"{label} is a JAX array, which cannot be updated in place; pass np.array(...) of it"
    remedy = "; pass list(...) of it" if hasattr(value, "__next__") else ""
    return f"{label} must be a NumPy array, not a {type(value).__name__}{remedy}"
