"""Equations in a terminal: fractions stacked, choices behind a brace, symbols as on a page."""

# ruff: noqa: RUF001 - the signs of mathematics are meant

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from symopt.cli import glyphs
from symopt.cli.boxes import Box, beside, cases, cells, fenced, flat, fraction
from symopt.cli.paragraphs import formula_lines
from symopt.expr import BOOLEAN, START, Call, Expr, Num, Reduction, Seq, Sym, decimal

OR, AND, COMPARE, SUM, SLASH, PRODUCT, POWER, ATOM = range(8)
"""How tightly a box binds; SLASH takes in everything to its right."""

Shown = tuple[Box, int]

_RELATIONS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "eq": "=", "ne": "≠"}
_FENCES = {"abs": "||", "floor": "⌊⌋", "ceil": "⌈⌉", "norm": "‖‖", "maxabs": "‖‖", "dot": "⟨⟩"}
_NAMES = {"total": "∑", "mean": "mean", "axes": "axes"}
_SCOPES = {"all": "ₐₗₗ", "tensor": "", "row": "_row"}
_MARKS = {"norm": "₂", "maxabs": "_∞"}
_INDENT = 4


def equation(target: str, rhs: Expr, width: int) -> list[str]:
    """`target[t] = rhs`, broken between terms where it is wider than `width` columns."""
    return formula(Seq(target, 0), rhs, width)


def formula(whole: Expr, rhs: Expr, width: int) -> list[str]:
    """`whole = rhs`; where it is wider than `width` columns it is broken between terms, or after "=" and in them."""
    left = beside([Typesetter().in_line.at(whole, SUM), flat(" = ")])
    pieces = Typesetter().pieces(rhs)
    if all(left.width + piece.width <= width for piece in pieces):
        rows = _rows(left, pieces, width, left.width)
    else:
        room = max(width - _INDENT, 1)
        narrow = [part for sign, term, level in _terms(rhs) for part in _narrow(sign, term, level, room)]
        rows = [left, *_rows(flat(" " * _INDENT), narrow, width, _INDENT)]
    return [line.rstrip() for row in rows for line in row.lines]


def _rows(start: Box, pieces: list[Box], width: int, margin: int) -> list[Box]:
    """Pieces side by side, the first in any case; those that do not fit go to a new row behind a margin."""
    rows = [beside([start, pieces[0]])]
    for piece in pieces[1:]:
        if rows[-1].width + piece.width > width:
            rows.append(flat(" " * margin))
        rows[-1] = beside([rows[-1], piece])
    return rows


def _narrow(sign: str, term: Expr, level: int, room: int) -> list[Box]:
    """A term with as many stacked fractions as there is room for; else in lines, broken at its sums and commas."""
    for bars in (2, 1):
        box = beside([flat(sign), Typesetter(bars).at(term, level)])
        if box.width <= room:
            return [box]
    line = sign + Typesetter(0).at(term, level).lines[0]
    return [flat(part + " " * (room - cells(part))) for part in formula_lines(line.strip(), room, _INDENT)]


def _terms(expr: Expr) -> list[tuple[str, Expr, int]]:
    """The terms of a sum, each with its sign and how tightly it has to bind."""
    match expr:
        case Call("+" | "-" as op, (a, b)):
            return [*_terms(a), (" + " if op == "+" else " − ", b, SLASH)]
        case _:
            return [("", expr, SUM)]


def gradient(point: Expr) -> list[str]:
    """Where the gradient is taken."""
    inside = fenced(Typesetter().at(point, SUM), "(", ")")
    return list(beside([flat(f"{glyphs.indexed('g', 0)} = ∇f"), inside]).lines)


def start(name: str, value: Expr) -> list[str]:
    """What a state starts from."""
    return list(beside([flat(f"{glyphs.indexed(name, START)} = "), Typesetter().at(value, SUM)]).lines)


@dataclass(frozen=True)
class Typesetter:
    """A place in a formula: how many fraction bars may still be stacked there. In a line of text it is none."""

    bars: int = 2

    @property
    def in_line(self) -> Typesetter:
        """A place on one line."""
        return replace(self, bars=0)

    def at(self, expr: Expr, level: int) -> Box:
        """An expression, in brackets where it binds more loosely than `level`."""
        box, own = self.show(expr)
        return box if own >= level else fenced(box, "(", ")")

    def pieces(self, expr: Expr) -> list[Box]:
        """The terms of a sum, each with its sign."""
        return [beside([flat(sign), self.at(term, level)]) for sign, term, level in _terms(expr)]

    def show(self, expr: Expr) -> Shown:
        """An expression and how tightly it binds."""
        match expr:
            case Num(value):
                return _number(value)
            case Sym(name):
                return flat(glyphs.name(name)), ATOM
            case Seq(name, shift):
                return flat(glyphs.indexed(name, shift)), ATOM
            case Reduction():
                return self.reduction(expr), ATOM
            case Call("+" | "-"):
                return beside(self.pieces(expr)), SUM
            case Call("*" | "/" | "**" | "neg"):
                return self.arithmetic(expr)
            case Call(op) if op in BOOLEAN:
                return self.condition(expr)
            case Call():
                return self.function(expr)

    def arithmetic(self, expr: Call) -> Shown:
        """A product, quotient, power or negation."""
        match expr:
            case Call("*", (a, b)):
                left, right = self.at(a, PRODUCT), self.at(b, SLASH)
                return beside([left, flat(_dot(left, right)), right]), PRODUCT if self.show(b)[1] != SLASH else SLASH
            case Call("/", (a, b)):
                return self.quotient(a, b)
            case Call("**", (a, b)):
                return self.power(a, b), POWER
            case _:
                return beside([flat("−"), self.at(expr.args[0], SLASH)]), SUM

    def quotient(self, a: Expr, b: Expr) -> Shown:
        """A stacked fraction; a slash between single symbols and in a line of text."""
        if self.bars == 0 or (isinstance(a, Num | Sym | Seq) and isinstance(b, Num | Sym | Seq)):
            return beside([self.at(a, PRODUCT), flat("/"), self.at(b, POWER)]), SLASH
        deeper = replace(self, bars=self.bars - 1)
        return fraction(deeper.at(a, SUM), deeper.at(b, SUM)), POWER

    def power(self, a: Expr, b: Expr) -> Box:
        """A base with its exponent raised, at the height of the base's first line."""
        base, exponent = self.at(a, ATOM), self.in_line.at(b, SUM).lines[0]
        high = glyphs.raised(exponent) or (f"^{exponent}" if exponent.isalnum() else f"^({exponent})")
        rest = (" " * len(high),) * (len(base.lines) - 1)
        return beside([base, Box((high, *rest), base.axis)])

    def condition(self, expr: Call) -> Shown:
        """A comparison or a combination of comparisons."""
        match expr:
            case Call("or" | "and" as op, (a, b)):
                level, sign = (OR, " ∨ ") if op == "or" else (AND, " ∧ ")
                return beside([self.at(a, level), flat(sign), self.at(b, level + 1)]), level
            case Call("not", (a,)):
                return beside([flat("¬"), self.at(a, ATOM)]), COMPARE
            case Call("every", (step, k)):
                return beside([self.at(k, SUM), flat(" divides "), self.at(step, SUM)]), COMPARE
            case Call("isfinite", (a,)):
                return beside([fenced(self.at(a, SUM), "|", "|"), flat(" < ∞")]), COMPARE
            case Call(op, (a, b)):
                return beside([self.at(a, SUM), flat(f" {_RELATIONS[op]} "), self.at(b, SUM)]), COMPARE
            case _:
                return self.called(expr.op, expr.args), ATOM

    def function(self, expr: Call) -> Shown:
        """A function of numbers."""
        match expr:
            case Call("pi", ()):
                return flat("π"), ATOM
            case Call("sqrt", (a,)):
                return beside([flat("√"), self.at(a, ATOM)]), POWER
            case Call("abs" | "floor" | "ceil" as op, (a,)):
                return fenced(self.at(a, SUM), *_FENCES[op]), ATOM
            case Call("where", _) if self.bars:
                return self.choice(expr), SLASH
            case _:
                return self.called(expr.op, expr.args), ATOM

    def reduction(self, expr: Reduction) -> Box:
        """A number made of all elements of a tensor, or of all tensors."""
        scope = _SCOPES[expr.over]
        if expr.op in _NAMES:
            return self.called(_NAMES[expr.op] + scope, expr.args)
        mark = "‚".join(part for part in (_MARKS.get(expr.op, ""), scope) if part)
        return beside([fenced(self.listed(expr.args), *_FENCES[expr.op]), flat(mark)])

    def choice(self, expr: Expr) -> Box:
        """A choice as rows; a choice in its last row continues the rows."""
        rows: list[tuple[Box, Box]] = []
        while isinstance(expr, Call) and expr.op == "where":
            test, value, expr = expr.args
            rows.append((self.at(value, SUM), beside([flat("   if "), self.in_line.at(test, OR)])))
        return cases([*rows, (self.at(expr, SUM), flat("   otherwise"))])

    def called(self, name: str, args: tuple[Expr, ...]) -> Box:
        """A function's name with its arguments."""
        return beside([flat(name), fenced(self.listed(args), "(", ")")])

    def listed(self, args: tuple[Expr, ...]) -> Box:
        """Expressions with commas between them."""
        boxes = [self.at(arg, OR) for arg in args]
        return beside([boxes[0], *(beside([flat(", "), box]) for box in boxes[1:])]) if boxes else flat("")


def _number(value: Fraction) -> Shown:
    shown = decimal(abs(value))
    if "e" in shown:  # 1e-06 is 10⁻⁶
        digits, _, power = shown.partition("e")
        shown = f"{'' if digits == '1' else f'{digits}·'}10{glyphs.raised(str(int(power)))}"
    if value < 0:
        return flat(f"−{shown}"), SUM
    return flat(shown), SLASH if "/" in shown else ATOM


def _dot(left: Box, right: Box) -> str:
    """Factors stand side by side; a digit that follows needs a dot, and so do two numbers."""
    return "·" if right.lines[right.axis].lstrip()[:1].isdigit() else " "
