"""Integers and bits, against Python's integers of any size."""

import numpy as np
import pytest

TYPES = [np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
WORDS = [np.uint32, np.uint64]
BOTH = [np.uint64, np.uint32]


def kind(dtype):
    dtype = np.dtype(dtype)
    return f"{dtype.kind.replace('i', 's')}{8 * dtype.itemsize}"


def wide(dtype):
    return np.dtype(f"{np.dtype(dtype).kind}{2 * np.dtype(dtype).itemsize}").type


def numbers(dtype, count, seed=1):
    """Arrays of operands: all combinations of the ends and the middle, and random bits."""
    info = np.iinfo(dtype)
    ends = [
        0,
        1,
        2,
        3,
        info.max,
        info.max - 1,
        info.max // 2,
        info.min,
        info.min + 1,
        info.min // 2 - 1 if info.min else 7,
    ]
    ends = np.array([int(end) for end in ends], dtype)
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*[ends] * count)])
    raw = np.random.default_rng(seed).integers(0, 256, (count, 500 * grid.itemsize), np.uint8).view(dtype)
    return list(np.concatenate([grid, raw], axis=1))


def modulo(values, dtype):
    """Python's integers as numbers of a type, wrapped around."""
    bits = 8 * np.dtype(dtype).itemsize
    return np.array([int(value) % 2**bits for value in values], f"u{bits // 8}").view(dtype)


def check(apply, opcode, reference, dtype, count, result=None):
    operands = numbers(dtype, count)
    result = result or dtype
    names = ", ".join(f"%{name}" for name in "abc"[:count])
    found = apply(f"{opcode} %x, {names};", [result], *operands)
    wanted = modulo([reference(*map(int, row)) for row in zip(*operands, strict=True)], result)
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("dtype", TYPES)
def test_arithmetic(apply, dtype):
    bits = 8 * np.dtype(dtype).itemsize
    check(apply, f"add.{kind(dtype)}", lambda a, b: a + b, dtype, 2)
    check(apply, f"sub.{kind(dtype)}", lambda a, b: a - b, dtype, 2)
    check(apply, f"mul.lo.{kind(dtype)}", lambda a, b: a * b, dtype, 2)
    check(apply, f"mul.hi.{kind(dtype)}", lambda a, b: a * b >> bits, dtype, 2)
    check(apply, f"mad.lo.{kind(dtype)}", lambda a, b, c: a * b + c, dtype, 3)
    check(apply, f"mad.hi.{kind(dtype)}", lambda a, b, c: (a * b >> bits) + c, dtype, 3)
    check(apply, f"min.{kind(dtype)}", min, dtype, 2)
    check(apply, f"max.{kind(dtype)}", max, dtype, 2)


@pytest.mark.parametrize("dtype", TYPES[:4])
def test_wide_products(apply, dtype):
    check(apply, f"mul.wide.{kind(dtype)}", lambda a, b: a * b, dtype, 2, wide(dtype))
    a, b, _ = numbers(dtype, 3)
    c = numbers(wide(dtype), 1)[0]
    c = np.resize(c, len(a))
    found = apply(f"mad.wide.{kind(dtype)} %x, %a, %b, %c;", [wide(dtype)], a, b, c)
    rows = zip(a, b, c, strict=True)
    assert np.array_equal(found, modulo([int(x) * int(y) + int(z) for x, y, z in rows], wide(dtype)))


@pytest.mark.parametrize("dtype", TYPES)
def test_quotients_are_cut_towards_zero(apply, dtype):
    a, b = numbers(dtype, 2)
    a, b = a[b != 0], b[b != 0]
    quotient = apply(f"div.{kind(dtype)} %x, %a, %b;", [dtype], a, b)
    rest = apply(f"rem.{kind(dtype)} %x, %a, %b;", [dtype], a, b)
    rows = [(int(x), int(y)) for x, y in zip(a, b, strict=True)]
    wanted = [abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) for x, y in rows]
    assert np.array_equal(quotient, modulo(wanted, dtype))
    assert np.array_equal(rest, modulo([x - y * q for (x, y), q in zip(rows, wanted, strict=True)], dtype))


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64])
def test_signs(apply, dtype):
    check(apply, f"neg.{kind(dtype)}", lambda a: -a, dtype, 1)
    check(apply, f"abs.{kind(dtype)}", abs, dtype, 1)


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_logic(apply, bits):
    dtype = np.dtype(f"u{bits // 8}").type
    check(apply, f"and.b{bits}", lambda a, b: a & b, dtype, 2)
    check(apply, f"or.b{bits}", lambda a, b: a | b, dtype, 2)
    check(apply, f"xor.b{bits}", lambda a, b: a ^ b, dtype, 2)
    check(apply, f"not.b{bits}", lambda a: ~a, dtype, 1)


@pytest.mark.parametrize("dtype", TYPES)
def test_shifts_of_any_length(apply, dtype):
    bits = 8 * np.dtype(dtype).itemsize
    values = np.repeat(numbers(dtype, 1)[0][:40], 80)
    amounts = np.tile(np.array([*range(78), 2**31, 2**32 - 1], np.uint32), 40)
    rows = [(int(a), int(n)) for a, n in zip(values, amounts, strict=True)]
    right = apply(f"shr.{kind(dtype)} %x, %a, %b;", [dtype], values, amounts)
    assert np.array_equal(right, modulo([a >> min(n, 200) for a, n in rows], dtype))
    left = apply(f"shl.b{bits} %x, %a, %b;", [dtype], values, amounts)
    assert np.array_equal(left, modulo([a << min(n, 200) for a, n in rows], dtype))


@pytest.mark.parametrize("dtype", WORDS)
def test_bit_counts(apply, dtype):
    bits = 8 * np.dtype(dtype).itemsize
    values = np.concatenate([numbers(dtype, 1)[0], np.array([2**n for n in range(bits)], dtype)])
    found = [apply(f"{opcode}.b{bits} %x, %a;", [np.uint32], values) for opcode in ("popc", "clz")]
    assert found[0].tolist() == [int(a).bit_count() for a in values]
    assert found[1].tolist() == [bits - int(a).bit_length() for a in values]
    turned = apply(f"brev.b{bits} %x, %a;", [dtype], values)
    assert [int(a) for a in turned] == [int(f"{int(a):0{bits}b}"[::-1], 2) for a in values]


def field(value, bits, start, length, signed):
    """bfe as the manual of PTX writes it, bit by bit."""
    start, length = start & 0xFF, length & 0xFF
    bit = [value >> at & 1 for at in range(bits)]
    sign = bit[min(start + length - 1, bits - 1)] if signed and length else 0
    return sum((bit[start + i] if i < length and start + i < bits else sign) << i for i in range(bits))


def inserted(source, into, bits, start, length):
    """bfi as the manual of PTX writes it, bit by bit."""
    start, length = start & 0xFF, length & 0xFF
    result = into
    for i in range(length):
        if start + i < bits:
            result = result & ~(1 << start + i) | (source >> i & 1) << start + i
    return result


@pytest.mark.parametrize("dtype", TYPES[2:])
def test_bit_fields(apply, dtype):
    bits = 8 * np.dtype(dtype).itemsize
    rng = np.random.default_rng(3)
    a, b = (rng.integers(0, 2**bits, 2000, f"u{bits // 8}") for _ in range(2))
    start, length = (rng.choice([0, 1, 5, 30, 31, 32, 33, 63, 64, 255, 256], 2000).astype(np.uint32) for _ in range(2))
    found = apply(f"bfe.{kind(dtype)} %x, %a, %b, %c;", [dtype], a.view(dtype), start, length)
    rows = [tuple(map(int, row)) for row in zip(a, b, start, length, strict=True)]
    signed = np.dtype(dtype).kind == "i"
    assert np.array_equal(found, modulo([field(x, bits, s, n, signed) for x, _, s, n in rows], dtype))
    found = apply(f"bfi.b{bits} %x, %a, %b, %c, %d;", [a.dtype], a, b, start, length)
    assert np.array_equal(found, modulo([inserted(x, y, bits, s, n) for x, y, s, n in rows], a.dtype))


@pytest.mark.parametrize(("side", "limit"), [(s, w) for s in "lr" for w in ("wrap", "clamp")])
def test_funnel_shifts(apply, side, limit):
    rng = np.random.default_rng(4)
    low, high = (rng.integers(0, 2**32, 400, np.uint32) for _ in range(2))
    amount = np.tile(np.arange(40, dtype=np.uint32), 10)
    found = apply(f"shf.{side}.{limit}.b32 %x, %a, %b, %c;", [np.uint32], low, high, amount)
    wanted = []
    for a, b, n in zip(low, high, amount, strict=True):
        n, both = (int(n) & 31 if limit == "wrap" else min(int(n), 32)), int(b) << 32 | int(a)
        wanted.append(both << n >> 32 if side == "l" else both >> n)
    assert np.array_equal(found, modulo(wanted, np.uint32))


def test_any_function_of_three_bits(apply):
    a, b, c = (np.full(256, value, np.uint32) for value in (0xF0F0F0F0, 0xCCCCCCCC, 0xAAAAAAAA))
    for table in (0, 0x96, 0xE8, 0x80, 0xFF, 0x1B):
        found = apply(f"lop3.b32 %x, %a, %b, %c, {table};", [np.uint32], a, b, c)
        assert np.all(found == int(f"{table:02x}" * 4, 16))


def test_long_integers_by_carries(apply):
    """Sums, differences and products of 64 bits from words of 32, as the libraries of the device write them."""
    a, b = numbers(np.uint64, 2)
    split = "mov.b64 {%r0, %r1}, %a; mov.b64 {%r2, %r3}, %b;"
    join = "mov.b64 %x, {%r4, %r5};"
    total = apply(f"{split} add.cc.u32 %r4, %r0, %r2; addc.u32 %r5, %r1, %r3; {join}", [np.uint64], a, b)
    assert np.array_equal(total, a + b)
    carry = "mov.u32 %r6, 0; addc.u32 %y, %r6, 0;"
    _, over = apply(f"{split} add.cc.u32 %r4, %r0, %r2; addc.cc.u32 %r5, %r1, %r3; {join} {carry}", BOTH, a, b)
    assert np.array_equal(over, [int(x) + int(y) >> 64 for x, y in zip(a, b, strict=True)])
    borrow = "mov.u32 %r6, 0; subc.u32 %y, %r6, 0;"
    _, under = apply(f"{split} sub.cc.u32 %r4, %r0, %r2; subc.cc.u32 %r5, %r1, %r3; {join} {borrow}", BOTH, a, b)
    assert np.array_equal(under != 0, a < b)
    less = apply(f"{split} sub.cc.u32 %r4, %r0, %r2; subc.cc.u32 %r5, %r1, %r3; {join}", [np.uint64], a, b)
    assert np.array_equal(less, a - b)
    product = """
        mul.lo.u32 %r4, %r0, %r2; mul.hi.u32 %r5, %r0, %r2;
        mad.lo.cc.u32 %r5, %r0, %r3, %r5; madc.hi.u32 %r6, %r0, %r3, 0;
        mad.lo.cc.u32 %r5, %r1, %r2, %r5; madc.hi.cc.u32 %r6, %r1, %r2, %r6; madc.hi.u32 %r7, %r1, %r3, 0;
        mad.lo.cc.u32 %r6, %r1, %r3, %r6; addc.u32 %r7, %r7, 0; mov.b64 %y, {%r6, %r7};"""
    low, high = apply(f"{split} {product} {join}", [np.uint64, np.uint64], a, b)
    wanted = [int(x) * int(y) for x, y in zip(a, b, strict=True)]
    assert np.array_equal(low, modulo(wanted, np.uint64))
    assert np.array_equal(high, modulo([value >> 64 for value in wanted], np.uint64))
