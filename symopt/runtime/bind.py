"""From parameters to a running optimizer: what the user passed is read and checked before anything is written."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.artifacts import artifact, build, load_module
from symopt.errors import SymoptError
from symopt.recurrence import Optimizer
from symopt.runtime.bound import Bound
from symopt.runtime.device import Device, require
from symopt.runtime.host import Host
from symopt.runtime.hyper import Table, starting_rows
from symopt.runtime.memory import Memory
from symopt.runtime.mistakes import sentence
from symopt.runtime.structure import Part, Structure, Wrong, part_of

HOMES = {"cpu": Host, "cuda": Device}
"""Target -> where the arrays lie that its kernels step."""


def bind(optimizer: Optimizer, params: Any, /, target: str = "cpu", *, masters: bool = False, **hyper: Any) -> Bound:
    """An optimizer that runs on `params`; its kernel is compiled at the first step, or found in Numba's cache.

    params: an array, a list or a dict of arrays, or a list of groups, C-contiguous. They are updated in place: the
        arrays are held, not the list or the dict. A group is a dict with the key "params" (array, list or dict) and
        hyperparameters of its own: `[{"params": [w], "lr": 1e-3}, {"params": [b], "mu": 0.0}]`.
    target: "cpu" for NumPy arrays in float32 or float64; "cuda" for device arrays of PyTorch, CuPy, Numba or any other
        library with `__cuda_array_interface__` or DLPack, in float32, float64, float16 or bfloat16. States are float64
        for float64 and float32 for all others. A step runs on the stream that the library of params uses at the time
        (of PyTorch and CuPy; else on the default stream), and the host does not wait for it.
    masters: on cuda, step copies of half-precision params in float32 and round them into params after each step
    hyper: hyperparameters of all groups that give none of their own; without either, the declared default
    t, among `hyper` or in a group: how many steps count as taken already; 0 by default. Schedules go on from there, and
        so does all else that reads t: bias corrections, what holds at the first step, the first gradient point. States
        start from x[0] all the same; to continue with the old ones, `load_state_dict`.

    Raises SymoptError, with nothing written, for whatever cannot be run.
    """
    if target == "cuda":
        require()
    built = build(optimizer)
    module = load_module(artifact(optimizer, target, built=built))
    home = HOMES[target](module, masters)
    groups, grouped = _groups(params, home.wrong)
    structure = Structure(tuple(group.part for group in groups), grouped)
    arrays = tuple(array for group in groups for array in group.arrays)
    given = [{**hyper, **group.own} for group in groups]
    taken = [own.pop("t", 0) for own in given]
    table = Table(optimizer.name, module.HYPER, starting_rows(optimizer, module.HYPER, given))
    starts = {name: table.arguments[name] for name in inspect.signature(module.init).parameters if name in module.HYPER}
    home.check(arrays, structure)
    try:
        state = module.init(arrays, groups=structure.groups, t=taken, **home.start_options, **starts)
    except (TypeError, ValueError) as error:
        raise SymoptError(sentence(error, {"params": structure.labels("params")})) from error
    deployed = np.zeros(1) if built[1].deploy is None else state.deployed
    memory = Memory(built[1], module, home, structure, arrays, state, deployed, built[0].equal)
    return Bound(optimizer, module, memory, table)


@dataclass(frozen=True)
class _Group:
    """What the user passed for one group."""

    part: Part
    arrays: Sequence[Any]
    own: Mapping[str, Any]


def _groups(params: Any, wrong: Wrong) -> tuple[list[_Group], bool]:
    """The groups of params, and whether it was given as groups."""
    if isinstance(params, list | tuple) and any(isinstance(entry, Mapping) for entry in params):
        return [_group(f"params[{k}]", entry, wrong) for k, entry in enumerate(params)], True
    return [_Group(*part_of("params", params, wrong), {})], False


def _group(label: str, entry: Any, wrong: Wrong) -> _Group:
    if not isinstance(entry, Mapping) or "params" not in entry:
        raise SymoptError(f"{label} must be a group like the others: a dict with the key 'params'")
    own = {name: value for name, value in entry.items() if name != "params"}
    return _Group(*part_of(f"{label}['params']", entry["params"], wrong), own)
