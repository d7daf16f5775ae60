"""Command lines, run in this process or in one of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from symopt.catalogue import names
from symopt.cli.app import app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache of the tests' own, shared so that nothing is checked twice."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMOPT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def line(tmp_path, monkeypatch):
    """`line("list", "--json")` runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(app, args)


@pytest.fixture
def process(tmp_path):
    """The same in a process of its own, with variables of the environment by name."""

    def run(*args, module="symopt", **environment):
        return subprocess.run(
            [sys.executable, "-m", module, *args],
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **environment},
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def spec():
    """Any optimizer of the catalogue."""
    return names()[0]
