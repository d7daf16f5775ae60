"""Instructions whose bits PTX does not define: the correctly rounded result, and the relative error that it allows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symopt.ptx.exact import narrow
from symopt.ptx.floats import arithmetic
from symopt.ptx.rules import Compute, Rule, Rules, always, words
from symopt.ptx.types import Array, Form

_ULP = 2.0**-23  # of a float32, at most, relative to it


def _single(function: Callable[..., Array]) -> Callable[[Form], Compute]:
    """A function of float32 by way of float64."""
    return arithmetic(always(lambda *operands: narrow(function(*(x.astype(np.float64) for x in operands)), "f32")))


def _rule(function: Callable[..., Array], error: float, count: int = 1, flag: str = "approx") -> Rule:
    return Rule(
        words("f32"), ("T",) * count, _single(function), flags=words("ftz"), required=(words(flag),), error=error
    )


def _high_word(function: Callable[[Array], Array]) -> Compute:
    """A float64 of which only the upper 32 bits are computed, subnormal numbers taken and given as zeros."""

    def run(values: Array) -> Array:
        values = np.where(np.abs(values) < np.finfo(np.float64).smallest_normal, np.copysign(0.0, values), values)
        exact = np.ascontiguousarray(function(values))
        bits = exact.view(np.uint64) + np.where(np.isfinite(exact), 1 << 31, 0).astype(np.uint64)
        result = (bits & np.uint64(0xFFFFFFFF00000000)).view(np.float64)
        return np.where(np.abs(result) < np.finfo(np.float64).smallest_normal, np.copysign(0.0, result), result)

    return run


def _double(function: Callable[[Array], Array]) -> Rule:
    """The start of a Newton iteration: 20 bits of the mantissa."""
    make = arithmetic(lambda form: _high_word(function))
    return Rule(words("f64"), ("T",), make, required=(words("approx"), words("ftz")), error=2.0**-20)


def _inverse(a: Array) -> Array:
    return 1.0 / a


def _inverse_root(a: Array) -> Array:
    return 1.0 / np.sqrt(a)


APPROXIMATE: Rules = {
    "div": (_rule(np.divide, 2 * _ULP, 2), _rule(np.divide, 2 * _ULP, 2, "full")),
    "rcp": (_rule(_inverse, _ULP), _double(_inverse)),
    "sqrt": (_rule(np.sqrt, 2.0**-23),),
    "rsqrt": (_rule(_inverse_root, 2.0**-22.9), _double(_inverse_root)),
    "ex2": (_rule(np.exp2, 2.0**-22),),
    "lg2": (_rule(np.log2, 2.0**-22),),  # between 1/2 and 2 this is the absolute error
    "sin": (_rule(np.sin, 2.0**-20.5),),  # absolute, and only between -pi and pi
    "cos": (_rule(np.cos, 2.0**-20.5),),
    "tanh": (_rule(np.tanh, 2.0**-11),),
}
