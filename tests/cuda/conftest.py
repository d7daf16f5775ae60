"""What the tests in the simulator and those on a GPU share."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def checks() -> ModuleType:
    """The module `checks.py`."""
    spec = spec_from_file_location("checks", Path(__file__).with_name("checks.py"))
    module = module_from_spec(spec)
    sys.modules["checks"] = module
    spec.loader.exec_module(module)
    return module
