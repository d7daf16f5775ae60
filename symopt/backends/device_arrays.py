"""What every emitted CUDA file carries: the arrays of any library, their checks, and kernels that move them whole."""

# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportIndexIssue=false, reportMissingImports=false
import ctypes
import warnings
from functools import cache, lru_cache
from math import prod

import numpy as np
from numba import cuda
from numba.cuda.core.errors import NumbaPerformanceWarning

from symopt.backends.device import STORED, THREADS, load, store

# --- from here on part of every emitted file ---


def fields(array):
    """(address, shape, name of the dtype, whether it is C-contiguous, whether it may be written) of a device array."""
    if hasattr(array, "data_ptr"):  # PyTorch, whose interface below refuses bfloat16 and what requires a gradient
        if not array.is_cuda:
            raise TypeError("lies in the memory of the host")
        kind = str(array.dtype).removeprefix("torch.")
        return array.data_ptr(), tuple(array.shape), kind, array.is_contiguous(), True
    if hasattr(array, "__cuda_array_interface__"):
        form = array.__cuda_array_interface__
        shape, kind = tuple(form["shape"]), np.dtype(form["typestr"])
        dense = tuple(kind.itemsize * prod(shape[axis + 1 :]) for axis in range(len(shape)))
        strides = form.get("strides")
        contiguous = strides is None or 0 in shape or tuple(strides) == dense
        name = kind.name if kind.isnative else kind.str
        return form["data"][0], shape, name, contiguous, not form["data"][1]
    if hasattr(array, "__dlpack__"):
        return dlpack_fields(array)
    raise TypeError(f"must be a device array, not {type(array).__name__}")


class Tensor(ctypes.Structure):
    """DLTensor, the head of what a DLPack capsule holds (dlpack.h)."""

    _fields_ = [
        ("data", ctypes.c_void_p), ("device", ctypes.c_int32 * 2), ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)), ("offset", ctypes.c_uint64),
    ]  # fmt: skip


def dlpack_fields(array):
    """The same of an array that gives a DLPack capsule: in CUDA memory (2, 13), floating (2) or bfloat16 (4)."""
    if array.__dlpack_device__()[0] not in (2, 13):
        raise TypeError("lies in the memory of the host")
    capsule = array.__dlpack__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    head = Tensor.from_address(pointer(capsule, b"dltensor"))
    shape = tuple(head.shape[: head.ndim])
    strides = tuple(head.strides[: head.ndim]) if head.strides else None
    dense = tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))
    kind = {2: f"float{head.bits}", 4: "bfloat16"}.get(head.code, f"of DLPack's type {head.code}")
    kind = kind if head.lanes == 1 else f"{kind} in vectors of {head.lanes}"
    return (head.data or 0) + head.offset, shape, kind, strides is None or 0 in shape or strides == dense, True


def check_arrays(name, arrays, shapes, kinds, written):
    """The addresses of the arrays of one buffer and the dtype that all of them have."""
    if len(arrays) != len(shapes):
        raise ValueError(f"{name} has {len(arrays)} arrays for {len(shapes)} tensors.")
    addresses, kind = [], None
    for k, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
        try:
            address, own, dtype, contiguous, writable = fields(array)
        except TypeError as error:
            raise TypeError(f"{name}[{k}] {error}.") from error
        kind = kind or dtype
        if dtype not in kinds or dtype != kind:
            raise TypeError(f"{name}[{k}] must be {' or '.join(kinds) if dtype not in kinds else kind}, not {dtype}.")
        if own != shape:
            raise ValueError(f"{name}[{k}] must have shape {shape}, not {own}.")
        if not contiguous or address % np.dtype(STORED.get(dtype, np.uint16)).itemsize:
            raise ValueError(f"{name}[{k}] must be C-contiguous and aligned.")
        if written and not writable:
            raise ValueError(f"{name}[{k}] must be writable.")
        addresses.append(address)
    return addresses, kind


def check_apart(names, table, extents, written):
    """No written buffer may share memory with any other; a column of `table` holds the addresses of one buffer."""
    cells = np.argsort(table, axis=None, kind="stable")
    cells = cells[np.broadcast_to(extents, table.shape).ravel()[cells] > 0]
    starts, ends = table.ravel()[cells], (table + extents).ravel()[cells]
    kept = np.broadcast_to(written, table.shape).ravel()[cells]  # what must not be touched by another buffer
    reach, reach_kept = (np.maximum.accumulate(np.where(kind, ends, 0)) for kind in (True, kept))
    clash = np.flatnonzero(starts[1:] < np.where(kept[1:], reach[:-1], reach_kept[:-1])) + 1
    if clash.size:
        second = clash[0]
        first = next(k for k in range(second) if ends[k] > starts[second] and (kept[k] or kept[second]))
        pair = sorted((cells[first], cells[second]))
        shown = (f"{names[cell % len(names)]}[{cell // len(names)}]" for cell in pair)
        raise ValueError(f"{' and '.join(shown)} share memory.")


def reader(arrays):
    """What tells the address of each of these arrays, as fast as their library can."""
    if len(set(map(type, arrays))) == 1:
        if hasattr(arrays[0], "data_ptr"):
            return type(arrays[0]).data_ptr
        if hasattr(getattr(arrays[0], "data", None), "ptr"):  # CuPy
            return lambda array: array.data.ptr
    return lambda array: fields(array)[0]


@lru_cache(maxsize=256)
def configured(kernel, blocks, stream):
    """A kernel ready to start. Numba warns of grids that leave most of the device idle, as a single block does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaPerformanceWarning)
        return kernel[blocks, THREADS, stream]


def launch(kernel, blocks, stream, *arguments):
    """Start a kernel, unless there is nothing for it to do."""
    if blocks:
        configured(kernel, blocks, stream)(*arguments)


@cuda.jit(cache=True)
def clear(array):
    """Fill an array with zeros."""
    i = cuda.grid(1)
    while i < len(array):
        array[i] = 0
        i += cuda.gridsize(1)


def room(shape, dtype):
    """An array of zeros on the device."""
    flat = cuda.device_array(max(1, prod(shape)), dtype)
    launch(clear, min(1024, -(-flat.size // THREADS)), 0, flat)
    return flat[: prod(shape)].reshape(shape)


@cache
def copier(of, to):
    """A kernel that copies arrays whose elements are stored in two ways; a row of (from, to, count) for each."""

    @cuda.jit(cache=True)
    def copy(work):
        tensor = cuda.blockIdx.x
        i = cuda.threadIdx.x
        while i < work[tensor, 2]:
            store(work[tensor, 1], i, to, load(work[tensor, 0], i, of))
            i += THREADS

    return copy


@cache
def swapper(first, second):
    """A kernel that swaps arrays whose elements are stored in two ways; a row of (one, other, count) for each pair."""

    @cuda.jit(cache=True)
    def swap(work):
        tensor = cuda.blockIdx.x
        i = cuda.threadIdx.x
        while i < work[tensor, 2]:
            one, other = load(work[tensor, 0], i, first), load(work[tensor, 1], i, second)
            store(work[tensor, 0], i, first, other)
            store(work[tensor, 1], i, second, one)
            i += THREADS

    return swap


def stored_as(array):
    """How the elements of an array are stored; bfloat16 may come as its bits."""
    kind = fields(array)[2]
    return np.uint16 if kind == "uint16" else STORED[kind]


def places(*buffers):
    """Where each array lies: a row per tensor, a column per buffer."""
    return np.array([[fields(array)[0] for array in arrays] for arrays in buffers], np.int64).T.copy()


def swap_all(first, second, sizes):
    """Device arrays change places, each of them rounding or widening its numbers."""
    if len(sizes):
        work = np.concatenate([places(first, second), sizes[:, None]], axis=1)
        launch(swapper(stored_as(first[0]), stored_as(second[0])), len(sizes), 0, cuda.to_device(work))


def copy_all(sources, targets, sizes):
    """Copy device arrays, each of them rounding or widening its numbers."""
    if len(sizes):
        work = np.concatenate([places(sources, targets), sizes[:, None]], axis=1)
        launch(copier(stored_as(sources[0]), stored_as(targets[0])), len(sizes), 0, cuda.to_device(work))
