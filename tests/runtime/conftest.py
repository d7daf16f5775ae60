"""The optimizers that these tests run, and a cache of their own."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

DECLARED = Path(__file__).with_name("declared.py")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Compiled code goes to one folder for all tests of a process, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SYMOPT_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def declared() -> ModuleType:
    """The module of test optimizers."""
    spec = spec_from_file_location("declared", DECLARED)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("declared", None)
    return module


SHAPES = ((3, 2), (), (2, 0), (5,))


@pytest.fixture(scope="session")
def arrays():
    """`arrays(seed, dtype)` makes a list of arrays of several shapes."""

    def make(seed, dtype=np.float32):
        rng = np.random.default_rng(seed)
        return [rng.normal(size=shape).astype(dtype).reshape(shape) for shape in SHAPES]

    return make


@pytest.fixture(scope="session")
def same():
    """Whether two lists of arrays have the same bits."""

    def compare(first, second):
        return [a.tobytes() for a in first] == [b.tobytes() for b in second]

    return compare
