"""IEEE 754 arithmetic by fractions, one number at a time: what the interpreter is compared with, bit by bit."""

from fractions import Fraction
from itertools import product

import numpy as np

DIGITS = {np.float16: (11, -24), np.float32: (24, -149), np.float64: (53, -1074)}
"""Of each type the digits, and the exponent of the smallest number."""


def power(exponent):
    """A power of two."""
    return Fraction(2**exponent) if exponent >= 0 else Fraction(1, 2**-exponent)


def round_once(exact, dtype, mode="rn", zero=0.0):
    """A fraction as a number of the type; `zero` is the result where it is 0."""
    digits, lowest = DIGITS[dtype]
    if exact == 0:
        return dtype(zero)
    size = abs(exact)
    length = size.numerator.bit_length() - size.denominator.bit_length()  # its first bit stands for 2**length or half
    exponent = max(lowest, length - digits + (size >= power(length)))
    whole, rest = divmod(size / power(exponent), 1)
    half = Fraction(1, 2)
    up = {
        "rn": rest > half or (rest == half and whole % 2 == 1),
        "rz": False,
        "rp": rest > 0 and exact > 0,
        "rm": rest > 0 and exact < 0,
    }[mode]
    grown = (whole + up) * power(exponent)
    if grown > Fraction(float(np.finfo(dtype).max)):
        stays = mode == "rz" or (mode == "rp" and exact < 0) or (mode == "rm" and exact > 0)
        grown_size = float(np.finfo(dtype).max) if stays else float("inf")
    else:
        grown_size = float(grown)
    return dtype(grown_size if exact > 0 else -grown_size)


def add(a, b, mode="rn"):
    """a + b with one rounding."""
    return fma(a, type(a)(1), b, mode)


def multiply(a, b, mode="rn"):
    """a * b with one rounding."""
    if not (np.isfinite(a) and np.isfinite(b)):
        return a * b
    sign = -0.0 if np.signbit(a) != np.signbit(b) else 0.0
    return round_once(Fraction(float(a)) * Fraction(float(b)), type(a), mode, sign)


def divide(a, b):
    """a / b with one rounding."""
    if not (np.isfinite(a) and np.isfinite(b)) or b == 0:
        return a / b
    return round_once(
        Fraction(float(a)) / Fraction(float(b)), type(a), "rn", -0.0 if np.signbit(a) != np.signbit(b) else 0.0
    )


def fma(a, b, c, mode="rn"):
    """a * b + c with one rounding."""
    if not (np.isfinite(a) and np.isfinite(b) and np.isfinite(c)):
        with_any_size = np.float64(np.sign(a)) * np.float64(np.sign(b))
        product_of = with_any_size * np.inf if np.isinf(a) or np.isinf(b) else with_any_size
        return type(a)(product_of + np.float64(c))
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    negative = np.signbit(a) != np.signbit(b)
    both = bool(negative == np.signbit(c))
    zero = (-0.0 if negative else 0.0) if both else (-0.0 if mode == "rm" else 0.0)
    return round_once(exact, type(a), mode, zero)


def root(a):
    """The square root with one rounding: the number whose neighbouring midpoints enclose it."""
    if not a > 0 or np.isinf(a):
        return np.sqrt(a)
    near = type(a)(np.sqrt(np.longdouble(a)))
    for guess in (near, np.nextafter(near, type(a)(0)), np.nextafter(near, type(a)(np.inf))):
        low = (Fraction(float(guess)) + Fraction(float(np.nextafter(guess, type(a)(0))))) / 2
        up = (Fraction(float(guess)) + Fraction(float(np.nextafter(guess, type(a)(np.inf))))) / 2
        if low**2 < Fraction(float(a)) < up**2:
            return guess
    raise AssertionError(a)


def edges(dtype):
    """Numbers where rounding goes wrong first."""
    info = np.finfo(dtype)
    one = dtype(1)
    sizes = [
        dtype(0),
        info.smallest_subnormal,
        dtype(3) * info.smallest_subnormal,
        np.nextafter(info.smallest_normal, dtype(0)),
        info.smallest_normal,
        np.sqrt(info.smallest_normal),
        info.eps / 2,
        np.nextafter(one, dtype(0)),
        one,
        np.nextafter(one, dtype(2)),
        dtype(1.5),
        dtype(3),
        np.sqrt(info.max),
        np.nextafter(info.max, dtype(0)),
        info.max,
        dtype(np.inf),
    ]
    return np.array([*sizes, *(-size for size in sizes), np.nan], dtype)


def tuples(dtype, count, seed=0, more=2000):
    """Arrays of operands: all combinations of edges, numbers of any bits, and numbers that nearly cancel."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        rows = list(product(edges(dtype), repeat=count)) if count < 3 else []
        if count == 3:
            rows = [tuple(rng.choice(edges(dtype), 3)) for _ in range(more)]
        raw = rng.integers(0, 256, (more, count * np.dtype(dtype).itemsize), np.uint8).view(dtype)
        near = rng.standard_normal((more, count)).astype(dtype)
        if count == 3:
            near[:, 2] = -(near[:, 0] * near[:, 1]) * dtype(1 + info_eps(dtype) * rng.integers(-2, 3))
            raw[::2, 2] = -(raw[::2, 0] * raw[::2, 1])
    return [np.concatenate(columns) for columns in zip(np.array(rows, dtype).T, raw.T, near.T, strict=True)]


def info_eps(dtype):
    """The distance from 1 to the next number."""
    return float(np.finfo(dtype).eps)


def same(found, wanted):
    """Whether two arrays of floats are equal bit by bit, all NaN being equal."""
    raw = f"u{found.itemsize}"
    return (found.view(raw) == wanted.view(raw)) | (np.isnan(found) & np.isnan(wanted))
