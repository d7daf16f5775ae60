"""Symbols in a terminal: θ, β₁, m̂ₜ₋₁. What a name's symbol is, `symopt.naming` decides, as it does for pages."""

# ruff: noqa: RUF001 - Greek letters are meant

from __future__ import annotations

import re
from unicodedata import normalize

from symopt import naming

_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
_LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω", "infty": "∞",
}  # fmt: skip
_LOW = str.maketrans("0123456789+-=aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")
_HIGH = str.maketrans("0123456789+-()abcdefghijklmnoprstuvwxyzβγδφχ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵝᵞᵟᵠᵡ")


def name(plain: str) -> str:
    """The symbol of a hyperparameter: `beta1` is β₁."""
    return _unicode(naming.symbol(plain))


def indexed(sequence: str, shift: int) -> str:
    """The symbol of a sequence at step t + shift: `mhat` at -1 is m̂ₜ₋₁."""
    return _unicode(naming.indexed(sequence, shift))


def raised(text: str) -> str | None:
    """A text as an exponent, or None where a letter of it has no raised form."""
    plain = text.replace("−", "-").replace(" ", "")
    high = plain.translate(_HIGH)
    return high if all(a != b for a, b in zip(plain, high, strict=True)) else None


def _lowered(text: str) -> str:
    low = text.translate(_LOW)
    return low if all(a != b for a, b in zip(text, low, strict=True)) else f"_{text}"


def _unicode(latex: str) -> str:
    """The few forms that `naming` writes: a letter, accented or upright, and a list of subscripts."""
    text = re.sub(r"\\(?:mathrm|text)\{((?:[^{}]|\\text\{-\})*)\}", lambda m: m[1].replace(r"\text{-}", "-"), latex)
    text = re.sub(r"\\(hat|bar|tilde|dot)\{([^{}]*)\}", lambda m: _letters(m[2]) + _ACCENTS[m[1]], text)
    nucleus, _, below = _letters(text).partition("_")
    parts = [part for part in re.split("[,_{}]", below) if part]
    return normalize("NFC", nucleus + "‚".join(map(_lowered, parts)))


def _letters(text: str) -> str:
    return re.sub(r"\\([A-Za-z]+)", lambda m: _LETTERS.get(m[1], m[1]), text)
