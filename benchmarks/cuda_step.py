"""How long does one AdamW step take on a GPU? The emitted kernels against PyTorch's and apex's, and against a copy.

    python benchmarks/cuda_step.py [workload ...] [--rounds N] [--markdown]

All run in one process and take turns; the table shows medians. The GPU's time is taken while the host is ahead of it, so
that no launch is waited for; the host's is how long a step keeps Python. `copy` copies what moves as many bytes as AdamW
does, 28 per parameter in float32. Clipped: by the norm of all gradients, in PyTorch by `clip_grad_norm_` and the fused
step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from report import command_line, markdown, table, turned
from rich.console import Console
from step import HYPER, THEIRS
from turns import FAILURES, WARM_UP, Step
from workloads import WORKLOADS, Workload

import symopt

CHOSEN = ("small", "resnet50", "gpt2", "large")
BATCH = 10  # steps in a row
BYTES = 28  # per parameter: theta, m and v are read and written, the gradient is read
NORM = 1.0


@dataclass(frozen=True)
class Tensors:
    """Parameters and their gradients on the GPU."""

    params: list[Any]
    grads: list[Any]


def tensors(workload: Workload) -> Tensors:
    import torch

    make = torch.Generator("cuda").manual_seed(99)
    params, grads = ([torch.randn(shape, device="cuda", generator=make) for shape in workload.shapes] for _ in "pg")
    return Tensors([torch.nn.Parameter(param) for param in params], grads)


def emitted(name: str, workload: Workload, **hyper: float) -> Step:
    """An optimizer of the catalogue."""
    given = tensors(workload)
    opt = symopt.load(name).bind(given.params, target="cuda", **HYPER, **hyper)
    return lambda: opt.step(given.grads)


def peer(workload: Workload, make: Callable[[list[Any]], Any]) -> tuple[Step, list[Any]]:
    """A step of an optimizer that reads `grad` of its parameters, and these."""
    given = tensors(workload)
    for param, gradient in zip(given.params, given.grads, strict=True):
        param.grad = gradient
    return make(given.params).step, given.params


def torch_adamw(workload: Workload, **kind: bool) -> Step:
    import torch

    return peer(workload, lambda params: torch.optim.AdamW(params, **THEIRS, **kind))[0]


def apex(workload: Workload) -> Step:
    from apex.optimizers import FusedAdam

    return peer(workload, lambda params: FusedAdam(params, adam_w_mode=True, **THEIRS))[0]


def torch_clipped(workload: Workload) -> Step:
    import torch

    step, params = peer(workload, lambda params: torch.optim.AdamW(params, **THEIRS, fused=True))

    def clipped() -> None:
        torch.nn.utils.clip_grad_norm_(params, NORM)
        step()

    return clipped


def copy(workload: Workload) -> Step:
    """One copy from one place of the GPU's memory to another: each byte is read and written."""
    import torch

    source, target = (torch.zeros(workload.size * BYTES // 2, dtype=torch.uint8, device="cuda") for _ in "st")
    return lambda: target.copy_(source)


CONTESTANTS: dict[str, Callable[[Workload], Step]] = {
    "symopt": lambda workload: emitted("adamw", workload),
    "copy": copy,
    "torch fused": lambda workload: torch_adamw(workload, fused=True),
    "torch foreach": lambda workload: torch_adamw(workload, foreach=True),
    "apex FusedAdam": apex,
    "symopt, clipped": lambda workload: emitted("adamw_clipped", workload, max_norm=NORM),
    "torch fused, clipped": torch_clipped,
}
HEAD = ["us per step, of the GPU / of the host", *CONTESTANTS]


def sleep_of_a_second() -> int:
    """For how many cycles the GPU must be asked to wait for a second."""
    import torch

    begin, end = (torch.cuda.Event(enable_timing=True) for _ in "be")
    for _ in range(2):  # the first finds the GPU asleep
        begin.record()
        torch.cuda._sleep(10_000_000)
        end.record()
        end.synchronize()
    return int(10_000_000 / (begin.elapsed_time(end) / 1000))


def turn(step: Step, ahead: int) -> tuple[float, float]:
    """The GPU's and the host's seconds per step, of some in a row that are asked for while the GPU waits."""
    import torch

    begin, end = (torch.cuda.Event(enable_timing=True) for _ in "be")
    torch.cuda.synchronize()
    torch.cuda._sleep(ahead)
    begin.record()
    start = time.perf_counter()
    for _ in range(BATCH):
        step()
    host = time.perf_counter() - start
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1000 / BATCH, host / BATCH


def measure(workload: Workload, rounds: int, second: int) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
    """The median times of each contestant, and who is missing and why."""
    steps, missing = built(workload)
    ahead = {name: int(1.5 * second * BATCH * turn(step, 0)[1]) for name, step in steps.items()}
    names = list(steps)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for k in range(rounds):
        for name in names[k % len(names) :] + names[: k % len(names)]:
            times[name].append(turn(steps[name], ahead[name]))
    return {name: tuple(map(median, zip(*found, strict=True))) for name, found in times.items()}, missing


def built(workload: Workload) -> tuple[dict[str, Step], dict[str, str]]:
    """The step of each contestant, warmed up, and why the others have none."""
    steps, missing = {}, {}
    for name, make in CONTESTANTS.items():
        try:
            steps[name] = make(workload)
            for _ in range(WARM_UP):
                steps[name]()
        except FAILURES as error:
            steps.pop(name, None)
            missing[name] = f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
    return steps, missing


def cells(title: str, times: dict[str, tuple[float, float]]) -> list[str]:
    shown = {name: f"{1e6 * gpu:.0f} / {1e6 * host:.0f}" for name, (gpu, host) in times.items()}
    return [title, *(shown.get(name, "-") for name in CONTESTANTS)]


def device() -> str:
    """The name of the GPU; without one the benchmark ends with a sentence."""
    try:
        import torch
    except ImportError:
        raise SystemExit("this benchmark takes its time with PyTorch; install torch with CUDA") from None
    if not torch.cuda.is_available():
        raise SystemExit("this benchmark needs a GPU, and PyTorch finds none that it can use here")
    try:
        symopt.load("sgd").bind(torch.ones(1, device="cuda"), target="cuda", lr=1.0)
    except symopt.SymoptError as error:
        raise SystemExit(f"symopt cannot take part: {error}") from None
    return f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}"


def main() -> None:
    """Measure and print."""
    options = command_line("Time one AdamW step in float32 on a GPU.", CHOSEN)
    where, rows, missing = device(), [], {}
    second = sleep_of_a_second()
    console = Console(stderr=options.markdown)
    for name in options.workloads or CHOSEN:
        with console.status(f"timing {WORKLOADS[name].title}"):
            times, absent = measure(WORKLOADS[name], options.rounds, second)
        missing |= absent
        rows.append(cells(WORKLOADS[name].title, times))
    if options.markdown:
        print(markdown(HEAD, rows))
    else:
        console.print(table(f"One AdamW step in float32 on {where}", *turned(HEAD, rows)))
    for name, reason in missing.items():
        console.print(f"not measured: {name} ({reason})")


if __name__ == "__main__":
    main()
