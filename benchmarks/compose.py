"""What does a composition cost? Clipping by global norm and an average of the weights around AdamW, against torch.

    python benchmarks/compose.py [workload ...] [--rounds N] [--markdown]

torch takes a pass per part: `clip_grad_norm_`, AdamW(fused=True), and `_foreach_lerp_` into the averages. Each side runs
on two threads in a process of its own; they take turns, and the table shows medians. `traffic` moves what the
composition must: the gradients once for their norm, then everything once for the update. Before anything is timed both
sides take a few steps from the same start, and what they train and what they would deploy is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from types import ModuleType
from typing import Any

import numpy as np
from contestants import emitted, moving_adamw, numpy_arrays, torch_contestant, traffic
from numba import carray, njit, prange
from report import command_line, markdown, milliseconds, ratio, table
from rich.console import Console
from turns import WARM_UP, Contestant, Seat, Step, View, Worker, demand, take_turns
from workloads import WORKLOADS, Workload

ADAMW = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-2}
MAX_NORM = 1.0
DECAY, FAST_DECAY = 0.999, 0.9  # timed; compared, since a slow average would hide a difference
CHOSEN = ("resnet50", "gpt2", "small", "small-new")


@dataclass(frozen=True)
class Composition:
    """An optimizer of the catalogue. averaged: are the weights averaged?; goal: ratio to reach on the large models"""

    title: str
    name: str
    averaged: bool
    goal: float


COMPOSITIONS = {
    "clip": Composition("clip + AdamW", "adamw_clipped", False, 1.4),
    "average": Composition("clip + AdamW + EMA", "adamw_clipped_averaged", True, 1.6),
}
SMALL_GOALS = {"small": 15.0, "small-new": 5.0}


# ---- contestants ----


def torch_composed(decay: float | None, workload: Workload) -> Contestant:
    import torch

    def make(params: list[Any]) -> tuple[Step, Callable[[], View]]:
        betas = ADAMW["beta1"], ADAMW["beta2"]
        rest = {"lr": ADAMW["lr"], "eps": ADAMW["eps"], "weight_decay": ADAMW["weight_decay"]}
        adamw = torch.optim.AdamW(params, betas=betas, fused=True, **rest)
        trained = [param.detach() for param in params]
        averages = [] if decay is None else [param.clone() for param in trained]

        @torch.no_grad()
        def step() -> None:
            torch.nn.utils.clip_grad_norm_(params, MAX_NORM)
            adamw.step()
            if decay is not None:
                torch._foreach_lerp_(averages, trained, 1 - decay)

        deployed = {} if decay is None else {"deployed": numpy_arrays(averages)}
        return step, lambda: {"trained": numpy_arrays(trained), **deployed}

    return torch_contestant(workload, make)


def moving(averaged: bool, module: ModuleType) -> Callable[..., None]:
    """4 bytes per parameter for the norm, then 28 for AdamW and 8 for the average, with an addition for each array."""
    read, update = reading(module), moving_averaged(module) if averaged else moving_adamw(module)

    @njit(error_model="numpy")
    def move(work: np.ndarray, blocks: np.ndarray, table: np.ndarray, like: np.ndarray, room: np.ndarray) -> None:
        read(work, blocks, table, like, room)
        update(work, blocks, table, like, room)

    return move


def reading(module: ModuleType) -> Callable[..., None]:
    pointer = module.pointer

    @njit(parallel=True, error_model="numpy", fastmath={"reassoc"})
    def read(work: np.ndarray, blocks: np.ndarray, table: np.ndarray, like: np.ndarray, room: np.ndarray) -> None:
        for block in prange(len(blocks) - 1):
            for chunk in range(blocks[block], blocks[block + 1]):
                tensor, start, n, _ = work[chunk]
                g = carray(pointer(table[tensor, 1] + start * like.itemsize, like), n)
                total = like[0]
                for i in range(n):
                    total += g[i]
                room[chunk] = total

    return read


def moving_averaged(module: ModuleType) -> Callable[..., None]:
    pointer = module.pointer

    @njit(parallel=True, error_model="numpy")
    def move(work: np.ndarray, blocks: np.ndarray, table: np.ndarray, like: np.ndarray, room: np.ndarray) -> None:
        for block in prange(len(blocks) - 1):
            for chunk in range(blocks[block], blocks[block + 1]):
                tensor, start, n, _ = work[chunk]
                x = carray(pointer(table[tensor, 0] + start * like.itemsize, like), n)
                g = carray(pointer(table[tensor, 1] + start * like.itemsize, like), n)
                m = carray(pointer(table[tensor, 2] + start * like.itemsize, like), n)
                v = carray(pointer(table[tensor, 3] + start * like.itemsize, like), n)
                theta = carray(pointer(table[tensor, 4] + start * like.itemsize, like), n)
                for i in range(n):
                    m[i], v[i], x[i], theta[i] = m[i] + g[i], v[i] + g[i], x[i] + m[i] + v[i], theta[i] + x[i]

    return move


def contestant(side: str, composition: str, decay: float, workload: Workload) -> Contestant:
    asked = COMPOSITIONS[composition]
    match side:
        case "symopt":
            averages = {"decay": decay} if asked.averaged else {}
            return emitted(asked.name, {**ADAMW, "max_norm": MAX_NORM, **averages}, workload)
        case "torch":
            return torch_composed(decay if asked.averaged else None, workload)
        case _:
            return traffic(asked.name, partial(moving, asked.averaged), workload)


# ---- the same mathematics? ----


def checked(workload: Workload) -> Workload:
    """The same shapes, with gradients of norms far above, below and above max_norm: AdamW alone ignores their scale."""
    root = workload.size**0.5
    return replace(workload, scales=(1.0, 0.5 * MAX_NORM / root, 3.0), new_gradients=True)


def tolerance(workload: Workload, largest: float) -> float:
    """By how much two ways to compute the steps in float32 may differ, for parameters up to `largest`.

    Each step rounds a parameter, and its average, at most four times by 2**-24 of its size on each side. The step
    itself is at most about lr * (1 - beta1)/sqrt(1 - beta2) = 3.2*lr long. torch sums squares in float32, which makes the
    norm of 38.6 million normal numbers, GPT-2's largest tensor, too small by 0.27%: 1e-10 per element is allowed. A step
    without clipping is off by 60 times as much as is allowed at worst, that is on GPT-2, and on the small tensors a
    decay of 0.89 in the place of 0.9 by 8 times.
    """
    longest = ADAMW["lr"] * (1 - ADAMW["beta1"]) / (1 - ADAMW["beta2"]) ** 0.5
    norm_error = 1e-10 * max(map(prod, workload.shapes))
    return len(workload.scales) * (8 * 2.0**-24 * largest + norm_error * longest)


def disagreement(composition: str, workload: Workload, workers: dict[str, Worker]) -> str:
    """By how much the two sides differ after a few steps, in words; AssertionError where it is too much."""
    case = checked(workload)
    views: list[View] = []
    for side in ("symopt", "torch"):
        demand(side, workers[side].ask("build", "check", side, composition, FAST_DECAY, case))
        workers[side].ask("steps", "check", len(case.scales) - 1)  # `build` has taken the first
        views.append(workers[side].ask("view", "check", 1 + workload.size // 1_000_000))
        workers[side].ask("free", "check")
    ours, theirs = views
    assert ours.keys() == theirs.keys(), f"{ours.keys()} are compared with {theirs.keys()}"
    pairs = [pair for name in ours for pair in zip(ours[name], theirs[name], strict=True)]
    apart = max(float(abs(a - b).max()) for a, b in pairs)
    allowed = tolerance(case, max(float(abs(b).max()) for _, b in pairs))
    assert apart <= allowed, f"{composition}, {workload.title}: apart by {apart:.2g}, more than {allowed:.2g}"
    return f"{' and '.join(ours)} agree to {apart:.1e} after {len(case.scales)} steps (at most {allowed:.1e})"


# ---- measuring ----


def measure(composition: str, workload: Workload, rounds: int) -> tuple[dict[str, float], str]:
    """The median time of a step for each side, in seconds, and how well the two agree."""
    workers = {side: Worker(contestant) for side in ("symopt", "torch", "traffic")}
    agreement = disagreement(composition, workload, workers)
    for side, worker in workers.items():
        worker.send("build", "timed", side, composition, DECAY, workload)
    for side, worker in workers.items():
        demand(side, worker.pipe.recv())
    seats = {side: Seat(worker, "timed", workload.batch) for side, worker in workers.items()}
    for worker in workers.values():
        worker.ask("steps", "timed", WARM_UP)
    medians = take_turns(seats, rounds)
    for worker in workers.values():
        worker.close()
    return medians, agreement


HEAD = ["ms per step", "symopt", "traffic", "torch", "torch / symopt", "goal", "traffic / symopt"]


def cells(composition: Composition, workload: str, medians: dict[str, float]) -> list[str]:
    ours = medians["symopt"]
    times = [milliseconds(medians[side]) for side in ("symopt", "traffic", "torch")]
    goal = f">= {SMALL_GOALS.get(workload, composition.goal):g}"
    title = f"{composition.title}, {WORKLOADS[workload].title}"
    return [title, *times, ratio(medians["torch"], ours), goal, ratio(medians["traffic"], ours)]


def main() -> None:
    """Measure and print."""
    options = command_line("Time compositions around AdamW in float32 on two threads.", CHOSEN)
    rows: list[list[str]] = []
    console = Console(stderr=options.markdown)
    for composition, asked in COMPOSITIONS.items():
        for name in options.workloads or CHOSEN:
            with console.status(f"timing {asked.title}, {WORKLOADS[name].title}"):
                medians, agreement = measure(composition, WORKLOADS[name], options.rounds)
            console.print(f"{asked.title}, {WORKLOADS[name].title}: {agreement}")
            rows.append(cells(asked, name, medians))
    if options.markdown:
        print(markdown(HEAD, rows))
    else:
        console.print(table("Compositions around AdamW in float32, 2 threads", HEAD, rows))


if __name__ == "__main__":
    main()
