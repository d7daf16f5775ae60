"""Everything that can be printed: the catalogue, and its wrappers and schedules around one of its members."""

import inspect
from importlib import import_module

import pytest

from symopt.dialect import Schedule
from symopt.paths import specs_dir
from symopt.recurrence import Optimizer


@pytest.fixture(scope="session")
def optimizers() -> dict[str, Optimizer]:
    """Each optimizer of the catalogue by a label that is unique, and each wrapper and schedule applied to momentum."""
    modules = [import_module(f"symopt.specs.{path.stem}") for path in sorted(specs_dir().glob("*.py"))]
    values = {
        f"{module.__name__.split('.')[-1]}_{name}": value for module in modules for name, value in _public(module)
    }
    found = {label: value for label, value in values.items() if isinstance(value, Optimizer)}
    inner = found["momentum_momentum"]  # it fits into every wrapper
    for label, value in values.items():
        if isinstance(value, Schedule):
            found[label] = inner.scheduled(lr=value)
        elif inspect.isfunction(value) and list(inspect.signature(value).parameters) == ["inner"]:
            found[label] = value(inner)
    return found


def _public(module):
    return [(name, value) for name, value in vars(module).items() if not name.startswith("_")]
