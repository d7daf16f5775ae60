"""Checkpoints: a flat dict of NumPy arrays and plain values, which np.savez writes as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.catalogue import recurrence_hash
from symopt.errors import SymoptError
from symopt.recurrence import Optimizer
from symopt.runtime.hyper import Table, checked_number
from symopt.runtime.memory import Memory, Slot

FORMAT = 1
"""Raised with every change of what a checkpoint holds."""


def saved(optimizer: Optimizer, memory: Memory, table: Table, params: Sequence[Any]) -> dict[str, Any]:
    """Copies of everything that the next step depends on. params: the training arrays."""
    return {
        **_header(optimizer, memory),
        **{f"hyper.{name}": np.array([row[name] for row in table.rows]) for name in table.tests},
        **{slot.key: slot.view.copy() for slot in memory.slots(memory.mirror(params))},
    }


def restore(optimizer: Optimizer, memory: Memory, table: Table, checkpoint: Any) -> None:
    """Write a checkpoint into the arrays in use, after every check."""
    if not isinstance(checkpoint, Mapping):
        raise SymoptError(f"a checkpoint is a dict as state_dict() returns it, not a {type(checkpoint).__name__}")
    given = {name: np.asarray(checkpoint[name]) for name in checkpoint}
    _check_header(_header(optimizer, memory), given)
    mirror = memory.mirror(memory.arrays)
    slots = list(memory.slots(mirror))
    hypers = {name: f"hyper.{name}" for name in table.tests}
    _check_names({*_header(optimizer, memory), *hypers.values(), *(slot.key for slot in slots)}, set(given))
    for slot in slots:
        _check_array(slot, given[slot.key])
    rows = {name: _numbers(name, given[key], table) for name, key in hypers.items()}
    for slot in slots:
        slot.view[...] = given[slot.key]
    memory.home.push(mirror, memory.arrays, memory.state)
    for name, values in rows.items():
        for group, value in enumerate(values):
            table.set(name, value, [group])


def _header(optimizer: Optimizer, memory: Memory) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "optimizer": optimizer.name,
        "spec": recurrence_hash(optimizer),
        "dtype": memory.home.kind(memory.arrays, memory.state),
    }


def _check_header(own: Mapping[str, Any], given: Mapping[str, NDArray[Any]]) -> None:
    found = {name: given[name].item() if name in given and given[name].ndim == 0 else None for name in own}
    if found["format"] is None:
        raise SymoptError("this is no checkpoint of symopt; pass what state_dict() returned")
    if found["format"] != own["format"]:
        raise SymoptError(f"the checkpoint has format {found['format']}; this version of symopt reads {own['format']}")
    if found["optimizer"] != own["optimizer"]:
        raise SymoptError(f"the checkpoint is of {found['optimizer']}, not of {own['optimizer']}")
    if found["spec"] != own["spec"]:
        raise SymoptError(f"the checkpoint is of another {own['optimizer']}: what was declared has changed since")
    if found["dtype"] != own["dtype"]:
        raise SymoptError(f"the checkpoint is of {found['dtype']} arrays; params are {own['dtype']}")


def _check_names(own: set[str], given: set[str]) -> None:
    if own - given:
        raise SymoptError(f"the checkpoint is of other params: it has no {min(own - given)!r}")
    if given - own:
        raise SymoptError(f"the checkpoint is of other params: nothing here is called {min(given - own)!r}")


def _check_array(slot: Slot, array: NDArray[Any]) -> None:
    if array.shape != slot.view.shape:
        raise SymoptError(f"{slot.label} has shape {slot.view.shape}; in the checkpoint it has {array.shape}")
    if array.dtype != slot.view.dtype:
        raise SymoptError(f"{slot.label} is {slot.view.dtype}; in the checkpoint it is {array.dtype}")
    if not slot.view.flags.writeable:
        raise SymoptError(f"{slot.label} must be writable")
    if slot.key == "t" and not np.all((array >= 0) & (array < 2**53) & (array == np.floor(array))):
        raise SymoptError("t in the checkpoint is no count of steps")


def _numbers(name: str, values: NDArray[Any], table: Table) -> list[float]:
    if values.shape != (len(table.rows),):
        raise SymoptError(f"the checkpoint has {values.size} values of {name} for {len(table.rows)} groups")
    return [checked_number(name, value, *table.tests[name]) for value in values.tolist()]
