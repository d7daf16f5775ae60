"""Binding: structures, parameter groups, and every mistake with its sentence."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from symopt.artifacts import artifact, load_module
from symopt.errors import SymoptError
from symopt.runtime import bind

W = np.ones((2, 2), np.float32)


class Foreign:
    """Something that looks like another library's array."""


def foreign(module):
    made = Foreign()
    made.__class__ = type("Tensor", (Foreign,), {"__module__": module})
    return made


@pytest.fixture(scope="session")
def module(declared):
    return load_module(artifact(declared.plain, "cpu"))


@pytest.mark.parametrize(
    ("params", "hyper", "message"),
    [
        (W, {"target": "gpu"}, "there is no target 'gpu'"),
        (W, {"lrr": 1}, "plain has no hyperparameter 'lrr'; did you mean lr?"),
        (W, {"zzzz": 1}, "plain has no hyperparameter 'zzzz'; it has lr, mu"),
        (W, {"lr": -1}, "lr must be positive, not -1"),
        (W, {"lr": True}, "lr must be a number, not True"),
        (W, {"lr": "0.1"}, "lr must be a number, not '0.1'"),
        (W, {"lr": float("nan")}, "lr must be positive, not nan"),
        (W, {"lr": 10**400}, "lr must be positive, not 1000"),
        (W, {"mu": 1.0}, "mu must be in [0, 1), not 1.0"),
        (W, {"mu": 1 - 1e-18}, "mu must be in [0, 1), not 1.0"),
        (W, {"t": -1}, "t must be a whole number, 0 or more, not -1"),
        (None, {}, "params is None"),
        (3.0, {}, "params must be a NumPy array, not a float"),
        ((a for a in [W]), {}, "params must be a NumPy array, not a generator; pass list(...) of it"),
        ([], {}, "params holds no array"),
        ({}, {}, "params holds no array"),
        ([W, [W]], {}, "params[1] is a list; arrays may stand in one list or dict, not deeper"),
        ({"a": {"b": W}}, {}, "params['a'] is a dict; arrays may stand in one list or dict, not deeper"),
        ({1: W}, {}, "the keys of params must be strings"),
        ([foreign("torch")], {}, "params[0] is a torch tensor; pass .detach().numpy() of it, which shares its memory"),
        (foreign("jaxlib.xla"), {}, "params is a JAX array, which cannot be updated in place"),
        ([W.astype(np.float16)], {}, "params[0] must be float32 or float64, not float16"),
        ({"a": W, "b": W.astype(float)}, {}, "params['b'] must be float32, not float64"),
        ([np.ones((4, 4), np.float32)[:, 1:]], {}, "params[0] must be C-contiguous and aligned"),
        ([np.broadcast_to(W, (2, 2))], {}, "params[0] must be writable"),
        ({"a": W, "b": W}, {}, "params['a'] and params['b'] share memory"),
        ([W, W[1:]], {}, "params[0] and params[1] share memory"),
        ([{"params": W}, W], {}, "params[1] must be a group like the others: a dict with the key 'params'"),
        ([{"weights": W}], {}, "params[0] must be a group like the others: a dict with the key 'params'"),
        ([{"params": []}], {}, "params[0]['params'] holds no array"),
        ([{"params": W, "momentum": 1}], {}, "plain has no hyperparameter 'momentum'"),
        ([{"params": W}, {"params": [None], "lr": 1}], {}, "params[1]['params'][0] is None"),
        ([{"params": W, "t": 0.5}], {}, "t must be a whole number, 0 or more, not 0.5"),
    ],
)
def test_mistakes(declared, params, hyper, message):
    before = W.copy()
    with pytest.raises(SymoptError) as caught:
        bind(declared.plain, params, **hyper)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (before == W).all()


def test_a_hyperparameter_without_default_is_asked_for(declared):
    with pytest.raises(SymoptError, match=r"everything has no default for lr; call bind\(params, lr=...\)"):
        bind(declared.everything, W)


@pytest.mark.parametrize("number", [1, np.float32(1), np.int8(1), np.float64(1)])
def test_any_real_number_is_a_hyperparameter(declared, number):
    opt = bind(declared.plain, W.copy(), lr=number)
    assert type(opt.hyper["lr"]) is float
    opt.hyper["lr"] = number
    assert opt.hyper["lr"] == 1.0


def structures(arrays):
    a, b, c, d = arrays
    return {
        "list": [a, b, c, d],
        "tuple": (a, b, c, d),
        "dict": {"a": a, "b": b, "c": c, "d": d},
        "groups": [{"params": [a, b]}, {"params": {"c": c, "d": d}}],
    }


def gradients(structure, arrays):
    value = structures(arrays)[structure]
    return [group["params"] for group in value] if structure == "groups" else value


@pytest.mark.parametrize("structure", ["list", "tuple", "dict", "groups"])
def test_every_structure_is_the_functional_interface_bit_for_bit(declared, arrays, same, module, structure):
    params, grads = arrays(0), [arrays(seed) for seed in range(1, 4)]
    state = module.init(params)
    bound = arrays(0)
    opt = bind(declared.plain, structures(bound)[structure], lr=0.3)
    for g in grads:
        module.step(params, g, state, lr=0.3)
        opt.step(gradients(structure, g))
    assert same(bound, params)
    assert opt.t == 3
    shown = opt.state["v"]
    if structure == "groups":
        assert list(shown[1]) == ["c", "d"]
        assert same([*shown[0], *shown[1].values()], state.v)
    else:
        assert list(shown) == ["a", "b", "c", "d"] if structure == "dict" else isinstance(shown, list)
        assert same(shown.values() if structure == "dict" else shown, state.v)


def test_one_array(declared, same):
    array, alone = W.copy(), W.copy()
    opt, other = bind(declared.plain, array), bind(declared.plain, [alone])
    opt.step(W)
    other.step([W])
    assert same([array], [alone])
    assert opt.params is array
    assert opt.state["v"].shape == W.shape


@pytest.mark.parametrize(
    ("params", "grads", "message"),
    [
        (W, [W], "grads must be one array, as params is; it is a list"),
        (W, None, "grads is None; every array of params needs one"),
        (W, foreign("torch"), "grads is a torch tensor; pass .detach().numpy() of it"),
        (W, W.astype(float), "grads must be float32, not float64"),
        (W, W[:1], "grads must have shape (2, 2), not (1, 2)"),
        ([W], W, "grads must be a list, as params is; it is one array"),
        ([W], [W, W], "grads must have one array for each of the 1 in params; it has 2"),
        ([W], [None], "grads[0] is None; every array of params needs one: pass zeros, or bind only the arrays"),
        ([W], [[1.0]], "grads[0] is a list"),
        ([W], [np.float32(1)], "grads[0] is a NumPy scalar; pass np.asarray(...) of it"),
        ({"a": W}, {"b": W}, "grads must have the keys of params; 'a' is missing"),
        ({"a": W}, {"a": W, "b": W}, "grads must have the keys of params; 'b' is not one of them"),
        ({"a": W}, [W], "grads must be a dict, as params is; it is a list"),
        ({"a": W}, {"a": None}, "grads['a'] is None"),
        ({"a": W}, {"a": W.T}, "grads['a'] must be C-contiguous"),
        ([{"params": W}, {"params": W}], [W], "grads must be a list with one entry for each of the 2 groups of params"),
        ([{"params": {"a": W}}], [{"a": W[1:]}], "grads[0]['a'] must have shape (2, 2), not (1, 2)"),
        ([{"params": {"a": W}}], [{"b": W}], "grads[0] must have the keys of params; 'a' is missing"),
    ],
)
def test_wrong_gradients(declared, params, grads, message):
    opt = bind(declared.plain, copied(params))
    before = opt.state_dict()
    with pytest.raises(SymoptError) as caught:
        opt.step(grads)
    assert message in str(caught.value)
    unchanged(opt, before)


def copied(value):
    if isinstance(value, dict):
        return {key: copied(entry) for key, entry in value.items()}
    return [copied(entry) for entry in value] if isinstance(value, list) else value.copy()


def unchanged(opt, before):
    after = opt.state_dict()
    assert list(after) == list(before)
    assert all(np.array_equal(after[key], before[key]) for key in before)


def test_a_gradient_that_is_the_parameter(declared):
    w = W.copy()
    opt = bind(declared.plain, {"w": w})
    with pytest.raises(SymoptError, match=r"^params\['w'\] and grads\['w'\] share memory$"):
        opt.step({"w": w})
    assert opt.t == 0


def test_inputs(declared):
    opt = bind(declared.everything, [W.copy()], lr=1.0)
    for inputs, message in [
        ({}, "everything needs mask: call step(grads, mask=...)"),
        ({"mask": [W]}, "everything needs metric: call step(grads, metric=...)"),
        ({"mask": [W], "metrics": 1}, "everything takes no input 'metrics'; did you mean metric?"),
        ({"lr": 1, "mask": [W]}, "lr is a hyperparameter; set opt.hyper['lr'] instead"),
        ({"mask": [None], "metric": 1}, "mask[0] is None"),
        ({"mask": [W[1:]], "metric": 1}, "mask[0] must have shape (2, 2), not (1, 2)"),
        ({"mask": W, "metric": 1}, "mask must be a list, as params is; it is one array"),
        ({"mask": [W], "metric": "low"}, "metric must be a number, not 'low'"),
    ]:
        before = opt.state_dict()
        with pytest.raises(SymoptError) as caught:
            opt.step([W], **inputs)
        assert message in str(caught.value)
        unchanged(opt, before)
    opt.step([W], mask=[W], metric=0.5)
    assert opt.state["worst"] == 0.5
    assert opt.state["size_g"] == [2.0]


def test_without_inputs_none_is_taken(declared):
    with pytest.raises(SymoptError, match="plain takes no input 'loss'"):
        bind(declared.plain, W.copy()).step(W, loss=1.0)


def test_steps_from_several_threads_are_all_taken(declared, same):
    shared, alone = np.zeros(40000, np.float32), np.zeros(40000, np.float32)
    grads = np.full_like(shared, 0.5)
    opt, other = bind(declared.plain, shared), bind(declared.plain, alone)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: opt.step(grads), range(40)))
    for _ in range(40):
        other.step(grads)
    assert opt.t == 40
    assert same([shared], [alone])


def test_repr_says_what_runs(declared):
    opt = bind(declared.plain, [{"params": [W.copy()], "lr": 0.5}, {"params": [W.copy()]}])
    expected = "<Plain: 2 float32 arrays, 8 parameters, t=0, 2 groups, lr=0.5|0.1, mu=0.9>"
    assert repr(opt) == expected
    assert repr(opt.groups[0]) == "Group(t=0, lr=0.5, mu=0.9)"
