"""Expressions from text: the way back from `symopt.expr.text`."""

from __future__ import annotations

import ast
from fractions import Fraction

from symopt.errors import SymoptError
from symopt.expr import FUNCTIONS, REDUCTIONS, SCOPES, START, Call, Expr, Num, Reduction, Seq, Sym, T, negate

_INFIX: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "<",
    ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.BitAnd: "and", ast.BitOr: "or",
}  # fmt: skip
_SHIFTS = {"t": 0, "t - 1": -1, "t + 1": 1, "0": START}
_OVER = {word: scope for scope, word in SCOPES.items()}


def read(text: str) -> Expr:
    """The expression that a text in the dialect's syntax states.

    Every name is taken as it stands, with an index for a sequence and without one for anything else.
    raises SymoptError that shows what cannot be read
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise SymoptError(f"{text!r} is no expression of the dialect") from error
    return _Reader(text).expression(tree)


class _Reader:
    def __init__(self, text: str):
        self.text = text

    def expression(self, tree: ast.expr) -> Expr:
        match tree:
            case ast.Constant(int() | float()):
                return Num(Fraction(ast.get_source_segment(self.text.strip(), tree) or ""))
            case ast.Name("pi"):
                return Call("pi", ())
            case ast.Name(name):
                return Sym(name)
            case ast.Subscript(ast.Name(name), index) if ast.unparse(index) in _SHIFTS:
                return Seq(name, _SHIFTS[ast.unparse(index)])
            case ast.UnaryOp(ast.USub(), operand):
                return negate(self.expression(operand))
            case ast.UnaryOp(ast.Invert(), operand):
                return Call("not", (self.expression(operand),))
            case ast.BinOp(left, op, right) | ast.Compare(left, [op], [right]) if type(op) in _INFIX:
                return self._operation(_INFIX[type(op)], self.expression(left), self.expression(right))
            case ast.Call(ast.Name(name), args, keywords):
                return self._call(name, tuple(map(self.expression, args)), keywords, tree)
            case _:
                raise self._unknown(tree)

    def _operation(self, op: str, a: Expr, b: Expr) -> Expr:
        if op == "/" and isinstance(a, Num) and isinstance(b, Num) and b.value:
            return Num(a.value / b.value)  # 1/3 is how a constant prints that has no decimals
        if op in "*/" and ((isinstance(a, Call) and a.op == "neg") or (isinstance(a, Num) and a.value < 0)):
            return negate(Call(op, (negate(a), b)))  # -a * b is how the negation of a product prints
        return Call(op, (a, b))

    def _call(self, name: str, args: tuple[Expr, ...], keywords: list[ast.keyword], tree: ast.Call) -> Expr:
        if name in REDUCTIONS and len(args) == REDUCTIONS[name]:
            over = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
            scope = _OVER.get(over.get("over", ""))
            if over.keys() <= {"over"} and scope is not None:
                return Reduction(name, args, scope)
        elif name == "every" and len(args) == 1 and not keywords:
            return Call("every", (T, *args))
        elif FUNCTIONS.get(name.lower()) == len(args) and not keywords:
            return Call(name.lower(), args)  # Abs, Max and Min are what specs write
        raise self._unknown(tree)

    def _unknown(self, tree: ast.expr) -> SymoptError:
        return SymoptError(f"{ast.unparse(tree)!r} in {self.text!r} is nothing that the dialect knows")
