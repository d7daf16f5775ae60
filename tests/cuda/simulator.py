"""Numba's simulator, which runs kernels as Python, with no GPU: for a process that starts with NUMBA_ENABLE_CUDASIM=1.

The simulator knows no intrinsics, so the few of an emitted file are replaced by functions on the memory of the host.
What a kernel computes is computed here in the types of the device: there a literal has 64 bits and makes a result of 64
bits, in NumPy it takes the type of the other operand. `store` demands the type that is computed with.
"""

from __future__ import annotations

import ast
import ctypes
import sys
import warnings

import numpy as np
from numba import cuda
from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray
from numba.cuda.simulator.kernel import FakeCUDAKernel
from numba.cuda.simulator.kernelapi import FakeCUDAShared

sys.setswitchinterval(1e-5)  # the simulator asks its threads in a loop whether they have arrived


def shared_array(memory, shape, dtype):
    """The array of a line for all threads of a block, made once; the simulator may make one for each of two threads."""
    caller = sys._getframe(1)
    fresh = np.full(shape, np.nan, dtype if isinstance(dtype, type) else str(dtype))
    return memory._allocations.setdefault((caller.f_code, caller.f_lineno), fresh)


FakeCUDAShared.array = shared_array
FakeCUDAArray.__cuda_array_interface__ = property(lambda array: array._ary.__array_interface__)  # as a real one has
warnings.filterwarnings("ignore", category=RuntimeWarning)  # a device is silent about NaN and infinities

REPLACED = """
from simulator import at, narrowed, widened

def load(address, i, like):
    return widened(at(address, i, like, 1))[0]

def load_wide(address, i, like):
    return tuple(widened(at(address, i, like, min(4, 16 // np.dtype(like).itemsize))))

def store(address, i, like, value):
    if like is not None:
        at(address, i, like, 1)[:] = narrowed(like, value)

def store_wide(address, i, like, values):
    if like is not None:
        at(address, i, like, len(values))[:] = [narrowed(like, value) for value in values]

def place(address, i, like):
    return address if like is None else address + i * np.dtype(like).itemsize

def skipped(address, i, like):
    size = np.dtype(like).itemsize
    return -(int(address) + int(i) * size) % min(16, 4 * size) // size

def configured(kernel, blocks, stream):
    return kernel[blocks, THREADS, stream]  # a simulated kernel remembers a grid itself
"""
MATH = ("cos", "exp", "expm1", "log", "log1p", "sin", "sqrt", "tanh")  # NaN where those of Python raise
PRIMITIVES = ("ceil", "floor", "sign")


class Typed(ast.NodeTransformer):
    """Literals of kernels and device functions get the types that they have on the device."""

    def __init__(self):
        self.depth = 0  # how many compiled functions are around

    def visit_FunctionDef(self, node):
        compiled = any("device" in (how := ast.unparse(d)) or "jit" in how for d in node.decorator_list)
        self.depth += compiled
        node.body = [self.visit(line) for line in node.body]
        self.depth -= compiled
        return node

    def visit_Constant(self, node):
        kinds = {float: "np.float64", int: "np.int64"}
        if not self.depth or type(node.value) not in kinds:
            return node
        return ast.parse(f"{kinds[type(node.value)]}({node.value!r})", mode="eval").body


def typed(text):
    """The text of a file for the simulator; `prepared` does the rest once it is a module."""
    return f"{ast.unparse(Typed().visit(ast.parse(text)))}\n{REPLACED}"


def prepared(module):
    """A module whose functions and numbers are those of the simulator."""
    for name in MATH + PRIMITIVES:
        if hasattr(module, name):
            setattr(module, name, getattr(np, name))
    for name, value in [*vars(module).items()]:
        if isinstance(value, FakeCUDAKernel) and value._device:
            setattr(module, name, value.fn)  # the kernel that calls it has set the scene
        elif type(value) is float and name.isupper():
            setattr(module, name, np.float64(value))
    return module


def at(address, i, like, count):
    """The memory of some elements; a device takes several at a time only where they are aligned."""
    kind = np.dtype(like)
    place = int(address) + int(i) * kind.itemsize
    assert place % min(16, count * kind.itemsize) == 0, f"element {i} of the array at {address} is not aligned"
    return np.frombuffer((ctypes.c_char * (kind.itemsize * count)).from_address(place), kind)


def widened(values):
    """Elements as they are computed with."""
    if values.dtype == np.uint16:
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32) if values.dtype == np.float16 else values.copy()


def narrowed(like, value):
    """A number as it is stored: bfloat16 is the upper half of float32, rounded to the nearest, ties to even."""
    computed = np.float64 if like is np.float64 else np.float32
    assert type(value) is computed, f"{type(value).__name__} is stored where {computed.__name__} is computed"
    if like is not np.uint16:
        return like(value)
    high, low = divmod(int(value.view(np.uint32)), 1 << 16)
    return np.uint16(high | 64 if np.isnan(value) else high + (low > 1 << 15 or (low == 1 << 15 and high % 2)))


def buffer(array, by=0):
    """A copy of an array on the device, so many elements behind an address that is a multiple of 64."""
    room = cuda.to_device(np.zeros(array.size + by + 64, array.dtype))
    first = -room.__cuda_array_interface__["data"][0] % 64 // array.itemsize + by
    found = room[first : first + array.size].reshape(array.shape)
    found._ary[...] = array  # `copy_to_device` refuses no elements here
    return found


class Foreign:
    """An array on the simulated device that does not say so itself."""

    def __init__(self, array, by=0):
        self.inner = buffer(array, by)
        self.shape, self.ndim, self.dtype = array.shape, array.ndim, array.dtype

    def copy_to_host(self):
        return self.inner.copy_to_host()


class Torch(Foreign):
    """As a tensor of PyTorch, in bfloat16 where the numbers are its bits."""

    is_cuda = True

    def __init__(self, array, by=0):
        super().__init__(array, by)
        self.dtype = f"torch.{'bfloat16' if array.dtype == np.uint16 else array.dtype}"

    def data_ptr(self):
        return self.inner.__cuda_array_interface__["data"][0]

    def is_contiguous(self):
        return True


class Pointer:
    """Where an array of CuPy says that it lies."""

    def __init__(self, ptr):
        self.ptr = ptr


class Cupy(Foreign):
    """As an array of CuPy."""

    @property
    def data(self):
        return Pointer(self.inner.__cuda_array_interface__["data"][0])

    @property
    def __cuda_array_interface__(self):
        return self.inner.__cuda_array_interface__


class Exported(Foreign):
    """As an array of a library that has DLPack alone."""

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self):
        return self.inner._ary.__dlpack__()
