"""The declared names of an optimizer as the symbols that a formula may use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from symopt import naming
from symopt.errors import SymoptError
from symopt.expr import START, Expr, Seq, Sym
from symopt.latex.tokens import Token, tokenize
from symopt.recurrence import Optimizer

ACCENTS = frozenset(naming.ACCENTS.values())
LETTERS = frozenset(f"\\{letter}" for letter in naming.GREEK)

Written = tuple[str, tuple[str, ...]]
"""A symbol as it is written: its nucleus and its subscripts."""


@dataclass(frozen=True)
class Symbols:
    """What each symbol stands for: a name without an index (`plain`), or a sequence, which carries one."""

    plain: dict[Written, str]
    sequences: dict[Written, str]

    @staticmethod
    def of(plain: Iterable[str], sequences: Iterable[str]) -> Symbols:
        """The symbols of these names; SymoptError where two of them print alike."""
        plain, sequences = ["t", *plain], list(sequences)
        pair = naming.clash(plain, sequences)
        if pair is not None:
            raise SymoptError(f"{pair[0]} and {pair[1]} would print alike; rename one")
        heads = {name: name.removesuffix("_now") for name in sequences}
        return Symbols(
            {_written(naming.symbol(name)): name for name in plain},
            {_written(naming.symbol(head)): name for name, head in heads.items()},
        )

    def find(self, nucleus: str, subscripts: tuple[str, ...], token: Token) -> Expr:
        """The name or the value of a sequence that is written so; an error at `token` if there is none."""
        index = _shift(subscripts[-1]) if subscripts else None
        whole, head = (nucleus, subscripts), (nucleus, subscripts[:-1])
        if whole in self.plain:
            return Sym(self.plain[whole])
        if index is not None and head in self.sequences:
            return Seq(self.sequences[head], index)
        shown = nucleus + (f"_{{{','.join(subscripts)}}}" if subscripts else "")
        if whole in self.sequences:
            raise token.error(f"{shown} is a sequence: write its value at a step, such as {shown}_t")
        if index is not None and head in self.plain:
            raise token.error(f"{shown} carries a step, but {self.plain[head]} is not a sequence")
        raise token.error(f"unknown symbol {shown}")


def symbols_of(optimizer: Optimizer) -> Symbols:
    """The symbols of an optimizer's pages."""
    written = {equation.target for equation in optimizer.equations}
    names = [*written, *({"g"} - written), *(name for name, _ in optimizer.inputs if name not in written)]
    return Symbols.of((hyper.name for hyper in optimizer.hyperparameters), names)


def read_nucleus(tokens: list[Token], at: int) -> tuple[str, int] | None:
    """(nucleus, the place after it), or None where no symbol starts."""
    token = tokens[at]
    if token.kind == "word":
        return f"\\mathrm{{{token.text}}}", at + 1
    if token.kind == "letter" or token.text in LETTERS:
        return token.text, at + 1
    if token.text in ACCENTS:
        braces = tokens[at + 1].text == "{"
        inner = read_nucleus(tokens, at + 1 + braces)
        if inner is None or (braces and tokens[inner[1]].text != "}"):
            raise token.error(f"expected one letter under {token.text}")
        return f"{token.text}{{{inner[0]}}}", inner[1] + braces
    return None


def read_subscripts(tokens: list[Token], at: int) -> tuple[tuple[str, ...], int]:
    """The parts of the subscript that starts at `at`, after its underscore, and the place after it."""
    if tokens[at].text != "{":
        if tokens[at].kind == "number" and len(tokens[at].text) > 1:
            raise tokens[at].error("TeX takes only the first digit for the subscript; write braces")
        if tokens[at].kind in ("mark", "end"):
            raise tokens[at].error("a subscript is missing")
        return (_text(tokens[at]),), at + 1
    depth, inside = 1, list[Token]()
    for token in tokens[at + 1 :]:
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            return _split(inside), at + len(inside) + 2
        inside.append(token)
    raise tokens[at].error("this brace is never closed")


def _split(inside: list[Token]) -> tuple[str, ...]:
    """Parts between commas; braces around a single token say nothing."""
    texts = [_text(token) for token in inside]
    for i in range(len(texts) - 2):
        if texts[i] == "{" and texts[i + 2] == "}" and (i == 0 or texts[i - 1] not in ACCENTS):
            texts[i] = texts[i + 2] = ""
    return tuple("".join(texts).split(","))


def _text(token: Token) -> str:
    if token.kind == "word" or token.text in (r"\max", r"\min"):
        return f"\\mathrm{{{token.text.lstrip(chr(92))}}}"
    return token.text


def _shift(subscript: str) -> int | None:
    found = re.fullmatch(r"t([+-]\d+)?", subscript)
    if found:
        return int(found[1] or 0)
    return START if subscript == "0" else None


def _written(latex: str) -> Written:
    tokens = tokenize(latex)
    nucleus = read_nucleus(tokens, 0)
    if nucleus is None:
        raise tokens[0].error(f"{latex} is not a symbol")
    base, at = nucleus
    return base, read_subscripts(tokens, at + 1)[0] if tokens[at].text == "_" else ()
