"""A cache of their own for what these tests compile, and the forms that they compare."""

import sys
from functools import cache as kept
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path

import pytest

from symopt.backends.cpu import emit
from symopt.catalogue import load, load_file
from symopt.derive.training import training_form
from symopt.lower import lower
from symopt.passes import run_passes
from symopt.paths import specs_dir

FORMS = load_file(Path(__file__).with_name("forms.py"))


def found(name):
    """A form of these tests, an erratum as "document_002:momentum", or a name of the catalogue."""
    if name in FORMS:
        return FORMS[name]
    file, colon, erratum = name.partition(":")
    return load(f"{specs_dir() / 'errata' / file}.py:{erratum}" if colon else name)


@pytest.fixture(scope="session")
def named():
    """`named("adam")` is an optimizer by its name."""
    return found


@pytest.fixture(scope="session")
def rounding():
    """The number system with bounds, of the tests of kernels."""
    return imported("rounding_of_kernels", Path(__file__).parent.parent / "backends" / "rounding.py")


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    """`kernel(optimizer)` is its emitted file as a module; without threads it compiles in half the time."""
    folder, number = tmp_path_factory.mktemp("emitted"), count()

    @kept
    def emitted(optimizer):
        training = training_form(optimizer)
        path = folder / f"kernel_{next(number)}.py"
        path.write_text(emit(run_passes(lower(training)), training, "For a test.").replace("parallel=True, ", ""))
        return imported(path.stem, path)

    return emitted


def imported(name, path):
    """A Python file as a module, found in sys.modules as `dataclass` and Numba want it."""
    made = spec_from_file_location(name, path)
    module = sys.modules[name] = module_from_spec(made)
    made.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Compiled code goes to one folder for all tests of a process, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SYMOPT_CACHE_DIR", str(folder))
        yield folder
