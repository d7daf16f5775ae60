"""Emitted CUDA files on PTX's interpreter: what a GPU would be given is what runs, with no GPU.

The whole file runs as it is: its launcher, its work list, its table of addresses, the copies to the device. Replaced is
what lies below it: the memory of the device, and the driver that is handed a compiled kernel, a grid and arguments.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from math import prod
from types import SimpleNamespace

import numpy as np
from numba import cuda, types

from symopt.checks import cache as stored
from symopt.ptx import Memory, contracted, parse, run

CAPABILITY = (9, 0)
COMPILER = (CAPABILITY, version("numba-cuda"), version("nvidia-nvvm"), version("llvmlite"))
STORED = "ptx-of-tests"
GARBAGE = 0xA5  # every byte of memory that nobody wrote to
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
        return Array(self.host[part], self.address + int(part.start or 0) * self.dtype.itemsize)

    def reshape(self, shape):
        return Array(self.host.reshape(shape), self.address)

    def copy_to_host(self):
        return self.host.copy()

    def copy_to_device(self, array, stream=0):
        assert (array.squeeze().shape, array.dtype) == (self.host.squeeze().shape, self.dtype)  # as Numba has it
        self.host[...] = array.reshape(self.shape)


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
        self.memory, self.before = Memory(), []

    def device_array(self, shape, dtype=np.float64):
        """Memory with anything in it."""
        count = prod(np.atleast_1d(shape).tolist())
        whole = np.full(count * np.dtype(dtype).itemsize, GARBAGE, np.uint8).view(dtype)
        return Array(whole.reshape(shape), self.memory.place(whole))

    def to_device(self, array, stream=0):
        """A copy of an array."""
        return self.put(np.asarray(array))

    def put(self, array, by=0):
        """A copy of an array, so many elements behind an aligned address; behind it nothing can be touched unseen."""
        array = np.asarray(array)
        room = self.device_array(by + array.size, array.dtype)
        self.before.append(room.host[:by])
        found = room[by:].reshape(array.shape)
        found.host[...] = array
        return found

    def put_tensor(self, array, by=0):
        """The same as a tensor of PyTorch."""
        return Tensor(self.put(array, by))

    def untouched(self):
        """Whether nothing was written before the arrays that were put."""
        return all(np.all(front.view(np.uint8) == GARBAGE) for front in self.before)

    def default_stream(self):
        """Stands for it."""
        return 0

    def synchronize(self):
        """A launch here ends before it returns."""


@dataclass(eq=False)
class Machine:
    """What launches kernels on a device. fused: products and sums are, where the assembler may do that

    kernels: those compiled before; opcodes, approximate: of each kernel by its name, what ran of it
    """

    device: Device
    kernels: dict
    fused: bool = False
    opcodes: dict = field(default_factory=dict)
    approximate: dict = field(default_factory=dict)

    def loaded(self, imported, name, path):
        """An emitted file as a module whose kernels run here.

        It is read twice: kernels are compiled with Numba's `cuda`, and what calls them finds that of the device.
        """
        compiled, module = (imported(f"{name}_{part}", path) for part in ("kernels", "calls"))
        whole = path.read_text()
        support = whole.partition("\n# --- ")[0]  # the same in many files
        module.cuda, module.clear = self.device, Started(self, compiled.clear, support)
        for factory in FACTORIES:
            text = whole if factory == "kernels" else support
            setattr(module, factory, self._made(getattr(compiled, factory), text))
        return module

    def _made(self, factory, text):
        """A factory whose kernels run here."""

        @cache
        def make(*kinds):
            found = factory(*kinds)
            if not isinstance(found, SimpleNamespace):
                return Started(self, found, text)
            return SimpleNamespace(**{name: Started(self, kernel, text) for name, kernel in vars(found).items()})

        return make


@dataclass(frozen=True, eq=False)
class Started:
    """A kernel that is called as Numba's are. text: the part of its file that it is made of"""

    machine: Machine
    kernel: cuda.dispatcher.CUDADispatcher
    text: str

    def __getitem__(self, configuration):
        blocks, threads, stream = configuration
        assert stream == 0

        def call(*arguments):
            kernel = self.compiled(tuple(map(kind, arguments)))
            words = [word for argument in arguments for word in passed(argument)]
            self.note(run(kernel, blocks, threads, words, self.machine.device.memory))

        return call

    def compiled(self, signature):
        """The kernel for these types of arguments; one text, with one value of what it takes from outside, is one."""
        function, known = self.kernel.py_func, self.machine.kernels
        outside = inspect.getclosurevars(function).nonlocals
        key = stored.digest(self.text, function.__name__, repr((sorted(outside.items()), signature, COMPILER)))
        if key not in known:
            known[key] = parse(self.assembly(signature, key)).kernel
        if self.machine.fused and f"{key} fused" not in known:
            known[f"{key} fused"] = contracted(known[key])
        return known[f"{key} fused" if self.machine.fused else key]

    def assembly(self, signature, key):
        """The PTX, from the disk where it is known."""
        found = stored.read(STORED, key)
        if not isinstance(found, str):
            fastmath = self.kernel.targetoptions["fastmath"]
            found, _ = cuda.compile_ptx(self.kernel.py_func, signature, fastmath=fastmath, cc=CAPABILITY)
            stored.store(STORED, key, found)
        return found

    def note(self, report):
        """Remember what ran."""
        name, machine = self.kernel.py_func.__name__, self.machine
        machine.opcodes.setdefault(name, set()).update(report.opcodes)
        machine.approximate.setdefault(name, {}).update(report.approximate)


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
