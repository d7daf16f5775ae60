"""Emitted CUDA files on PTX's interpreter: what a GPU would be given is what runs, with no GPU.

The whole file runs as it is: its launcher, its work list, its table of addresses, the copies to the device. Replaced is
what lies below it: the memory of the device, and the driver that is handed a compiled kernel, a grid and arguments.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

import numpy as np
from numba import cuda, types

from symopt.ptx import Memory, contracted, parse, run

CAPABILITY = (9, 0)
FACTORIES = "kernels", "copier", "swapper"
"""Functions of an emitted file that make kernels; `clear` is one itself."""


@dataclass(eq=False)
class Array:
    """An array on the made-up device, as much of it as Numba's have of what emitted files use. host: its elements"""

    host: np.ndarray
    address: int

    def __getattr__(self, name):
        if name in ("shape", "ndim", "size", "dtype"):
            return getattr(self.host, name)
        raise AttributeError(name)

    @property
    def __cuda_array_interface__(self):
        return {"shape": self.shape, "typestr": self.dtype.str, "data": (self.address, False), "version": 3}

    def __getitem__(self, part):
        assert part.step in (None, 1)
        return Array(self.host[part], self.address + (part.start or 0) * self.dtype.itemsize)

    def reshape(self, shape):
        return Array(self.host.reshape(shape), self.address)

    def copy_to_host(self):
        return self.host.copy()

    def copy_to_device(self, array, stream=0):
        assert (array.shape, array.dtype) == (self.shape, self.dtype)
        self.host[...] = array


class Tensor:
    """As a tensor of PyTorch, in bfloat16 where the numbers are its bits."""

    is_cuda = True

    def __init__(self, array):
        self.inner, self.shape, self.ndim = array, array.shape, array.ndim
        self.dtype = f"torch.{'bfloat16' if array.dtype == np.uint16 else array.dtype}"

    def data_ptr(self):
        return self.inner.address

    def is_contiguous(self):
        return True

    def copy_to_host(self):
        return self.inner.copy_to_host()


class Device:
    """The memory of the device, and what Numba's `cuda` does with it."""

    def __init__(self):
        self.memory = Memory()

    def device_array(self, shape, dtype=np.float64):
        """Memory with anything in it."""
        whole = np.full(prod(np.atleast_1d(shape)) * np.dtype(dtype).itemsize, 0xA5, np.uint8).view(dtype)
        return Array(whole.reshape(shape), self.memory.place(whole))

    def to_device(self, array, stream=0):
        """A copy of an array."""
        return self.put(np.asarray(array))

    def put(self, array, by=0):
        """A copy of an array, so many elements behind an aligned address, with nothing that may be touched behind."""
        array = np.asarray(array)
        found = self.device_array(by + array.size, array.dtype)[by:].reshape(array.shape)
        found.host[...] = array
        return found

    def put_tensor(self, array, by=0):
        """The same as a tensor of PyTorch."""
        return Tensor(self.put(array, by))

    def synchronize(self):
        """A launch here ends before it returns."""


@dataclass(eq=False)
class Machine:
    """Where kernels are launched. fused: whether products and sums are fused; ran: opcodes by kernel, kinds and file

    approximate: for the same, opcodes whose bits PTX leaves open
    """

    fused: bool = False
    compiled: dict = field(default_factory=dict)
    ran: dict = field(default_factory=dict)
    approximate: dict = field(default_factory=dict)
    launches: Counter = field(default_factory=Counter)

    def loaded(self, imported, name, path):
        """An emitted file as a module whose kernels run here, each time with a memory of its own.

        It is read twice: kernels are compiled with Numba's `cuda`, and what calls them finds that of the device.
        """
        compiled, module = (imported(f"{name}_{part}", path) for part in ("kernels", "calls"))
        support = path.read_text().partition("\n# --- ")[0]  # the same in many files
        files = dict.fromkeys(FACTORIES, support) | {"kernels": path.read_text()}
        module.cuda = Device()
        module.clear = Started(self, module.cuda, compiled.clear, support, module.__name__)
        for factory in FACTORIES:
            setattr(module, factory, self._made(module, getattr(compiled, factory), files[factory]))
        return module

    def _made(self, module, factory, text):
        """A factory whose kernels run here."""

        def start(kernel, *kinds):
            return Started(self, module.cuda, kernel, text, module.__name__, kinds)

        def make(*kinds):
            found = factory(*kinds)
            if isinstance(found, cuda.dispatcher.CUDADispatcher):
                return start(found, *kinds)
            return replace_all(found, {name: start(kernel, *kinds) for name, kernel in vars(found).items()})

        return make


def replace_all(space, values):
    """A namespace of the same kind with other values."""
    return type(space)(**values)


@dataclass(frozen=True, eq=False)
class Started:
    """A kernel that is called as Numba's are. text: what it is compiled from; kinds: and for"""

    machine: Machine
    device: Device
    kernel: cuda.dispatcher.CUDADispatcher
    text: str
    file: str
    kinds: tuple = ()

    def __getitem__(self, configuration):
        blocks, threads, stream = configuration
        assert stream == 0

        def call(*arguments):
            kernel = self.compiled(tuple(map(kind, arguments)))
            words = [word for argument in arguments for word in passed(argument)]
            report = run(kernel, blocks, threads, words, self.device.memory)
            self.note(report)

        return call

    def compiled(self, signature):
        """The kernel for these types of arguments, compiled once for all files that have it."""
        key = self.text, self.kernel.py_func.__name__, self.kinds, signature
        known = self.machine.compiled
        if key not in known:
            fastmath = self.kernel.targetoptions["fastmath"]
            text, _ = cuda.compile_ptx(self.kernel.py_func, signature, fastmath=fastmath, cc=CAPABILITY)
            made = parse(text).kernel
            known[key] = made, contracted(made)
        return known[key][self.machine.fused]

    def note(self, report):
        """Remember what ran."""
        ran, approximate = self.machine.ran, self.machine.approximate
        key = self.file, self.kernel.py_func.__name__
        ran[key] = ran.get(key, frozenset()) | report.opcodes
        approximate[key] = {**approximate.get(key, {}), **report.approximate}


def kind(argument):
    """The type that Numba finds for an argument of a kernel."""
    if isinstance(argument, Array):
        return types.Array(getattr(types, argument.dtype.name), argument.ndim, "C")
    assert type(argument) is int
    return types.int64


def passed(argument):
    """An argument as the words of a kernel's parameters."""
    if type(argument) is int:
        return (argument,)
    host = argument.host
    return (0, 0, host.size, host.itemsize, argument.address, *host.shape, *host.strides)
