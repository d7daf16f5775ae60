"""Arithmetic of integers and bits, modulo their width."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symopt.ptx.rules import BITS, INTEGER, SIGNED, UNSIGNED, WIDER, Compute, Rule, Rules, TrapError, always, words
from symopt.ptx.types import DTYPES, RAW, Array, Form

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def _unsigned(values: Array) -> Array:
    return values.view(RAW[values.dtype.itemsize])


def high(form: Form) -> Compute:
    """The upper half of a product."""
    if form.type in WIDER:
        wide = DTYPES[WIDER[form.type]]
        return lambda a, b: ((a.astype(wide) * b.astype(wide)) >> form.bits).astype(DTYPES[form.type])
    return _high_signed if form.type == "s64" else _high_unsigned


def _high_unsigned(a: Array, b: Array) -> Array:
    (a0, a1), (b0, b1) = (a & _LOW, a >> _HALF), (b & _LOW, b >> _HALF)
    middle = a1 * b0 + (a0 * b0 >> _HALF)
    other = a0 * b1 + (middle & _LOW)
    return a1 * b1 + (middle >> _HALF) + (other >> _HALF)


def _high_signed(a: Array, b: Array) -> Array:
    found = _high_unsigned(_unsigned(a), _unsigned(b)).view(np.int64)
    return found - np.where(a < 0, b, 0) - np.where(b < 0, a, 0)


def product(form: Form) -> Compute:
    """The half of a product, or the whole of it, that the modifiers ask for."""
    match form.flag(("lo", "hi", "wide")):
        case "wide":
            wide = DTYPES[WIDER[form.type]]
            return lambda a, b: a.astype(wide) * b.astype(wide)
        case "hi":
            return high(form)
        case _:
            return np.multiply


def _multiply_add(form: Form) -> Compute:
    multiply = product(form)
    return lambda a, b, c: multiply(a, b) + c


def _divide(a: Array, b: Array) -> Array:
    if not np.all(b):
        raise TrapError("an integer is divided by zero, and PTX leaves open what this gives")
    if a.dtype.kind == "u":
        return a // b
    size = (_unsigned(np.abs(a)) // _unsigned(np.abs(b))).view(a.dtype)
    return np.where((a < 0) != (b < 0), -size, size)


def _left(form: Form) -> Compute:
    last = form.bits - 1
    return lambda a, n: np.where(n > last, 0, a << np.minimum(n, last).astype(a.dtype)).astype(a.dtype)


def _right(form: Form) -> Compute:
    last = form.bits - 1
    if form.type in SIGNED:
        return lambda a, n: a >> np.minimum(n, last).astype(a.dtype)
    return lambda a, n: np.where(n > last, 0, a >> np.minimum(n, last).astype(a.dtype)).astype(a.dtype)


def _leading_zeros(a: Array) -> Array:
    """Of the integers below 2^53 the exponent of the float64 says it; wider ones are halved."""
    bits = 8 * a.dtype.itemsize
    upper, lower = (a.astype(np.uint64) >> _HALF), (a.astype(np.uint64) & _LOW)
    length = np.where(upper > 0, 32 + np.frexp(upper.astype(np.float64))[1], np.frexp(lower.astype(np.float64))[1])
    return (bits - length).astype(np.uint32)


def _reversed(a: Array) -> Array:
    data = np.ascontiguousarray(a)
    bits = np.unpackbits(data.view(np.uint8).reshape(*data.shape, data.itemsize), axis=-1, bitorder="little")
    return np.packbits(bits[..., ::-1], axis=-1, bitorder="little").view(a.dtype)[..., 0]


def _field(form: Form) -> tuple[Compute, int]:
    """The bits of a field of some length, counted from the lowest."""
    dtype, bits = RAW[form.bits // 8], form.bits
    ones = dtype.type(2**bits - 1)
    return lambda n: np.where(n >= bits, ones, ~(ones << np.minimum(n, bits - 1).astype(dtype))), bits


def _insert(form: Form) -> Compute:
    field, bits = _field(form)

    def run(a: Array, b: Array, start: Array, length: Array) -> Array:
        at = np.minimum(start & 0xFF, bits).astype(a.dtype)
        mask = np.where(at >= bits, 0, field(length & 0xFF) << np.minimum(at, bits - 1)).astype(a.dtype)
        return (b & ~mask) | ((a << np.minimum(at, bits - 1)) & mask)

    return run


def _extract(form: Form) -> Compute:
    field, bits = _field(form)
    signed = form.type in SIGNED

    def run(a: Array, start: Array, length: Array) -> Array:
        at, size = (start & 0xFF).astype(np.int64), (length & 0xFF).astype(np.int64)
        raw = _unsigned(a)
        kept = field(np.clip(bits - at, 0, size))
        found = (raw >> np.minimum(at, bits - 1).astype(raw.dtype)) & kept
        last = np.clip(at + size - 1, 0, bits - 1).astype(raw.dtype)
        negative = signed & (size > 0) & ((raw >> last) & 1 == 1)
        return np.where(negative, found | ~kept, found).view(a.dtype)

    return run


def _funnel(form: Form) -> Compute:
    """shf: two words as one of 64 bits, moved by a number of bits modulo 32 (wrap) or up to 32 (clamp)."""
    left, wraps = "l" in form.flags, "wrap" in form.flags

    def run(low: Array, upper: Array, n: Array) -> Array:
        n = (n & 31 if wraps else np.minimum(n, 32)).astype(np.uint64)
        both = upper.astype(np.uint64) << _HALF | low
        return (both << n >> _HALF if left else both >> n).astype(np.uint32)

    return run


def _table(a: Array, b: Array, c: Array, table: Array) -> Array:
    """lop3: each bit of the result is looked up in a table by one bit of each operand."""
    result = np.zeros_like(a)
    for row in range(8):
        chosen = (a if row & 4 else ~a) & (b if row & 2 else ~b) & (c if row & 1 else ~c)
        result = result | np.where(table >> row & 1 == 1, chosen, 0).astype(a.dtype)
    return result


def _plain(types: frozenset[str], count: int, compute: Compute) -> tuple[Rule, ...]:
    return (Rule(types, ("T",) * count, always(compute)),)


def _halves(make: Callable[[Form], Compute], extra: int) -> tuple[Rule, ...]:
    """mul and mad: the lower or upper half, or all of the product."""
    narrow, wide = ("T",) * (2 + extra), ("T", "T", *("W",) * extra)
    return (
        Rule(INTEGER, narrow, make, required=(words("lo hi"),)),
        Rule(frozenset(WIDER), wide, make, ("W",), required=(words("wide"),)),
    )


LOGIC = BITS | {"pred"}

INTEGERS: Rules = {
    "add": _plain(INTEGER, 2, np.add),
    "sub": _plain(INTEGER, 2, np.subtract),
    "mul": _halves(product, 0),
    "mad": _halves(_multiply_add, 1),
    "div": _plain(INTEGER, 2, _divide),
    "rem": _plain(INTEGER, 2, lambda a, b: a - _divide(a, b) * b),
    "neg": _plain(SIGNED, 1, np.negative),
    "abs": _plain(SIGNED, 1, np.abs),
    "min": _plain(INTEGER, 2, np.minimum),
    "max": _plain(INTEGER, 2, np.maximum),
    "and": _plain(LOGIC, 2, np.bitwise_and),
    "or": _plain(LOGIC, 2, np.bitwise_or),
    "xor": _plain(LOGIC, 2, np.bitwise_xor),
    "not": _plain(LOGIC, 1, np.invert),
    "shl": (Rule(BITS, ("T", "b32"), _left),),
    "shr": (Rule(BITS | INTEGER, ("T", "b32"), _right),),
    "shf": (Rule(words("b32"), ("T", "T", "b32"), _funnel, required=(words("l r"), words("wrap clamp"))),),
    "popc": (Rule(words("b32 b64"), ("T",), always(lambda a: np.bitwise_count(a).astype(np.uint32)), ("b32",)),),
    "clz": (Rule(words("b32 b64"), ("T",), always(_leading_zeros), ("b32",)),),
    "brev": _plain(words("b32 b64"), 1, _reversed),
    "bfi": (Rule(words("b32 b64"), ("T", "T", "b32", "b32"), _insert),),
    "bfe": (Rule(words("u32 u64 s32 s64"), ("T", "b32", "b32"), _extract),),
    "lop3": (Rule(words("b32"), ("T", "T", "T", "b32"), always(_table)),),
    "cvta": (Rule(UNSIGNED, ("T",), always(np.copy), flags=words("to global shared local const")),),
}
