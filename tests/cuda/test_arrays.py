"""What an emitted CUDA file reads of device arrays, and what it refuses: no device is needed to look at one."""

import ctypes
import re
from types import SimpleNamespace

import numpy as np
import pytest

from symopt.artifacts import artifact, load_module
from symopt.catalogue import load


@pytest.fixture(scope="module")
def module(peer, tmp_path_factory):
    """An emitted file, imported with no device."""
    peer("numba_cuda")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMOPT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield load_module(artifact(load("adamw"), "cuda"))


# ---- arrays of libraries that are not here, in the memory of the host ----


class Interface:
    """What has `__cuda_array_interface__`, as CuPy and Numba have."""

    def __init__(self, array, **changes):
        self.array = array
        self.__cuda_array_interface__ = {**array.__array_interface__, "version": 3} | changes


class Torch:
    """What is read of a tensor of PyTorch."""

    def __init__(self, array, dtype=None, is_cuda=True):
        self.array, self.dtype, self.is_cuda = array, f"torch.{dtype or array.dtype}", is_cuda
        self.shape = array.shape

    def data_ptr(self):
        return self.array.ctypes.data

    def is_contiguous(self):
        return self.array.flags.c_contiguous


class Managed(ctypes.Structure):
    """DLManagedTensor, as dlpack.h declares it."""

    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64), ("manager_ctx", ctypes.c_void_p), ("deleter", ctypes.c_void_p),
    ]  # fmt: skip


class Exported:
    """What gives DLPack capsules. offset: bytes before the first element; strides: whether they are told"""

    def __init__(self, array, code=2, bits=None, device=2, offset=0, strides=True):
        self.array, self.device = array, device
        steps = [step // array.itemsize for step in array.strides]
        counts = [(ctypes.c_int64 * array.ndim)(*numbers) for numbers in (array.shape, steps)]
        self.head = Managed(
            array.ctypes.data - offset, device, 0, array.ndim, code, bits or 8 * array.itemsize, 1, *counts, offset
        )
        if not strides:
            self.head.strides = None

    def __dlpack_device__(self):
        return self.device, 0

    def __dlpack__(self):
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self.head), b"dltensor", None)


class FromNumpy:
    """A capsule of NumPy's own that claims to be of a device."""

    def __init__(self, array):
        self.array = array

    def __dlpack_device__(self):
        return 2, 0

    def __dlpack__(self):
        return self.array.__dlpack__()


LIBRARIES = {"interface": Interface, "torch": Torch, "DLPack": Exported, "NumPy's DLPack": FromNumpy}
ARRAYS = {
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
    "float64": np.ones((2, 2, 2)),
    "half": np.ones(5, np.float16),
    "number": np.ones((), np.float32),
    "none": np.ones((0, 3), np.float32),
    "columns": np.asfortranarray(np.ones((2, 3), np.float32)),
    "every other": np.ones(8, np.float32)[::2],
    "turned": np.ones(4, np.float32)[::-1],
    "behind": np.ones(8, np.float32)[3:],
    "a column": np.ones((4, 1), np.float32),
    "a slice of columns": np.ones((4, 4), np.float32)[:, 1:3],
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kind", ARRAYS)
def test_what_is_read_is_what_numpy_says(kind, library, module):
    array = ARRAYS[kind]
    wanted = array.ctypes.data, array.shape, array.dtype.name, array.flags.c_contiguous, True
    found = module.fields(LIBRARIES[library](array))
    assert found == wanted if array.size else found[1:] == wanted[1:]


def test_what_only_some_libraries_say(module):
    array = ARRAYS["matrix"]
    bits = np.zeros((2, 3), np.uint16)
    place = array.ctypes.data
    assert module.fields(Interface(array, strides=None)) == (place, (2, 3), "float32", True, True)
    assert module.fields(Interface(array, strides=(12, 4))) == (place, (2, 3), "float32", True, True)
    assert module.fields(Interface(array, data=(place, True))) == (place, (2, 3), "float32", True, False)
    assert module.fields(Torch(bits, "bfloat16"))[2] == "bfloat16"
    assert module.fields(Exported(bits, code=4))[2] == "bfloat16"
    assert module.fields(Exported(array, strides=False)) == (place, (2, 3), "float32", True, True)
    assert module.fields(Exported(array, offset=8))[0] == place
    assert module.fields(Exported(np.zeros(3, np.int32), code=0))[2] == "of DLPack's type 0"


def test_numbers_of_the_host_are_refused(module):
    for array, message in [
        (ARRAYS["matrix"].tolist(), "must be a device array, not list"),
        (Torch(ARRAYS["matrix"], is_cuda=False), "lies in the memory of the host"),
        (ARRAYS["matrix"], "lies in the memory of the host"),
        (Exported(ARRAYS["matrix"], device=1), "lies in the memory of the host"),
    ]:
        with pytest.raises(TypeError, match=message):
            module.fields(array)


# ---- the arrays of one buffer ----

ONE = np.ones((2, 3), np.float32)
READ_ONLY = Interface(ONE, data=(ONE.ctypes.data, True))
ALONE, BOTH = ("float32",), ("float32", "float16", "bfloat16")


def misaligned(array):
    return np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)


WRONG = {
    "count": ([Interface(ONE)] * 2, ALONE, ValueError, "g has 2 arrays for 1 tensors."),
    "dtype": ([Interface(ONE.astype("f8"))], ALONE, TypeError, "g[0] must be float32, not float64."),
    "dtypes": (
        [Interface(ONE.astype("f8"))],
        BOTH,
        TypeError,
        "g[0] must be float32 or float16 or bfloat16, not float64.",
    ),
    "integers": ([Interface(ONE.astype("i4"))], ALONE, TypeError, "g[0] must be float32, not int32."),
    "bits": ([Interface(ONE.astype("u2"))], BOTH, TypeError, "not uint16."),
    "byte order": ([Interface(ONE.astype(">f4"))], ALONE, TypeError, "g[0] must be float32, not >f4."),
    "DLPack's integers": ([Exported(ONE, code=0)], ALONE, TypeError, "g[0] must be float32, not of DLPack's type 0."),
    "shape": ([Interface(ONE.T.copy())], ALONE, ValueError, "g[0] must have shape (2, 3), not (3, 2)."),
    "axes": ([Torch(ONE[None])], ALONE, ValueError, "g[0] must have shape (2, 3), not (1, 2, 3)."),
    "order": ([Torch(np.asfortranarray(ONE))], ALONE, ValueError, "g[0] must be C-contiguous and aligned."),
    "strides": ([Exported(np.ones((2, 6), "f4")[:, ::2])], ALONE, ValueError, "g[0] must be C-contiguous and aligned."),
    "alignment": ([Interface(misaligned(ONE))], ALONE, ValueError, "g[0] must be C-contiguous and aligned."),
    "read-only": ([READ_ONLY], ALONE, ValueError, "g[0] must be writable."),
    "host": ([ONE], ALONE, TypeError, "g[0] lies in the memory of the host."),
    "list": ([ONE.tolist()], ALONE, TypeError, "g[0] must be a device array, not list."),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_array_is_named(fault, module):
    arrays, kinds, error, message = WRONG[fault]
    with pytest.raises(error, match=f"{re.escape(message)}$"):
        module.check_arrays("g", arrays, [(2, 3)], kinds, True)


def test_all_arrays_of_a_buffer_have_one_dtype(module):
    arrays = [Interface(ONE), Torch(ONE.astype(np.float16))]
    with pytest.raises(TypeError, match=r"g\[1\] must be float32, not float16\.$"):
        module.check_arrays("g", arrays, [(2, 3)] * 2, BOTH, True)


def test_what_is_allowed(module):
    """Arrays of several libraries, memory that is only read, no arrays at all."""
    arrays = [kind(ONE) for kind in LIBRARIES.values()]
    found = module.check_arrays("g", [*arrays, READ_ONLY], [(2, 3)] * 5, BOTH, False)
    assert found == ([ONE.ctypes.data] * 5, "float32")
    assert module.check_arrays("g", [], [], BOTH, True) == ([], None)


# ---- memory that is shared ----

NAMES = "theta", "g", "m"
WRITTEN = np.array([True, False, True])


def shared(*rows):
    """The addresses of some tensors, 16 bytes each: a row of (theta, g, m) for each."""
    table = np.array(rows, np.int64)
    return NAMES, table, np.full_like(table, 16), WRITTEN


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(0, 16, 0)], "theta[0] and m[0] share memory."),
        ([(0, 16, 32), (48, 64, 47)], "m[0] and m[1] share memory."),
        ([(0, 16, 32), (64, 80, 8)], "theta[0] and m[1] share memory."),
        ([(0, 15, 32)], "theta[0] and g[0] share memory."),
        ([(0, 64, 32), (128, 20, 96)], "m[0] and g[1] share memory."),
    ],
)
def test_what_is_written_shares_no_memory(rows, message, module):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        module.check_apart(*shared(*rows))


def test_what_is_only_read_may_be_shared(module):
    module.check_apart(*shared((0, 16, 40), (56, 20, 72)))
    module.check_apart(*shared((0, 16, 40), (56, 16, 72)))


def test_no_elements_are_nowhere(module):
    names, table, extents, written = shared((64, 64, 64), (64, 80, 96))
    extents[0] = 0
    module.check_apart(names, table, extents, written)
    module.check_apart(NAMES, np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64), WRITTEN)


# ---- addresses that are read again at each step ----


def test_the_fast_way_to_an_address_agrees(module):
    cupy = Interface(ONE)
    cupy.data = SimpleNamespace(ptr=ONE.ctypes.data)
    for array in (cupy, *(kind(ONE) for kind in LIBRARIES.values())):
        assert module.reader([array])(array) == module.fields(array)[0]
