"""Device functions in which threads meet, as generators: each thread of a block runs up to its next barrier in turn."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from types import CodeType

from symopt.prove.symbolic import exact

_BARRIER = "cuda.syncthreads"


def compiled_in_threads(text: str) -> list[CodeType]:
    """The code of an emitted CUDA file; every function that waits at a barrier yields there."""
    parts = re.split(r"\n\n\n(?=\S)", text)
    return [_compiled(part, waits & _read(part).called) for waits in [waiting(parts)] for part in parts]


def waiting(parts: list[str]) -> frozenset[str]:
    """The functions that wait at a barrier, by themselves or in what they call."""
    calls = {name: called for part in parts for name, called in _read(part).functions.items()}
    found = frozenset({_BARRIER})
    while (more := found | {name for name, called in calls.items() if called & found}) != found:
        found = more
    return found


class _Calls:
    """Which functions a part of a file defines, which each of them calls itself, and all that are called."""

    def __init__(self, part: str):
        self.functions: dict[str, frozenset[str]] = {}
        self.called = self._of(ast.parse(part)).union(*self.functions.values())

    def _of(self, node: ast.AST) -> frozenset[str]:
        found = {ast.unparse(node.func)} if isinstance(node, ast.Call) else set[str]()
        for child in ast.iter_child_nodes(node):
            inside = self._of(child)
            if isinstance(child, ast.FunctionDef):
                self.functions[child.name] = inside
            else:
                found |= inside
        return frozenset(found)


@lru_cache(maxsize=1024)
def _read(part: str) -> _Calls:
    return _Calls(part)


@lru_cache(maxsize=1024)
def _compiled(part: str, waits: frozenset[str]) -> CodeType:
    tree = _Yields(waits).visit(exact(ast.parse(part)))
    return compile(ast.fix_missing_locations(tree), "<emitted>", "exec")


class _Yields(ast.NodeTransformer):
    def __init__(self, waits: frozenset[str]):
        self.waits = waits

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = ast.unparse(node.func)
        if name not in self.waits:
            return node
        return ast.copy_location(ast.Yield(None) if name == _BARRIER else ast.YieldFrom(node), node)
