"""The modules beside the tests, and emitted files compiled in a cache of their own."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

MODULES = ("arithmetic", "drawn", "reach", "runs", "stored")


@pytest.fixture(scope="session")
def parts():
    """The modules beside the tests: `parts.reach` is `reach.py`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield SimpleNamespace(**{name: import_module(name) for name in MODULES})


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """`compiled(text)` is an emitted file as a module; without threads it compiles in half the time."""
    folder = tmp_path_factory.mktemp("emitted")

    def make(text, name) -> ModuleType:
        path = folder / f"{name}.py"
        path.write_text(text.replace("parallel=True, ", ""))
        spec = spec_from_file_location(name, path)
        module = module_from_spec(spec)
        sys.modules[name] = module  # where Numba's cache looks for it
        spec.loader.exec_module(module)
        return module

    return make
