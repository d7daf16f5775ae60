"""What a kernel promises beyond its values: the same bits on any number of threads, no float64 work, NaN kept."""

import re
from collections import Counter

import numpy as np
import pytest

from symopt.backends.cpu import emit
from symopt.derive.training import training_form
from symopt.lower import lower
from symopt.passes import run_passes

SHAPES = ((70_001,), (3,), (), (130, 257), (0,))
ARITHMETIC = re.compile(r"\s+v?(add|sub|mul|div|sqrt|max|min|fn?m(?:add|sub)\d*|cvt\w*?)([sp][sd])\b")


def steps(module, arrays, dtype, count=3):
    """Every stored array after some steps."""
    rng = np.random.default_rng(3)
    params = arrays(rng, SHAPES, dtype)
    state = module.init(params, (0, 1, 0, 1, 1))
    for _ in range(count):
        module.step(params, arrays(rng, SHAPES, dtype), state)
    stored = [x for value in vars(state).values() if isinstance(value, tuple) for x in value]
    return [array.tobytes() for array in (*params, *stored)]


@pytest.mark.parametrize("name", ["amsgrad_like", "centralized", "row_reduced"])
def test_bits_do_not_depend_on_the_number_of_threads(name, emitted, unusual, arrays, threads):
    module = emitted(unusual[name])
    found = []
    for count in (1, 2, 3):
        threads(count)
        found.append(steps(module, arrays, np.float32))
    assert found[0] == found[1] == found[2]


def test_bits_of_element_work_do_not_depend_on_the_chunks(emitted, unusual, arrays, monkeypatch):
    module = emitted(unusual["amsgrad_like"])
    expected = steps(module, arrays, np.float32)
    for chunk in (1, 7, 1000, 10**6):
        monkeypatch.setattr(module, "CHUNK", chunk)
        assert steps(module, arrays, np.float32) == expected


def test_lists_of_many_small_and_of_no_arrays(emitted, unusual, arrays):
    """More tensors than blocks, and the same numbers whether they come in one array or in many."""
    module = emitted(unusual["amsgrad_like"])
    rng = np.random.default_rng(0)
    whole, grad = arrays(rng, [(3000,)] * 2)
    params, grads = [row.copy() for row in whole.reshape(1500, 2)], list(grad.reshape(1500, 2))
    states = module.init([whole]), module.init(params)
    for _ in range(3):
        module.step([whole], [grad], states[0])
        module.step(params, grads, states[1])
    assert np.concatenate(params).tobytes() == whole.tobytes()


def loops(module, dtype):
    """Function name -> how often each kind of arithmetic stands in it: the functions that run over elements.

    Those that see to the range of a chunk's sums have no loop; they call the ones that do.
    """
    array = np.ones(300, dtype)
    module.step([array], [array.copy()], module.init([array]))
    overload = next(o for s, o in module.kernel.overloads.items() if f"float{8 * array.itemsize}" in str(s[5]))
    found, name = {}, ""
    for line in overload.library.get_asm_str().splitlines():
        if label := re.match(r"([A-Za-z_]\S*):", line):
            name = label[1]
        elif "in_rangeB" in name:
            continue
        elif ("parfor" in name or re.search(r"(body|terms|sums)_?\w*B", name)) and (one := ARITHMETIC.match(line)):
            found.setdefault(name, Counter())[one[1], one[2]] += 1
    return found


@pytest.mark.parametrize("name", ["amsgrad_like", "centralized", "two_rhythms", "transcendental", "row_kept"])
def test_no_float64_instruction_in_a_float32_loop(name, emitted, unusual):
    found = loops(emitted(unusual[name]), np.float32)
    assert found
    for function, kinds in found.items():
        double = {kind for kind in kinds if kind[1] in ("sd", "pd")}
        # what adds up a chunk folds its lanes in float64, once per chunk: conversions and additions, nothing else
        folding = {("cvtss2", "sd"), ("add", "sd"), ("max", "sd")} if "sums" in function else set()
        assert double <= folding, f"float64 in {function}"


@pytest.mark.parametrize("name", ["amsgrad_like", "centralized", "two_rhythms", "row_kept"])
def test_loops_are_vectorised(name, emitted, unusual):
    found = loops(emitted(unusual[name]), np.float32)
    assert all("ps" in {precision for _, precision in kinds} for kinds in found.values())


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, 3e38, -3e38, 1.0], np.float32)


def test_special_gradients_do_what_the_equations_say(emitted, unusual):
    """v = mu*v - lr*g and theta + v, element by element: NaN and infinities go where IEEE arithmetic takes them."""
    module = emitted(unusual["moved"])
    point = np.ones(len(SPECIAL), np.float32)
    state = module.init([point])
    module.step([point], [SPECIAL], state)
    with np.errstate(all="ignore"):
        expected = np.float32(0.75 * 0.125) - np.float32(0.01) * SPECIAL
    assert (np.isnan(state.v[0]) == np.isnan(SPECIAL)).all()
    assert (np.isinf(state.v[0]) == np.isinf(SPECIAL)).all()
    assert (np.sign(state.v[0][np.isinf(SPECIAL)]) == -np.sign(SPECIAL[np.isinf(SPECIAL)])).all()
    finite = np.isfinite(SPECIAL)
    # mu*v and lr*g are rounded once each, and so is lr, a number in float32: 3 units in the last place of the larger
    largest = np.maximum(np.abs(expected[finite]), np.float32(0.1))
    assert (np.abs(state.v[0][finite] - expected[finite]) <= 3 * np.spacing(largest)).all()
    assert (np.isfinite(point) == finite).all()


def test_an_infinite_state_stays_infinite(emitted, unusual):
    """hi*v + (lo*v + r) has no inf - inf, as hi and lo have one sign."""
    module = emitted(unusual["amsgrad_like"])
    for value in (np.inf, -np.inf):
        params = [np.zeros(4, np.float32)]
        state = module.init(params)
        state.m[0][:] = value
        for _ in range(30):
            module.step(params, [np.ones(4, np.float32)], state)
        assert (state.m[0] == value).all()


@pytest.mark.parametrize(
    ("mu", "old", "new"),
    [
        (1e39, 1.0, np.inf),  # beyond float32 in both words, or in one
        (1e300, -1e-3, -np.inf),
        (-3.5e38, 0.25, -8.75e37),
        (5e38, 0.25, 1.25e38),
        (1e-42, np.inf, np.inf),  # words of a few bits
        (-1e-44, np.inf, -np.inf),
        (1e-42, 2.0**100, 1e-42 * 2.0**100),
    ],
)
def test_a_coefficient_of_any_size_has_two_words_of_one_sign(mu, old, new, emitted, unusual):
    """Each word is rounded once: half a unit in the last place of mu, or of the smallest float32."""
    module = emitted(unusual["growing"])
    params = [np.zeros(3, np.float32)]
    state = module.init(params)
    state.v[0][:] = old
    module.step(params, [np.zeros(3, np.float32)], state, mu=mu)
    if np.isinf(new):
        assert (state.v[0] == new).all()
    else:
        off = abs(old) * max(2.0**-150, abs(mu) * 2.0**-24) + abs(new) * 2.0**-23
        assert (np.abs(state.v[0] - new) <= off).all()


def test_a_number_beyond_float32_is_infinite_there(emitted, unusual):
    module = emitted(unusual["amsgrad_like"])
    params = [np.zeros(2, np.float32)]
    module.step(params, [np.array([1, -1], np.float32)], module.init(params), lr=1e300)
    assert params[0].tolist() == [-np.inf, np.inf]


def stored_norms(module, grads):
    """The norm of each gradient, and of all together, as the first step stores them."""
    params = [np.zeros_like(g) for g in grads]
    state = module.init(params)
    module.step(params, grads, state)
    numbers = state.tensor_numbers[:, module.TENSOR.index("n")]
    return [*numbers, state.numbers[0, module.GROUP.index("whole")]]


@pytest.mark.parametrize("size", [1e-45, 1e-40, 1e-30, 1e-23, 1e-19, 1e-15, 1.0, 1e15, 2e19, 1e30, 1e38])
def test_a_norm_holds_over_all_of_float32(size, emitted, unusual):
    """A lane adds 256 squares of a chunk: 256 roundings, one of each square and of each number; a root halves them."""
    rng = np.random.default_rng(1)
    grads = [np.float32(size) * np.float32(rng.integers(1, 4, n)) for n in (40_000, 7)]
    wide = [g.astype(np.float64) for g in grads]
    exact = [*(np.sqrt(np.sum(g * g)) for g in wide), np.sqrt(sum(np.sum(g * g) for g in wide))]
    found = stored_norms(emitted(unusual["norms"]), grads)
    assert np.all(np.abs(found - np.array(exact)) <= 130 * 2.0**-24 * np.array(exact))


def test_a_norm_of_chunks_of_any_sizes(emitted, unusual):
    g = np.zeros(5 * 16384, np.float32)
    g[0], g[16384], g[3 * 16384], g[-1] = 3e-40, 1.0, 3e30, -4e30
    assert abs(stored_norms(emitted(unusual["norms"]), [g])[0] / 5e30 - 1) <= 2.0**-22
    g[16384:] = 0
    g[1] = 4e-40
    assert abs(stored_norms(emitted(unusual["norms"]), [g])[0] / 5e-40 - 1) <= 2.0**-17  # 3e-40 and 4e-40 have 18 bits


@pytest.mark.parametrize(("odd", "result"), [(np.inf, np.inf), (-np.inf, np.inf), (np.nan, np.nan), (0.0, 0.0)])
def test_the_norm_of_what_has_none(odd, result, emitted, unusual):
    g = np.zeros(20_000, np.float32)
    g[17_000] = odd
    found = stored_norms(emitted(unusual["norms"]), [g, np.zeros(3, np.float32)])
    assert [str(x) for x in found] == [str(np.float64(x)) for x in (result, 0.0, result)]


def test_float64_keeps_its_own_range(emitted, unusual):
    for size in (1e-150, 1e-40, 1e40, 1e150):
        found = stored_norms(emitted(unusual["norms"]), [np.full(16, size)])
        assert np.allclose(found, [4 * size, 4 * size], rtol=1e-14, atol=0)


def test_emission_is_deterministic_and_no_line_is_long(unusual):
    for optimizer in unusual.values():
        texts = []
        for _ in range(2):
            training = training_form(optimizer)
            texts.append(emit(run_passes(lower(training)), training, "For a test."))
        assert texts[0] == texts[1]
        assert max(map(len, texts[0].splitlines())) <= 120


@pytest.mark.parametrize("name", ["amsgrad_like", "from_outside", "moved"])
def test_the_example_in_the_docstring_runs(name, emitted, unusual):
    module = emitted(unusual[name])
    lines = [line[4:] for line in module.__doc__.splitlines() if line.startswith("    ")]
    start = lines.index("import numpy as np")
    names = {}
    exec("\n".join(["from " + module.__name__ + " import *", *lines[start:]]), names)
    assert all(np.isfinite(array).all() for array in names["params"])
