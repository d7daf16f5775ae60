"""Running an emitted CUDA file on symbols: host and kernels, on a device that is played.

Replaced are what reads and writes memory, Numba, and the scalar functions that symbols have of their own. The model is
such that several elements are taken at a time where all arrays are aligned there, and one by one elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle
from types import CodeType, SimpleNamespace
from typing import Any

import numpy as np

from symopt.derive.training import Training
from symopt.prove.device import DeviceArray, Form, Memory, Tensor
from symopt.prove.emitted import Emitted, run
from symopt.prove.grid import Grid
from symopt.prove.model import Model
from symopt.prove.places import element
from symopt.prove.symbolic import Machine
from symopt.prove.values import Path, Results

# Three chunks in the first tensor, in which a thread takes four elements more than once; more groups than threads.
MODEL = Model(((1, 27), (), (3, 5), (2, 0), (3,)), (0, 1, 2, 0, 1), unlike=2)
CHUNK, THREADS = 13, 2
SKEWS = {"params": (0, 1, 1, 0, 1), "given": (0, 1, 0, 0, 0)}
"""How many elements each array begins behind an address from which several can be loaded."""


class DeviceMachine(Machine):
    """Values in memory of a device."""

    def __init__(self, path: Path, rounding: Callable[[Any], Any] | None = None):
        super().__init__(path)
        self.grid, self.rounds = Grid(), rounding is not None
        self.device = Memory(self.grid)
        narrow = {} if rounding is None else {"rounding": rounding}
        self.forms = {
            "float16": Form("float16", 2, **narrow), "uint16": Form("uint16", 2, **narrow),
            "float32": Form("float32", 4, **narrow), "float64": Form("float64", 8),
        }  # fmt: skip
        self.scales: dict[int, tuple[Any, int]] = {}
        self.chosen = cycle((1, 2, 2, 1, 2, 1, 1))

    def modules(self) -> dict[str, Any]:
        """What stands for the modules that a file imports."""
        numba = SimpleNamespace(cuda=self.cuda(), types=SimpleNamespace(**self.forms))
        ir = SimpleNamespace(**dict.fromkeys(("FloatType", "DoubleType", "HalfType", "IntType"), lambda *bits: bits))
        warning = SimpleNamespace(NumbaPerformanceWarning=UserWarning)
        return {
            **super().modules(),
            "numba": numba,
            "numba.cuda.core.errors": warning,
            "numba.cuda.extending": SimpleNamespace(intrinsic=lambda function: function),
            "llvmlite": SimpleNamespace(ir=ir),
        }

    def numpy(self) -> SimpleNamespace:
        """NumPy with types of numbers that round values, or leave them as they are."""
        base = super().numpy()

        def dtype(given: Any) -> Any:
            return given if isinstance(given, Form) else self.forms.get(given) or np.dtype(given)

        def zeros(shape: Any, dtype: Any = None) -> Any:
            return base.zeros(shape, None if isinstance(dtype, Form) else dtype)

        of_addresses = {
            name: _of_either(getattr(base, name), getattr(np, name)) for name in ("where", "maximum", "minimum")
        }
        return SimpleNamespace(**{**vars(base), **self.forms, **of_addresses, "dtype": dtype, "zeros": zeros})

    def cuda(self) -> SimpleNamespace:
        """Numba's module of the device."""
        grid = self.grid

        def device_array(shape: Any, dtype: Form) -> DeviceArray:
            return self.device.array([None] * int(shape), (int(shape),), dtype)

        def shared_array(count: int, form: Form) -> DeviceArray:
            return grid.own(lambda: self.device.array([None] * count, (count,), form))

        return SimpleNamespace(
            jit=lambda device=False, **options: lambda function: function if device else Kernel(function, grid),
            threadIdx=_Index(lambda: grid.thread),
            blockIdx=_Index(lambda: grid.block),
            gridDim=_Index(lambda: grid.blocks),
            grid=lambda axes: grid.block * grid.threads + grid.thread,
            gridsize=lambda axes: grid.blocks * grid.threads,
            shared=SimpleNamespace(array=shared_array),
            synchronize=lambda: None,  # a launch ends before the next one begins
            default_stream=lambda: 0,
            to_device=self.to_device,
            device_array=device_array,
        )

    def to_device(self, host: Any) -> DeviceArray:
        """A copy of an array of the host: of numbers in float64, or of whole ones."""
        form = self.forms["float64"] if host.dtype == object else Form(host.dtype.name, host.dtype.itemsize)
        return self.device.array(list(host.flat), host.shape, form)

    def stand_ins(self) -> dict[str, Any]:
        """What replaces names of a file."""
        names = "load", "load_wide", "store", "store_wide", "place", "skipped"
        return {**{name: getattr(self.device, name) for name in names}, "CHUNK": CHUNK, "THREADS": THREADS}

    def load(self, code: Iterable[CodeType]) -> dict[str, Any]:
        """The names that an emitted file defines, computing with values."""
        names = super().load(code)
        names["in_range"] = lambda f, total: self.scale(total)
        return names

    def scale(self, total: Any) -> int:
        """Whether a sum of squares is added up again: the same answer for every thread that asks."""
        if id(total) not in self.scales:
            self.scales[id(total)] = total, next(self.chosen)  # a sum that is kept keeps its id
        return self.scales[id(total)][1]


def _of_either(of_values: Callable[..., Any], of_numbers: Any) -> Callable[..., Any]:
    """A function of NumPy for values, and for arrays of plain numbers such as addresses."""

    def apply(*given: Any) -> Any:
        kinds = {array.dtype == object for array in given if isinstance(array, np.ndarray)}
        return of_numbers(*given) if kinds == {False} else of_values(*given)

    vars(apply)["accumulate"] = getattr(of_numbers, "accumulate", None)
    return apply


class Kernel:
    """A function that a grid of threads runs."""

    def __init__(self, function: Callable[..., Any], grid: Grid):
        self.function, self.grid = function, grid

    def __getitem__(self, sizes: tuple[Any, ...]) -> Callable[..., None]:
        blocks, threads = map(int, sizes[:2])
        return lambda *arguments: self.grid.launch(self.function, blocks, threads, arguments)


class _Index:
    """The number of a thread, of a block, or how many blocks there are."""

    def __init__(self, tell: Callable[[], int]):
        self.tell = tell

    @property
    def x(self) -> int:
        """Along the one axis that is used."""
        return self.tell()


@dataclass(frozen=True)
class Arrays:
    """How the user's arrays are stored, and of which class they are.

    params: those that are stepped; given: those that are only read
    kept: whether params are copies of masters; what: in words, where it is not the usual way
    """

    params: tuple[str, type[DeviceArray]]
    given: tuple[str, type[DeviceArray]]
    kept: bool = False
    what: str = ""


ARRAYS = (
    Arrays(("uint16", Tensor), ("float16", DeviceArray)),
    Arrays(("float16", DeviceArray), ("uint16", Tensor), kept=True, what="masters kept"),
    Arrays(("float64", DeviceArray), ("float64", Tensor), what="float64"),
)
"""Every branch of a file is taken: bfloat16 and float16 are computed with in float32, four elements at a time."""


class EmittedForDevice(Emitted):
    """An emitted CUDA file, loaded on symbols."""

    machine: DeviceMachine
    stored = ARRAYS[0]

    def prepare(self) -> None:
        """Nothing more is replaced."""

    def runs(self) -> Results:
        """With arrays of every kind; where numbers round, with the first."""
        ways = ARRAYS[:1] if self.machine.rounds else ARRAYS
        for self.stored in ways:
            run(self)
        return self.results

    def on_device(self, name: str, form: str, skews: tuple[int, ...], kind: type[DeviceArray]) -> list[Any]:
        """An array of symbols per tensor."""
        made, narrow = self.machine.device.array, self.machine.forms[form]
        arrays = zip(self.arrays(name), skews, strict=True)
        return [made(list(array.flat), array.shape, narrow, skew, kind) for array, skew in arrays]

    def params(self, name: str) -> list[Any]:
        """The user's arrays."""
        form, kind = self.stored.params
        return self.on_device(name, form, SKEWS["params"], kind)

    def given(self, name: str) -> list[Any]:
        """Arrays that are only read."""
        form, kind = self.stored.given
        return self.on_device(name, form, SKEWS["given"], kind)

    def init(self, params: list[Any], **options: bool) -> Any:
        """The first state."""
        return super().init(params, kept=self.stored.kept)

    def any_state(self, state: Any) -> list[Any]:
        """Any state; masters may be read, but not the params that they were rounded to."""
        params = super().any_state(state)
        if not self.stored.kept:
            return params
        self._fill(state.masters, self.training.param)
        return self.params(_rounded(self.training.param))

    def forget(self, state: Any, name: str) -> None:
        """Symbols for every element of a state."""
        self._fill(getattr(state, name), name)

    def _fill(self, arrays: Iterable[DeviceArray], name: str) -> None:
        for array, host in zip(arrays, self.arrays(name), strict=True):
            array.copy_to_device(host)

    def collect(self, when: str, params: list[Any], state: Any) -> None:
        """What is stored, and the copies of it."""
        if self.stored.kept:
            self.rounded(self.at(when), "copied params", params)
        super().collect(self.at(when), params, state)

    def at(self, when: str) -> str:
        """When, and how arrays are stored."""
        return f"{when}, {self.stored.what}" if self.stored.what and ", " not in when else when

    def deploy(self, when: str, params: list[Any], state: Any) -> None:
        """theta put in and out, after which the masters are what they were."""
        before = [array.flat for array in state.masters]
        super().deploy(self.at(when), params, state)
        for array, values in zip(state.masters, before, strict=True):
            array.copy_to_device(np.array([*values, None], object)[:-1].reshape(array.shape))

    def held(self, when: str, what: str, params: list[Any], state: Any) -> None:
        """What the masters hold is what they were rounded to."""
        super().held(when, what, state.masters or params, state)
        if self.stored.kept:
            self.rounded(when, f"{what}, rounded", params)

    def rounded(self, when: str, what: str, params: list[Any]) -> None:
        """Take down what params hold; what was never changed are the masters, rounded."""
        self.found(when, what, params)
        param = self.training.param
        for tensor, i in self.model.places:
            if self.results[when, what, tensor, i] == element(_rounded(param), tensor, i):
                self.results[when, what, tensor, i] = element(param, tensor, i)

    def stepped(self, params: list[Any], state: Any) -> list[Any]:
        """The arrays that are stepped."""
        return state.masters or params


def _rounded(param: str) -> str:
    """What stands for the numbers in params where masters are kept."""
    return f"{param} rounded"


def stepped_on_device(training: Training, code: Iterable[CodeType], machine: DeviceMachine) -> Results:
    """`init`, then one `step` from any state, with arrays of every kind."""
    return EmittedForDevice(training, MODEL, machine, code).runs()
