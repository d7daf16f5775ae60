"""theta and back: exact where both are stored, within the bound in the docstring where one is computed."""

import re
from fractions import Fraction

import numpy as np
import pytest

from symopt.runtime import Bound

SHAPES, GROUPS = ((40_000,), (3, 2), (), (0,)), (0, 1, 0, 1)
SWAPPED, COMPUTED = ("kept",), ("two_states", "moved", "averaged")


def trained(module, arrays, dtype, count=5):
    rng = np.random.default_rng(5)
    params = arrays(rng, SHAPES, dtype)
    state = module.init(params, GROUPS)
    for _ in range(count):
        module.step(params, arrays(rng, SHAPES, dtype), state)
    return params, state


def bits(arrays):
    return [array.tobytes() for array in arrays]


def stated(doc):
    """The bound in a docstring: the factors of M in float64 and in float32, as Python texts."""
    flat = " ".join(doc.split())
    return re.search(r"at most (\S.*?) \* M in float64 and (\S.*?) \* M in float32", flat).groups()


def exactly(text, module, state, params, k, i):
    """M of one element, in rational arithmetic: what the docstring says, with the stored values put in."""
    names = {"point": Fraction(float(params[k].flat[i]))}
    numbers = zip(module.GROUP, state.numbers[GROUPS[k]], strict=True)
    names |= {name: Fraction(float(number)) for name, number in numbers}
    names |= {name: Fraction(float(getattr(state, name)[k].flat[i])) for name in "vwz" if hasattr(state, name)}
    return eval(text, {"abs": abs}, names)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*SWAPPED, *COMPUTED])
def test_in_place_is_what_comes_in_new_arrays_and_the_way_back_is_within_the_bound(
    name, dtype, emitted, unusual, arrays
):
    module = emitted(unusual[name])
    params, state = trained(module, arrays, dtype)
    points = [array.copy() for array in params]
    theta = module.deployed(params, state)
    assert bits(params) == bits(points)
    for _ in range(2):  # the second time does nothing
        module.deploy_in_place(params, state)
        assert bits(params) == bits(theta) == bits(module.deployed(params, state))
    with pytest.raises(ValueError, match="params hold theta; put the training point back before the next step"):
        module.step(params, points, state)
    for _ in range(2):
        module.train_in_place(params, state)
    if name in SWAPPED:
        assert bits(params) == bits(points)
        return
    factor = Fraction(eval(stated(module.deploy_in_place.__doc__)[dtype == np.float32]))
    size = re.search(r"where M is\s+(.*)\.", module.deploy_in_place.__doc__)[1]
    for k, i in ((k, i) for k, shape in enumerate(SHAPES) for i in range(min(300, int(np.prod(shape))))):
        apart = abs(Fraction(float(params[k].flat[i])) - Fraction(float(points[k].flat[i])))
        assert apart <= factor * exactly(size, module, state, points, k, i)


@pytest.mark.parametrize("name", COMPUTED)
def test_the_runtime_states_the_same_bound(name, emitted, unusual):
    doc = emitted(unusual[name]).deploy_in_place.__doc__
    n = doc.count("abs(") - 1
    assert n >= 1
    for own, general in zip(stated(doc), stated(Bound.to_eval.__doc__), strict=True):
        assert eval(own) == eval(general, {"n": n})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_change_places(dtype, emitted, unusual, arrays):
    module = emitted(unusual["moved"])
    params, state = trained(module, arrays, dtype)
    points, theta = [array.copy() for array in params], module.deployed(params, state)
    others = [array.copy() for array in theta]
    module.exchange(params, others, state)
    assert (bits(params), bits(others), state.deployed[0]) == (bits(theta), bits(points), 1)
    module.exchange(params, others, state)
    assert (bits(params), bits(others), state.deployed[0]) == (bits(points), bits(theta), 0)
    with pytest.raises(ValueError, match=r"params\[(\d)\] and others\[\1\] share memory"):
        module.exchange(params, params, state)


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
        assert bits(params) == bits(before)
