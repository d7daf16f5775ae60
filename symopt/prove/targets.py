"""What is known about each target whose files are proved: how a file is compiled for symbols, loaded and stepped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from symopt.derive.training import Training
from symopt.prove import cuda
from symopt.prove.barriers import compiled_in_threads
from symopt.prove.emitted import MODEL, stepped
from symopt.prove.model import Model
from symopt.prove.rounding import RoundingMachine, rounded
from symopt.prove.symbolic import Machine, compiled
from symopt.prove.values import Path, Results


@dataclass(frozen=True)
class Target:
    """How the files of a target run on symbols.

    machine: what a file is loaded on, computing with real numbers; rounding: the same, marking what is rounded
    stepped: every number that a file stores or deploys
    """

    model: Model
    compiled: Callable[[str], Sequence[CodeType]]
    machine: Callable[[Path], Any]
    rounding: Callable[[Path], Any]
    stepped: Callable[[Training, Sequence[CodeType], Any], Results]


HOST = Target(MODEL, compiled, Machine, RoundingMachine, stepped)
DEVICE = Target(
    cuda.MODEL,
    compiled_in_threads,
    cuda.DeviceMachine,
    lambda path: cuda.DeviceMachine(path, rounded),
    cuda.stepped_on_device,
)
