"""Formulas inside prose: where a docstring says `1/sqrt(1 - beta2^t)` of declared names, a page shows the formula.

Only what parses as an expression of declared names is taken for one; everything else stays text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Set
from itertools import accumulate

from symopt.expr import START, Call, Expr, Reduction, Seq, Sym, negate, number
from symopt.naming import symbol

_TOKEN = re.compile(
    r"`[^`]*`+|\w+'\w+|(?:[A-Za-z]\.){2,}|[A-Za-z_]\w*|\d+(?:\.\d+)?(?:e-?\d+)?|\*\*|[<>]=|[-+*/^=<>()|,\[\]]|\s+|.",
    re.DOTALL,
)
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "<",
    ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_FUNCTIONS = {name: name for name in "sqrt exp log abs sign floor cos tanh max min norm".split()} | {
    "Abs": "abs", "Max": "max", "Min": "min",
}  # fmt: skip
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
    try:
        tree = ast.parse(re.sub(r"(?<![<>=])=", "==", source).strip(), mode="eval").body
    except SyntaxError:
        return None
    if isinstance(tree, ast.Name):
        alone = tree.id in names and tree.id != "a" and r"\mathrm" not in symbol(tree.id)
        return Sym(tree.id) if alone else None
    if re.fullmatch(r"-\d[\d.]*|-?\d[\d.]*e-?\d+", text):
        return _expression(tree, names)
    letters = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return _expression(tree, names | {name for name in letters if len(name) == 1}) if letters & names else None


def _expression(tree: ast.expr, names: Set[str]) -> Expr | None:
    match tree:
        case ast.Constant(int() | float() as value):
            return number(value)
        case ast.Name(name):
            return Sym(name) if name in names else None
        case ast.Subscript(ast.Name(name), index) if name in names:
            shift = {"t": 0, "t - 1": -1, "t + 1": 1, "0": START}.get(ast.unparse(index))
            return None if shift is None else Seq(name, shift)
        case ast.UnaryOp(ast.USub(), operand):
            inner = _expression(operand, names)
            return None if inner is None else negate(inner)
        case ast.BinOp(left, op, right):
            return _call(_OPERATORS.get(type(op)), [left, right], names)
        case ast.Compare(left, [op], [right]):
            return _call(_OPERATORS.get(type(op)), [left, right], names)
        case ast.Call(ast.Name("norm"), [arg], []):
            inner = _expression(arg, names)
            return None if inner is None else Reduction("norm", (inner,), "tensor")
        case ast.Call(ast.Name(name), args, []) if len(args) == (2 if name.lower() in ("max", "min") else 1):
            return _call(_FUNCTIONS.get(name), args, names)
        case _:
            return None


def _call(op: str | None, args: list[ast.expr], names: Set[str]) -> Expr | None:
    found = [_expression(arg, names) for arg in args]
    known = [arg for arg in found if arg is not None]
    return Call(op, tuple(known)) if op is not None and len(known) == len(found) else None
