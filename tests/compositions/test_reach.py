"""The sets hold what NumPy computes, in whatever order, and little else."""

from functools import reduce
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DTYPES = [np.float32, np.float64]
ONE = {"neg": np.negative, "abs": np.abs, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "expm1": np.expm1}
ONE |= {"log1p": np.log1p, "tanh": np.tanh, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "cos": np.cos}
TWO = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "max": np.maximum, "min": np.minimum}
ORDER = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "eq": np.equal, "ne": np.not_equal}


def floats(dtype):
    width = 32 if dtype is np.float32 else 64
    edges = [0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), float("nan"), float(np.finfo(dtype).max)]
    edges += [float(np.finfo(dtype).smallest_subnormal), -float(np.finfo(dtype).tiny), 1e-40, 1e30, -1e20, 1e-20]
    return (st.sampled_from(edges) | st.floats(width=width)).map(dtype)


@pytest.fixture(params=DTYPES, ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def sets(parts, dtype):
    """(the number system, the set of one element)."""
    return parts.arithmetic.system(dtype), lambda x: parts.reach.point(float(x), element=True)


def quick(test):
    with np.errstate(all="ignore"):
        settings(max_examples=60, derandomize=True, deadline=None, database=None)(test)()


@pytest.mark.parametrize("op", [*ONE, *TWO, *ORDER])
def test_an_operation_on_numbers(op, parts, dtype, sets):
    numbers, element = sets
    function = {**ONE, **TWO, **ORDER}[op]

    @given(floats(dtype), floats(dtype))
    def holds(x, y):
        args = (x,) if op in ONE else (x, y)
        found = numbers.apply(op, *map(element, args))
        wanted = function(*args)
        if op in ORDER:
            assert (found.yes, found.no) == (wanted, not wanted)
            return
        assert parts.reach.admits(found, float(wanted))
        both_zeros = op == "/" and y == 0 and x != 0 and not np.isnan(x)  # the set does not know the sign of a zero
        edge = any(float(np.finfo(dtype).max) / 2 < abs(float(z)) for z in (*args, wanted))  # may overflow, or not
        assert len(found.others) + (found.real is not None) == 1 or both_zeros or edge

    quick(holds)


@pytest.mark.parametrize("op", ["+", "*"])
def test_terms_and_factors_in_any_order(op, parts, dtype, sets):
    numbers, element = sets

    @given(st.lists(floats(dtype), min_size=3, max_size=4))
    def holds(values):
        found = reduce(lambda a, b: numbers.apply(op, a, b), map(element, values))
        for order in permutations(values):
            assert parts.reach.admits(found, float(reduce(TWO[op], order)))
        pairs = TWO[op](TWO[op](values[0], values[1]), reduce(TWO[op], values[2:]))
        assert parts.reach.admits(found, float(pairs))

    quick(holds)


def test_quotients_in_any_order(parts, dtype, sets):
    numbers, element = sets

    @given(floats(dtype), floats(dtype), floats(dtype), floats(dtype).filter(bool), floats(dtype).filter(bool))
    def holds(a, b, c, d, e):
        a, b, c = (abs(x) for x in (a, b, c))  # a quotient by 0 has the sign of a zero, which the sets do not know
        up = numbers.apply("*", numbers.apply("*", element(a), element(b)), element(c))
        found = numbers.apply("/", numbers.apply("/", up, element(d)), element(e))
        scale = np.float64(a) / np.float64(d)
        orders = [a * b * c / d / e, a * (b * c) / (d * e), (a / d) * (b / e) * c, dtype(scale) * (b * c) / e]
        orders += [c * a * b / (e * d), (a / d / e) * (b * c)]
        for wanted in orders:
            assert parts.reach.admits(found, float(wanted)), (found, wanted)

    quick(holds)


def test_the_set_of_an_ordinary_number_is_narrow(parts, dtype, sets):
    numbers, element = sets
    unit = float(np.finfo(dtype).eps) / 2
    x, y = element(dtype(0.3)), element(dtype(-1.7))
    for op in ("+", "-", "*", "/"):
        low, high = numbers.apply(op, x, y).real
        assert (high - low) <= 2 * parts.arithmetic.SLACK * unit * 2 * max(abs(low), abs(high))


def test_what_no_order_can_avoid_is_decided(parts, sets):
    numbers, element = sets
    classes = lambda x: (x.real is not None, set(x.others))  # noqa: E731
    infinite = element(float("inf"))
    assert classes(numbers.apply("-", infinite, infinite)) == (False, {"nan"})
    assert classes(numbers.apply("*", infinite, element(0.0))) == (False, {"nan"})
    assert classes(numbers.apply("/", element(3.0), infinite)) == (True, set())
    assert classes(numbers.apply("max", element(float("nan")), infinite)) == (False, {"nan"})


def test_terms_that_cancel_may_be_added_later(parts, dtype, sets):
    """(1 - 1) + x is x, 1 + (x - 1) is not."""
    numbers, element = sets
    zero = numbers.apply("-", element(1.0), element(1.0))
    found = numbers.apply("+", zero, element(dtype(1e-5)))
    assert parts.reach.admits(found, float(dtype(1) + (dtype(1e-5) - dtype(1))))


def test_denominators_that_overflow_together_leave_nothing(parts, dtype, sets):
    numbers, element = sets
    large = np.sqrt(np.finfo(dtype).max) * 2
    found = numbers.apply("/", numbers.apply("/", element(1.0), element(large)), element(large))
    assert parts.reach.admits(found, 0.0)
    assert parts.reach.admits(found, float(dtype(1) / large / large))
