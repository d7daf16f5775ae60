"""How fast is each method of the catalogue, against the fastest implementation that another library has of it?

    python benchmarks/catalogue.py [--methods a,b] [--seconds S] [--json | --markdown]

Against torch.optim, schedulefree and pytorch_optimizer with every implementation that they offer (fused, foreach, a
loop over the tensors), in float32 on two threads: 25.6 million parameters in the shapes of ResNet-50, and 100 small
tensors. For each method two processes, symopt's and torch's, take turns; the table shows medians of single steps.
Before anything is timed all take a few steps on the small tensors from the same start, and those that end elsewhere are
left out. Contestants are built and freed one method after the other.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import exp, log
from statistics import median
from typing import Any

import numpy as np
from contestants import emitted, numpy_arrays, torch_contestant
from methods import METHODS, Method, Peer, Settings
from report import markdown, milliseconds, table
from rich.console import Console
from turns import WARM_UP, Contestant, Seat, Step, View, Worker, demand, take_turns
from workloads import WORKLOADS, Workload

TIMED = ("resnet50", "small")
COMPARED = "small-new"
ROUNDS = 15
STEPS = 7  # beyond the steps in which Lookahead returns (5 or 6) and RAdam begins to divide (6)
GOAL, SMALLEST = 5.0, 0.95
FAR, SLOW = 3.0, 1.3  # who takes so many times as long as the fastest peer leaves after the warm-up, after two rounds
TURN = 0.3  # seconds
OURS = "symopt"


# ---- contestants ----


def ours(name: str, hyper: Settings, workload: Workload) -> Contestant:
    return emitted(name, hyper, workload)


def theirs(peer: Peer, way: Settings, workload: Workload) -> Contestant:
    def make(params: list[Any]) -> tuple[Step, Callable[[], View]]:
        optimizer = peer.make(params, way)
        if hasattr(optimizer, "train"):  # Schedule-Free: the parameters hold the point where gradients are taken
            optimizer.train()
        return optimizer.step, lambda: {"trained": numpy_arrays(params)}

    return torch_contestant(workload, make)


# ---- the same mathematics? ----


def moved(worker: Worker, key: str, *given: Any) -> list[np.ndarray] | str:
    """What is trained after a few steps on small tensors, each with its own gradients; or why there is nothing."""
    if failure := worker.ask("build", key, *given, WORKLOADS[COMPARED]):
        return failure
    worker.ask("steps", key, STEPS - 1)  # `build` has taken the first
    view: View = worker.ask("view", key, 1)
    worker.ask("free", key)
    return view["trained"]


def distance(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    """The Euclidean distance of two models."""
    return float(sum(np.sum((x.ravel() - y.ravel()).astype(np.float64) ** 2) for x, y in zip(a, b, strict=True))) ** 0.5


def disagreement(ends: list[np.ndarray], reference: list[np.ndarray]) -> str | None:
    """Why two ends are not of the same method, in words.

    A step rounds a parameter of size 1 a few times by 2**-24 of its size, which makes about 1e-6 after some steps. The
    slowest method here moves by 1e-3 and more in these steps, so rounding is a thousandth of the way at most.
    """
    way = distance(reference, WORKLOADS[COMPARED].params())
    share = distance(ends, reference) / way
    return None if share <= 1e-3 else f"ends elsewhere: apart by {share:.1%} of the way"


# ---- measuring ----


@dataclass(frozen=True)
class Timing:
    """Of one method and workload, in seconds. peer: the fastest implementation of theirs"""

    symopt: float
    peer: str
    best: float

    @property
    def ratio(self) -> float:
        return self.best / self.symopt


@dataclass(frozen=True)
class Result:
    """Of one method. left_out: implementations that were not timed and why"""

    method: str
    timings: dict[str, Timing]
    left_out: dict[str, str]


def measure(method: Method, seconds: float) -> Result:
    """Time a method in two processes of its own."""
    mine, other = Worker(ours), Worker(theirs)
    ways = {name: (peer, way) for peer in method.peers for name, way in peer.ways()}
    reference = moved(mine, OURS, method.name, method.hyper)
    if isinstance(reference, str):
        raise SystemExit(f"{method.name} cannot take part: {reference}")
    left_out: dict[str, str] = {}
    for name, given in ways.items():
        ends = moved(other, name, *given)
        reason = ends if isinstance(ends, str) else disagreement(ends, reference)
        left_out |= {name: reason} if reason else {}
    same = {name: given for name, given in ways.items() if name not in left_out}
    timings: dict[str, Timing] = {}
    for workload in TIMED if same else ():
        demand(method.name, mine.ask("build", OURS, method.name, method.hyper, WORKLOADS[workload]))
        timings[workload] = timed(mine, other, same, WORKLOADS[workload], seconds)
        mine.ask("free", OURS)
    mine.close()
    other.close()
    return Result(method.name, timings, left_out)


def timed(mine: Worker, other: Worker, ways: dict[str, Any], workload: Workload, seconds: float) -> Timing:
    """Two rounds with all that may be the fastest, then rounds with symopt and those that still may."""
    seats = {OURS: seat(mine, OURS, workload)}
    for name, given in ways.items():
        demand(name, other.ask("build", name, *given, workload))
        seats[name] = seat(other, name, workload)
    seats = fastest(seats, {name: one.warm for name, one in seats.items()}, FAR)
    seats = fastest(seats, take_turns(seats, 2, seconds), SLOW)
    medians = take_turns(seats, ROUNDS, seconds)
    for name in seats.keys() - {OURS}:
        other.ask("free", name)
    best = min(medians.keys() - {OURS}, key=medians.__getitem__)
    return Timing(medians[OURS], best, medians[best])


def seat(worker: Worker, key: str, workload: Workload) -> Seat:
    """A seat with as many steps per turn as a turn has time for, once all is warm."""
    warm = median(worker.ask("steps", key, WARM_UP))
    return Seat(worker, key, max(1, min(workload.batch, int(TURN / warm))), warm)


def fastest(seats: dict[str, Seat], medians: dict[str, float], factor: float) -> dict[str, Seat]:
    """symopt and those of the others that take at most so many times as long as the fastest; the rest is freed."""
    least = min(medians[name] for name in seats if name != OURS)
    stay = {name: one for name, one in seats.items() if name == OURS or medians[name] <= factor * least}
    for name in seats.keys() - stay.keys():
        seats[name].worker.ask("free", name)
    return stay


# ---- reporting ----

HEAD = ["method", *(part for w in TIMED for part in (f"{WORKLOADS[w].title}, ms", "peer, ms", "ratio")), "fastest peer"]


def cells(result: Result) -> list[str]:
    row = [result.method]
    for workload in TIMED:
        timing = result.timings[workload]
        row += [milliseconds(timing.symopt), milliseconds(timing.best), f"{timing.ratio:.2f}"]
    return [*row, "; ".join(dict.fromkeys(result.timings[workload].peer for workload in TIMED))]


def summary(results: list[Result]) -> list[str]:
    """The geometric mean of all ratios, and what is below the goals."""
    ratios = {(r.method, workload): timing.ratio for r in results for workload, timing in r.timings.items()}
    if not ratios:
        return ["nothing was timed"]
    lines: list[str] = []
    for title, values in (
        ("all", [*ratios.values()]),
        *((WORKLOADS[w].title, [ratio for (_, of), ratio in ratios.items() if of == w]) for w in TIMED),
    ):
        mean = exp(sum(map(log, values)) / len(values))
        lines.append(f"geometric mean, {title}: {mean:.2f}")
    slow = [f"{name} ({WORKLOADS[w].title}, {x:.2f})" for (name, w), x in ratios.items() if x < SMALLEST]
    lines[0] += f" (goal: at least {GOAL:g})"
    return [*lines, f"below {SMALLEST}: {', '.join(slow) or 'none'}"]


def main() -> None:
    """Measure and print."""
    known = {method.name: method for method in METHODS}
    parser = argparse.ArgumentParser(description="Time each method in float32 on two threads against other libraries.")
    parser.add_argument(
        "--methods", default=",".join(known), help=f"names with commas between them: {', '.join(known)}"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="per method and workload, once all is warm")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="print a table for a README")
    how.add_argument("--json", action="store_true", help="print the results for programs")
    options = parser.parse_args()
    chosen = options.methods.split(",")
    if unknown := set(chosen) - set(known):
        parser.error(f"there is no method {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    console = Console(stderr=options.markdown or options.json)
    results: list[Result] = []
    for name in chosen:
        with console.status(f"timing {name}"):
            results.append(measure(known[name], options.seconds))
        for peer, reason in results[-1].left_out.items():
            console.print(f"{name}: not timed: {peer} ({reason})")
    rows = [cells(result) for result in results if result.timings]
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
    elif options.markdown:
        print(markdown(HEAD, rows))
    else:
        console.print(table("A step of each method in float32, 2 threads", HEAD, rows))
    for line in summary(results):
        console.print(line)


if __name__ == "__main__":
    main()
