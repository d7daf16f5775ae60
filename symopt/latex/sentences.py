"""Formulas inside prose: where a docstring says `1/sqrt(1 - beta2^t)` of declared names, a page shows the formula.

Only what parses as an expression of declared names is taken for one; everything else stays text.
"""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import accumulate

from symopt.errors import SymoptError
from symopt.expr import Expr, Sym, sequences, symbols
from symopt.naming import symbol
from symopt.reading import read

_TOKEN = re.compile(
    r"`[^`]*`+|\w+'\w+|(?:[A-Za-z]\.){2,}|[A-Za-z_]\w*|\d+(?:\.\d+)?(?:e-?\d+)?|\*\*|[<>]=|[-+*/^=<>()|,\[\]]|\s+|.",
    re.DOTALL,
)
_FUNCTIONS = frozenset("sqrt exp log abs sign floor cos tanh max min norm Abs Max Min".split())
_MARKS = frozenset("** <= >= - + * / ^ = < > ( ) | , [ ]".split())
_ENDS = re.compile(r"[\w)\]|]")


def split(text: str, names: Set[str]) -> list[str | Expr]:
    """Text and formulas in turn."""
    tokens: list[str] = _TOKEN.findall(text)
    pieces: list[str | Expr] = []
    at = 0
    while at < len(tokens):
        found = _formula(tokens, at, names)
        if found is None:
            pieces.append(tokens[at])
            at += 1
        else:
            formula, at = found
            pieces.append(formula)
    return pieces


def _formula(tokens: list[str], at: int, names: Set[str]) -> tuple[Expr, int] | None:
    """The longest formula that starts at a token, and the place after it."""
    if not _starts(tokens, at, names):
        return None
    end = at
    while end < len(tokens) and _belongs(tokens[end], names):
        end += 1
    for stop in range(end, at, -1):
        if _ENDS.fullmatch(tokens[stop - 1][-1]) and not _bracketed(tokens[at:stop]):
            formula = _read("".join(tokens[at:stop]), names)
            if formula is not None:
                return formula, stop
    return None


def _starts(tokens: list[str], at: int, names: Set[str]) -> bool:
    token = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else " "
    before = tokens[at - 1] if at else " "
    if token == "-":
        return before in (" ", "(") and not following.isspace()
    return token in ("(", "|") or (_belongs(token, names) and token not in _MARKS and not token.isspace())


def _belongs(token: str, names: Set[str]) -> bool:
    known = token in names or token in _FUNCTIONS or token in _MARKS
    return known or token.isspace() or token[0].isdigit() or (len(token) == 1 and token.isalpha())


def _bracketed(tokens: list[str]) -> bool:
    """Whether brackets of the sentence, not of the formula, stand around it."""
    depth = list(accumulate((token == "(") - (token == ")") for token in tokens))
    return tokens[0] == "(" and depth[-1] == 0 and 0 not in depth[:-1]


def _read(text: str, names: Set[str]) -> Expr | None:
    """The expression that a text states, if it states one that is worth a formula."""
    source = re.sub(r"\|([^|]+)\|", r"abs(\1)", text).replace("^", "**")
    if "|" in source:
        return None
    try:
        expr = read(re.sub(r"(?<![<>=])=", "==", source))
    except SymoptError:
        return None
    if isinstance(expr, Sym):
        alone = expr.name in names and expr.name != "a" and r"\mathrm" not in symbol(expr.name)
        return expr if alone else None
    if re.fullmatch(r"-\d[\d.]*|-?\d[\d.]*e-?\d+", text):
        return expr
    used = symbols(expr) | {seq.name for seq in sequences(expr)}
    return expr if used & names and all(name in names or len(name) == 1 for name in used) else None
