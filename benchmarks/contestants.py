"""What several benchmarks let compete: the files that symopt emits, loops that only move memory, torch's optimizers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numba import carray, njit, prange
from turns import THREADS, Contestant, Step, View, nothing
from workloads import Workload

from symopt.artifacts import artifact, load_module
from symopt.catalogue import load


def emitted(name: str, hyper: dict[str, float], workload: Workload) -> Contestant:
    """The file that symopt emits for an optimizer of the catalogue."""
    module: ModuleType = load_module(artifact(load(name), "cpu"))
    params = workload.params()
    starts = {key: hyper[key] for key in inspect.signature(module.init).parameters if key in hyper}
    state = module.init(params, **starts)
    source = workload.gradients()
    box = [next(source)]

    def prepare() -> None:
        box[0] = next(source)

    def view() -> View:
        averaged = {"deployed": module.deployed(params, state)} if hasattr(module, "deployed") else {}
        return {"trained": params, **averaged}

    return Contestant(lambda: module.step(params, box[0], state, **hyper), prepare, view)


def traffic(name: str, passes: Callable[[ModuleType], Callable[..., None]], workload: Workload) -> Contestant:
    """The same memory as the emitted file of an optimizer, by the same work list, with next to no arithmetic.

    passes: makes the compiled loop; it takes the work list, its shares, the addresses, an array of the dtype, and room
        for a number per chunk
    """
    module: ModuleType = load_module(artifact(load(name), "cpu"))
    params = workload.params()
    gradients = next(workload.gradients())
    state = module.init(params)
    stored = [key for key, written in module.BUFFERS.items() if written][1:]
    plan = state.plan
    plan.bind(params, gradients, *(getattr(state, key) for key in stored))
    move, like, room = passes(module), np.zeros(1, np.float32), np.zeros(len(plan.work), np.float32)
    return Contestant(lambda: move(plan.work, plan.blocks, plan.table, like, room))


def moving_adamw(module: ModuleType) -> Callable[..., None]:
    """28 bytes per parameter, with four additions."""
    pointer = module.pointer

    @njit(parallel=True, error_model="numpy")
    def move(work: np.ndarray, blocks: np.ndarray, table: np.ndarray, like: np.ndarray, room: np.ndarray) -> None:
        for block in prange(len(blocks) - 1):
            for chunk in range(blocks[block], blocks[block + 1]):
                tensor, start, n, _ = work[chunk]
                theta = carray(pointer(table[tensor, 0] + start * like.itemsize, like), n)
                g = carray(pointer(table[tensor, 1] + start * like.itemsize, like), n)
                m = carray(pointer(table[tensor, 2] + start * like.itemsize, like), n)
                v = carray(pointer(table[tensor, 3] + start * like.itemsize, like), n)
                for i in range(n):
                    m[i], v[i], theta[i] = m[i] + g[i], v[i] + g[i], theta[i] + m[i] + v[i]

    return move


# ---- torch ----


def torch_contestant(workload: Workload, make: Callable[[list[Any]], tuple[Step, Callable[[], View]]]) -> Contestant:
    """A step of torch; new gradients are set on the parameters, as autograd does after zero_grad.

    make: gives the step, and what a comparison looks at, from the parameters
    """
    import torch

    torch.set_num_threads(THREADS)
    params = [torch.nn.Parameter(torch.from_numpy(array)) for array in workload.params()]
    source = workload.gradients()

    def prepare() -> None:
        for param, gradient in zip(params, next(source), strict=True):
            param.grad = torch.from_numpy(gradient)

    prepare()
    step, view = make(params)
    return Contestant(step, prepare if workload.new_gradients else nothing, view)


def numpy_arrays(tensors: list[Any]) -> list[np.ndarray]:
    return [tensor.detach().numpy() for tensor in tensors]
