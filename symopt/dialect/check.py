"""What can be seen in the text of a body before it runs: the constructs that Python would decide on its own."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from fractions import Fraction
from types import ModuleType
from typing import Any

from symopt import notation
from symopt.dialect.constants import is_constant, literal, rounded
from symopt.dialect.lint import Lint
from symopt.errors import suggest
from symopt.terms import Term

REPLACED: Mapping[Any, str] = {
    max: "Max", min: "Min", round: "floor(x + Rational(1, 2))", bool: "where", float: "the symbol itself", int: "floor",
    sum: "total", divmod: "floor",
}  # fmt: skip
"""Builtins that would decide about a symbol, with what to write instead."""

OUTSIDE = (len, isinstance, type, callable, hasattr, str, repr)
"""Builtins that ask about Python's objects, not about what symbols stand for."""

NUMERIC_MODULES = frozenset({"math", "cmath", "numpy", "numba", "torch", "scipy", "jax", "cupy"})
SAME = {"pi": "pi", "e": "exp(1)", "tau": "2*pi", "absolute": "Abs", "abs": "Abs", "fabs": "Abs", "maximum": "Max",
        "minimum": "Min", "power": "**", "pow": "**", "ceil": "ceiling", "sum": "total", "square": "x**2"}  # fmt: skip
"""What NumPy and math call differently."""


def check_source(lint: Lint, traced: set[str], returns: bool) -> set[Fraction]:
    """Refuse what Python would silently decide about the names in `traced`; the float literals of the body.

    returns: whether the body ends with `return`, as a schedule's does
    """
    checker = _Checker(lint, set(traced), returns)
    checker.check_defaults()
    for statement in lint.source.tree.body:
        checker.visit(statement)
    lint.check_equations(checker.step)
    return checker.literals


class _Checker(ast.NodeVisitor):
    def __init__(self, lint: Lint, traced: set[str], returns: bool):
        self.lint = lint
        self.source = source = lint.source
        self.traced = traced
        self.returns = returns
        self.literals: set[Fraction] = set()
        self.hyperparameters = {a.arg for a in source.tree.args.kwonlyargs}
        self.arguments = {a.arg for a in _arguments(source.tree.args)}
        self.step = {name for name, value in source.visible.items() if value is notation.t}
        self.local = _bound(source.tree) - self.arguments
        self.visible = {**vars(builtins), **source.visible}
        self.aliases: dict[str, Any] = {}

    def fail(self, node: ast.AST, message: str, symbol: str | None = None) -> None:
        shown = ast.unparse(node) if symbol is None else symbol
        raise self.source.error(message, shown, self.source.line(node))

    def is_traced(self, *nodes: ast.AST) -> bool:
        """Whether an expression mentions a symbol, or a local that was made of one."""
        for node in nodes:
            if isinstance(node, ast.Call) and any(self.resolve(node.func) is asks for asks in OUTSIDE):
                continue
            if isinstance(node, ast.Name) and node.id in self.traced:
                return True
            if self.is_traced(*ast.iter_child_nodes(node)):
                return True
        return False

    def resolve(self, node: ast.AST) -> Any:
        """The Python object that a name or `module.name` stands for, or None."""
        if isinstance(node, ast.Name):
            outside = None if node.id in self.local | self.arguments else self.visible.get(node.id)
            return self.aliases.get(node.id, outside)
        if isinstance(node, ast.Attribute):
            module = self.resolve(node.value)
            return getattr(module, node.attr, None) if isinstance(module, ModuleType) else None
        return None

    def check_defaults(self) -> None:
        """Defaults see other names than the body, but their constants are exact too."""
        arguments = self.source.tree.args
        for default in [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]:
            for node in ast.walk(default):
                if isinstance(node, ast.Constant) or (isinstance(node, ast.BinOp) and is_constant(node)):
                    self.visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            equations = [n for n in ast.walk(target) if isinstance(n, ast.Subscript) and self.is_traced(n.value)]
            if equations and (len(node.targets) > 1 or not isinstance(target, ast.Subscript)):
                shown = ast.unparse(equations[0])
                self.fail(node, f"each equation stands on a line of its own; write {shown} = ...", shown)
            self._bind(target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)  # the annotation of a local is never evaluated
        if node.value is not None:
            self._bind(node.target, node.value)
            self.visit(node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._bind(node.target, node.value)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._bind(node.target, node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._bind(node.target, node.iter)
        self.generic_visit(node)

    def _bind(self, target: ast.AST, value: ast.AST) -> None:
        """Follow symbols into locals, and functions into their aliases."""
        if isinstance(target, ast.Name):
            self.aliases[target.id] = self.resolve(value)
        if self.is_traced(value) and isinstance(target, ast.Name | ast.Tuple | ast.List | ast.Starred):
            self.traced |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}

    def visit_Name(self, node: ast.Name) -> None:
        taken = node.id in self.arguments | self.step
        if not isinstance(node.ctx, ast.Load):
            if taken:
                self.fail(node, self._taken(node.id))
        elif not taken and node.id not in self.local and node.id not in self.visible:
            self._unknown(node)

    def _taken(self, name: str) -> str:
        if name in self.step:
            return "this is the step; choose another name for the local value"
        if name in self.hyperparameters:
            return "this is a hyperparameter, which only the user changes; choose another name for the local value"
        return f"this is a sequence; write {name}[t] = ... for an equation, or choose another name for the local value"

    def _unknown(self, node: ast.Name) -> None:
        if node.id in notation.__all__:
            self.fail(node, f"it is not imported; write from symopt import {node.id}")
        known = {*self.arguments, *self.local, *self.visible, *notation.__all__}
        remedy = "add a sequence to the arguments before the *, a hyperparameter to those behind it"
        message = f"nothing has this name; {remedy}{suggest(node.id, known)}"
        line = self.source.line(node)
        self.lint.report("unbound symbol", node.id, message, "taken for a hyperparameter without a default", line)
        self.arguments.add(node.id)
        self.traced.add(node.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id in self.hyperparameters | self.step:
            self.fail(node.target, self._taken(node.target.id))
        if self.is_traced(node.target) and not (isinstance(node.target, ast.Name) and node.target.id in self.local):
            shown = ast.unparse(node.target)
            new = shown if "[" in shown else f"{shown}[t]"
            sign = ast.unparse(ast.BinOp(ast.Name("a"), node.op, ast.Name("b")))[2:-2]
            message = f"an equation is written out; write {new} = {new.replace('[t]', '[t-1]')} {sign} ..."
            self.fail(node, message, shown)
        self._bind(node.target, node.value)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Call | ast.Constant) and self.is_traced(node.value):
            self.fail(node, "this line changes nothing; an equation is written x[t] = ...")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self.returns = self.returns, True
        self.generic_visit(node)
        self.returns = outer

    def visit_Return(self, node: ast.Return) -> None:
        if not self.returns:
            self.fail(node, "an optimizer returns nothing; its last equation is theta[t] = ...")
        self.generic_visit(node)

    def _refuse_branch(self, node: ast.If | ast.While | ast.IfExp | ast.Assert) -> None:
        word = "if" if isinstance(node, ast.If | ast.IfExp) else type(node).__name__.lower()
        if self.is_traced(node.test):
            self.fail(node.test, f"Python's {word} cannot decide about a symbol; write where(condition, a, b)")
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = visit_Assert = _refuse_branch

    def visit_Match(self, node: ast.Match) -> None:
        if self.is_traced(node.subject):
            self.fail(node.subject, "Python's match cannot decide about a symbol; write where(condition, a, b)")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        if self.is_traced(node):
            word, remedy = ("and", "&") if isinstance(node.op, ast.And) else ("or", "|")
            self.fail(node, f"Python's {word} cannot combine symbols; write (a) {remedy} (b), with the parentheses")
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
        remedy = rounded(node) if is_constant(node) else None
        if remedy is not None:
            self.fail(node, f"Python would round this before symopt sees it; write {remedy}")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float):
            written = ast.get_source_segment(self.source.text, node) or repr(node.value)
            remedy = literal(written, node.value)
            if remedy is not None:
                self.fail(node, f"a float keeps 17 digits and ends at 1.8e308; write {remedy}", written)
            self.literals.add(Fraction(repr(node.value)))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(self.resolve(node), float) and self._numeric(node):
            remedy = SAME.get(node.attr, "an exact constant")
            self.fail(node, f"this is a rounded float; write symopt's {remedy}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = self.resolve(node.func)
        traced = self.is_traced(*node.args, *(keyword.value for keyword in node.keywords))
        shown = ast.unparse(node.func)
        if traced and isinstance(function, type | type(max)) and function in REPLACED:
            self._check_builtin(node, function)
        word = getattr(function, "__name__", "")
        same = SAME.get(word, word)
        if self._numeric(node.func) and (traced or same in notation.__all__):
            remedy = f"symopt's {same}" if same in notation.__all__ else SAME.get(word, "symopt's functions")
            self.fail(node, f"this computes with numbers, not symbols, and rounds; write {remedy}", shown)
        self.generic_visit(node)

    def _check_builtin(self, node: ast.Call, function: Any) -> None:
        shown = ast.unparse(node.func)
        if function is not sum or self.is_traced(*_scalars(node)):
            self.fail(node, f"Python's {function.__name__} cannot take symbols; write {REPLACED[function]}", shown)

    def _numeric(self, node: ast.AST) -> bool:
        """Whether a name, or what it is an attribute of, comes from a library that computes with numbers."""
        found = self.resolve(node)
        homes = [getattr(found, "__module__", None) or type(found).__module__]
        if isinstance(node, ast.Attribute):
            homes.append(getattr(self.resolve(node.value), "__name__", ""))
        return not isinstance(found, Term) and any(str(home).split(".")[0] in NUMERIC_MODULES for home in homes)


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]


def _bound(tree: ast.FunctionDef) -> set[str]:
    """Every name that a statement in a function binds, those of nested functions included."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=alias):
                names.add(alias or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                names.add(name)
            case _:
                pass
    return names


def _scalars(node: ast.Call) -> list[ast.expr]:
    """The arguments that are no list, whose elements Python may add one by one."""
    return [arg for arg in node.args if isinstance(arg, ast.Subscript | ast.BinOp | ast.Call | ast.UnaryOp)]
