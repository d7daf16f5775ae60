"""Running an emitted file on symbols: every line of it executes, on expressions instead of numbers.

Arrays hold `Value`s, memory is a table of such arrays behind made-up addresses, and the compiler is replaced by
nothing. A Python `if` on a value splits the run: each outcome is run once, and the results are joined under it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from fractions import Fraction
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import Call, Num
from symopt.prove.values import Path, Value, expression

CHUNK, LANES, BLOCKS = 5, 3, 3  # small, so that a few elements cross every border that an emitted file has
_ADDRESS = 1 << 32


class _Exact(ast.NodeTransformer):
    """Literals in scalar functions as the exact decimals that they are: Python would round 1 / 3 before it is used."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        scalar = any(isinstance(d, ast.Name) and d.id == "register_jitable" for d in node.decorator_list)
        loops = any(isinstance(child, ast.For) for child in ast.walk(node))
        if not scalar or loops:
            return node
        node.body = [_Literals().visit(statement) for statement in node.body]
        return node


class _Literals(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            call = ast.Call(ast.Name("exact", ast.Load()), [ast.Constant(repr(node.value))], [])
            return ast.copy_location(call, node)
        return node


class Memory:
    """Arrays of one dtype behind made-up addresses, and a file loaded without its compiler."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.arrays: list[np.ndarray[Any, Any]] = []

    def address(self, array: np.ndarray[Any, Any]) -> int:
        """A made-up address for an array."""
        self.arrays.append(array.reshape(-1))
        return len(self.arrays) * _ADDRESS

    def carray(self, address: int, count: int) -> np.ndarray[Any, Any]:
        """The elements behind an address; reading past the end of an array is an error of the emitted file."""
        array, start = self.arrays[address // _ADDRESS - 1], (address % _ADDRESS) // self.dtype.itemsize
        if start + count > len(array):
            raise SymoptError("the emitted file reads past the end of an array")
        return array[start : start + count]

    def pointer(self, address: int, like: np.ndarray[Any, Any]) -> int:
        """The address, where the elements behind it are said to be what they are."""
        if like.dtype != self.dtype:
            raise SymoptError(f"the emitted file takes {self.dtype} for {like.dtype}")
        return int(address)

    def run(self, tree: ast.Module, modules: dict[str, Any]) -> dict[str, Any]:
        """The names that an emitted file defines, with `modules` for its imports and small chunks."""
        names = vars(ModuleType("emitted"))
        imports = {**_COMPILER, **modules}

        def load(name: str, *args: Any) -> Any:
            return imports.get(name) or builtins.__import__(name, *args)

        names["__builtins__"] = {**vars(builtins), "__import__": load}
        exec(compile(tree, "<emitted>", "exec"), names)
        names |= {"pointer": self.pointer, "carray": self.carray}
        names |= {"CHUNK": CHUNK, "LANES": LANES, "BLOCKS": BLOCKS}
        return names


class Machine(Memory):
    """Memory that holds values, and functions of values."""

    def __init__(self, path: Path):
        super().__init__(object)
        self.path = path

    def call(self, op: str) -> Callable[..., Value]:
        """A function of values."""
        return lambda *args: Value(Call(op, tuple(expression(arg) for arg in args)), self.path)

    def load(self, text: str) -> dict[str, Any]:
        """The names that an emitted file defines, computing with values."""
        tree = ast.fix_missing_locations(_Exact().visit(ast.parse(text)))
        exact = SimpleNamespace(exact=lambda shown: Value(Num(Fraction(shown)), self.path))
        tree.body.insert(_after_imports(tree), *ast.parse("from exactly import exact").body)
        names = self.run(tree, {"numpy": _NUMPY, "exactly": exact})
        names |= {op: self.call(word) for op, word in PRIMITIVES.items() if op in names}  # seen by its functions
        names["pi"] = self.call("pi")()
        return names


def _after_imports(tree: ast.Module) -> int:
    return 1 if isinstance(tree.body[0], ast.Expr) else 0


def _bare(*args: Any, **options: Any) -> Any:
    """A decorator that does nothing, with or without options."""
    return args[0] if args and callable(args[0]) else lambda function: function


class _NoLock:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


def _plain_dataclass(kind: type) -> type:
    """A record of its annotated fields, without the module that `dataclass` would ask for."""

    def build(self: Any, *values: Any) -> None:
        for name, value in zip(kind.__annotations__, values, strict=True):
            setattr(self, name, value)

    return type(kind.__name__, (), {**{k: v for k, v in vars(kind).items() if callable(v)}, "__init__": build})


def _table(fill: Any) -> Callable[..., np.ndarray[Any, Any]]:
    """`np.zeros` and `np.empty` with room for values; what was never written holds `fill`."""

    def make(shape: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
        whole = dtype is not None and np.issubdtype(dtype, np.integer)
        return np.zeros(shape, dtype) if whole else np.full(shape, fill, object)

    return make


_NUMBA = SimpleNamespace(
    njit=_bare,
    register_jitable=_bare,
    intrinsic=_bare,
    prange=range,
    carray=None,
    types=None,
    global_compiler_lock=_NoLock(),
)
_NUMPY = SimpleNamespace(**{**vars(np), "zeros": _table(0), "empty": _table(None)})
_COMPILER: dict[str, Any] = {
    "numba": _NUMBA,
    "numba.extending": _NUMBA,
    "numba.core.compiler_lock": _NUMBA,
    "dataclasses": SimpleNamespace(dataclass=_plain_dataclass, field=lambda **options: None),
}
PRIMITIVES = {
    "select": "where", "maximum": "max", "minimum": "min", "sign": "sign", "floor": "floor", "ceil": "ceil",
    "every": "every", "isfinite": "isfinite", "sqrt": "sqrt", "exp": "exp", "log": "log", "expm1": "expm1",
    "log1p": "log1p", "sin": "sin", "cos": "cos", "tan": "tan", "tanh": "tanh",
}  # fmt: skip
