"""The primitives of emitted files, on all pairs of special values, compiled, against their meaning."""

import math
from itertools import product

import numpy as np
import pytest
from numba import njit

from symopt.backends import primitives

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-45, 3e38, math.inf, -math.inf, math.nan]


@pytest.fixture(scope="module")
def compiled():
    """name -> the primitive as a compiled function."""
    names = ["select", "maximum", "minimum", "sign", "floor", "ceil", "every"]
    return {name: njit(error_model="numpy")(_calling(getattr(primitives, name))) for name in names}


def _calling(function):
    if function is primitives.select:
        return lambda a, b, c: function(a, b, c)
    if function in (primitives.sign, primitives.floor, primitives.ceil):
        return lambda a: function(a)
    return lambda a, b: function(a, b)


def same(a, b):
    """Equal, or both NaN; zeros of both signs are equal."""
    return a == b or (a != a and b != b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_maximum_and_minimum(compiled, dtype):
    for a, b in product(map(dtype, SPECIAL), repeat=2):
        nan = a != a or b != b
        assert same(compiled["maximum"](a, b), math.nan if nan else max(a, b))
        assert same(compiled["minimum"](a, b), math.nan if nan else min(a, b))
        assert compiled["maximum"](a, b).__class__ is compiled["maximum"](b, a).__class__


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_of_one_number(compiled, dtype):
    for x in map(dtype, SPECIAL):
        nan = x != x
        assert same(compiled["sign"](x), math.nan if nan else int(x > 0) - int(x < 0))
        if math.isfinite(x):
            assert compiled["floor"](x) == math.floor(x)
            assert compiled["ceil"](x) == math.ceil(x)
        else:
            assert same(compiled["floor"](x), x)
            assert same(compiled["ceil"](x), x)


def test_select_takes_the_branch_whatever_the_other_holds(compiled):
    for a, b in product(SPECIAL, repeat=2):
        assert same(compiled["select"](True, a, b), a)
        assert same(compiled["select"](False, a, b), b)


def test_every(compiled):
    for t, k in product(range(1, 40), range(1, 12)):
        assert compiled["every"](float(t), float(k)) == (t % k == 0)
    assert compiled["every"](2.0**52, 2.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_below_is_strictly_below_and_held_exactly(dtype):
    smallest = float(np.finfo(dtype).smallest_normal)
    rng = np.random.default_rng(0)
    values = [0.9, 0.999, 1 - 1e-9, 1.0, 1e-8, 1 - 2.0**-24, 123.456, *rng.uniform(0, 1, 1000)]
    for x in (sign * value for value in values for sign in (1, -1)):
        high = primitives.below(dtype, x)
        assert float(dtype(high)) == high
        assert abs(high) < abs(x)
        assert abs(x - high) <= 2.0**-22 * abs(x)  # BELOW takes 2**-23, rounding to float32 at most 2**-24
        assert abs(high) >= smallest
    assert primitives.below(dtype, 0.0) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_words_of_an_extreme_coefficient_have_its_sign(dtype):
    """hi*inf + lo*inf is then infinite. Below twice the smallest number of the type there is only one word."""
    smallest = float(np.finfo(dtype).smallest_subnormal)
    tiny = [smallest * share for share in (2, 2.5, 3, 5, 7.5, 1000, 2.0**20)]
    for x in (sign * value for value in (*tiny, 2.0**-126, 1e-31, 3.4e38, 1e39, 1e300, math.inf) for sign in (1, -1)):
        with np.errstate(over="ignore"):
            high = float(primitives.below(dtype, x))
            low = dtype(x - high)
        assert float(dtype(high)) == high
        assert 0 < high / x < 1 or (high * x > 0 and math.isinf(x))
        assert low * np.sign(x) > 0
        if abs(x) < 3e38:
            assert abs(float(low) + high - x) <= max(smallest / 2, float(np.finfo(dtype).eps) / 2 * abs(x))
    assert math.isnan(primitives.below(dtype, math.nan))
