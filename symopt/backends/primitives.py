"""The functions of scalars that emitted kernels may call; each file carries the ones that it uses.

They compile into the float32 and the float64 loop alike and so hold no bare literal. NaN goes through all of them.
"""

# pyright: basic
from math import isfinite

import numpy as np
from numba.extending import register_jitable

from symopt.backends.support import LANES

BELOW = 1 - 2.0**-23  # x * BELOW is strictly below x in float32 too, where x is neither below TINY nor above HUGE
TINY, HUGE, HIGHEST = 2.0**-100, 2.0**100, 2.0**128


@register_jitable
def select(condition, yes, no):
    """`yes` where the condition holds, else `no`."""
    return yes if condition else no


@register_jitable
def maximum(a, b):
    """The larger one; NaN wins."""
    return a if a > b or a != a else b


@register_jitable
def minimum(a, b):
    """The smaller one; NaN wins."""
    return a if a < b or a != a else b


@register_jitable
def sign(x):
    """-1, 0 or 1 in the type of x; NaN stays."""
    return np.sign(x)


@register_jitable
def floor(x):
    """The largest whole number not above x, in the type of x."""
    return np.floor(x)


@register_jitable
def ceil(x):
    """The smallest whole number not below x, in the type of x."""
    return np.ceil(x)


@register_jitable
def every(t, k):
    """Whether k divides t."""
    return t % k == 0


@register_jitable
def below(f, x):
    """A number strictly between 0 and x, close to x, that the type f holds exactly; in float64.

    Half of x, and no more than f can hold, where x is extreme: what is then left of x still has its sign and is not 0,
    so that an infinite value times both words is infinite.
    """
    usual = (abs(x) > TINY) & (abs(x) < HUGE)
    return 1.0 * f(select(usual, x * BELOW, minimum(maximum(x, -HIGHEST), HIGHEST) / 2))


@register_jitable
def in_range(f, total):
    """What to multiply numbers by so that the sum of their squares, `total` so far, fits into float32; 1 if it does.

    A sum of at most 2**14 squares that is 2**-100 or more has lost no digits to underflow; with the scale, squares of
    all float32 numbers lie between 2**-102 and 2**116. Sums are kept in float64, where nothing is wider than that:
    the squares of float64 arrays overflow from 1e154 on and underflow below 1e-162.
    """
    if isfinite(f(1e39)):
        return 1.0
    if not isfinite(total):
        return 2.0**-70
    return 1.0 if abs(total) >= 2.0**-100 else 2.0**98


@register_jitable
def added(lanes):
    """The sum of the lanes, in float64 and in their order."""
    result = 0.0
    for lane in range(LANES):
        result += lanes[lane]
    return result


@register_jitable
def largest(lanes):
    """The largest of the lanes, none of them negative; NaN wins."""
    result = 0.0
    for lane in range(LANES):
        result = maximum(result, lanes[lane])
    return result
