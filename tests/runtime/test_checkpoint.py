"""Checkpoints: a fresh process continues bit for bit, and a wrong checkpoint changes nothing."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symopt.errors import SymoptError
from symopt.runtime import bind

KINDS = [(name, dtype) for name in ("plain", "ahead", "averaged", "kicked") for dtype in (np.float32, np.float64)]
KINDS += [("everything", np.float32), ("scheduled", np.float64)]
CONTINUE = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[1])
import declared
from symopt.runtime import bind
folder = Path(sys.argv[2])
for file in sorted(folder.glob("*.npz")):
    name, dtype = file.stem.split("-")
    checkpoint, given = np.load(file), np.load(folder / "given" / file.name)
    params = [np.full_like(given[f"{k}"], 7) for k in range(4)]
    optimizer = getattr(declared, name)
    needed = {h.name: 0.5 for h in optimizer.hyperparameters if h.default is None}
    groups = [{"params": {"first": params[0], "second": params[1]}}, {"params": params[2:]}]
    opt = bind(optimizer, groups, **needed)
    opt.load_state_dict(checkpoint)
    for step in range(3):
        g = [np.asarray(given[f"{k}"] * (step + 1)) for k in range(4)]
        extra = {"metric": step, "mask": [{"first": g[0], "second": g[1]}, g[2:]]} if optimizer.inputs else {}
        opt.step([{"first": g[0], "second": g[1]}, g[2:]], **extra)
    np.savez(folder / "continued" / file.name, **opt.state_dict())
"""


def bound(optimizer, params):
    needed = {h.name: 0.25 for h in optimizer.hyperparameters if h.default is None}
    groups = [{"params": {"first": params[0], "second": params[1]}, "t": 5}, {"params": params[2:], "lr": 0.75}]
    return bind(optimizer, groups, **needed)


def step(opt, g, metric):
    grads = [{"first": g[0], "second": g[1]}, g[2:]]
    opt.step(grads, **({"metric": metric, "mask": grads} if opt.optimizer.inputs else {}))


def test_a_fresh_process_continues_bit_for_bit(declared, arrays, tmp_path):
    running = {}
    for folder in ("given", "continued"):
        (tmp_path / folder).mkdir()
    for name, dtype in KINDS:
        opt = bound(getattr(declared, name), arrays(0, dtype))
        for seed in range(1, 4):
            step(opt, arrays(seed, dtype), 1 / seed)
        file = f"{name}-{np.dtype(dtype)}.npz"
        running[file] = opt, arrays(8, dtype)
        np.savez(tmp_path / "given" / file, **{str(k): g for k, g in enumerate(running[file][1])})
        if dtype is np.float32:
            opt.to_eval()  # the checkpoint holds the training arrays all the same
        np.savez(tmp_path / file, **opt.state_dict())
        opt.to_train()
    command = [sys.executable, "-c", CONTINUE, str(Path(__file__).parent), str(tmp_path)]
    subprocess.run(command, check=True, timeout=120, env={**os.environ, "PYTHONHASHSEED": "7"})
    for file, (opt, given) in running.items():
        for k in range(3):
            step(opt, [np.asarray(g * (k + 1)) for g in given], k)
        expected, found = opt.state_dict(), np.load(tmp_path / "continued" / file)
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert np.asarray(value).tobytes() == found[key].tobytes(), (file, key)


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
    step(opt, arrays(1), 0)
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
    step(opt, arrays(1), 0)
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
        step(running, arrays(1), 0)
    checkpoint = opt.state_dict()
    step(opt, arrays(2), 0)
    opt.to_eval()
    opt.load_state_dict(checkpoint)
    assert same(params, others)
    for running in (opt, other):
        step(running, arrays(3), 0)
    assert same(params, others)
