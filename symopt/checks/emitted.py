"""An emitted file tried by its own functions: `init`, `step` and `deployed`, in plain Python or compiled.

What the proof takes from outside is checked here: defaults, domains, and which buffers count as written. In float32 and
float64 the same functions, run in Python, must give what the equations give, which tells rounding and NaN too.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from types import ModuleType
from typing import Any

import numpy as np

from symopt.checks.oracle import Reference, Values, compared
from symopt.checks.trial import Trial
from symopt.derive.training import Training
from symopt.domains import Domain
from symopt.prove.floats import in_python

Names = dict[str, Any]
"""What an emitted file defines."""


def faults_in_python(training: Training, text: str, wanted: Reference) -> tuple[list[str], str]:
    """(what is wrong with a file, its functions run by Python; a digest of the bits of everything that they gave)."""
    seen = sha256()

    def run(given: Trial, dtype: type[Any]) -> Iterator[Values]:
        for values in stepped(in_python(text, dtype), training, given, dtype):
            for array in (array for arrays in values.values() for array in arrays):
                seen.update(array.tobytes())
            yield values

    faults = [*interface_faults(in_python(text, np.float32), training), *compared(wanted, run, "the file in Python")[1]]
    return faults, seen.hexdigest()


def faults_compiled(training: Training, text: str, wanted: Reference) -> list[str]:
    """What is wrong with a file, compiled; nothing of it is kept on disk."""
    module = ModuleType(f"emitted_{sha256(text.encode()).hexdigest()}")

    def run(given: Trial, dtype: type[Any]) -> Iterator[Values]:
        return stepped(vars(module), training, given, dtype)

    sys.modules[module.__name__] = module  # where `dataclass` looks for it
    try:
        exec(compile(text.replace("cache=True", "cache=False"), "<emitted>", "exec"), vars(module))
        return compared(wanted, run, "the compiled file")[1]
    finally:
        del sys.modules[module.__name__]


def stepped(names: Names, training: Training, given: Trial, dtype: type[Any]) -> Iterator[Values]:
    """The run as the functions of a file do it; a hyperparameter that has a default is left to the file."""
    optimizer = training.source
    hyper = {h.name: given.hyper[h.name] for h in optimizer.hyperparameters if h.default is None}
    starts = {name: value for name, value in hyper.items() if name in inspect.signature(names["init"]).parameters}
    arrays = [array.astype(dtype) for array in given.params]
    state = names["init"](arrays, [0] * len(arrays), **starts)
    kept = [name for name in optimizer.states if optimizer.levels[name] == "element" and hasattr(state, name)]
    for gradients, inputs in given.steps(dtype):
        names["step"](arrays, gradients, state, **inputs, **hyper)
        theta = deployed(names, arrays, state) if "deployed" in names else arrays
        found = {"theta": theta} | {name: getattr(state, name) for name in kept}
        yield {name: [array.copy() for array in values] for name, values in found.items()}


def deployed(names: Names, arrays: list[Any], state: Any) -> list[Any]:
    """theta after a step: by exchange with new arrays, in turn with putting it in the place of the training point."""
    if state.numbers[0, 0] % 2:
        theta = names["deployed"](arrays, state)
        names["exchange"](arrays, theta, state)
        found = [array.copy() for array in arrays]
        names["exchange"](arrays, theta, state)
    else:
        copies = [array.copy() for array in arrays]
        names["deploy_in_place"](copies, state)
        found = [array.copy() for array in copies]
        names["train_in_place"](copies, state)
    return found


def interface_faults(names: Names, training: Training) -> Iterator[str]:
    """Defaults, domains and written buffers that are not the declared ones."""
    hypers = {hyper.name: hyper for hyper in training.source.hyperparameters}
    defaults = {"t": 0, **{name: hyper.default for name, hyper in hypers.items()}}
    for function in ("init", "step"):
        for name, parameter in inspect.signature(names[function]).parameters.items():
            if name in defaults and _default(parameter.default) != _default(defaults[name]):
                yield f"{function} takes {name}={parameter.default!r} where nothing is given"
    for name, (_, inside) in names["HYPER"].items():
        for value in _around(hypers[name].domain):
            if bool(inside(value)) != (value in hypers[name].domain):
                yield f"HYPER {'takes' if inside(value) else 'refuses'} {name} = {value:g}"
    written = {training.param, *training.states}
    for name, says in names["BUFFERS"].items():
        if says != (name in written):
            yield f"BUFFERS says that {name} is {'' if says else 'not '}written"


def _default(value: Any) -> float | None:
    return None if value is None or value is inspect.Parameter.empty else float(value)


def _around(domain: Domain) -> Iterator[float]:
    """Numbers at and beside the ends of a domain, whole and broken."""
    ends = {end for end in (domain.lower, domain.upper) if end is not None} | {Fraction(0)}
    for end in sorted(ends):
        for apart in (0, 1, Fraction(1, 2), Fraction(1, 1000)):
            yield from {float(end - apart), float(end + apart)}
