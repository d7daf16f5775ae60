"""What can be seen in the text of a body before it runs: the constructs that Python would decide on its own."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import FunctionType
from typing import Any

from symopt.dialect.trace import suggest
from symopt.errors import DialectError

REPLACED = {
    "max": "Max", "min": "Min", "round": "floor(x + Rational(1, 2))", "bool": "where", "float": "the symbol itself",
    "int": "floor", "pow": "**", "sum": "total",
}  # fmt: skip
"""Builtins that would decide about a symbol, with what to write instead."""

NUMERIC_MODULES = frozenset({"math", "cmath", "numpy", "numba", "torch", "scipy"})


@dataclass(frozen=True)
class Source:
    """The syntax tree of a function and where it stands."""

    function: Any  # a FunctionType, which a type checker would bind like a method
    tree: ast.FunctionDef
    file: str
    first_line: int  # what to add to a line number of the tree, less one

    def line(self, node: ast.AST) -> int:
        """The line in the file where a node stands."""
        return getattr(node, "lineno", 1) + self.first_line - 1

    def line_of(self, name: str) -> int:
        """The first line that stores to `name[...]`, or else mentions it."""
        places = [node for node in ast.walk(self.tree) if _mentions(node, name)]
        stores = [n for n in places if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
        chosen = stores or places
        return self.line(min(chosen, key=lambda n: getattr(n, "lineno", 0))) if chosen else self.first_line


def _mentions(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id=found)) | ast.Name(id=found) | ast.arg(arg=found):
            return found == name
        case _:
            return False


def read_source(function: Callable[..., Any]) -> Source:
    """The source of a decorated function."""
    if not isinstance(function, FunctionType):
        raise DialectError("@optimizer and @schedule decorate a function", repr(function))
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError) as error:
        message = "its source cannot be read; write the spec in a file"
        raise DialectError(message, function.__name__) from error
    tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return Source(function, tree, inspect.getsourcefile(function) or "", first)


def check_source(source: Source, traced: set[str]) -> None:
    """Refuse what Python would silently decide about the names in `traced`."""
    _Checker(source, set(traced)).visit_body(source.tree.body)


class _Checker(ast.NodeVisitor):
    def __init__(self, source: Source, traced: set[str]):
        self.source = source
        self.traced = traced
        self.local = {n.id for n in ast.walk(source.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        closure = inspect.getclosurevars(source.function)
        self.visible = {**vars(builtins), **closure.builtins, **source.function.__globals__, **closure.nonlocals}

    def visit_body(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def fail(self, node: ast.AST, message: str, symbol: str | None = None) -> None:
        shown = ast.unparse(node) if symbol is None else symbol
        raise DialectError(message, shown, self.source.file, self.source.line(node))

    def is_traced(self, node: ast.AST) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.traced for n in ast.walk(node))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            for name in (n for n in ast.walk(target) if isinstance(n, ast.Name)):
                if isinstance(target, ast.Name | ast.Tuple):
                    self._check_local(name)
                    if self.is_traced(node.value):
                        self.traced.add(name.id)

    def _check_local(self, name: ast.Name) -> None:
        arguments = self.source.tree.args
        if name.id == "t" or any(name.id == a.arg for a in [*arguments.args, *arguments.kwonlyargs]):
            remedy = f"write {name.id}[t] = ... for an equation, or choose another name for the local value"
            self.fail(name, f"this name is taken by the signature; {remedy}")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        shown = ast.unparse(node.target)
        old = shown.replace("[t]", "[t-1]")
        message = f"an equation is written out; write {shown} = {old} ... instead of an augmented assignment"
        self.fail(node, message, shown)

    def _refuse_branch(self, node: ast.If | ast.While | ast.IfExp) -> None:
        word = "while" if isinstance(node, ast.While) else "if"
        if self.is_traced(node.test):
            message = f"Python's {word} cannot decide about a symbol; write where(condition, a, b)"
            self.fail(node.test, message)
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = _refuse_branch

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        if self.is_traced(node):
            word, remedy = ("and", "&") if isinstance(node.op, ast.And) else ("or", "|")
            message = f"Python's {word} cannot combine symbols; write (a) {remedy} (b), with the parentheses"
            self.fail(node, message)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not) and self.is_traced(node):
            self.fail(node, "Python's not cannot negate a condition on symbols; write ~(condition)")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        if self.is_traced(node):
            if len(node.ops) > 1:
                self.fail(node, "a chained comparison is decided by Python; write (a < b) & (b < c)")
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            for kind, word in ((ast.Eq, "eq"), (ast.Is, "eq"), (ast.NotEq, "ne"), (ast.IsNot, "ne")):
                if isinstance(node.ops[0], kind):
                    self.fail(node, f"Python decides this at once; write {word}({left}, {right})")
            if isinstance(node.ops[0], ast.In | ast.NotIn):
                self.fail(node, "`in` is decided by Python; write the comparisons out with eq, & and |")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if _constant(node.left) is not None and _constant(node.right) is not None:
            self._check_constants(node)
        self.generic_visit(node)

    def _check_constants(self, node: ast.BinOp) -> None:
        values = (_constant(node.left), _constant(node.right))
        exact = all(isinstance(value, int) for value in values) and not isinstance(node.op, ast.Div)
        if not exact and not isinstance(node.op, ast.Pow):
            shown = ast.unparse(node)
            p, q = (ast.unparse(side) for side in (node.left, node.right))
            whole = isinstance(node.op, ast.Div) and all(isinstance(value, int) for value in values)
            remedy = f"Rational({p}, {q})" if whole else "the exact value, or a Rational"
            self.fail(node, f"Python would round {shown} before symopt sees it; write {remedy}")

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float):
            written = ast.get_source_segment(self._text(), node) or repr(node.value)
            if _exact(written) not in (None, Fraction(repr(node.value))):
                self.fail(node, "a float keeps 17 digits; write Rational(p, q) for an exact constant", written)

    def _text(self) -> str:
        return textwrap.dedent("".join(inspect.getsourcelines(self.source.function)[0]))

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            self._check_function(node, node.func.id)
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            module = getattr(self.visible.get(node.func.value.id), "__name__", "")
            if module.split(".")[0] in NUMERIC_MODULES and any(self.is_traced(arg) for arg in node.args):
                word = node.func.attr
                message = f"{module} computes with numbers, not symbols; write symopt's {word}(...)"
                self.fail(node, message, ast.unparse(node.func))
        self.generic_visit(node)

    def _check_function(self, node: ast.Call, name: str) -> None:
        if name in REPLACED and self.visible.get(name) is getattr(builtins, name):
            if any(self.is_traced(arg) for arg in node.args):
                self.fail(node, f"Python's {name} cannot take symbols; write {REPLACED[name]}", name)
        elif name not in self.visible and name not in self.local and name not in self.traced:
            message = f"there is no function of that name; import it, or define it above{suggest(name, self.visible)}"
            self.fail(node, message, name)


def _constant(node: ast.AST) -> int | float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _constant(node.operand)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    return None


def _exact(written: str) -> Fraction | None:
    try:
        return Fraction(written.replace("_", ""))
    except ValueError:  # a spelling that Fraction does not read, such as 1.e-3
        return None
