"""How long does one AdamW step take? The emitted kernel against every installed peer, and against memory traffic alone.

    python benchmarks/step.py [workload ...] [--rounds N] [--markdown]

Each runs on two threads in a process of its own, since the thread pools of several libraries in one process slow each
other down. They take turns, in changing order, so that a slow moment of the machine hits all alike; the table shows
medians. `traffic` is a loop that reads and writes what AdamW does, 28 bytes per parameter in float32, with four
additions: what the memory alone costs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from types import ModuleType

THREADS = "2"
os.environ.setdefault("DS_ACCELERATOR", "cpu")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={THREADS}")
for library in ("OMP", "MKL", "NUMBA"):
    os.environ[f"{library}_NUM_THREADS"] = THREADS

import numpy as np
from numba import carray, njit, prange
from rich.console import Console
from rich.table import Table
from workloads import WORKLOADS, Workload

from symopt.artifacts import artifact, load_module
from symopt.catalogue import load

HYPER = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-2}
Arrays = list[np.ndarray]
Step = Callable[[], object]


@dataclass
class Data:
    """Fresh parameters for each contestant; the gradients are shared, several sets where they are to be new each time."""

    workload: Workload
    gradients: list[Arrays] = field(default_factory=list[Arrays])

    def __post_init__(self) -> None:
        self.gradients = [self.arrays(seed) for seed in range(8 if self.workload.new_gradients else 1)]

    def arrays(self, seed: int = 99) -> Arrays:
        rng = np.random.default_rng(seed)
        return [rng.standard_normal(shape, dtype=np.float32) for shape in self.workload.shapes]

    def next_gradients(self) -> Iterator[Arrays]:
        """The gradients of each step: the same list again, or arrays that no step has seen."""
        for arrays in cycle(self.gradients):
            yield [array[...] for array in arrays] if self.workload.new_gradients else arrays


# ---- contestants: each gives a preparation, which is not timed, and a step ----


def emitted(data: Data) -> tuple[Step, Step]:
    """The file that symopt emits for AdamW."""
    module: ModuleType = load_module(artifact(load("adamw"), "cpu"))
    params = data.arrays()
    state = module.init(params)
    source = data.next_gradients()
    box = [next(source)]

    def prepare() -> None:
        box[0] = next(source)

    return prepare, lambda: module.step(params, box[0], state, **HYPER)


def traffic(data: Data) -> tuple[Step, Step]:
    """The same memory, next to no arithmetic, by the same work list."""
    module: ModuleType = load_module(artifact(load("adamw"), "cpu"))
    pointer = module.pointer

    @njit(parallel=True, error_model="numpy")
    def move(work: np.ndarray, blocks: np.ndarray, table: np.ndarray, like: np.ndarray) -> None:
        for block in prange(len(blocks) - 1):
            for chunk in range(blocks[block], blocks[block + 1]):
                tensor, start, n, _ = work[chunk]
                theta = carray(pointer(table[tensor, 0] + start * like.itemsize, like), n)
                g = carray(pointer(table[tensor, 1] + start * like.itemsize, like), n)
                m = carray(pointer(table[tensor, 2] + start * like.itemsize, like), n)
                v = carray(pointer(table[tensor, 3] + start * like.itemsize, like), n)
                for i in range(n):
                    m[i], v[i], theta[i] = m[i] + g[i], v[i] + g[i], theta[i] + m[i] + v[i]

    params = data.arrays()
    state = module.init(params)
    plan = state.plan
    plan.bind(params, data.gradients[0], state.m, state.v)
    like = np.zeros(1, np.float32)
    return lambda: None, lambda: move(plan.work, plan.blocks, plan.table, like)


def torch_step(data: Data, make: Callable[[list], object]) -> tuple[Step, Step]:
    """A torch optimizer; new gradients are set on the parameters, as autograd does after zero_grad."""
    import torch

    torch.set_num_threads(int(THREADS))
    params = [torch.nn.Parameter(torch.from_numpy(array)) for array in data.arrays()]
    source = data.next_gradients()

    def prepare() -> None:
        for param, gradient in zip(params, next(source), strict=True):
            param.grad = torch.from_numpy(gradient)

    prepare()
    optimizer = make(params)
    return prepare if data.workload.new_gradients else (lambda: None), optimizer.step


def torch_adamw(data: Data, **kind: bool) -> tuple[Step, Step]:
    import torch

    keywords = {"lr": HYPER["lr"], "betas": (HYPER["beta1"], HYPER["beta2"]), "eps": HYPER["eps"]}
    return torch_step(data, lambda p: torch.optim.AdamW(p, weight_decay=HYPER["weight_decay"], **keywords, **kind))


def deepspeed(data: Data) -> tuple[Step, Step]:
    from deepspeed.ops.adam import DeepSpeedCPUAdam

    keywords = {"lr": HYPER["lr"], "betas": (HYPER["beta1"], HYPER["beta2"]), "eps": HYPER["eps"]}
    return torch_step(
        data, lambda p: DeepSpeedCPUAdam(p, weight_decay=HYPER["weight_decay"], adamw_mode=True, **keywords)
    )


def optax_jit(data: Data) -> tuple[Step, Step]:
    """optax under jit, its buffers donated."""
    import jax
    import optax

    transform = optax.adamw(
        HYPER["lr"], HYPER["beta1"], HYPER["beta2"], HYPER["eps"], weight_decay=HYPER["weight_decay"]
    )

    @lambda f: jax.jit(f, donate_argnums=(0, 1))
    def advance(params: list, state: object, gradients: list) -> tuple[list, object]:
        updates, state = transform.update(gradients, state, params)
        return optax.apply_updates(params, updates), state

    box: list = [[jax.numpy.asarray(array) for array in data.arrays()], None]
    box[1] = transform.init(box[0])
    gradients = [jax.numpy.asarray(array) for array in data.gradients[0]]

    def step() -> None:
        box[:] = advance(box[0], box[1], gradients)
        jax.block_until_ready(box)

    return lambda: None, step


CONTESTANTS: dict[str, Callable[[Data], tuple[Step, Step]]] = {
    "symopt": emitted,
    "traffic": traffic,
    "torch fused": lambda data: torch_adamw(data, fused=True),
    "torch foreach": lambda data: torch_adamw(data, foreach=True),
    "DeepSpeedCPUAdam": deepspeed,
    "optax jit": optax_jit,
}
PEERS = tuple(CONTESTANTS)[2:]


# ---- measuring ----


class Contestant:
    """One contestant in its own process, asked for a batch of times at a time."""

    def __init__(self, name: str, workload: str):
        self.pipe, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(target=compete, args=(name, workload, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.failure: str | None = self.pipe.recv()

    def times(self) -> list[float]:
        self.pipe.send("go")
        return self.pipe.recv()

    def close(self) -> None:
        self.pipe.close()
        self.process.join()


def compete(name: str, workload: str, pipe: Connection) -> None:
    """The process of a contestant: says whether it could start, then times batches until the pipe is closed."""
    try:
        prepare, step = CONTESTANTS[name](Data(WORKLOADS[workload]))
        batch(prepare, step, 3)
    except (ImportError, RuntimeError, OSError) as error:  # not installed, or its extension does not build here
        pipe.send(f"{type(error).__name__}: {str(error).splitlines()[0][:80]}")
        return
    pipe.send(None)
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send(batch(prepare, step, WORKLOADS[workload].batch))


def batch(prepare: Step, step: Step, count: int) -> list[float]:
    """Times of single steps in a row; the first, which brings threads and memory back, is left out."""
    times: list[float] = []
    for _ in range(count + 1):
        prepare()
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times[1:]


def measure(workload: str, rounds: int) -> tuple[dict[str, float], dict[str, str]]:
    """The median time of a step for each contestant, in seconds, and who is missing and why."""
    everyone = {name: Contestant(name, workload) for name in CONTESTANTS}
    missing = {name: one.failure for name, one in everyone.items() if one.failure is not None}
    names = [name for name in everyone if name not in missing]
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            time.sleep(0.02)  # the threads of the one before spin a while after their work
            times[name] += everyone[name].times()
    for one in everyone.values():
        one.close()
    return {name: median(values) for name, values in times.items()}, missing


def cell(name: str, medians: dict[str, float]) -> str:
    return f"{1000 * medians[name]:.3g}" if name in medians else "-"


def ratios(medians: dict[str, float]) -> list[str]:
    """Best peer / symopt and traffic / symopt: above 1 symopt is the faster one."""
    peers = [medians[name] for name in PEERS if name in medians]
    best = f"{min(peers) / medians['symopt']:.2f}" if peers else "-"
    return [best, f"{medians['traffic'] / medians['symopt']:.2f}"]


HEAD = ["ms per step", *CONTESTANTS, "best peer / symopt", "traffic / symopt"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time one AdamW step in float32 on two threads.")
    parser.add_argument("workloads", nargs="*", metavar="workload", help=f"any of {', '.join(WORKLOADS)}; all if none")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--markdown", action="store_true", help="print a table for a README")
    options = parser.parse_args()
    if unknown := set(options.workloads) - set(WORKLOADS):
        parser.error(f"there is no workload {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    rows, missing = [], {}
    console = Console(stderr=options.markdown)
    for name in options.workloads or WORKLOADS:
        with console.status(f"timing {WORKLOADS[name].title}"):
            medians, absent = measure(name, options.rounds)
        missing |= absent
        rows.append([WORKLOADS[name].title, *(cell(n, medians) for n in CONTESTANTS), *ratios(medians)])
    if options.markdown:
        lines = [HEAD, ["---", *["---:"] * (len(HEAD) - 1)], *rows]
        print("\n".join(f"| {' | '.join(line)} |" for line in lines))
    else:
        table = Table(HEAD[0], *(row[0] for row in rows), title="One AdamW step in float32, 2 threads")
        for line in list(zip(HEAD, *rows, strict=True))[1:]:
            table.add_row(*line)
        console.print(table)
    for name, reason in missing.items():
        console.print(f"not measured: {name} ({reason})")


if __name__ == "__main__":
    main()
