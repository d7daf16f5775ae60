"""The types that numbers are stored in, and rounding to them in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Format:
    """A binary floating-point type: bits of a significand with its leading one, and exponents of its normal numbers."""

    name: str
    digits: int
    smallest: int
    largest: int

    def rounded(self, value: Fraction) -> Fraction | None:
        """The nearest number of the type, the even one of two; None where that is an infinity."""
        if not value:
            return value
        unit = Fraction(2) ** (max(_exponent(value), self.smallest) - self.digits + 1)
        found = round(value / unit) * unit  # Python rounds halves to even too
        return found if abs(found) < Fraction(2) ** (self.largest + 1) else None

    @property
    def always_lost(self) -> Fraction:
        """x + u is x wherever |u| is below this share of |x|."""
        return Fraction(1, 2 ** (self.digits + 1))

    def loses(self, update: Fraction) -> Fraction:
        """The power of 2 such that x + u and x - u are x wherever |x| is above it, for this u > 0.

        Just above 2**e half a unit in the last place is 2**(e - digits), and what is below that is rounded away.
        """
        return Fraction(2) ** (_exponent(update) + self.digits + 1)


def _exponent(value: Fraction) -> int:
    """The e with 2**e <= |value| < 2**(e+1)."""
    guess = abs(value.numerator).bit_length() - value.denominator.bit_length()
    return guess if abs(value) >= Fraction(2) ** guess else guess - 1


FLOAT32 = Format("float32", 24, -126, 127)
FLOAT16 = Format("float16", 11, -14, 15)
BFLOAT16 = Format("bfloat16", 8, -126, 127)
FORMATS = (FLOAT32, FLOAT16, BFLOAT16)
"""Finest first."""
