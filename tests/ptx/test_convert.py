"""Conversions and comparisons, with what PTX defines for NaN and for numbers out of range."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

FLOATS = [np.float16, np.float32, np.float64]
INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
WHOLE = {"rni": round, "rzi": int, "rmi": floor, "rpi": ceil}


def kind(dtype):
    dtype = np.dtype(dtype)
    return f"{dtype.kind.replace('i', 's')}{8 * dtype.itemsize}"


def held(dtype):
    """The type of a register for it: none has 8 bits."""
    return np.dtype(f"{np.dtype(dtype).kind}{max(2, np.dtype(dtype).itemsize)}").type


def floats(exactly, dtype):
    """Edges, halves, and numbers around the ends of all integers."""
    rng = np.random.default_rng(2)
    ends = [
        sign * (2.0**bits + step)
        for bits in (7, 8, 15, 16, 31, 32, 63, 64)
        for step in (-1, -0.5, 0, 0.5, 1)
        for sign in (1, -1)
    ]
    halves = np.arange(-9.5, 10, 0.5)
    with np.errstate(all="ignore"):
        found = np.concatenate([exactly.edges(dtype), np.array(ends).astype(dtype), halves.astype(dtype)])
        return np.concatenate([found, (rng.standard_normal(500) * 1000).astype(dtype)])


@pytest.mark.parametrize("source", FLOATS)
@pytest.mark.parametrize("target", INTEGERS)
def test_floats_to_integers(exactly, apply, source, target):
    values, info = floats(exactly, source), np.iinfo(target)
    for mode, whole in WHOLE.items():
        found = apply(f"cvt.{mode}.{kind(target)}.{kind(source)} %x, %a;", [held(target)], values).astype(target)
        missing = 0
        if source is np.float64 or info.bits == 64:
            missing = info.min or 2 ** (info.bits - 1)
        wanted = []
        for value in values.tolist():
            if np.isnan(value):
                wanted.append(missing)
            elif np.isinf(value):
                wanted.append(info.max if value > 0 else info.min)
            else:
                wanted.append(min(max(whole(Fraction(value)), info.min), info.max))
        assert [int(x) for x in found] == wanted


@pytest.mark.parametrize("source", INTEGERS)
@pytest.mark.parametrize("target", FLOATS)
def test_integers_to_floats(exactly, apply, source, target):
    info, rng = np.iinfo(source), np.random.default_rng(5)
    ends = [0, 1, info.max, info.max - 1, info.max // 2 + 1, info.min, info.min + 1]
    powers = [2**n + step for n in range(8, info.bits - 1) for step in (-1, 1)] if info.bits > 8 else []
    raw = rng.integers(0, 256, 400 * info.bits // 8, np.uint8).view(source)
    values = np.concatenate([np.array([*ends, *powers], source), raw])
    for mode in ("rn",) if target is np.float64 else ("rn", "rz", "rm", "rp"):
        loaded = values.astype(held(source))
        found = apply(f"cvt.{mode}.{kind(target)}.{kind(source)} %x, %a;", [target], loaded)
        wanted = np.array([exactly.round_once(Fraction(int(x)), target, mode) for x in values], target)
        assert exactly.same(found, wanted).all()


@pytest.mark.parametrize("source", INTEGERS)
@pytest.mark.parametrize("target", INTEGERS)
def test_integers_to_integers(apply, source, target):
    values = np.random.default_rng(6).integers(0, 256, 300 * np.dtype(source).itemsize, np.uint8).view(source)
    loaded, opcode = values.astype(held(source)), f"{kind(target)}.{kind(source)}"
    found = apply(f"cvt.{opcode} %x, %a;", [held(target)], loaded)
    assert np.array_equal(found, values.astype(target).astype(held(target)))
    info = np.iinfo(target)
    clipped = apply(f"cvt.sat.{opcode} %x, %a;", [held(target)], loaded)
    assert [int(x) for x in clipped] == [min(max(int(x), info.min), info.max) for x in values]


@pytest.mark.parametrize(
    ("source", "target"), [(np.float64, np.float32), (np.float64, np.float16), (np.float32, np.float16)]
)
@pytest.mark.parametrize("mode", ["rn", "rz", "rm", "rp"])
def test_narrower_floats(exactly, apply, source, target, mode):
    info = np.finfo(target)
    edges = exactly.edges(target).astype(source)
    with np.errstate(all="ignore"):
        between = (edges[:, None] / 2 + edges / 2).ravel()
    beyond = np.array(
        [float(info.max) * (1 + float(info.eps) / 4), float(info.max) * (1 + float(info.eps) / 2), 1e6], source
    )
    values = np.concatenate([between, np.nextafter(between, source(1)), beyond, -beyond, exactly.edges(source)])
    found = apply(f"cvt.{mode}.{kind(target)}.{kind(source)} %x, %a;", [target], values)
    with np.errstate(all="ignore"):
        wanted = [
            exactly.round_once(Fraction(float(x)), target, mode, np.copysign(0.0, x)) if np.isfinite(x) else target(x)
            for x in values
        ]
    assert exactly.same(found, np.array(wanted, target)).all()


def test_wider_floats(exactly, apply):
    values = np.arange(2**16, dtype=np.uint16).view(np.float16)
    found = apply("cvt.f32.f16 %x, %a;", [np.float32], values)
    assert exactly.same(found, values.astype(np.float32)).all()
    values = exactly.edges(np.float32)
    assert exactly.same(apply("cvt.f64.f32 %x, %a;", [np.float64], values), values.astype(np.float64)).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_whole_floats_keep_their_sign(exactly, apply, dtype):
    values = floats(exactly, dtype)
    for mode, whole in {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}.items():
        found = apply(f"cvt.{mode}.{kind(dtype)}.{kind(dtype)} %x, %a;", [dtype], values)
        assert exactly.same(found, whole(values)).all()


def test_modifiers_of_conversions(exactly, apply):
    values = exactly.edges(np.float32)
    unit = apply("cvt.sat.f32.f32 %x, %a;", [np.float32], values)
    assert exactly.same(unit, np.array([0 if not v > 0 else min(v, 1) for v in values], np.float32)).all()
    tiny = np.array([1e-40, -1e-40, 2e-38], np.float32)
    flushed = apply("cvt.ftz.f64.f32 %x, %a;", [np.float64], tiny)
    assert flushed.tobytes() == np.array([0.0, -0.0, tiny[2]], np.float64).tobytes()


def test_bfloat16_by_integers(apply):
    """The nearest bfloat16, ties to even, as kernels write it that know no such type."""
    lines = """
        mov.b32 %r0, %a; shr.u32 %r1, %r0, 16; and.b32 %r1, %r1, 1; add.s32 %r2, %r0, %r1; add.s32 %r2, %r2, 32767;
        setp.nan.f32 %p, %a, %a; or.b32 %r3, %r0, 4194304; selp.b32 %r4, %r3, %r2, %p; shr.u32 %x, %r4, 16;"""
    bits = np.array([0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0x7F7FFFFF, 0x7F800001, 0x80000000], np.uint32)
    found = apply(lines, [np.uint32], bits.view(np.float32))
    assert found.tolist() == [0x3F80, 0x3F82, 0x3F81, 0x3F80, 0x7F80, 0x7FC0, 0x8000]


COMPARED = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


@pytest.mark.parametrize("dtype", FLOATS)
def test_comparisons_of_floats(exactly, apply, dtype):
    a, b = exactly.tuples(dtype, 2)
    missing = np.isnan(a) | np.isnan(b)
    wanted = {name: holds(a, b) & ~missing for name, holds in COMPARED.items()}
    wanted |= {f"{name}u": found | missing for name, found in wanted.items()} | {"num": ~missing, "nan": missing}
    for name, holds in wanted.items():
        lines = f"setp.{name}.{kind(dtype)} %p, %a, %b; selp.u32 %x, 1, 0, %p;"
        assert np.array_equal(apply(lines, [np.uint32], a, b) == 1, holds), name


@pytest.mark.parametrize("dtype", INTEGERS[2:])
def test_comparisons_of_integers(apply, dtype):
    rng = np.random.default_rng(7)
    a = rng.integers(0, 256, 200 * np.dtype(dtype).itemsize, np.uint8).view(dtype)
    b = np.where(rng.random(200) < 0.3, a, rng.permutation(a))
    names = dict(COMPARED)
    if np.dtype(dtype).kind == "u":
        names |= {"lo": COMPARED["lt"], "ls": COMPARED["le"], "hi": COMPARED["gt"], "hs": COMPARED["ge"]}
    for name, holds in names.items():
        lines = f"setp.{name}.{kind(dtype)} %p, %a, %b; selp.u32 %x, 1, 0, %p;"
        assert np.array_equal(apply(lines, [np.uint32], a, b) == 1, holds(a, b)), name


@pytest.mark.parametrize(
    ("join", "function"), [("and", np.logical_and), ("or", np.logical_or), ("xor", np.logical_xor)]
)
def test_comparisons_joined_to_predicates(apply, join, function):
    a, b = np.array([1, 2, 3, np.nan] * 2, np.float32), np.array([2] * 8, np.float32)
    c = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.uint32)
    lines = f"""
        setp.ne.u32 %q, %c, 0; setp.lt.{join}.f32 %p|%q, %a, %b, !%q;
        selp.u32 %x, 1, 0, %p; selp.u32 %y, 1, 0, %q;"""
    found, opposite = apply(lines, [np.uint32, np.uint32], a, b, c)
    assert np.array_equal(found == 1, function(a < b, c == 0))
    assert np.array_equal(opposite == 1, function(~(a < b), c == 0))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32, np.uint64, np.float64])
def test_selection(apply, dtype):
    a, b, chosen = np.arange(8).astype(dtype), np.arange(8, 16).astype(dtype), np.arange(8, dtype=np.uint32) % 2
    found = apply(f"setp.ne.u32 %p, %c, 0; selp.{kind(dtype)} %x, %a, %b, %p;", [dtype], a, b, chosen)
    assert np.array_equal(found, np.where(chosen == 1, a, b))
