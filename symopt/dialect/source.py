"""Where a body stands: its syntax tree, its file, and the lines in it."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from symopt.errors import DialectError


@dataclass(frozen=True)
class Source:
    """The syntax tree of a function and where it stands.

    text: what the tree was read from; first_line: the line of the file with the first decorator
    above: how many lines of the text stand before that one
    visible: the names of the module and of the enclosing functions
    """

    function: FunctionType
    tree: ast.FunctionDef
    text: str
    file: str
    first_line: int
    above: int
    visible: Mapping[str, Any]

    def line(self, node: ast.AST) -> int:
        """The line in the file where a node stands."""
        return getattr(node, "lineno", 1) + self.first_line - 1 - self.above

    def line_of(self, name: str, otherwise: str = "") -> int:
        """The first line that writes `name[...]`, or else mentions it; where none does, the one of `otherwise`."""
        stores = [n for n in ast.walk(self.tree) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
        places = [n for n in stores if isinstance(n.value, ast.Name) and n.value.id == name]
        places = places or [node for node in ast.walk(self.tree) if _mentions(node, name)]
        if not places and otherwise:
            return self.line_of(otherwise)
        return min((self.line(node) for node in places), default=self.first_line)

    def line_of_argument(self, name: str) -> int:
        """The line of the signature that declares `name`."""
        places = [node for node in ast.walk(self.tree.args) if isinstance(node, ast.arg) and node.arg == name]
        return min((self.line(node) for node in places), default=self.first_line)

    def line_of_meaning(self, name: str) -> int:
        """The line of the docstring that begins with `name:`."""
        lines = self.text.splitlines()
        places = [number for number, text in enumerate(lines, 1) if text.strip(" \t\"'").startswith(f"{name}:")]
        return next((place + self.first_line - 1 - self.above for place in places), self.first_line)

    def line_of_call(self, function: object) -> int:
        """The first line that calls `function` by a name of the surrounding scopes."""
        names = {name for name, found in self.visible.items() if found is function}
        calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        places = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id in names]
        return min((self.line(node) for node in places), default=self.first_line)

    def here(self) -> int:
        """The line of this file that is running."""
        frame = inspect.currentframe()
        while frame is not None and frame.f_code.co_filename != self.file:
            frame = frame.f_back
        return self.first_line if frame is None else frame.f_lineno

    def error(self, message: str, symbol: str, line: int | None = None) -> DialectError:
        """An error in this body, at the line of `symbol` where no other is given."""
        return DialectError(message, symbol, self.file, self.line_of(symbol) if line is None else line)


def _mentions(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=found) | ast.arg(arg=found) | ast.Attribute(attr=found):
            return found == name
        case _:
            return False


def read_source(function: object) -> Source:
    """The source of a decorated function."""
    if not isinstance(function, FunctionType):
        raise DialectError("@optimizer, @erratum and @schedule decorate a function", repr(function))
    code = function.__code__
    file, line = code.co_filename, code.co_firstlineno
    linecache.checkcache(file)  # the file may have changed since another version of it was run
    lines = linecache.getlines(file, function.__globals__)[line - 1 :]
    if not lines:
        raise DialectError("its source cannot be read; write the spec in a file", function.__name__, file, line)
    text = "".join(inspect.getblock(lines))
    above = 0
    if text[0].isspace():  # inside a function: give the block something to be indented under
        text, above = "if True:\n" + text, 1
    tree = _function(ast.parse(text), function.__name__)
    if tree is None or inspect.isgeneratorfunction(function):
        message = "a spec is a plain function, written with def: no lambda, no async, no yield"
        raise DialectError(message, function.__name__, file, line)
    return Source(function, tree, text, file, line, above, _visible(function))


def _visible(function: FunctionType) -> dict[str, Any]:
    enclosing: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            enclosing[name] = cell.cell_contents
        except ValueError:  # not assigned yet: the name of the function itself
            enclosing[name] = None
    return {**function.__globals__, **enclosing}


def _function(module: ast.Module, name: str) -> ast.FunctionDef | None:
    outer = module.body[0]
    found = outer.body[0] if isinstance(outer, ast.If) else outer
    return found if isinstance(found, ast.FunctionDef) and found.name == name else None
