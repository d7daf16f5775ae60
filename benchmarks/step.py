"""How long does one AdamW step take? The emitted kernel against every installed peer, and against memory traffic alone.

    python benchmarks/step.py [workload ...] [--rounds N] [--markdown]

Each runs on two threads in a process of its own; they take turns, and the table shows medians. `traffic` is a loop that
reads and writes what AdamW does, 28 bytes per parameter in float32, with four additions: what the memory alone costs.
"""

from __future__ import annotations

from collections.abc import Callable

from contestants import emitted, moving_adamw, torch_contestant, traffic
from report import command_line, markdown, milliseconds, ratio, table, turned
from rich.console import Console
from turns import WARM_UP, Contestant, Seat, Worker, no_view, take_turns
from workloads import WORKLOADS, Workload

HYPER = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-2}
THEIRS = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2}


def torch_adamw(workload: Workload, **kind: bool) -> Contestant:
    import torch

    return torch_contestant(workload, lambda params: (torch.optim.AdamW(params, **THEIRS, **kind).step, no_view))


def deepspeed(workload: Workload) -> Contestant:
    from deepspeed.ops.adam import DeepSpeedCPUAdam

    return torch_contestant(
        workload, lambda params: (DeepSpeedCPUAdam(params, adamw_mode=True, **THEIRS).step, no_view)
    )


def optax_jit(workload: Workload) -> Contestant:
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

    box: list = [[jax.numpy.asarray(array) for array in workload.params()], None]
    box[1] = transform.init(box[0])
    gradients = [jax.numpy.asarray(array) for array in next(workload.gradients())]

    def step() -> None:
        box[:] = advance(box[0], box[1], gradients)
        jax.block_until_ready(box)

    return Contestant(step)


CONTESTANTS: dict[str, Callable[[Workload], Contestant]] = {
    "symopt": lambda workload: emitted("adamw", HYPER, workload),
    "traffic": lambda workload: traffic("adamw", moving_adamw, workload),
    "torch fused": lambda workload: torch_adamw(workload, fused=True),
    "torch foreach": lambda workload: torch_adamw(workload, foreach=True),
    "DeepSpeedCPUAdam": deepspeed,
    "optax jit": optax_jit,
}
PEERS = tuple(CONTESTANTS)[2:]


def contestant(name: str, workload: str) -> Contestant:
    return CONTESTANTS[name](WORKLOADS[workload])


def measure(workload: str, rounds: int) -> tuple[dict[str, float], dict[str, str]]:
    """The median time of a step for each contestant, in seconds, and who is missing and why."""
    workers = {name: Worker(contestant) for name in CONTESTANTS}
    for name, worker in workers.items():
        worker.send("build", name, name, workload)
    missing = {name: reason for name, worker in workers.items() if (reason := worker.pipe.recv())}
    seats = {name: Seat(workers[name], name, WORKLOADS[workload].batch) for name in workers if name not in missing}
    for name, seat in seats.items():
        seat.worker.ask("steps", name, WARM_UP)
    medians = take_turns(seats, rounds)
    for worker in workers.values():
        worker.close()
    return medians, missing


def cells(title: str, medians: dict[str, float]) -> list[str]:
    peers = [medians[name] for name in PEERS if name in medians]
    ours = medians["symopt"]
    times = [milliseconds(medians.get(name)) for name in CONTESTANTS]
    return [title, *times, ratio(min(peers, default=None), ours), ratio(medians["traffic"], ours)]


HEAD = ["ms per step", *CONTESTANTS, "best peer / symopt", "traffic / symopt"]


def main() -> None:
    """Measure and print."""
    options = command_line("Time one AdamW step in float32 on two threads.", WORKLOADS)
    rows, missing = [], {}
    console = Console(stderr=options.markdown)
    for name in options.workloads or WORKLOADS:
        with console.status(f"timing {WORKLOADS[name].title}"):
            medians, absent = measure(name, options.rounds)
        missing |= absent
        rows.append(cells(WORKLOADS[name].title, medians))
    if options.markdown:
        print(markdown(HEAD, rows))
    else:
        console.print(table("One AdamW step in float32, 2 threads", *turned(HEAD, rows)))
    for name, reason in missing.items():
        console.print(f"not measured: {name} ({reason})")


if __name__ == "__main__":
    main()
