"""The functions of scalars that emitted kernels may call; each file carries the ones that it uses.

They compile into the float32 and the float64 loop alike and so hold no bare literal. NaN goes through all of them.
"""

# pyright: basic
import numpy as np
from numba.extending import register_jitable

from symopt.backends.support import LANES

BELOW = 1 - 2.0**-23  # x * BELOW is strictly below x in float32 too


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
    """A number strictly below x, toward zero, that the type f holds exactly; in float64."""
    return 1.0 * f(x * BELOW)


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
