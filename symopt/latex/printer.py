"""From an expression to LaTeX, in the order in which its author wrote it.

A text that binds more loosely than its place allows gets brackets. `symopt.latex.parser` reads back everything that is
printed here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce

from symopt.expr import ARITHMETIC, BOOLEAN, ONE, Call, Expr, Num, Reduction, Seq, Sym
from symopt.latex.constants import constant
from symopt.latex.forms import Forms
from symopt.latex.layout import Level, Shown, bracketed, filled, joined, multiplied
from symopt.latex.measure import width
from symopt.naming import indexed, symbol


def latex(expr: Expr, *, inline: bool = False) -> str:
    """An expression on one line; `inline` writes quotients with a slash, as algorithm boxes do."""
    return Printer(inline).at(expr, Level.SUM)


def condition(expr: Expr) -> str:
    """A condition in a line of text."""
    return Printer(inline=True).at(expr, Level.OR)


def target(name: str) -> str:
    """The left-hand side of an equation."""
    return indexed(name, 0)


def gradient(point: Expr, *, inline: bool = False) -> str:
    r"""The gradient at a point: \nabla f(\theta_{t-1})."""
    return r"\nabla f" + bracketed(latex(point, inline=inline))


def lines(expr: Expr, room: float, *, inline: bool = False) -> list[str]:
    """An expression as lines of at most `room` em; each but the first starts with an operator."""
    whole = Printer(inline, room=room).at(expr, Level.SUM)
    if width(whole) <= room and r"\begin{aligned}" not in whole:
        return [whole]
    printer = Printer(inline, room=room - 3.5)
    match expr:
        case Call("+" | "-"):
            return filled(printer.sum_pieces(expr), room, 2.0)
        case Call("*"):
            return filled(printer.product_pieces(_factors(expr))[0], room, 2.0)
        case _:
            return [whole]


@dataclass(frozen=True)
class Printer(Forms):
    """The printer at a place on a page."""

    def show(self, expr: Expr) -> Shown:
        """The text of an expression and how tightly it binds."""
        match expr:
            case Num(value):
                return self.number(value)
            case Sym(name):
                return symbol(name), Level.BASE
            case Seq(name, shift):
                return indexed(name, shift), Level.BASE
            case Reduction():
                return self.reduction(expr)
            case Call("pi", ()):
                return r"\pi", Level.BASE
            case Call(op) if op in ARITHMETIC:
                return self.arithmetic(expr)
            case Call(op):
                return self.condition(expr) if op in BOOLEAN else self.function(expr)

    def number(self, value: Fraction) -> Shown:
        """An exact constant."""
        if value < 0:
            return "-" + self.number(-value)[0], Level.SUM
        shown = constant(value, self.inline or self.depth > 1)
        if "/" in shown:
            return shown, Level.GREEDY
        return shown, Level.PRODUCT if r"\times" in shown else Level.FACTOR if "{" in shown else Level.BASE

    def arithmetic(self, expr: Call) -> Shown:
        """A sum, product, quotient or power."""
        sign, positive = _signed(expr)
        match expr:
            case Call("+" | "-"):
                return joined(self.sum_pieces(expr), self.room), Level.SUM
            case Call("**", (a, b)):
                return f"{self.at(a, Level.BASE)}^{{{self.in_line().at(b, Level.SUM)}}}", Level.FACTOR
            case _ if sign < 0:
                return "-" + self.at(positive, Level.GREEDY), Level.SUM
            case Call("*"):
                return self.product(_factors(expr))
            case Call("/", (a, b)):
                return self.quotient(a, b)
            case _:  # two signs that cancel
                return self.show(positive)

    def quotient(self, a: Expr, b: Expr) -> Shown:
        """A fraction; a slash in a line of text and inside another fraction, where letters get too small."""
        match a:
            case Call("/", (over, under)):  # a/b/c is a/(bc)
                return self.quotient(over, Call("*", (under, b)))
            case Call("*") if (
                not self.inline and self.depth == 0 and isinstance(front := _factors(a)[0], Call) and front.op == "/"
            ):
                return self.product([front, Call("/", (reduce(_times, _factors(a)[1:]), b))])  # a/b times c/d
            case _:
                pass
        if self.inline or self.depth > 0:
            return f"{self.at(a, Level.PRODUCT)} / {self.at(b, Level.FACTOR)}", Level.GREEDY
        deeper = replace(self, depth=self.depth + 1)
        return f"\\frac{{{deeper.at(a, Level.SUM)}}}{{{deeper.at(b, Level.SUM)}}}", Level.FACTOR

    def sum_pieces(self, expr: Expr) -> list[str]:
        """The terms of a sum, each with its sign; only the last may end in cases."""
        *first, last = _terms(expr)
        place = self.narrower(1.5)
        shown = [(sign, place.at(term, Level.GREEDY)) for sign, term in first] + [
            (last[0], place.at(last[1], Level.CASES))
        ]
        lead = "-" if shown[0][0] < 0 else ""
        return [lead + shown[0][1]] + [f"{'-' if sign < 0 else '+'} {text}" for sign, text in shown[1:]]

    def product(self, factors: list[Expr]) -> Shown:
        """Factors side by side; if they are too wide, the widest is broken, else the product is."""
        pieces, level = self.product_pieces(factors)
        widths = [width(piece) for piece in pieces]
        others = sum(widths) - max(widths)
        if sum(widths) > self.room and others <= self.room / 2:
            narrowed, _ = self.narrower(others + 0.5).product_pieces(factors)
            pieces = narrowed if width(" ".join(narrowed)) <= self.room else pieces
        return joined(pieces, self.room), level

    def product_pieces(self, factors: list[Expr]) -> tuple[list[str], Level]:
        """The factors with their signs of multiplication, and how tightly the product binds."""
        shown, level = self.show(factors[-1])
        last = shown if level >= Level.CASES else self.at(factors[-1], Level.CASES)
        pieces = multiplied([*(self.at(factor, Level.FACTOR) for factor in factors[:-1]), last])
        return pieces, level if level in (Level.CASES, Level.GREEDY) else Level.PRODUCT


def _signed(expr: Expr) -> tuple[int, Expr]:
    """(sign, rest): the minus that a term starts with, taken out so that it can join its sum."""
    match expr:
        case Num(value) if value < 0:
            return -1, Num(-value)
        case Call("neg", (inner,)):
            sign, rest = _signed(inner)
            return -sign, rest
        case Call("*" | "/" as op, (a, b)):
            sign, rest = _signed(a)
            unit = rest == ONE and op == "*"
            return sign, b if sign < 0 and unit else Call(op, (rest, b)) if rest != a else expr
        case _:
            return 1, expr


def _terms(expr: Expr, sign: int = 1) -> list[tuple[int, Expr]]:
    """The signed terms of a sum; what follows a minus stays in its brackets."""
    match expr:
        case Call("+" | "-" as op, (a, b)) if sign > 0:
            return _terms(a) + _terms(b, 1 if op == "+" else -1)
        case _:
            own, rest = _signed(expr)
            return [(sign * own, rest)]


def _times(a: Expr, b: Expr) -> Expr:
    return Call("*", (a, b))


def _factors(expr: Expr) -> list[Expr]:
    match expr:
        case Call("*", (a, b)):
            return _factors(a) + _factors(b)
        case _:
            return [expr]
