"""Binding to device arrays where there is no device: what is refused, and how arrays of other libraries are read."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from symopt.errors import SymoptError
from symopt.runtime import bind, device
from symopt.runtime.device import Device

W = np.ones((2, 2), np.float32)


def test_without_a_device_the_sentence_says_so(declared, peer):
    peer("numba_cuda")
    if peer("numba.cuda").is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(
        SymoptError, match="target cuda needs a CUDA device and its driver, and none can be used here: "
    ):
        bind(declared.plain, W, target="cuda")


def test_without_numba_cuda_the_sentence_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['numba.cuda.core'] = None; import numpy as np, symopt\n"
        "try: symopt.load('sgd').bind(np.ones(2), target='cuda', lr=1)\n"
        "except symopt.SymoptError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == (
        "target cuda needs the package numba-cuda; pip install 'symopt-codegen[cuda]' brings numba-cuda"
    )


def test_masters_are_for_half_precision_on_a_device(declared):
    with pytest.raises(SymoptError, match="masters are for params in half precision, which are stepped on target cuda"):
        bind(declared.plain, W, masters=True)


class Torch:
    """What symopt reads of a torch tensor."""

    def __init__(self, index=0):
        self.device = SimpleNamespace(index=index, type="cuda")

    def data_ptr(self):
        return 64


@pytest.fixture
def home(monkeypatch):
    """A home for device arrays whose emitted file knows nothing but torch tensors."""
    monkeypatch.setattr(device, "require", lambda: None)

    def fields(array):
        if not isinstance(array, Torch):
            raise TypeError(f"must be a device array, not {type(array).__name__}")
        return array.data_ptr(), (2,), "float32", True, True

    return Device(SimpleNamespace(fields=fields), masters=False)


def test_arrays_of_the_host_are_refused(home):
    assert home.wrong("params['w']", W) == (
        "params['w'] is a NumPy array, in the memory of the host; numba.cuda.to_device(...) copies it there"
    )
    assert home.wrong("params", 3.0) == "params must be a device array, not float"
    assert home.wrong("params", Torch()) is None


def test_steps_run_on_the_stream_that_torch_uses_at_the_time(home, monkeypatch):
    streams = iter([7, 9, 0])
    torch = SimpleNamespace(cuda=SimpleNamespace(current_stream=lambda: SimpleNamespace(cuda_stream=next(streams))))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(device, "_external", lambda handle: f"stream {handle}" if handle else 0)
    current = device._stream(Torch())
    assert [current(), current(), current()] == ["stream 7", "stream 9", 0]


def test_steps_run_on_the_stream_that_cupy_uses_at_the_time(monkeypatch):
    array = type("ndarray", (), {"__module__": "cupy"})()
    monkeypatch.setitem(
        sys.modules, "cupy", SimpleNamespace(cuda=SimpleNamespace(get_current_stream=lambda: SimpleNamespace(ptr=5)))
    )
    monkeypatch.setattr(device, "_external", lambda handle: handle)
    assert device._stream(array)() == 5


def test_other_libraries_use_the_default_stream():
    assert device._stream(object())() == 0


@pytest.mark.parametrize(
    ("array", "index"),
    [
        (Torch(1), 1),
        (SimpleNamespace(device=SimpleNamespace(id=2)), 2),  # CuPy
        (SimpleNamespace(device="cpu"), None),
        (object(), None),
    ],
)
def test_the_device_of_an_array_is_known_where_its_library_tells(array, index):
    assert device._device(array) == index
