"""cvt: from one type to another, with the rounding and the clamping that PTX defines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symopt.ptx.exact import DIRECTED, narrow, odd, two_sum
from symopt.ptx.floats import flush, saturated
from symopt.ptx.rules import Compute, Rule, Rules, TrapError, words
from symopt.ptx.types import BYTES, DTYPES, Array, Form, canonical

TO_WHOLE: dict[str, Callable[[Array], Array]] = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}
ROUNDING = words("rn rz rm rp")


def conversion(form: Form) -> Compute:
    """The function of a cvt instruction."""
    if len(form.types) != 2:
        raise TrapError("a conversion names two types")
    from_float, to_float = form.type[0] == "f", form.types[0][0] == "f"
    if from_float:
        return _between_floats(form) if to_float else _to_integer(form)
    return _from_integer(form) if to_float else _between_integers(form)


def _between_integers(form: Form) -> Compute:
    dtype = DTYPES[form.types[0]]
    if "sat" not in form.flags:
        return lambda a: a.astype(dtype)
    bounds, given = np.iinfo(dtype), np.iinfo(DTYPES[form.type])
    low, up = max(int(bounds.min), int(given.min)), min(int(bounds.max), int(given.max))
    return lambda a: np.clip(a, low, up).astype(dtype)


def _to_integer(form: Form) -> Compute:
    whole = TO_WHOLE.get(form.flag(TO_WHOLE))
    if whole is None:
        raise TrapError("a conversion from a float to an integer says how to round: rni, rzi, rmi or rpi")
    dtype, ftz = DTYPES[form.types[0]], "ftz" in form.flags
    bounds = np.iinfo(dtype)
    past = float(int(bounds.max) + 1)
    wide = "f64" in form.type or dtype.itemsize == 8
    missing = dtype.type(2 ** (bounds.bits - 1) if dtype.kind == "u" else bounds.min) if wide else dtype.type(0)

    def run(a: Array) -> Array:
        values = whole((flush(a) if ftz else a).astype(np.float64))
        inside = (values >= float(bounds.min)) & (values < past)
        result = np.where(inside, values, 0.0).astype(dtype)
        clamped = np.where(values >= past, dtype.type(bounds.max), dtype.type(bounds.min))
        return np.where(inside, result, np.where(np.isnan(values), missing, clamped))

    return run


def _from_integer(form: Form) -> Compute:
    kind, mode = form.types[0], form.flag(ROUNDING)
    if not mode or (kind == "f64" and mode in DIRECTED):
        raise TrapError(
            "of the conversions from an integer to a float those are known that say rn, or rz, rm, rp below f64"
        )

    def run(a: Array) -> Array:
        dtype = np.uint64 if a.dtype.kind == "u" else np.int64
        wide = a.astype(dtype)
        upper, lower = wide >> dtype(32), wide & dtype(0xFFFFFFFF)
        total, lost = two_sum(upper.astype(np.float64) * 2.0**32, lower.astype(np.float64))
        result = total if kind == "f64" else narrow(odd(total, lost), kind, mode)
        return saturated(result) if "sat" in form.flags else result

    return run


def _between_floats(form: Form) -> Compute:
    kind, ftz = form.types[0], "ftz" in form.flags
    change = _changed(form)

    def run(a: Array) -> Array:
        result = change(flush(a) if ftz and form.type == "f32" else a)
        result = flush(result) if ftz and kind == "f32" else result
        return canonical(saturated(result) if "sat" in form.flags else result, kind)

    return run


def _changed(form: Form) -> Compute:
    kind, mode, whole = form.types[0], form.flag(ROUNDING), TO_WHOLE.get(form.flag(TO_WHOLE))
    narrower = BYTES[kind] < BYTES[form.type]
    if narrower != bool(mode) or (whole and kind != form.type):
        raise TrapError(
            "between floats, a narrower type asks for rn, rz, rm or rp, and the same type allows rni, rzi, rmi, rpi"
        )
    if narrower:
        return lambda a: narrow(a.astype(np.float64), kind, mode)
    dtype = DTYPES[kind]
    return whole or (lambda a: a.astype(dtype))


CONVERSIONS: Rules = {
    "cvt": (
        Rule(
            words("u8 u16 u32 u64 s8 s16 s32 s64 f16 f32 f64"),
            ("T",),
            conversion,
            ("D",),
            flags=frozenset(TO_WHOLE) | ROUNDING | words("ftz sat"),
        ),
    )
}
