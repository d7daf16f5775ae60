"""Arithmetic of floats, to the bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symopt.ptx.exact import DIRECTED, fused, sum_in_mode
from symopt.ptx.rules import FLOAT, Compute, Rule, Rules, always, words
from symopt.ptx.types import Array, Form, canonical

ROUNDING = words("rn rz rm rp")
NEAREST = words("rn")
HALF, SINGLE = words("f16"), words("f32")
DOUBLE = words("f64")


def flush(values: Array) -> Array:
    """Subnormal numbers made zeros of their sign."""
    tiny = np.abs(values) < np.finfo(values.dtype).smallest_normal
    return np.where(tiny, np.copysign(np.zeros_like(values), values), values)


def saturated(values: Array) -> Array:
    """The values clipped to [0, 1], with +0 for a NaN."""
    one = values.dtype.type(1)
    return np.where(values > 0, np.minimum(values, one), values.dtype.type(0))


def arithmetic(core: Callable[[Form], Compute]) -> Callable[[Form], Compute]:
    """An operation with what the modifiers ftz and sat ask for around it, and with the one NaN of arithmetic."""

    def make(form: Form) -> Compute:
        compute, kind = core(form), form.type

        def run(*operands: Array) -> Array:
            if "ftz" not in form.flags:
                result = compute(*operands)
            else:
                result = flush(compute(*(flush(operand) for operand in operands)))
            return canonical(saturated(result) if "sat" in form.flags else result, kind)

        return run

    return make


def _add(form: Form) -> Compute:
    mode = form.flag(DIRECTED)
    return (lambda a, b: sum_in_mode(_wide(a), _wide(b), form.type, mode)) if mode else np.add


def _subtract(form: Form) -> Compute:
    add = _add(form)
    return lambda a, b: add(a, -b)


def _multiply(form: Form) -> Compute:
    mode = form.flag(DIRECTED)
    return (
        (lambda a, b: sum_in_mode(p := _wide(a) * _wide(b), np.copysign(0.0, p), form.type, mode))
        if mode
        else np.multiply
    )


def _fused(form: Form) -> Compute:
    if form.type == "f64":
        return fused
    mode = form.flag(ROUNDING)
    return lambda a, b, c: sum_in_mode(_wide(a) * _wide(b), _wide(c), form.type, mode)


def _wide(values: Array) -> Array:
    return values.astype(np.float64)


def _extreme(larger: bool) -> Callable[[Form], Compute]:
    """min and max: a number before a NaN (unless .NaN is set), and -0 below +0."""
    among_numbers, among_all = (np.fmax, np.maximum) if larger else (np.fmin, np.minimum)

    def make(form: Form) -> Compute:
        choose = among_all if "NaN" in form.flags else among_numbers
        return lambda a, b: np.where(a == b, np.where(np.signbit(a) == larger, b, a), choose(a, b))

    return make


def _bitwise(compute: Compute) -> Callable[[Form], Compute]:
    """abs and neg, which change the sign and nothing else, of a NaN too."""
    return lambda form: (lambda a: compute(flush(a))) if "ftz" in form.flags else compute


CLASSES: dict[str, Callable[[Array], Array]] = {
    "finite": np.isfinite,
    "infinite": np.isinf,
    "number": lambda a: ~np.isnan(a),
    "notanumber": np.isnan,
    "normal": lambda a: np.isfinite(a) & (np.abs(a) >= np.finfo(a.dtype).smallest_normal),
    "subnormal": lambda a: (a != 0) & (np.abs(a) < np.finfo(a.dtype).smallest_normal),
}

_LOOSE = words("ftz sat")
_ONE, _TWO, _THREE = ("T",), ("T", "T"), ("T", "T", "T")


def _sum_like(core: Callable[[Form], Compute]) -> tuple[Rule, ...]:
    make = arithmetic(core)
    loose = tuple(
        Rule(types, _TWO, make, flags=modes | _LOOSE) for types, modes in ((HALF, NEAREST), (SINGLE, ROUNDING))
    )
    return *loose, Rule(DOUBLE, _TWO, make, flags=NEAREST)


def _correct(sources: tuple[str, ...], compute: Compute) -> tuple[Rule, ...]:
    make = arithmetic(always(compute))
    single = Rule(SINGLE, sources, make, flags=words("ftz"), required=(NEAREST,))
    return single, Rule(DOUBLE, sources, make, required=(NEAREST,))


def _extremes(larger: bool) -> tuple[Rule, ...]:
    make = arithmetic(_extreme(larger))
    return Rule(HALF | SINGLE, _TWO, make, flags=words("ftz NaN")), Rule(DOUBLE, _TWO, make)


FLOATS: Rules = {
    "add": _sum_like(_add),
    "sub": _sum_like(_subtract),
    "mul": _sum_like(_multiply),
    "fma": (
        Rule(HALF, _THREE, arithmetic(_fused), flags=_LOOSE, required=(NEAREST,)),
        Rule(SINGLE, _THREE, arithmetic(_fused), flags=_LOOSE, required=(ROUNDING,)),
        Rule(DOUBLE, _THREE, arithmetic(_fused), required=(NEAREST,)),
    ),
    "div": _correct(_TWO, np.divide),
    "rcp": _correct(_ONE, lambda a: a.dtype.type(1) / a),
    "sqrt": _correct(_ONE, np.sqrt),
    "min": _extremes(larger=False),
    "max": _extremes(larger=True),
    "abs": (Rule(FLOAT, _ONE, _bitwise(np.abs), flags=words("ftz")),),
    "neg": (Rule(FLOAT, _ONE, _bitwise(np.negative), flags=words("ftz")),),
    "copysign": (Rule(words("f32 f64"), _TWO, always(lambda a, b: np.copysign(b, a))),),
    "testp": (
        Rule(words("f32 f64"), _ONE, lambda form: CLASSES[form.flags[0]], ("pred",), required=(frozenset(CLASSES),)),
    ),
}
