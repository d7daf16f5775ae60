"""Contestants in processes of their own, which take turns.

The thread pools of several libraries in one process slow each other down, hence the processes; contestants that share
a library may share a process. They step in changing order, so that a slow moment of the machine hits all alike.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

import numpy as np

THREADS = 2
SETTINGS = {
    "DS_ACCELERATOR": "cpu",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={THREADS}",
    **{f"{library}_NUM_THREADS": str(THREADS) for library in ("OMP", "MKL", "NUMBA")},
}
WARM_UP = 6  # RAdam has its usual step from the sixth on
FAILURES = (ImportError, RuntimeError, OSError, TypeError, ValueError)  # not installed, not built here, not supported
Step = Callable[[], object]
View = dict[str, list[np.ndarray]]


def nothing() -> None:
    """No preparation."""


def no_view() -> View:
    return {}


@dataclass(frozen=True)
class Contestant:
    """What is timed. prepare: comes before each step and is not timed; view: what a comparison looks at"""

    step: Step
    prepare: Step = nothing
    view: Callable[[], View] = no_view


class Worker:
    """A process that holds contestants. `make` is called there with what `build` was given."""

    def __init__(self, make: Callable[..., Contestant]):
        os.environ.update({name: os.environ.get(name, value) for name, value in SETTINGS.items()})
        self.pipe, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(target=serve, args=(make, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def send(self, action: str, *given: Any) -> None:
        """Ask for something without waiting for the answer, which `pipe.recv` gives."""
        self.pipe.send((action, *given))

    def ask(self, action: str, *given: Any) -> Any:
        self.send(action, *given)
        return self.pipe.recv()

    def close(self) -> None:
        self.pipe.close()
        self.process.join()


def demand(who: str, failure: str | None) -> None:
    """End the benchmark where somebody without whom it makes no sense could not be built."""
    if failure is not None:
        raise SystemExit(f"{who} cannot take part: {failure}")


def serve(make: Callable[..., Contestant], pipe: Connection) -> None:
    """Answer until the pipe is closed."""
    holds: dict[str, Contestant] = {}
    actions: dict[str, Callable[..., Any]] = {
        "build": lambda key, *given: build(holds, key, make, given),
        "steps": lambda key, count: steps(holds[key], count),
        "view": lambda key, stride: sample(holds[key].view(), stride),
        "free": lambda key: free(holds, key),
    }
    while True:
        try:
            action, *given = pipe.recv()
        except EOFError:
            return
        pipe.send(actions[action](*given))


def build(
    holds: dict[str, Contestant], key: str, make: Callable[..., Contestant], given: tuple[Any, ...]
) -> str | None:
    """Build a contestant and let it take one step; the reason where that fails."""
    try:
        contestant = make(*given)
        steps(contestant, 1)
    except FAILURES as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
    holds[key] = contestant
    return None


def free(holds: dict[str, Contestant], key: str) -> None:
    """Give the memory of a contestant back; optimizers of torch refer to themselves."""
    del holds[key]
    gc.collect()


def steps(contestant: Contestant, count: int) -> list[float]:
    """The times of single steps in a row, in seconds."""
    times: list[float] = []
    for _ in range(count):
        contestant.prepare()
        start = time.perf_counter()
        contestant.step()
        times.append(time.perf_counter() - start)
    return times


def sample(view: View, stride: int) -> View:
    """Every so many elements of each array, so that a large model need not go through the pipe."""
    return {name: [array.ravel()[::stride] for array in arrays] for name, arrays in view.items()}


@dataclass(frozen=True)
class Seat:
    """A contestant, where it is to be found, how many steps it takes in a turn, and how long one took in the warm-up."""

    worker: Worker
    key: str
    batch: int
    warm: float = 0.0

    def turn(self) -> list[float]:
        """Times of single steps in a row; the first, which brings threads and memory back, is left out."""
        time.sleep(0.02)  # the threads of the one before spin a while after their work
        return self.worker.ask("steps", self.key, self.batch + 1)[1:]


def take_turns(seats: dict[str, Seat], rounds: int, seconds: float = float("inf")) -> dict[str, float]:
    """The median time of each, in seconds, after so many rounds, or fewer (but two) where they take too long."""
    names, start = list(seats), time.monotonic()
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name] += seats[name].turn()
        if turn and time.monotonic() - start > seconds:
            break
    return {name: median(values) for name, values in times.items()}
