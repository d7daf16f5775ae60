"""Deploying and going back, for each way in which parameters are stored while they are trained."""

import linecache
import sys

import numpy as np
import pytest

from symopt.artifacts import artifact, build, load_module
from symopt.errors import SymoptError
from symopt.runtime import bind, bound

KINDS = ["plain", "ahead", "averaged", "kicked"]


def trained(optimizer, arrays, dtype, steps=5):
    params = arrays(0, dtype)
    opt = bind(optimizer, params)
    for seed in range(1, steps + 1):
        opt.step(arrays(seed, dtype))
    return opt, params


def test_the_kinds_are_the_four_kinds(declared):
    forms = [build(getattr(declared, name))[0] for name in KINDS]
    assert [form.param for form in forms] == ["theta", "point", "x", "point"]
    assert ["theta" in form.states for form in forms] == [False, False, True, True]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", KINDS)
def test_back_bit_for_bit(declared, arrays, same, name, dtype):
    opt, params = trained(getattr(declared, name), arrays, dtype)
    other, untouched = trained(getattr(declared, name), arrays, dtype)
    module = load_module(artifact(opt.optimizer, "cpu"))
    theta = module.deployed(params, opt._memory.state) if hasattr(module, "deployed") else untouched
    opt.to_eval()
    assert same(params, theta)
    opt.to_eval()
    opt.to_eval(in_place=True)
    assert same(params, theta)
    assert same(params, untouched) == (name == "plain")
    assert "deployed" in repr(opt)
    opt.to_train()
    opt.to_train()
    assert same(params, untouched)
    assert "deployed" not in repr(opt)
    for running in (opt, other):
        running.step(arrays(9, dtype))
    assert same(params, untouched)


@pytest.mark.parametrize("name", KINDS)
def test_no_step_while_deployed(declared, arrays, same, name):
    opt, params = trained(getattr(declared, name), arrays, np.float32)
    opt.to_eval()
    before = [array.copy() for array in params]
    with pytest.raises(SymoptError, match=rf"^{name} is deployed; call to_train\(\) before the next step$"):
        opt.step(arrays(1))
    assert same(params, before)
    assert opt.t == 5


def interrupted_at(line, files, action):
    """Run `action` with a KeyboardInterrupt raised before the given line, counted as they run; False where it ends.

    A `with` is left through its own line too, where Python takes no signal, so that it always releases what it holds.
    """
    left = line

    def trace(frame, event, _):
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip()
        left -= event == "line" and not text.startswith("with ")
        if left < 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_an_interrupt_at_any_line_leaves_all_arrays_as_they_were_or_all_deployed(
    declared, arrays, same, name, in_place
):
    opt, params = trained(getattr(declared, name), arrays, np.float32)
    files = {bound.__file__, opt._module.__file__}
    before = [array.copy() for array in params]
    opt.to_eval(in_place)
    theta = [array.copy() for array in params]
    opt.to_train()
    back = [array.copy() for array in params]  # not quite what was before where the way back rounds
    for deploying in (True, False):
        line = 0
        while True:
            opt.to_train()
            for array, value in zip(params, before, strict=True):
                array[...] = value
            if not deploying:
                opt.to_eval(in_place)
            if not interrupted_at(line, files, (lambda: opt.to_eval(in_place)) if deploying else opt.to_train):
                break
            training = before if deploying else back
            assert same(params, theta if "deployed" in repr(opt) else training)
            line += 1
        assert line >= 5
    opt.step(arrays(8))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", KINDS)
def test_in_place(declared, arrays, same, name, dtype):
    opt, params = trained(getattr(declared, name), arrays, dtype)
    twin, deployed = trained(getattr(declared, name), arrays, dtype)
    before = [array.copy() for array in params]
    terms = [opt.hyper["mu"] * v for v in opt.state["v"]] if name == "ahead" else before
    twin.to_eval()
    opt.to_eval(in_place=True)
    assert same(params, deployed)
    with pytest.raises(SymoptError, match=rf"{name} is deployed in place; call to_train\(\) before state_dict\(\)"):
        opt.state_dict()
    opt.to_eval()
    opt.to_train()
    assert same(params, before) or name == "ahead"
    unit = 2.001 * 2**-24 if dtype == np.float32 else (3 + 4) * 2**-53
    for array, point, term in zip(params, before, terms, strict=True):
        assert np.all(np.abs(array - point) <= unit * (np.abs(point) + np.abs(term)))


def test_an_array_that_became_read_only(declared, arrays, same):
    opt, params = trained(declared.ahead, arrays, np.float32)
    before = [array.copy() for array in params]
    params[3].flags.writeable = False
    for in_place in (False, True):
        with pytest.raises(SymoptError, match=r"^params\[3\] must be writable$"):
            opt.to_eval(in_place=in_place)
    with pytest.raises(SymoptError, match=r"^params\[3\] must be writable$"):
        opt.step(arrays(1))
    assert same(params, before)
    params[3].flags.writeable = True
    opt.step(arrays(1))


def test_groups_deploy_with_their_own_numbers(declared, arrays, same):
    (a, b, *_), alone = arrays(0), arrays(0)
    opt = bind(declared.ahead, [{"params": a, "mu": 0.5}, {"params": b}])
    others = [bind(declared.ahead, alone[0], mu=0.5), bind(declared.ahead, alone[1])]
    for seed in range(1, 4):
        g, h, *_ = arrays(seed)
        opt.step([g, h])
        for other, gradient in zip(others, (g, h), strict=True):
            other.step(gradient)
    for running in (opt, *others):
        running.to_eval()
    assert same([a, b], alone[:2])
