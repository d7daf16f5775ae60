"""The expressions that need no operator: numbers, symbols, brackets, functions and their like."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from functools import reduce

from symopt.expr import Call, Expr, Num, Reduction
from symopt.latex.cursor import Cursor
from symopt.latex.symbols import Symbols, read_nucleus
from symopt.latex.tokens import Token

RELATIONS = {"<": "<", r"\le": "<=", ">": ">", r"\ge": ">=", "=": "eq", r"\ne": "ne"}
ENDS = frozenset(RELATIONS) | frozenset(
    r"+ - \mid \land \lor ) ] } \} , . & \\ \end{cases} \rvert \rVert \rfloor \rceil \rangle \infty".split()
)
"""What ends a product."""

_FUNCTIONS = {f"\\{name}": name for name in ("exp", "log", "sin", "cos", "tan", "tanh")} | {r"\ln": "log"}
_WORDS = {name: name for name in ("sign", "expm1", "log1p", "mean", "axes", "clip")} | {"sgn": "sign", "sum": "total"}
_FENCES = {r"\lvert": (r"\rvert", "abs"), r"\lfloor": (r"\rfloor", "floor"), r"\lceil": (r"\rceil", "ceil")}
_SCOPES: dict[tuple[str, ...], str] = {(): "tensor", (r"\mathrm{all}",): "all", (r"\mathrm{row}",): "row"}
_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}


class Primaries(Cursor, ABC):
    """Each method reads one kind of expression from the present place on."""

    def __init__(self, latex: str, symbols: Symbols):
        super().__init__(latex)
        self.symbols = symbols

    @abstractmethod
    def condition(self) -> Expr:
        """Any expression."""

    @abstractmethod
    def sum(self) -> Expr:
        """An expression that is no condition."""

    def ends(self) -> bool:
        """Whether no further factor can follow here."""
        return self.now.kind == "end" or self.sees(*ENDS)

    def primary(self, single: bool = False) -> tuple[Expr, bool]:
        """An expression without operators, and whether an exponent may follow it; `single` leaves subscripts alone."""
        token = self.now
        if token.kind == "number":
            return Num(Fraction(self.advance().text)), True
        if token.kind == "word" and token.text in _WORDS:
            return self.call(_WORDS[self.advance().text]), False
        if self.sees("(", "["):
            return self.group(self.advance().text), True
        if self.sees(*_FENCES, r"\lVert", r"\langle"):
            return self.fenced(self.advance().text), True
        if self.take(r"\pi"):
            return Call("pi", ()), True
        if token.kind == "command" and read_nucleus(self.tokens, self.at) is None:
            return self.command(self.advance()), False
        return self.symbol(single), True

    def group(self, opening: str) -> Expr:
        """What stands in brackets; square ones hold a condition that counts as 1 or 0."""
        found = self.condition()
        self.expect(_CLOSING[opening])
        return found

    def fenced(self, opening: str) -> Expr:
        """An absolute value, a rounding, a norm or an inner product."""
        args = self.arguments()
        closing, op = _FENCES.get(opening, (r"\rVert", "norm") if opening == r"\lVert" else (r"\rangle", "dot"))
        end = self.now
        self.expect(closing)
        if len(args) != (2 if op == "dot" else 1):
            raise end.error(f"{opening} ... {closing} holds {'two expressions' if op == 'dot' else 'one expression'}")
        if op == "norm":
            return self.norm(args)
        return Reduction("dot", args, self.scope()) if op == "dot" else Call(op, args)

    def norm(self, args: tuple[Expr, ...]) -> Expr:
        """The subscript that says which norm it is and whether it runs over all tensors."""
        start, marks = self.now, self.subscript()
        kind = {"2": "norm", r"\infty": "maxabs"}.get(marks[0] if marks else "")
        if kind is None or marks[1:] not in _SCOPES:
            scopes = r"with ,\mathrm{all} if over all tensors, ,\mathrm{row} if over each row"
            raise start.error(rf"say which norm it is: \rVert_2 or \rVert_\infty, {scopes}")
        return Reduction(kind, args, _SCOPES[marks[1:]])

    def scope(self) -> str:
        """ "all" or "row" where the subscript says so, else "tensor"."""
        start, marks = self.now, self.subscript()
        if marks not in _SCOPES:
            raise start.error(
                r"the only subscripts known here are \mathrm{all}, over all tensors, and \mathrm{row}, over each row"
            )
        return _SCOPES[marks]

    def symbol(self, single: bool = False) -> Expr:
        """A declared name; its subscript may stand after its exponent."""
        start = self.now
        found = read_nucleus(self.tokens, self.at)
        if found is None:
            raise start.error(f"expected an expression, found {start.text}")
        nucleus, self.at = found
        if nucleus == "e" and self.sees("^") and ("e", ()) not in self.symbols.plain:
            self.advance()
            return Call("exp", (self.exponent(),))
        if self.sees("^") and not single:
            return self.raised(nucleus, start)
        return self.symbols.find(nucleus, () if single else self.subscript(), start)

    def raised(self, nucleus: str, start: Token) -> Expr:
        """A symbol whose exponent stands before its subscript, as in g^2_t."""
        before = self.at
        self.advance()
        exponent = self.exponent()
        if not self.sees("_"):
            self.at = before
            return self.symbols.find(nucleus, (), start)
        return Call("**", (self.symbols.find(nucleus, self.subscript(), start), exponent))

    def exponent(self) -> Expr:
        """A group in braces or one token, as TeX has it."""
        if self.take("{"):
            found = self.sum()
            self.expect("}")
            return found
        if self.now.kind == "number" and len(self.now.text) > 1:
            raise self.now.error("TeX takes only the first digit for the exponent; write braces")
        if self.now.kind != "number" and self.now.text != r"\pi" and read_nucleus(self.tokens, self.at) is None:
            raise self.now.error("write braces around this exponent")
        return self.primary(single=True)[0]

    def argument(self) -> Expr:
        """What TeX takes as the argument of a command: a group, or one token."""
        if self.take("{"):
            return self.group("{")
        if self.now.kind == "number" and len(self.now.text) > 1:
            token = self.now
            self.tokens[self.at] = Token("number", token.text[1:], token.column + 1)
            return Num(Fraction(token.text[0]))
        return self.exponent()

    def arguments(self) -> tuple[Expr, ...]:
        """Expressions with commas between them."""
        found = [self.condition()]
        while self.take(","):
            found.append(self.condition())
        return tuple(found)

    def command(self, token: Token) -> Expr:
        """What a command that is not a symbol stands for."""
        if token.text == r"\frac":
            above = self.argument()
            return ratio(above, self.argument(), token)
        if token.text == r"\sqrt":
            if self.sees("["):
                raise self.now.error("only square roots are known; write the root as a power")
            return Call("sqrt", (self.argument(),))
        if token.text in _FUNCTIONS:
            return self.call(_FUNCTIONS[token.text])
        if token.text in (r"\max", r"\min"):
            return self.extremum(token)
        if token.text == r"\begin{cases}":
            return self.cases()
        if token.text == r"\nabla":
            self.expect("f")
            self.expect("(")
            return Call("grad", (self.group("("),))
        known = token.text in ENDS or token.text.startswith(r"\end")
        raise token.error(f"expected an expression, found {token.text}" if known else f"unknown command {token.text}")

    def call(self, op: str) -> Expr:
        """A function on its argument in brackets, or on one symbol if nothing follows it."""
        if self.sees("^"):
            raise self.now.error("an exponent at a function's name has two readings; write (f(x))^{2}")
        if op == "clip":
            return self.clip()
        over = self.scope() if op in ("mean", "total") else "tensor" if op == "axes" else ""
        if self.take("("):
            arg = self.group("(")
        else:
            arg, start = self.primary()[0], self.now
            if not self.ends():
                raise start.error("it is not clear where the function's argument ends; write brackets around it")
        return Reduction(op, (arg,), over) if over else Call(op, (arg,))

    def clip(self) -> Expr:
        r"""\operatorname{clip}_{[a, b]}(x) or \operatorname{clip}(x, a, b)."""
        ends: tuple[Expr, ...] = ()
        if self.take("_"):
            self.expect("{")
            self.expect("[")
            ends = self.arguments()
            self.expect("]")
            self.expect("}")
        start = self.now
        self.expect("(")
        args = self.arguments() + ends
        self.expect(")")
        if len(args) != 3:
            raise start.error("clip takes a value and two ends")
        return Call("clip", args)

    def extremum(self, token: Token) -> Expr:
        """The maximum or minimum of a list."""
        closing = _CLOSING[self.now.text] if self.sees("(", r"\{") else None
        if closing is None:
            raise self.now.error(rf"write {token.text}\{{a, b\}}")
        self.advance()
        args = self.arguments()
        self.expect(closing)
        if len(args) < 2:
            raise token.error(f"{token.text} of one expression; it takes two or more")
        return reduce(lambda a, b: Call(token.text[1:], (a, b)), args)

    def cases(self) -> Expr:
        """Rows of values with their conditions; the last row is for all other cases."""
        rows: list[tuple[Expr, Expr]] = []
        while True:
            value = self.condition()
            self.take(",")
            self.expect("&")
            word = self.now
            if word.kind == "word":
                self.advance()
            if word.kind == "word" and word.text in ("otherwise", "else"):
                break
            if word.kind == "word" and word.text not in ("if", "for", "when"):
                raise word.error(f"expected if or otherwise, found {word.text}")
            rows.append((self.condition(), value))
            self.take(",")
            if not self.take(r"\\") or self.sees(r"\end{cases}"):
                raise self.now.error(r"the last row is & \text{otherwise}, for all other cases")
        self.take(".", ",")
        self.take(r"\\")
        self.expect(r"\end{cases}")
        return reduce(lambda rest, row: Call("where", (row[0], row[1], rest)), reversed(rows), value)


def ratio(a: Expr, b: Expr, token: Token) -> Expr:
    """A quotient; of two constants, a constant."""
    if b == Num(Fraction(0)):
        raise token.error("a division by zero")
    return Num(a.value / b.value) if isinstance(a, Num) and isinstance(b, Num) else Call("/", (a, b))
