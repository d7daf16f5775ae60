"""How functions, conditions, choices and reductions print; `symopt.latex.printer` adds arithmetic."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from math import inf
from typing import Self

from symopt.errors import SymoptError
from symopt.expr import BOOLEAN, Call, Expr, Reduction, text
from symopt.latex.layout import Level, Shown, bracketed, called, group, listed
from symopt.latex.measure import width

FUNCTIONS = {name: f"\\{name}" for name in ("exp", "log", "sin", "cos", "tan", "tanh")} | {
    name: f"\\operatorname{{{name}}}" for name in ("sign", "expm1", "log1p")
}
FENCES = {
    "abs": (r"\lvert", r"\rvert"), "floor": (r"\lfloor", r"\rfloor"), "ceil": (r"\lceil", r"\rceil"),
    "norm": (r"\lVert", r"\rVert"), "maxabs": (r"\lVert", r"\rVert"), "dot": (r"\langle", r"\rangle"),
}  # fmt: skip
RELATIONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "eq": "=", "ne": r"\ne"}
NORMS = {"norm": ["2"], "maxabs": [r"\infty"], "dot": []}
SCOPES = {"all": [r"\mathrm{all}"], "tensor": [], "row": [r"\mathrm{row}"]}
WIDEST_SUBSCRIPT = 9.0  # em, in the size of the base


@dataclass(frozen=True)
class Forms(ABC):
    """A place on a page: in a line of text or displayed, how deep in fractions, and with how much room (in em)."""

    inline: bool = False
    depth: int = 0
    room: float = inf

    @abstractmethod
    def show(self, expr: Expr) -> Shown:
        """The text of an expression and how tightly it binds."""

    def narrower(self, by: float) -> Self:
        """The same place with less room."""
        return replace(self, room=self.room - by)

    def in_line(self) -> Self:
        """A place in a line of text."""
        return replace(self, inline=True, room=inf)

    def at(self, expr: Expr, level: Level) -> str:
        """The text of an expression, in brackets where it binds more loosely than `level`."""
        shown, own = self.show(expr)
        if own >= level:
            return shown
        if width(shown) > self.room - 1.0:
            shown, _ = self.narrower(1.0).show(expr)
        truth = isinstance(expr, Call) and expr.op in BOOLEAN and level >= Level.SUM
        return bracketed(shown, "[", "]") if truth else bracketed(shown)

    def condition(self, expr: Call) -> Shown:
        """A comparison or a combination of comparisons."""
        match expr:
            case Call("or" | "and" as op, (a, b)):
                level, sign = (Level.OR, r"\lor") if op == "or" else (Level.AND, r"\land")
                return f"{self.at(a, level)} {sign} {self.at(b, Level(level + 1))}", level
            case Call("not", (a,)):
                inside, level = self.show(a)
                return f"\\lnot {inside if level >= Level.BASE else bracketed(inside)}", Level.NOT
            case Call("every", (step, k)):
                return f"{self.at(k, Level.FACTOR)} \\mid {self.at(step, Level.FACTOR)}", Level.COMPARISON
            case Call("isfinite", (a,)):
                return f"{self.fenced('abs', (a,))} < \\infty", Level.COMPARISON
            case Call(op, (a, b)) if op in RELATIONS:
                return f"{self.at(a, Level.SUM)} {RELATIONS[op]} {self.at(b, Level.SUM)}", Level.COMPARISON
            case _:
                raise unprintable(expr)

    def function(self, expr: Call) -> Shown:
        """A function of the elements."""
        match expr:
            case Call("sqrt", (a,)):
                return f"\\sqrt{{{self.narrower(0.9).at(a, Level.SUM)}}}", Level.FACTOR
            case Call("abs" | "floor" | "ceil" as op, (_,) as args):
                return self.fenced(op, args), Level.BASE
            case Call("max" | "min" as op, _):
                return self.called(f"\\{op}", _operands(expr, op), r"\{", r"\}"), Level.FACTOR
            case Call("clip", (a, low, high)):
                return self.clip(a, low, high), Level.FACTOR
            case Call("where", _):
                return self.cases(expr), Level.CASES
            case Call(op, (_,) as args) if op in FUNCTIONS:
                return self.called(FUNCTIONS[op], args), Level.FACTOR
            case _:
                raise unprintable(expr)

    def clip(self, a: Expr, low: Expr, high: Expr) -> str:
        """A value held between two ends, which stand below the name if they are short."""
        ends = ", ".join(self.in_line().at(end, Level.SUM) for end in (low, high))
        if width(ends) > WIDEST_SUBSCRIPT or r"\begin" in ends:
            return self.called(r"\operatorname{clip}", (a, low, high))
        return self.called(f"\\operatorname{{clip}}_{{[{ends}]}}", (a,))

    def reduction(self, expr: Reduction) -> Shown:
        """A number made of all elements; its subscript says over what, if not over a tensor."""
        scope = SCOPES[expr.over]
        match expr.op:
            case "total":
                return f"\\sum{_below(scope)} {self.narrower(2.0).at(expr.args[0], Level.GREEDY)}", Level.GREEDY
            case "mean" | "axes":
                return self.called(f"\\operatorname{{{expr.op}}}" + _below(scope), expr.args), Level.FACTOR
            case _:
                return self.fenced(expr.op, expr.args) + _below(NORMS[expr.op] + scope), Level.BASE

    def cases(self, expr: Expr) -> str:
        """A choice as rows; a choice in its last row continues the rows."""
        rows: list[str] = []
        while isinstance(expr, Call) and expr.op == "where":
            test, value, expr = expr.args
            holds = self.in_line().at(test, Level.OR)
            rows.append(f"{self.narrower(width(holds) + 4.0).at(value, Level.SUM)} & \\text{{if }} {holds}")
        rows.append(f"{self.narrower(7.0).at(expr, Level.SUM)} & \\text{{otherwise}}")
        name = "dcases" if any(r"\frac" in row for row in rows) else "cases"
        return f"\\begin{{{name}}} " + r" \\ ".join(rows) + f" \\end{{{name}}}"

    def called(self, name: str, args: tuple[Expr, ...], left: str = "(", right: str = ")") -> str:
        """A function's name with its arguments."""
        return called(name, self.narrower(width(name) + 1.0).arguments(args), left, right)

    def fenced(self, op: str, args: tuple[Expr, ...]) -> str:
        """Arguments between the delimiters that stand for an operation."""
        return bracketed(self.narrower(1.0).arguments(args), *FENCES[op])

    def arguments(self, args: tuple[Expr, ...]) -> str:
        """Expressions with commas between them."""
        return listed([self.at(arg, Level.SUM) for arg in args], self.room)


def _below(marks: list[str]) -> str:
    return f"_{group(','.join(marks))}" if marks else ""


def _operands(expr: Expr, op: str) -> tuple[Expr, ...]:
    """The arguments of a maximum of maxima, in order."""
    match expr:
        case Call(own, (a, b)) if own == op:
            return (*_operands(a, op), b)
        case _:
            return (expr,)


def unprintable(expr: Expr) -> SymoptError:
    """The error for an operation that has no form on a page."""
    return SymoptError(f"a page cannot print {text(expr)}: no form is known for this operation")
