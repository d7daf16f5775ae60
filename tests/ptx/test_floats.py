"""Arithmetic of floats, to the bit, on all combinations of edges and on random bits."""

import numpy as np
import pytest

FLOATS = [np.float16, np.float32, np.float64]


def kind(dtype):
    return f"f{8 * np.dtype(dtype).itemsize}"


def check(exactly, apply, opcodes, reference, dtype, count, more=1500):
    """Run instructions that are one operation, and its reference, on the same numbers."""
    operands = exactly.tuples(dtype, count, more=more)
    names = ", ".join(f"%{name}" for name in "abc"[:count])
    with np.errstate(all="ignore"):
        wanted = np.array([reference(*row) for row in zip(*operands, strict=True)], dtype)
    for opcode in opcodes.split():
        found = apply(f"{opcode} %x, {names};", [dtype], *operands)
        wrong = np.flatnonzero(~exactly.same(found, wanted))
        shown = [(*(array[i] for array in operands), found[i], wanted[i]) for i in wrong[:3]]
        assert not len(wrong), f"{opcode}: {len(wrong)} wrong, as {shown}"


@pytest.mark.parametrize("dtype", FLOATS)
def test_sums_and_products(exactly, apply, dtype):
    suffix = kind(dtype)
    check(exactly, apply, f"add.{suffix} add.rn.{suffix}", exactly.add, dtype, 2)
    check(exactly, apply, f"sub.{suffix} sub.rn.{suffix}", lambda a, b: exactly.add(a, -b), dtype, 2, more=300)
    check(exactly, apply, f"mul.{suffix} mul.rn.{suffix}", exactly.multiply, dtype, 2)


@pytest.mark.parametrize("mode", ["rz", "rm", "rp"])
def test_directed_rounding(exactly, apply, mode):
    check(exactly, apply, f"add.{mode}.f32", lambda a, b: exactly.add(a, b, mode), np.float32, 2)
    check(exactly, apply, f"mul.{mode}.f32", lambda a, b: exactly.multiply(a, b, mode), np.float32, 2)
    check(exactly, apply, f"fma.{mode}.f32", lambda a, b, c: exactly.fma(a, b, c, mode), np.float32, 3)


@pytest.mark.parametrize("dtype", FLOATS)
def test_fused(exactly, apply, dtype):
    check(exactly, apply, f"fma.rn.{kind(dtype)}", exactly.fma, dtype, 3, more=3000)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quotients_and_roots(exactly, apply, dtype):
    check(exactly, apply, f"div.rn.{kind(dtype)}", exactly.divide, dtype, 2)
    check(exactly, apply, f"rcp.rn.{kind(dtype)}", lambda a: exactly.divide(dtype(1), a), dtype, 1)
    check(exactly, apply, f"sqrt.rn.{kind(dtype)}", exactly.root, dtype, 1)


def test_fused_is_no_product_and_sum(exactly, apply):
    for dtype in FLOATS:
        a, c = np.array([1 + 3 * np.finfo(dtype).eps], dtype), np.array([-1], dtype)
        fused = apply(f"fma.rn.{kind(dtype)} %x, %a, %a, %b;", [dtype], a, c)
        two = apply(f"mul.{kind(dtype)} %x, %a, %a; add.{kind(dtype)} %x, %x, %b;", [dtype], a, c)
        assert fused > two == dtype(6 * np.finfo(dtype).eps)


def flushed(value):
    small = abs(value) < np.finfo(np.float32).smallest_normal
    return np.copysign(np.float32(0), value) if small else value


def test_flush_to_zero(exactly, apply):
    check(exactly, apply, "add.ftz.f32", lambda a, b: flushed(exactly.add(flushed(a), flushed(b))), np.float32, 2)
    check(exactly, apply, "mul.ftz.f32", lambda a, b: flushed(exactly.multiply(flushed(a), flushed(b))), np.float32, 2)
    check(exactly, apply, "abs.ftz.f32", lambda a: abs(flushed(a)), np.float32, 1)


def test_saturation(exactly, apply):
    def unit(value):
        return np.float32(0) if not value > 0 else min(value, np.float32(1))

    check(exactly, apply, "add.sat.f32", lambda a, b: unit(exactly.add(a, b)), np.float32, 2)


@pytest.mark.parametrize("dtype", FLOATS)
def test_extremes(exactly, apply, dtype):
    def smaller(a, b):
        if np.isnan(a) or np.isnan(b):
            return b if np.isnan(a) else a
        if a == b:
            return a if np.signbit(a) else b
        return min(a, b)

    def larger(a, b):
        return -smaller(-a, -b)

    check(exactly, apply, f"min.{kind(dtype)}", smaller, dtype, 2)
    check(exactly, apply, f"max.{kind(dtype)}", larger, dtype, 2)
    if dtype is np.float64:
        return
    strict = f"min.NaN.{kind(dtype)}"
    check(exactly, apply, strict, lambda a, b: dtype(np.nan) if a != a or b != b else smaller(a, b), dtype, 2)


@pytest.mark.parametrize("dtype", FLOATS)
def test_signs_are_bits(exactly, apply, dtype):
    values = exactly.edges(dtype)
    raw, top = f"u{values.itemsize}", 1 << (8 * values.itemsize - 1)
    bits = values.view(raw)
    assert np.array_equal(apply(f"neg.{kind(dtype)} %x, %a;", [dtype], values).view(raw), bits ^ bits.dtype.type(top))
    assert np.array_equal(
        apply(f"abs.{kind(dtype)} %x, %a;", [dtype], values).view(raw), bits & bits.dtype.type(top - 1)
    )


def test_copysign_takes_the_sign_of_its_first_operand(apply):
    sign, size = np.array([-0.0, 3, -2, 0], np.float32), np.array([5, -6, 7, -0.0], np.float32)
    found = apply("copysign.f32 %x, %a, %b;", [np.float32], sign, size)
    assert found.tobytes() == np.array([-5, 6, -7, 0], np.float32).tobytes()


def test_the_nan_of_arithmetic(apply):
    for dtype, bits in ((np.float16, 0x7FFF), (np.float32, 0x7FFFFFFF), (np.float64, 0x7FF8000000000000)):
        infinite = np.array([np.inf], dtype)
        found = apply(f"sub.{kind(dtype)} %x, %a, %a;", [dtype], infinite)
        assert int(found.view(f"u{found.itemsize}")[0]) == bits


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("finite", np.isfinite),
        ("infinite", np.isinf),
        ("number", lambda a: a == a),
        ("notanumber", np.isnan),
        ("normal", lambda a: np.isfinite(a) & (abs(a) >= np.finfo(a.dtype).smallest_normal)),
        ("subnormal", lambda a: (a != 0) & (abs(a) < np.finfo(a.dtype).smallest_normal)),
    ],
)
def test_classes(exactly, apply, name, holds):
    for dtype in (np.float32, np.float64):
        values = exactly.edges(dtype)
        lines = f"testp.{name}.{kind(dtype)} %p, %a; selp.u32 %x, 1, 0, %p;"
        assert np.array_equal(apply(lines, [np.uint32], values) == 1, holds(values))


@pytest.mark.parametrize(
    ("opcode", "function", "low", "high"),
    [
        ("ex2.approx.ftz.f32", np.exp2, -125, 127),
        ("lg2.approx.ftz.f32", np.log2, 2, 1e30),
        ("rcp.approx.ftz.f32", np.reciprocal, 1e-30, 1e30),
        ("rsqrt.approx.f32", lambda a: 1 / np.sqrt(a), 1e-30, 1e30),
        ("sqrt.approx.ftz.f32", np.sqrt, 1e-30, 1e30),
        ("sin.approx.f32", np.sin, 0.1, 3),
        ("cos.approx.f32", np.cos, 0.1, 1.5),
        ("tanh.approx.f32", np.tanh, -3, 3),
        ("rcp.approx.ftz.f64", np.reciprocal, 1e-30, 1e30),
    ],
)
def test_what_ptx_leaves_open_is_as_near_as_it_can_be(apply, opcode, function, low, high):
    dtype = np.float64 if opcode.endswith("f64") else np.float32
    values = np.linspace(low, high, 1000).astype(dtype)
    found = apply(f"{opcode} %x, %a;", [dtype], values)
    wanted = function(values.astype(np.longdouble))
    digits = 21 if dtype is np.float64 else 24  # the lower half of a float64 is zero
    assert np.all(np.abs(found - wanted) <= 2.0**-digits * 1.01 * np.abs(wanted))
    if dtype is np.float64:
        assert not np.any(found.view(np.uint64) & 0xFFFFFFFF)
