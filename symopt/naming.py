"""From a name in a spec to the symbol that a page prints, and the names that no spec may use."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

from symopt.expr import START

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
ALIASES = {
    "lr": r"\eta", "learning_rate": r"\eta", "eps": r"\epsilon", "weight_decay": r"\lambda", "wd": r"\lambda",
    "lam": r"\lambda", "lambd": r"\lambda", "inf": r"\infty",
}  # fmt: skip
"""Names that the field prints as one letter."""

ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot"}
ENDINGS = ("max", "min", "prev", "next")
"""Words that become a subscript when they end a name of one letter: `vmax`."""

_SHAPE = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")

EMITTED = frozenset(
    "t params grads state groups plan numbers tensor_numbers row_numbers kernel np len range enumerate BUFFERS GROUP "
    "TENSOR HYPER COUNT LOCK State plan_for deployed cuda kernels launch kept stream masters taken".split()
)
"""Names that `init` and `step` of an emitted file need beside their arguments, which are called what the author says.

Inside the kernel an author's name that the kernel needs gets an underscore; there nothing is reserved.
"""

PRINTED = frozenset(
    "pi inf max min abs sum total mean clip all row axes grad where sign floor ceil sqrt exp log expm1 log1p sin cos "
    "tan tanh isfinite every".split()
)
"""Names that a page, where they stand alone, could not tell from its own notation."""

SUFFIXES = ("_new", "_old", "_hi", "_lo", "_made", "_now")
"""Endings that lowering gives to the names it introduces; `lr_now` is the value of `lr` under its schedule."""


def unusable(name: str) -> str | None:
    """Why a spec may not use a name, or None where it may."""
    if not _SHAPE.fullmatch(name):
        return "a page can print only names made of letters, digits and single underscores, starting with a letter"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "it is a word of Python"
    if name in EMITTED:
        return "the emitted kernels use this name for themselves"
    if name in PRINTED:
        return "a page could not tell it from its own notation"
    if name.endswith(SUFFIXES):
        return f"the ending {name[name.rindex('_') :]} is kept for names that lowering introduces"
    if "t" in name.split("_")[1:]:
        return "a page would print it like the value of a sequence at step t"
    return None


def symbol(name: str) -> str:
    r"""The LaTeX symbol of a name: `beta1` is \beta_{1}, `inner_lr` \eta_{\mathrm{inner}}, `slow` \mathrm{slow}."""
    return _joined(*_parts(name))


def indexed(name: str, shift: int) -> str:
    r"""The LaTeX symbol of a sequence at step t + shift: `mhat` at -1 is \hat{m}_{t-1}, `lr_now` at 0 is \eta_t."""
    index = "0" if shift == START else "t" if shift == 0 else f"t{shift:+d}"
    base, subscripts = _parts(name.removesuffix("_now"))
    return _joined(base, [*subscripts, index])


def clash(plain: Iterable[str], sequences: Iterable[str]) -> tuple[str, str] | None:
    """The first two names that a page would print alike, or None; `plain` are hyperparameters, which carry no index."""
    printed: dict[str, str] = {"t": "t", r"\pi": "pi"}
    forms = [(symbol(name), name) for name in plain]
    forms += [(indexed(name, shift), name) for name in sequences for shift in (0, -1, START)]
    for form, name in forms:
        other = printed.setdefault(form, name)
        if other != name:
            return other, name
    return None


def _joined(base: str, subscripts: list[str]) -> str:
    if not subscripts:
        return base
    inside = ",".join(subscripts)
    return f"{base}_{inside}" if len(inside) == 1 else f"{base}_{{{inside}}}"


def _parts(name: str) -> tuple[str, list[str]]:
    """The nucleus and the subscripts: the first part that is a letter of mathematics carries the others."""
    if name in ALIASES:
        return ALIASES[name], []
    parts = _pieces(name)
    letters = [_letter(part) for part in parts]
    chosen = next((i for i, letter in enumerate(letters) if letter is not None), None)
    if chosen is None:
        return _words(parts)
    base, own = letters[chosen] or ("", [])
    others = [_subscript(part) for i, part in enumerate(parts) if i != chosen]
    return base, own + others


def _pieces(name: str) -> list[str]:
    """The parts between underscores; an accent goes with what it follows and an alias of two parts stays whole."""
    pieces: list[str] = []
    for part in name.split("_"):
        last = pieces[-1] if pieces else ""
        if f"{last}_{part}" in ALIASES:
            pieces[-1] = f"{last}_{part}"
        elif part in ACCENTS and (len(last) == 1 or last in GREEK):
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces


def _letter(part: str) -> tuple[str, list[str]] | None:
    r"""(nucleus, subscripts) of a part that is a letter of mathematics (`beta1`, `mhat`, `vmax`), or None of a word."""
    if part in ALIASES:
        return (ALIASES[part], []) if part != "inf" else None
    stem = part.rstrip("0123456789")
    digits = [part[len(stem) :]] if stem != part else []
    if len(stem) == 1 or stem in GREEK:
        return _glyph(stem), digits
    if stem in ALIASES and stem != "inf":
        return ALIASES[stem], digits
    for ending, accent in ACCENTS.items():
        inner = stem.removesuffix(ending)
        if inner != stem and (len(inner) == 1 or inner in GREEK):
            return f"{accent}{{{_glyph(inner)}}}", digits
    for ending in ENDINGS:
        inner = stem.removesuffix(ending)
        if inner != stem and (len(inner) == 1 or inner in GREEK):
            return _glyph(inner), [*digits, f"\\mathrm{{{ending}}}"]
    return None


def fresh(name: str, owner: str, used: set[str]) -> str:
    """`name`, with the owner's in front as often as it is used already; it is used from now on."""
    while name in used:
        name = f"{owner}_{name}"
    used.add(name)
    return name


def _glyph(letter: str) -> str:
    return f"\\{letter}" if letter in GREEK else letter


def _subscript(part: str) -> str:
    if part.isdigit() or part in ALIASES:
        return ALIASES.get(part, part)
    letter = _letter(part)
    return f"\\mathrm{{{part}}}" if letter is None else _joined(*letter)


def _words(parts: list[str]) -> tuple[str, list[str]]:
    r"""Upright words joined by hyphens, with trailing digits below: `max_norm` is \mathrm{max\text{-}norm}."""
    word = r"\text{-}".join(parts).rstrip("0123456789").removesuffix(r"\text{-}")
    digits = re.fullmatch(r".*?((?:_?\d+)*)", "_".join(parts))
    below = [piece for piece in (digits[1] if digits else "").split("_") if piece]
    return f"\\mathrm{{{word}}}", below
