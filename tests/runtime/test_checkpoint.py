"""Checkpoints: a fresh process continues bit for bit, and a wrong checkpoint changes nothing."""

import json
import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from symopt.catalogue import load, names
from symopt.errors import SymoptError
from symopt.paths import cache_dir
from symopt.runtime import bind

HERE = Path(__file__).parent
SHARED = str(cache_dir())  # read before any test has a folder of its own: what is compiled stays from run to run
DTYPES = ["float32", "float64"]
KINDS = [(name, dtype) for name in ("plain", "ahead", "averaged", "kicked", "moved_scheduled") for dtype in DTYPES]
KINDS += [("everything", "float32"), ("scheduled", "float64"), ("first_step", "float64")]


def bits(checkpoint):
    return {key: np.asarray(checkpoint[key]).tobytes() for key in checkpoint}


@pytest.fixture(scope="session")
def elsewhere():
    """`elsewhere.py` as a module."""
    spec = spec_from_file_location("elsewhere", HERE / "elsewhere.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ask():
    """`ask(request)` has a fresh process continue a run; one process serves all tests of this one."""
    command = [sys.executable, str(HERE / "elsewhere.py")]
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "7"}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )

    def send(**request):
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer == "done", answer

    with process:
        yield send
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture
def continues(elsewhere, ask, tmp_path):
    """`continues(name, dtype, cache)` asserts that a fresh process goes on as this one does, bit for bit."""

    def check(name, dtype, cache, deployed=False):
        opt = elsewhere.bound(load(name), elsewhere.arrays(0, dtype), 0.75)
        elsewhere.take_steps(opt, 1, dtype)
        if deployed:
            opt.to_eval()  # the checkpoint holds the training arrays all the same
        before = opt.state_dict()
        np.savez(tmp_path / "saved.npz", **before)
        files = {"checkpoint": str(tmp_path / "saved.npz"), "result": str(tmp_path / "continued.npz")}
        ask(name=str(name), cache=str(cache), dtype=dtype, seed=100, **files)
        opt.to_train()
        elsewhere.take_steps(opt, 100, dtype)
        expected = opt.state_dict()
        with np.load(tmp_path / "continued.npz") as found:
            assert bits(found) == bits(expected)
        params = [key for key in expected if key.startswith("param.")]
        assert any(not np.array_equal(before[key], expected[key]) for key in params)
        assert all(np.isfinite(expected[key]).all() for key in params)

    return check


@pytest.fixture
def kept(monkeypatch):
    """The folder where compiled code stays from run to run, shared with the commands and the tests of the peers."""
    monkeypatch.setenv("SYMOPT_CACHE_DIR", SHARED)
    return SHARED


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", names())
def test_the_catalogue_continues_in_a_fresh_process(name, dtype, continues, kept):
    continues(name, dtype, kept)


@pytest.mark.parametrize(("name", "dtype"), KINDS)
def test_every_way_of_storing_continues_in_a_fresh_process(name, dtype, continues, cache):
    continues(f"{HERE / 'declared.py'}:{name}", dtype, cache, deployed=dtype == "float32")


@pytest.mark.parametrize("name", names())
def test_the_catalogue_refuses_the_checkpoint_of_another_run(name, elsewhere, kept):
    opt = elsewhere.bound(load(name), elsewhere.arrays(0, "float32"))
    right = opt.state_dict()
    other = next(key for key in right if key.startswith("param."))
    wrong = {
        f"the checkpoint is of not_{name}, not of {name}": {"optimizer": f"not_{name}"},
        f"the checkpoint is of another {name}: what was declared has changed since": {"spec": "0"},
        "the checkpoint is of float64 arrays; params are float32": {"dtype": "float64"},
        "the checkpoint has format 0; this version of symopt reads 1": {"format": 0},
        "params[0]['params']['first'] has shape (3, 2); in the checkpoint it has (6,)": {other: right[other].ravel()},
        "the checkpoint is of other params: nothing here is called 'param.2'": {"param.2": np.zeros(1)},
    }
    elsewhere.take_steps(opt, 1, "float32")
    before = opt.state_dict()
    for message, change in wrong.items():
        with pytest.raises(SymoptError) as caught:
            opt.load_state_dict({**right, **change})
        assert str(caught.value) == message
    assert bits(opt.state_dict()) == bits(before)
    opt.load_state_dict(right)


def bound(optimizer, params):
    groups = [{"params": {"first": params[0], "second": params[1]}, "t": 5}, {"params": params[2:], "lr": 0.75}]
    return bind(optimizer, groups)


def step(opt, g):
    opt.step([{"first": g[0], "second": g[1]}, g[2:]])


def test_what_a_checkpoint_holds(declared, arrays):
    opt = bound(declared.ahead, arrays(0))
    checkpoint = opt.state_dict()
    assert list(checkpoint) == [
        *["format", "optimizer", "spec", "dtype", "hyper.lr", "hyper.mu", "t"],
        *["param.0.first", "param.0.second", "param.1.0", "param.1.1"],
        *["state.v.0.first", "state.v.0.second", "state.v.1.0", "state.v.1.1", "state.mu_made"],
    ]
    assert checkpoint["t"].tolist() == [5, 0]
    assert checkpoint["hyper.lr"].tolist() == [0.01, 0.75]
    assert all(isinstance(value, np.ndarray | int | str) for value in checkpoint.values())
    copied = {key: np.copy(value) for key, value in checkpoint.items()}
    step(opt, arrays(1))
    assert all(np.array_equal(checkpoint[key], copied[key]) for key in copied)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "the checkpoint has format 2; this version of symopt reads 1"),
        ({"format": None}, "this is no checkpoint of symopt; pass what state_dict() returned"),
        ({"optimizer": "adam"}, "the checkpoint is of adam, not of ahead"),
        ({"spec": "0"}, "the checkpoint is of another ahead: what was declared has changed since"),
        ({"dtype": "float64"}, "the checkpoint is of float64 arrays; params are float32"),
        ({"hyper.mu": None}, "the checkpoint is of other params: it has no 'hyper.mu'"),
        ({"state.v.1.0": None}, "the checkpoint is of other params: it has no 'state.v.1.0'"),
        ({"param.2": np.zeros(1)}, "the checkpoint is of other params: nothing here is called 'param.2'"),
        ({"hyper.mu": np.array([0.5, 1.0])}, "mu must be in [0, 1), not 1.0"),
        ({"hyper.mu": np.array([0.5])}, "the checkpoint has 1 values of mu for 2 groups"),
        ({"t": np.array([1.0, 0.5])}, "t in the checkpoint is no count of steps"),
        ({"t": np.array([1.0, np.nan])}, "t in the checkpoint is no count of steps"),
        ({"t": np.zeros(3)}, "t has shape (2,); in the checkpoint it has (3,)"),
        (
            {"param.0.first": np.zeros((2, 3), np.float32)},
            "params[0]['params']['first'] has shape (3, 2); in the checkpoint it has (2, 3)",
        ),
        (
            {"state.v.1.1": np.zeros(5)},
            "v of params[1]['params'][1] is float32; in the checkpoint it is float64",
        ),
    ],
)
def test_a_wrong_checkpoint_changes_nothing(declared, arrays, change, message):
    opt = bound(declared.ahead, arrays(0))
    wrong = opt.state_dict()
    step(opt, arrays(1))
    opt.hyper["lr"] = 0.125
    opt.to_eval()
    before, theta = opt.state_dict(), opt.params[1][1].copy()
    wrong = {key: value for key, value in {**wrong, **change}.items() if value is not None}
    with pytest.raises(SymoptError) as caught:
        opt.load_state_dict(wrong)
    assert str(caught.value) == message
    assert all(np.array_equal(before[key], value) for key, value in opt.state_dict().items())
    assert np.array_equal(opt.params[1][1], theta)


def test_no_dict_is_no_checkpoint(declared, arrays):
    with pytest.raises(SymoptError, match=r"a checkpoint is a dict as state_dict\(\) returns it, not a list"):
        bound(declared.ahead, arrays(0)).load_state_dict([1])


def test_loading_while_deployed_goes_on_training(declared, arrays, same):
    params, others = arrays(0), arrays(0)
    opt, other = bound(declared.ahead, params), bound(declared.ahead, others)
    for running in (opt, other):
        step(running, arrays(1))
    checkpoint = opt.state_dict()
    step(opt, arrays(2))
    opt.to_eval()
    opt.load_state_dict(checkpoint)
    assert same(params, others)
    for running in (opt, other):
        step(running, arrays(3))
    assert same(params, others)
