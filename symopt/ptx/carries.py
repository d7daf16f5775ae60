"""Sums of long integers, word by word: what carries into the next word is a predicate of its own."""

from __future__ import annotations

import numpy as np

from symopt.ptx.integers import product
from symopt.ptx.rules import Compute, Rule, Rules, words
from symopt.ptx.types import RAW, Array, Form

CARRY = "%cc"
"""The register that these instructions read and write besides their operands."""

READS_CARRY = words("addc subc madc")
_WORDS = words("u32 s32 u64 s64")


def _raw(values: Array) -> Array:
    return values.view(RAW[values.dtype.itemsize])


def _sum(a: Array, b: Array, carry: Array) -> tuple[Array, Array]:
    left, right = _raw(a), _raw(b)
    first = left + right
    total = first + carry
    return total.view(a.dtype), (first < left) | (total < first)


def _difference(a: Array, b: Array, borrow: Array) -> tuple[Array, Array]:
    left, right = _raw(a), _raw(b)
    first = left - right
    return (first - borrow).view(a.dtype), (left < right) | (first < borrow)


def _simple(compute: Compute) -> tuple[Rule, Rule]:
    """The instruction that starts a chain, and the one that goes on with it."""
    starting = Rule(_WORDS, ("T", "T"), lambda form: lambda a, b: compute(a, b, np.False_), ("T", "pred"), words("cc"))
    going_on = Rule(_WORDS, ("T", "T", "pred"), lambda form: compute, ("T", "pred"), words("cc"))
    return starting, going_on


def _multiply_add(form: Form) -> Compute:
    multiply = product(form)
    return lambda a, b, c, carry: _sum(multiply(a, b), c, carry)


def _starting_multiply(form: Form) -> Compute:
    compute = _multiply_add(form)
    return lambda a, b, c: compute(a, b, c, np.False_)


_HALF, _CC = words("lo hi"), words("cc")
_ADD, _ADDC = _simple(_sum)
_SUB, _SUBC = _simple(_difference)

CARRIES: Rules = {
    "add": (_ADD,),
    "addc": (_ADDC,),
    "sub": (_SUB,),
    "subc": (_SUBC,),
    "mad": (Rule(_WORDS, ("T", "T", "T"), _starting_multiply, ("T", "pred"), required=(_HALF, _CC)),),
    "madc": (Rule(_WORDS, ("T", "T", "T", "pred"), _multiply_add, ("T", "pred"), words("cc"), (_HALF,)),),
}
