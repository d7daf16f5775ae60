"""Whole kernels as a compiler makes them, run and compared with NumPy."""

import numpy as np
import pytest

from symopt.ptx import Memory, contracted, run

BLOCK = 256
ROUNDING = 2.0**-24


def launched(kernel, grid, *arrays, block=BLOCK):
    memory = Memory()
    arguments = [word for array in arrays for word in memory.pass_array(array)]
    return run(kernel, grid, block, arguments, memory)


@pytest.mark.parametrize("count", [1, 255, 1000])
def test_vectors_are_added(sample, count):
    rng = np.random.default_rng(count)
    x, y = rng.standard_normal((2, count)).astype(np.float32)
    z = np.zeros(count, np.float32)
    report = launched(sample("add"), 4, x, y, z)
    assert np.array_equal(z, x + y)
    assert not report.approximate
    assert "add.f32" in report.opcodes


@pytest.mark.parametrize("grid", [1, 3, 40])
def test_a_tree_adds_in_its_order(sample, grid):
    values = np.random.default_rng(0).standard_normal(20000).astype(np.float32)
    sums = np.zeros(grid)
    launched(sample("total"), grid, values, sums)
    padded = np.zeros(-(-len(values) // (grid * BLOCK)) * grid * BLOCK)
    padded[: len(values)] = values
    rows = np.zeros((grid, BLOCK))
    for part in padded.reshape(-1, grid, BLOCK):
        rows += part
    while rows.shape[1] > 1:
        rows = rows[:, : rows.shape[1] // 2] + rows[:, rows.shape[1] // 2 :]
    assert np.array_equal(sums, rows[:, 0])


def units(found, wanted, dtype):
    """The largest error in units of the last place."""
    size = np.maximum(np.abs(wanted), np.finfo(dtype).smallest_normal)
    return float(np.max(np.abs(found - wanted) / np.spacing(size.astype(dtype))))


def test_functions_of_float64(sample):
    """The bounds are those that the CUDA programming guide gives for the library, log to pow, and of IEEE below."""
    rng = np.random.default_rng(1)
    x = np.concatenate([np.exp(rng.uniform(-200, 5, 500)), rng.uniform(0.3, 3, 500), [1e-310, 1.0, 2.0, 0.5, 80]])
    out = np.zeros((10, len(x)))
    report = launched(sample("numbers"), -(-len(x) // 128), x, out.reshape(-1), block=128)
    v = x.astype(np.longdouble)
    wanted = [np.log(v), np.exp(v), np.expm1(v), np.log1p(v), np.tanh(v), np.cos(v), np.sin(v), v ** np.longdouble(1.7)]
    for row, exact, most in zip(out, wanted, [1, 1, 1, 1, 2, 2, 2, 2], strict=False):
        assert units(row, exact, np.float64) <= most + 0.5
    assert np.array_equal(out[8], np.sqrt(x) / (x + 3))
    assert np.array_equal(out[9], np.clip(x, 0.5, 2))
    assert set(report.approximate) <= {"rcp.approx.ftz.f64", "ex2.approx.ftz.f32"}


def test_large_angles_take_the_long_way(sample):
    x = np.array([1e5, 1e10, 1e22, 2.0**1000, 1e300])
    out = np.zeros((10, len(x)))
    launched(sample("numbers"), 1, x, out.reshape(-1), block=32)
    assert np.max(np.abs(out[6] - np.sin(x))) < 2e-16
    assert np.max(np.abs(out[5] - np.cos(x))) < 2e-16


def test_functions_at_their_ends(sample):
    x = np.array([0.0, np.inf, np.nan, -1.0, 1000.0])
    out = np.zeros((10, len(x)))
    launched(sample("numbers"), 1, x, out.reshape(-1), block=32)
    with np.errstate(all="ignore"):
        wanted = [np.log(x), np.exp(x), np.expm1(x), np.log1p(x), np.tanh(x), np.cos(x), np.sin(x), x**1.7]
    for row, exact in zip(out[:2], wanted[:2], strict=True):
        assert np.array_equal(row, exact, equal_nan=True)
    for row, exact in zip(out[2:8], wanted[2:], strict=True):
        assert np.array_equal(np.isfinite(row), np.isfinite(exact))


def test_functions_of_float32(sample):
    x = np.random.default_rng(2).uniform(0.01, 10, 1000).astype(np.float32)
    out = np.zeros((6, len(x)), np.float32)
    report = launched(sample("elements"), 4, x, out.reshape(-1))
    v = x.astype(np.float64)
    wanted = [np.log(v), np.exp(v), np.tanh(v), v ** float(np.float32(1.7))]
    for row, exact, most in zip(out, wanted, [1, 2, 2, 4], strict=False):  # as in the CUDA programming guide
        assert units(row, exact, np.float32) <= most + 0.5
    assert np.array_equal(out[4], np.copysign(x, 2 - x))
    i = np.arange(len(x))
    assert np.array_equal(out[5], (i % 7 + (i // 3) * 0.5).astype(np.float32))
    assert "ex2.approx.ftz.f32" in report.approximate


def adamw(theta, g, m, v, row):
    """AdamW in float64, and how far float32 may be from it: each operation adds half a unit of its result."""
    lr, eps, b1h, b1l, one_b1, b2h, b2l, one_b2, scale_m, scale_v, lw = (float(x) for x in row)
    terms = [b1h * m, b1l * m, one_b1 * g]
    m_new, m_off = sum(terms), 4 * ROUNDING * sum(np.abs(term) for term in terms)
    v_new = b2h * v + (b2l * v + one_b2 * g * g)
    root = np.sqrt(scale_v * v_new) + eps
    part = lr * scale_m / root
    quotient, q_off = part * m_new, part * m_off + 10 * ROUNDING * np.abs(part * m_new)
    new = theta + (-lw * theta - quotient)
    off = q_off + 3 * ROUNDING * (np.abs(theta) * (1 + lw) + np.abs(quotient))
    return (new, off), (m_new, m_off), (v_new, 5 * ROUNDING * np.abs(v_new))


@pytest.mark.parametrize("made", [lambda kernel: kernel, contracted], ids=["as written", "fused"])
@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_adamw(sample, name, made):
    rng, sizes = np.random.default_rng(3), [4096, 24, 1500]
    row = np.array([[1e-3, 1e-8, 0.9, 2e-8, 0.1, 0.999, -1e-8, 0.001, 1.7, 30.0, 1e-5]], np.float32)
    memory, table, tensors = Memory(), [], []
    for size in sizes:
        theta, g, m = rng.standard_normal((3, size)).astype(np.float32)
        v = rng.random(size).astype(np.float32)
        if name == "float16":
            theta, g = theta.astype(np.float16), g.astype(np.float16)
        if name == "bfloat16":
            theta = (theta.view(np.uint32) >> 16).astype(np.uint16)
        arrays = [theta, g, m, v]
        tensors.append((arrays, [decoded(array, name) for array in arrays]))
        table.append([memory.place(array) for array in arrays])
    chunks = [[i, start, min(1024, size - start), 0] for i, size in enumerate(sizes) for start in range(0, size, 1024)]
    arguments = [word for array in (np.array(chunks), np.array(table), row) for word in memory.pass_array(array)]
    run(made(sample(f"adamw_{name}")), 3, BLOCK, arguments, memory)
    for arrays, before in tensors:
        for array, (wanted, off) in zip([arrays[0], *arrays[2:]], adamw(*before, row[0]), strict=True):
            stored = {np.float16: 2.0**-11, np.uint16: 2.0**-8}.get(array.dtype.type, 0)  # its last rounding
            allowed = off + stored * (np.abs(wanted) + off) + 2.0**-25 * (stored > 0)
            assert np.all(np.abs(decoded(array, name) - wanted) <= allowed)
            assert not np.array_equal(decoded(array, name), before[0])


def decoded(array, name):
    """An array as float64."""
    wide = array.astype(np.uint32) << 16 if array.dtype == np.uint16 else array
    return (wide.view(np.float32) if array.dtype == np.uint16 else wide).astype(np.float64)
