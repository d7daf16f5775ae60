"""Arrays on a CUDA device: what a running optimizer must know of PyTorch, CuPy, Numba and whatever speaks like them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.runtime.host import Mirror
from symopt.runtime.structure import Structure

NEEDED = "pip install 'symopt-codegen[cuda]' brings numba-cuda"


def require() -> None:
    """Refuse to go on without Numba's CUDA target and a device."""
    try:
        import_module("numba.cuda.core.errors")  # part of numba-cuda, not of the target that Numba once had
    except ModuleNotFoundError as error:
        raise SymoptError(f"target cuda needs the package numba-cuda; {NEEDED}") from error
    cuda = import_module("numba.cuda")
    if not cuda.is_available():
        reason = " ".join(str(cuda.cuda_error() or "no reason is known").split()).rstrip(".")
        raise SymoptError(f"target cuda needs a CUDA device and its driver, and none can be used here: {reason}")


class Device:
    """Device arrays, stepped by CUDA kernels on the stream that their library uses at the time."""

    def __init__(self, module: ModuleType, masters: bool):
        require()
        self.module = module
        self.masters = masters
        self.start_options: dict[str, Any] = {"kept": masters}
        self.stream: Callable[[], Any] = lambda: 0

    def wrong(self, label: str, leaf: Any) -> str | None:
        """What is wrong with a value that should be a device array; None where it is one."""
        if isinstance(leaf, np.ndarray | np.generic):
            return f"{label} is a NumPy array, in the memory of the host; numba.cuda.to_device(...) copies it there"
        try:
            self.module.fields(leaf)
        except TypeError as error:
            return f"{label} {error}"
        return None

    def check(self, arrays: Sequence[Any], structure: Structure) -> None:
        """Find the stream that steps run on; refuse arrays of another device than the current one."""
        cuda = import_module("numba.cuda")
        for label, array in zip(structure.labels("params"), arrays, strict=True):
            index = _device(array)
            if index is not None and index != (current := cuda.get_current_device().id):
                remedy = f"numba.cuda.select_device({index}) makes it that"
                raise SymoptError(f"{label} lies on device {index} and not on the current device {current}; {remedy}")
        self.stream = _stream(arrays[0])

    def step_options(self) -> dict[str, Any]:
        """The stream."""
        return {"stream": self.stream()}

    def writable(self, array: Any) -> bool:
        """Whether an array may be written."""
        return self.module.fields(array)[4]

    def wait(self) -> None:
        """Wait until all that was asked for is done, on every stream."""
        import_module("numba.cuda").synchronize()

    def kind(self, arrays: Sequence[Any], state: Any) -> str:
        """The dtype of the training arrays: of the masters, where there are any."""
        return str(state.plan.dtype) if self.masters else state.plan.kind

    def taken(self, state: Any) -> list[int]:
        """The number of steps that were asked for, per group; nothing is waited for."""
        return [int(t) for t in state.taken]

    def mirror(self, params: Sequence[Any], state: Any, elements: Sequence[str]) -> Mirror:
        """Copies of what is remembered; `push` writes them back."""
        self.wait()
        host = state.plan.on_host
        table = state.tensor_numbers.copy_to_host() if hasattr(state, "tensor_numbers") else None
        kept = {name: host(getattr(state, name)) for name in elements}
        arrays = host(state.masters or params) if len(params) else ()
        return Mirror(arrays, state.numbers.copy_to_host(), table, kept)

    def push(self, mirror: Mirror, params: Sequence[Any], state: Any) -> None:
        """Write everything back."""
        put = state.plan.put
        state.numbers.copy_to_device(mirror.numbers)
        state.taken[:] = mirror.numbers[:, 0]
        if mirror.tensor_numbers is not None:
            state.tensor_numbers.copy_to_device(mirror.tensor_numbers)
        for name, arrays in mirror.elements.items():
            put(getattr(state, name), arrays)
        for arrays in (state.masters, params):
            if len(arrays):
                put(arrays, mirror.params)
        self.wait()


def _device(array: Any) -> int | None:
    """The number of the device that an array lies on, where its library tells."""
    device = getattr(array, "device", None)
    found = getattr(device, "index", getattr(device, "id", None))
    return found if isinstance(found, int) else None


def _stream(array: Any) -> Callable[[], Any]:
    """What gives the stream that the library of an array uses at the time."""
    home = type(array).__module__.partition(".")[0]
    if hasattr(array, "data_ptr") and "torch" in sys.modules:
        current = sys.modules["torch"].cuda.current_stream
        return lambda: _external(current().cuda_stream)
    if home == "cupy":
        current = sys.modules["cupy"].cuda.get_current_stream
        return lambda: _external(current().ptr)
    return lambda: 0


@cache
def _external(handle: int) -> Any:
    """Numba's name for a stream; 0 is the default stream."""
    return import_module("numba.cuda").external_stream(handle) if handle else 0
