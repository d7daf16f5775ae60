r"""From LaTeX back to an expression: what `symopt.latex.printer` writes, and what a careful author writes by hand.

It knows the declared names and nothing else. Where a formula has two readings (a/bc, \sin x y, |a|b|c|) it refuses
rather than choose.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeGuard

from symopt.expr import Call, Expr, Num, Reduction, Seq, negate
from symopt.latex.primaries import RELATIONS, Primaries, ratio
from symopt.latex.symbols import Symbols
from symopt.latex.tokens import LatexError
from symopt.recurrence import Equation

DOTS = (r"\cdot", r"\times", "*")


def parse(latex: str, symbols: Symbols) -> Expr:
    """The expression that a formula states; LatexError, with the column, where it cannot be read without guessing."""
    return Reader(latex, symbols).whole()


def parse_equation(latex: str, symbols: Symbols) -> Equation:
    r"""The equation `x_t = ...` (or with \leftarrow); a gradient on its right is a call of `grad`."""
    reader = Reader(latex, symbols)
    left = reader.factor()
    if not isinstance(left, Seq) or left.shift != 0:
        raise LatexError("an equation starts with the sequence that it defines, such as m_t", 1)
    reader.take("&")
    if not reader.take("=", r"\leftarrow"):
        raise reader.now.error(f"expected = after the left-hand side, found {reader.now.text}")
    return Equation(left.name, reader.whole())


class Reader(Primaries):
    """The operators, loosest first; each method reads one kind of expression from the present place on."""

    def whole(self) -> Expr:
        """Everything up to the end; the full stop or comma of the sentence around is no part of it."""
        found = self.condition()
        if self.sees(".", ",") and self.tokens[self.at + 1].kind == "end":
            self.advance()
        if self.now.kind != "end":
            raise self.now.error(f"unexpected {self.now.text}")
        return found

    def condition(self) -> Expr:
        """Alternatives of conditions, or any single expression."""
        found = self.conjunction()
        while self.take(r"\lor"):
            found = Call("or", (found, self.conjunction()))
        return found

    def conjunction(self) -> Expr:
        """Conditions that hold together."""
        found = self.negation()
        while self.take(r"\land"):
            found = Call("and", (found, self.negation()))
        return found

    def negation(self) -> Expr:
        """A comparison or its negation; the brackets after a negation close it."""
        if not self.take(r"\lnot"):
            return self.comparison()
        return Call("not", (self.factor(),))

    def comparison(self) -> Expr:
        """At most one relation between two sums."""
        left = self.sum()
        if self.take(r"\mid"):
            found: Expr = Call("every", (self.sum(), left))
        elif self.sees("<") and self.tokens[self.at + 1].text == r"\infty":
            if not (isinstance(left, Call) and left.op == "abs"):
                raise self.now.error(r"only \lvert x \rvert < \infty, that x is finite, can be said of infinity")
            self.at += 2
            found = Call("isfinite", left.args)
        elif self.sees(*RELATIONS):
            found = Call(RELATIONS[self.advance().text], (left, self.sum()))
        else:
            return left
        if self.sees(r"\mid", *RELATIONS):
            raise self.now.error(r"two relations in a row; join two comparisons with \land")
        return found

    def sum(self) -> Expr:
        """Products with signs between them."""
        if self.sees("+"):
            self.advance()
        found = negate(self.term()) if self.take("-") else self.term()
        while self.sees("+", "-"):
            op = self.advance().text
            found = Call(op, (found, self.term()))
        return found

    def term(self) -> Expr:
        """A product; a second sign before it is refused."""
        if self.sees("+", "-"):
            raise self.now.error("two signs in a row; write brackets, as in a - (-b)")
        return self.product()

    def product(self) -> Expr:
        """Factors side by side or with dots between them; a slash ends them."""
        found = self.factor()
        while not (self.ends()):
            if self.sees("/"):
                return self.quotient(found)
            power = self.sees(r"\times")
            self.take(*DOTS)
            right = self.factor()
            scientific = power and isinstance(found, Num) and isinstance(right, Num)
            found = Num(found.value * right.value) if scientific else Call("*", (found, right))  # type: ignore[union-attr]
        return found

    def quotient(self, numerator: Expr) -> Expr:
        """What a slash divides; more factors after the divisor would have two readings."""
        slash = self.advance()
        divisor = self.factor()
        if not (self.ends()):
            raise slash.error(r"a/bc can be read in two ways; write \frac or brackets")
        return ratio(numerator, divisor, slash)

    def factor(self) -> Expr:
        """A primary with its exponent, or a big sum, which takes all factors to its right."""
        start = self.now
        if self.take(r"\sum"):
            over = self.scope()
            return Reduction("total", (self.term(),), over)
        base, carries = self.primary()
        if not self.sees("^"):
            return base
        if not carries:
            raise start.error("write brackets around what carries the exponent")
        return self.powers(base)

    def powers(self, base: Expr) -> Expr:
        """The base with its one exponent; powers of ten are constants."""
        self.expect("^")
        exponent = self.exponent()
        if self.sees("^"):
            raise self.now.error("two exponents")
        if base == Num(Fraction(10)) and _is_small_integer(exponent):
            return Num(Fraction(10) ** int(exponent.value))
        return Call("**", (base, exponent))


def _is_small_integer(expr: Expr) -> TypeGuard[Num]:
    return isinstance(expr, Num) and expr.value.denominator == 1 and abs(expr.value) <= 400
