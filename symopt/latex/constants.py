"""Exact constants as a page prints them."""

from __future__ import annotations

from fractions import Fraction

from symopt.expr import decimal


def constant(value: Fraction, inline: bool = False) -> str:
    r"""A constant that is not negative: 0.96, 10^{-8}, 2.5 \times 10^{-7}, \frac{1}{3} (1/3 in a line of text)."""
    digits = decimal(value)
    if "/" in digits:
        numerator, denominator = value.numerator, value.denominator
        return f"{numerator}/{denominator}" if inline else f"\\frac{{{numerator}}}{{{denominator}}}"
    mantissa, exponent = _scientific(value)
    if exponent <= -5 or exponent >= 6 or (exponent <= -3 and mantissa == 1):
        power = f"10^{{{exponent}}}"
        return power if mantissa == 1 else f"{_plain(mantissa)} \\times {power}"
    return _plain(value)


def _scientific(value: Fraction) -> tuple[Fraction, int]:
    """(m, e) with value = m * 10**e and 1 <= m < 10; large integers that do not end in zeros stay whole (e = 0)."""
    exponent = 0
    if value == 0 or (value.denominator == 1 and value.numerator % 10**5):
        return value, 0
    while value >= 10:
        value, exponent = value / 10, exponent + 1
    while value < 1:
        value, exponent = value * 10, exponent - 1
    return value, exponent


def _plain(value: Fraction) -> str:
    """The digits of a decimal that ends, without an exponent."""
    places = 0
    while value.denominator != 1 and (value * 10**places).denominator != 1:
        places += 1
    digits = str(value.numerator * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
