"""What all tests share: a fixed environment, and the peers and programs that are not everywhere."""

import importlib
import os
import shutil
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn

import pytest

# Numba and the peers read these when they are first imported, so they are set before any test module is.
os.environ.setdefault("NUMBA_NUM_THREADS", "3")  # on any machine, and odd, so that work is split unevenly
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("DS_ACCELERATOR", "cpu")
os.environ.setdefault("KERAS_BACKEND", "jax")


def _missing(what: str) -> NoReturn:
    if os.environ.get("SYMOPT_REQUIRE_PEERS") == "1":
        pytest.fail(f"{what} is missing, and SYMOPT_REQUIRE_PEERS=1 demands it")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def peer() -> Callable[[str], ModuleType]:
    """`peer("torch")` imports a library that implements the same rules, or skips the test."""

    def load(name: str) -> ModuleType:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:  # any other failure to import is a failure of the test
            _missing(f"the package {error.name}")

    return load


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """`program("latexmk")` finds a program that no Python package brings, or skips the test."""

    def find(name: str) -> str:
        return shutil.which(name) or _missing(f"the program {name}")

    return find
