"""theta and back: exact where both are stored, within the bound in the docstring where one is computed."""

import re

import numpy as np
import pytest

SHAPES = ((40_000,), (3, 2), (), (0,))
SWAPPED, COMPUTED = ("kept",), ("two_states", "moved", "averaged")


def trained(module, arrays, dtype, count=5):
    rng = np.random.default_rng(5)
    params = arrays(rng, SHAPES, dtype)
    state = module.init(params, (0, 1, 0, 1))
    for _ in range(count):
        module.step(params, arrays(rng, SHAPES, dtype), state)
    return params, state


@pytest.mark.parametrize("name", [*SWAPPED, *COMPUTED])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_in_place_and_in_new_arrays_agree_and_the_way_back_is_within_its_bound(name, dtype, emitted, unusual, arrays):
    module = emitted(unusual[name])
    params, state = trained(module, arrays, dtype)
    points = [array.copy() for array in params]
    theta = module.deployed(params, state)
    assert [a.tobytes() for a in params] == [a.tobytes() for a in points]
    module.deploy_in_place(params, state)
    assert [a.tobytes() for a in params] == [a.tobytes() for a in theta]
    module.train_in_place(params, state)
    if name in SWAPPED:
        assert [a.tobytes() for a in params] == [a.tobytes() for a in points]
        return
    count = int(re.search(r"in float32, (\d+) \* 2\*\*-53", module.deploy_in_place.__doc__)[1])
    unit = 2.001 * 2**-24 if dtype == np.float32 else count * 2.0**-53
    for back, point, deployed in zip(params, points, theta, strict=True):
        # the shares of the states sum to point - c*theta, and 0 < c <= 1 here, so |point| + |theta| bounds one of them
        size = np.abs(point) + sum(np.abs(point) + np.abs(deployed) for _ in range(2))
        assert (np.abs(back - point) <= unit * size).all()


def test_deploying_checks_what_it_writes(emitted, unusual, arrays):
    for name in (SWAPPED[0], COMPUTED[0]):
        module = emitted(unusual[name])
        params, state = trained(module, arrays, np.float32, 1)
        before = [array.copy() for array in params]
        wrong = [array.astype(np.float64) for array in params]
        for given, error, message in [
            (wrong, TypeError, "params\\[0\\] must be float32, not float64"),
            (params[:-1], ValueError, "params has 3 arrays for 4 tensors"),
            ([params[0], params[0][:6].reshape(3, 2), *params[2:]], ValueError, "share memory"),
        ]:
            with pytest.raises(error, match=message):
                module.deploy_in_place(given, state)
        assert [a.tobytes() for a in params] == [a.tobytes() for a in before]
