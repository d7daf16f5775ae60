"""Emitted files, compiled once for all tests of a process, in a cache of their own."""

import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numba
import numpy as np
import pytest

from symopt.backends.cpu import emit
from symopt.catalogue import load_file
from symopt.derive.training import training_form
from symopt.lower import lower
from symopt.passes import run_passes

HERE = Path(__file__).parent


def imported(name, path) -> ModuleType:
    """A Python file as a module; Numba's cache wants it in sys.modules."""
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def rounding() -> ModuleType:
    """The number system with bounds."""
    return imported("rounding", HERE / "rounding.py")


@pytest.fixture(scope="session")
def unusual():
    """Name -> optimizer of `unusual.py`."""
    return load_file(HERE / "unusual.py")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where emitted files and their compiled code lie."""
    return tmp_path_factory.mktemp("emitted")


@pytest.fixture(scope="session")
def emitted(folder):
    """`emitted(optimizer)` is its file as a module; without threads it compiles in half the time."""

    @cache
    def make(optimizer, threads=True) -> ModuleType:
        training = training_form(optimizer)
        text = emit(run_passes(lower(training)), training, "For a test.")
        name = f"{optimizer.name}_{'threads' if threads else 'alone'}"
        path = folder / f"{name}.py"
        path.write_text(text if threads else text.replace("parallel=True, ", ""))
        return imported(name, path)

    return make


@pytest.fixture
def threads():
    """`threads(n)` sets the number of threads for one test."""
    before = numba.get_num_threads()
    yield numba.set_num_threads
    numba.set_num_threads(before)


@pytest.fixture(scope="session")
def arrays():
    """`arrays(rng, shapes, dtype)` makes an array of normal numbers for each shape."""

    def make(rng, shapes, dtype=np.float32):
        return [np.asarray(rng.normal(size=shape)).astype(dtype).reshape(shape) for shape in shapes]

    return make
