"""From parameters to a running optimizer: what the user passed is read and checked before anything is written."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.artifacts import artifact, build, load_module
from symopt.errors import SymoptError
from symopt.recurrence import Optimizer
from symopt.runtime.bound import Bound
from symopt.runtime.hyper import Table, starting_rows
from symopt.runtime.memory import Memory
from symopt.runtime.mistakes import refuse_shared, sentence
from symopt.runtime.structure import Part, Structure, part_of


def bind(optimizer: Optimizer, params: Any, /, target: str = "cpu", **hyper: Any) -> Bound:
    """An optimizer that runs on `params`; its kernel is compiled at the first step, or found in Numba's cache.

    params: a NumPy array, a list or a dict of arrays, or a list of groups; float32 or float64, C-contiguous. They are
        updated in place: the arrays are held, not the list or the dict. A group is a dict with the key "params" (array,
        list or dict) and hyperparameters of its own: `[{"params": [w], "lr": 1e-3}, {"params": [b], "mu": 0.0}]`.
    hyper: hyperparameters of all groups that give none of their own; without either, the declared default
    t, among `hyper` or in a group: how many steps count as taken already; 0 by default. Schedules go on from there, and
        so does all else that reads t: bias corrections, what holds at the first step, the first gradient point. States
        start from x[0] all the same; to continue with the old ones, `load_state_dict`.

    Raises SymoptError, with nothing written, for whatever cannot be run.
    """
    groups, grouped = _groups(params)
    structure = Structure(tuple(group.part for group in groups), grouped)
    arrays = tuple(array for group in groups for array in group.arrays)
    built = build(optimizer)
    module = load_module(artifact(optimizer, target, built=built))
    given = [{**hyper, **group.own} for group in groups]
    taken = [own.pop("t", 0) for own in given]
    table = Table(optimizer.name, module.HYPER, starting_rows(optimizer, module.HYPER, given))
    starts = {name: table.arguments[name] for name in inspect.signature(module.init).parameters if name in module.HYPER}
    refuse_shared(arrays, structure)
    try:
        state = module.init(arrays, groups=structure.groups, t=taken, **starts)
    except (TypeError, ValueError) as error:
        raise SymoptError(sentence(error, {"params": structure.labels("params")})) from error
    deployed = np.zeros(1) if built[1].deploy is None else state.deployed
    return Bound(optimizer, module, Memory(built[1], module, structure, arrays, state, deployed, built[0].equal), table)


@dataclass(frozen=True)
class _Group:
    """What the user passed for one group."""

    part: Part
    arrays: Sequence[NDArray[Any]]
    own: Mapping[str, Any]


def _groups(params: Any) -> tuple[list[_Group], bool]:
    """The groups of params, and whether it was given as groups."""
    if isinstance(params, list | tuple) and any(isinstance(entry, Mapping) for entry in params):
        return [_group(f"params[{k}]", entry) for k, entry in enumerate(params)], True
    return [_Group(*part_of("params", params), {})], False


def _group(label: str, entry: Any) -> _Group:
    if not isinstance(entry, Mapping) or "params" not in entry:
        raise SymoptError(f"{label} must be a group like the others: a dict with the key 'params'")
    own = {name: value for name, value in entry.items() if name != "params"}
    return _Group(*part_of(f"{label}['params']", entry["params"]), own)
