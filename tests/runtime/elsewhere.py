"""Runs that can be continued elsewhere; as a program, a fresh process that continues them.

It reads one request per line: the optimizer, the folder for compiled code, the checkpoint and where to write its own.
"""

import json
import os
import sys
from traceback import format_exc

import numpy as np

from symopt.catalogue import load
from symopt.runtime import bind

SHAPES = ((3, 2), (), (2, 0), (5,))
STEPS = 3


def arrays(seed, dtype):
    """An array of normal numbers for each shape; always the same for a seed."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype).reshape(shape) for shape in SHAPES]


def bound(optimizer, params, share=1.0):
    """Two groups that have taken 5 steps and none; where it can be, the second has `share` of each hyperparameter."""
    own = {h.name: _value(h) for h in optimizer.hyperparameters}
    other = {h.name: _value(h, share) for h in optimizer.hyperparameters}
    first = {"params": {"first": params[0], "second": params[1]}, "t": 5, **own}
    return bind(optimizer, [first, {"params": params[2:], **other}])


def _value(hyper, share=1.0):
    value = float(hyper.default) if hyper.default is not None else 8.0 if 8 in hyper.domain else 0.5
    return value if hyper.domain.integer or value * share not in hyper.domain else value * share


def take_steps(opt, seed, dtype):
    """Some steps, with whatever the optimizer takes beside the gradient."""
    for step in range(STEPS):
        g = arrays(seed + step, dtype)
        nested = [{"first": g[0], "second": g[1]}, g[2:]]
        opt.step(nested, **{name: nested if at == "element" else 1 / (1 + step) for name, at in opt.optimizer.inputs})


def continue_run(name, cache, dtype, seed, checkpoint, result):
    os.environ["SYMOPT_CACHE_DIR"] = cache
    opt = bound(load(name), [np.full(shape, 7, dtype) for shape in SHAPES], 0.5)
    with np.load(checkpoint) as saved:
        opt.load_state_dict(saved)
    take_steps(opt, seed, dtype)
    np.savez(result, **opt.state_dict())


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            continue_run(**json.loads(line))
            answer = "done"
        except Exception:  # whatever it is, the test that asked fails with it, and the next one is answered
            answer = format_exc()
        print(json.dumps(answer), flush=True)
