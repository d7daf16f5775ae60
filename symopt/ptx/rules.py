"""What a rule of arithmetic is: the modifiers that it knows, what it reads and gives, and how it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from symopt.ptx.types import Form

Compute = Callable[..., Any]
WIDER = {"s16": "s32", "u16": "u32", "s32": "s64", "u32": "u64"}


class TrapError(Exception):
    """Stops an instruction that is not known or whose effect is not defined; it becomes a SymoptError with a line."""


@dataclass(frozen=True)
class Rule:
    """One opcode over some types.

    types: the types of the instruction that it covers
    sources: what it reads: "T" is the instruction's last type, "D" its first, "W" twice as wide as "T", else a type
    make: from the modifiers, a function of the operands' arrays; it gives a tuple where there are several results
    results: what it writes; an instruction may leave out the last ones
    flags: the modifiers that it knows; required: sets of which one modifier each must be there
    error: the relative error that PTX allows, where it does not define the bits
    """

    types: frozenset[str]
    sources: tuple[str, ...]
    make: Callable[[Form], Compute]
    results: tuple[str, ...] = ("T",)
    flags: frozenset[str] = frozenset()
    required: tuple[frozenset[str], ...] = ()
    error: float | None = None

    def covers(self, form: Form) -> bool:
        """Whether the modifiers of an instruction are those of this rule."""
        known = set(form.types) <= self.types and set(form.flags) <= self.flags.union(*self.required)
        return bool(form.types) and known and all(need & set(form.flags) for need in self.required)


Rules = Mapping[str, tuple[Rule, ...]]


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


def resolve(names: tuple[str, ...], form: Form) -> tuple[str, ...]:
    """The types that a rule names, for one instruction."""
    own = {"T": form.type, "D": form.types[0], "W": WIDER.get(form.type, "")}
    return tuple(own.get(name, name) for name in names)


def always(compute: Compute) -> Callable[[Form], Compute]:
    """The maker of a rule whose function does not depend on modifiers."""
    return lambda form: compute


FLOAT = words("f16 f32 f64")
SIGNED = words("s16 s32 s64")
UNSIGNED = words("u16 u32 u64")
INTEGER = SIGNED | UNSIGNED
BITS = words("b16 b32 b64")
