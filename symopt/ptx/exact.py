"""Exact sums and products of floats, and their one rounding in any mode."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from symopt.ptx.types import DTYPES, Array

DIRECTED = ("rz", "rm", "rp")
_SPLIT = 2.0**27 + 1
_SMALLEST_PRODUCT, _LARGEST = 2.0**-960, 2.0**990


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded sum of two float64 and what the rounding lost (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded product of two float64 and what the rounding lost (Dekker), where nothing over- or underflows."""
    high_a = _SPLIT * a - (_SPLIT * a - a)
    high_b = _SPLIT * b - (_SPLIT * b - b)
    low_a, low_b = a - high_a, b - high_b
    product = a * b
    return product, ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b


def odd(total: Array, lost: Array) -> Array:
    """A rounded sum and what it lost, as one float64 rounded to odd: a second rounding to fewer bits is then exact."""
    bits = np.ascontiguousarray(total).view(np.int64)
    inexact = np.isfinite(total) & (lost != 0) & (bits & 1 == 0)
    away = (lost > 0) == (total > 0)
    return np.where(inexact, bits + np.where(away, 1, -1), bits).view(np.float64)


def narrow(values: Array, kind: str, mode: str = "rn") -> Array:
    """float64 values rounded to a float type in a rounding mode."""
    dtype = DTYPES[kind]
    near = values.astype(dtype)
    if mode not in DIRECTED:
        return near
    wide = near.astype(np.float64)
    down = (wide > values) & ((mode == "rm") | ((mode == "rz") & (values > 0)))
    up = (wide < values) & ((mode == "rp") | ((mode == "rz") & (values < 0)))
    target = np.where(down, -np.inf, np.inf).astype(dtype)
    return np.where(down | up, np.nextafter(near, target), near)


def sum_in_mode(a: Array, b: Array, kind: str, mode: str) -> Array:
    """The sum of two float64 rounded once, to a narrower type. Numbers that cancel give +0, but -0 in the mode rm."""
    total, lost = two_sum(a, b)
    exact = odd(total, lost)
    if mode == "rm":
        exact = np.where((total == 0) & (np.signbit(a) != np.signbit(b)), -0.0, exact)
    return narrow(exact, kind, mode)


def fused(a: Array, b: Array, c: Array) -> Array:
    """a * b + c of float64 with one rounding to nearest (Boldo and Melquiond); too large or small, by fractions."""
    a, b, c = np.broadcast_arrays(a, b, c)
    product = a * b
    size, largest = np.abs(product), np.maximum(np.abs(a), np.abs(b))
    safe = (size >= _SMALLEST_PRODUCT) & (np.maximum(np.maximum(size, largest), np.abs(c)) < _LARGEST)
    high, low = two_product(a, b)
    carried, rest = two_sum(c, low)
    first, second = two_sum(high, carried)
    finite = np.isfinite(largest)
    plain = np.where(finite & np.isinf(c), c, product + c)  # the product may overflow and must not meet the infinite c
    result = np.where(safe, first + odd(*two_sum(rest, second)), plain)
    hard = ~safe & (a != 0) & (b != 0) & finite & np.isfinite(c)
    if hard.any():
        result[hard] = [_nearest(*row) for row in zip(a[hard], b[hard], c[hard], strict=True)]
    return result


def _nearest(a: float, b: float, c: float) -> float:
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    try:
        size = float(abs(exact))
    except OverflowError:
        size = float("inf")
    return -size if exact < 0 else size
