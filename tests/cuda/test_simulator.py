"""Emitted CUDA files in Numba's simulator, with no GPU: what `checks.py` says of them.

Each test hands many requests to one process, as a process takes a while to start.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from symopt.catalogue import load_all, load_file

HERE = Path(__file__).parent
DECLARED = load_file(HERE.parent / "backends" / "unusual.py") | load_file(HERE.parent / "derive" / "composed.py")
OPTIMIZERS = {**dict(sorted(load_all().items())), **DECLARED}
SWAPPED, COMPUTED = ("kept",), ("two_states", "moved", "averaged")


@pytest.fixture
def simulate(peer):
    """`simulate(requests)` fails with all that goes wrong in them."""
    peer("numba_cuda")

    def ask(requests):
        environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
        lines = "".join(f"{json.dumps(request)}\n" for request in requests)
        command = [sys.executable, str(HERE / "simulated.py")]
        done = subprocess.run(command, input=lines, capture_output=True, text=True, env=environment)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        wrong = [f"{request}\n{answer}" for request, answer in zip(requests, answers, strict=False) if answer]
        assert len(answers) == len(requests), f"the process ended early: {done.stderr}"
        assert not wrong, "\n\n".join(wrong)

    return ask


@pytest.fixture(scope="module")
def few(checks):
    """Names of few optimizers that together have all that kernels are made of."""
    found = checks.cover(OPTIMIZERS)
    assert len(found) < 15
    return found


SHARES = 4


@pytest.mark.parametrize("share", range(SHARES))
def test_every_stored_value_is_within_its_bound(share, simulate):
    simulate([["within_bounds", name] for name in [*OPTIMIZERS, "tensor_sums", "row_sums"][share::SHARES]])


def test_float64(few, simulate):
    simulate([["within_bounds", name, "float64"] for name in few])


@pytest.mark.parametrize("half", range(2))
def test_any_size_at_any_address(half, few, simulate):
    simulate([["any_size_at_any_address", name] for name in few[half::2]])


def test_half_precision(few, simulate):
    kinds = ("float16", "bfloat16")
    simulate([["half_precision", name, kinds[k % 2]] for k, name in enumerate([*few, "adamw", "adamw"])])


def test_theta_and_back(simulate):
    requests = [["deploying", name, dtype] for name in SWAPPED + COMPUTED for dtype in ("float32", "float64")]
    simulate([*requests, *(["exchanging", name] for name in SWAPPED + COMPUTED)])


def test_rows_libraries_and_refusals(simulate):
    requests = [["any_rows", "row_kept"], ["any_rows", "row_kept", "float64"]]
    requests += [["libraries", "row_reduced"], ["libraries", "starts"], ["refusals", "adamw"], ["refusals", "row_kept"]]
    simulate(requests)


def test_bound(simulate, tmp_path, monkeypatch):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path))  # of the kernels for the CPU
    requests = [["bound", library, name] for library, name in (("torch", "momentum"), ("cupy", "moved"))]
    simulate([*requests, ["bound", "numba", "momentum"], ["bound_masters", "moved"]])
