"""Numbers per row: rows of every length, in one chunk or in many, and tensors that have none."""

import copy
import pickle

import numpy as np
import pytest

SHAPES = ((5, 3), (1, 7), (7,), (), (0, 4), (4, 0), (3, 20_000), (2, 3, 4), (300, 100), (40_000,))


def rows(array):
    """A matrix whose rows are the array's: slices along the first axis, all elements where it has fewer than two."""
    wide = np.asarray(array, np.float64)
    return wide.reshape(wide.shape[0], int(np.prod(wide.shape[1:]))) if wide.ndim > 1 else wide.reshape(1, -1)


def kept(v, g, decay):
    """`row_kept`'s v, from v and g."""
    old, new = rows(v), rows(g)
    with np.errstate(all="ignore"):
        size = np.mean(new**2, axis=1, keepdims=True) if new.shape[1] else np.nan
    expected = np.where(new.sum(axis=1, keepdims=True) > 0, decay * old + new, old * np.minimum(1, size))
    return expected.reshape(np.shape(v))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_of_every_length(dtype, emitted, unusual, arrays):
    """A lane adds at most 256 squares of a piece: 256 roundings, one of each square; the rest is a few more."""
    module, rng = emitted(unusual["row_kept"]), np.random.default_rng(5)
    params = arrays(rng, SHAPES, dtype)
    state, groups = module.init(params, [k % 2 for k in range(len(SHAPES))]), (0.5, 0.75)
    for _ in range(3):
        grads = arrays(rng, SHAPES, dtype)
        old = [v.copy() for v in state.v]
        module.step(params, grads, state, decay=list(groups))
        for k, (v, g) in enumerate(zip(old, grads, strict=True)):
            allowed = 300 * np.finfo(dtype).eps / 2 * (np.abs(v) + np.abs(g))
            assert np.all(np.abs(state.v[k] - kept(v, g, groups[k % 2])) <= allowed), SHAPES[k]


def whole_numbers(rng, shapes):
    return [np.asarray(rng.integers(-9, 10, shape)).astype(np.float32).reshape(shape) for shape in shapes]


@pytest.mark.parametrize("chunk", [1, 4, 7, 64, 10**6])
def test_sums_of_rows_do_not_depend_on_the_chunks(chunk, emitted, unusual, monkeypatch):
    """Sums of whole numbers are exact, however a row is cut and however many rows a chunk holds."""
    module = emitted(unusual["row_kept"])
    shapes = [shape for shape in SHAPES if np.prod(shape) < 2000] + [(3, 900)]

    def stepped():
        rng = np.random.default_rng(2)
        params = whole_numbers(rng, shapes)
        state = module.init(params)
        for _ in range(2):
            module.step(params, whole_numbers(rng, shapes), state)
        return [array.tobytes() for array in (*params, *state.v)]

    expected = stepped()
    monkeypatch.setattr(module, "CHUNK", chunk)
    assert stepped() == expected


def test_short_rows_share_a_chunk(emitted, unusual):
    module = emitted(unusual["row_kept"])
    state = module.init([np.zeros((1000, 16), np.float32), np.zeros((2, 40_000), np.float32)])
    long = [[n, 0, row, 1] for row in (1000, 1001) for n in (16384, 16384, 7232)]
    assert state.plan.row_work[:, 2:].tolist() == [
        [16, 0, 0, 1000, 0],
        *([*chunk, piece] for piece, chunk in enumerate(long, 1000)),
    ]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda state: pickle.loads(pickle.dumps(state))])
def test_a_copy_goes_on(copied, emitted, unusual, arrays):
    module, rng = emitted(unusual["row_kept"]), np.random.default_rng(1)
    shapes = ((5, 3), (7,), (40, 2))
    params, grads = arrays(rng, shapes), arrays(rng, shapes)
    state = module.init(params)
    module.step(params, grads, state)
    others, again = [array.copy() for array in params], copied(state)
    module.step(params, grads, state)
    module.step(others, grads, again)
    assert all(a.tobytes() == b.tobytes() for a, b in zip((*params, *state.v), (*others, *again.v), strict=True))


def test_no_tensors_at_all(emitted, unusual):
    module = emitted(unusual["row_kept"])
    state = module.init([])
    module.step([], [], state)
    assert state.numbers[0, 0] == 1


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_an_odd_gradient_spoils_its_row_only(odd, emitted, unusual):
    """total(g) > 0 fails for NaN and -inf: v * Min(1, mean(g**2)) is then v * Min(1, NaN or inf), from v = 1."""
    module = emitted(unusual["row_kept"])
    params, g = [np.zeros((3, 4), np.float32)], np.ones((3, 4), np.float32)
    state = module.init(params)
    state.v[0][:] = 1
    g[1, 2] = odd
    module.step(params, [g], state)
    decayed = np.float32(0.9) + 1
    spoilt = {"nan": [np.nan] * 4, "-inf": [1.0] * 4, "inf": [decayed, decayed, np.inf, decayed]}[str(odd)]
    expected = np.array([[decayed] * 4, spoilt, [decayed] * 4], np.float32)
    assert np.allclose(state.v[0], expected, rtol=2.0**-22, atol=0, equal_nan=True)
