"""Running an emitted file on symbols: every line of it executes, on expressions instead of numbers.

Arrays hold `Value`s, memory is a table of such arrays behind made-up addresses, and the compiler is replaced by
nothing. A Python `if` on a value splits the run: each outcome is run once, and the results are joined under it.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import cycle
from operator import add
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from symopt.errors import SymoptError
from symopt.expr import OPERATIONS, ZERO, Call, Num
from symopt.prove.values import Path, Value, decided, expression

CHUNK, LANES, BLOCKS = 5, 3, 3  # small, so that a few elements cross every border that an emitted file has
OF_ARRAYS = np.dtype(object, metadata={"of": "arrays"})
"""What stands for the dtype of the user's arrays; numbers in float64 are plain objects."""

_ADDRESS = 1 << 32


class _Exact(ast.NodeTransformer):
    """Quotients of literals as the rationals that they are, which Python would round before they are used.

    In scalar functions every literal is one: elsewhere they count and index.
    """

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        scalar = any(isinstance(d, ast.Name) and d.id in ("register_jitable", "device") for d in node.decorator_list)
        loops = any(isinstance(child, ast.For | ast.While | ast.Subscript) for child in ast.walk(node))
        inside = _Literals() if scalar and not loops else _Quotients()
        node.body = [inside.visit(statement) for statement in node.body]
        return node


class _Quotients(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        match node:
            case ast.BinOp(ast.Constant(int() as a), ast.Div(), ast.Constant(int() as b)):
                return ast.copy_location(_exact(f"{a}/{b}"), node)
            case _:
                return self.generic_visit(node)


class _Literals(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return ast.copy_location(_exact(repr(node.value)), node)
        return node


def _exact(shown: str) -> ast.Call:
    return ast.Call(ast.Name("exact", ast.Load()), [ast.Constant(shown)], [])


def exact(tree: ast.Module) -> ast.Module:
    """An emitted file, or a part of one, with its literals exact."""
    return _Exact().visit(tree)


class Memory:
    """Arrays of one dtype behind made-up addresses, and a file loaded without its compiler."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.arrays: list[np.ndarray[Any, Any]] = []

    def address(self, array: np.ndarray[Any, Any]) -> int:
        """A made-up address for an array."""
        self.arrays.append(array.reshape(-1))
        return len(self.arrays) * _ADDRESS

    def addresses(self, *buffers: Any) -> np.ndarray[Any, Any]:
        """Made-up addresses: a row per tensor, a column per buffer."""
        return np.array([[self.address(array) for array in arrays] for arrays in buffers], np.int64).T

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

    def run(self, code: Iterable[CodeType], modules: dict[str, Any], **given: Any) -> dict[str, Any]:
        """The names that an emitted file defines, with `modules` for its imports and small chunks."""
        names = vars(ModuleType("emitted")) | given
        imports = {**_COMPILER, **modules}

        def load(name: str, *args: Any) -> Any:
            return imports.get(name) or builtins.__import__(name, *args)

        names["__builtins__"] = {**vars(builtins), "__import__": load}
        for part in code:
            exec(part, names)
        names |= self.stand_ins()
        return names

    def stand_ins(self) -> dict[str, Any]:
        """What replaces names of a file."""
        memory = {"pointer": self.pointer, "carray": self.carray, "addresses": self.addresses}
        return memory | {"CHUNK": CHUNK, "LANES": LANES, "BLOCKS": BLOCKS}


class Machine(Memory):
    """Memory that holds values, and functions of values."""

    def __init__(self, path: Path):
        super().__init__(object)
        self.path = path

    def call(self, op: str) -> Callable[..., Value]:
        """A function of values; of a choice that is decided, what is chosen."""

        def applied(*args: Any) -> Value:
            nodes = tuple(expression(arg) for arg in args)
            holds = decided(nodes[0]) if op == "where" else None
            return Value(Call(op, nodes) if holds is None else nodes[1 if holds else 2], self.path)

        return applied

    def load(self, code: Iterable[CodeType]) -> dict[str, Any]:
        """The names that an emitted file defines, computing with values."""
        names = self.run(code, self.modules(), exact=lambda shown: Value(Num(Fraction(shown)), self.path))
        names |= {op: self.call(word) for op, word in PRIMITIVES.items() if op in names}  # seen by its functions
        names["pi"] = self.call("pi")()
        names["below"] = lambda f, x: self.call("below")(x)  # whichever number it is
        scales = cycle((1, 2, 2, 1, 2, 1, 1))  # some sums of squares are added up again, others are not
        names["in_range"] = lambda f, total: next(scales)
        return names

    def modules(self) -> dict[str, Any]:
        """What stands for the modules that a file imports."""
        return {"numpy": self.numpy()}

    def numpy(self) -> SimpleNamespace:
        """NumPy, its functions of numbers element by element on values."""

        def summed(values: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
            return over(lambda row: reduce(add, row, Value(ZERO, self.path)), values, axis, keepdims)

        def largest(values: Any, initial: float, axis: Any = None, keepdims: bool = False) -> Any:
            return over(lambda row: reduce(self.call("max"), row, initial), values, axis, keepdims)

        def over(function: Callable[[Any], Any], values: Any, axis: Any, keepdims: bool) -> Any:
            """One number of all elements, or of each slice along the first axis."""
            given = np.asarray(values, object)
            if not keepdims or len(axis) == given.ndim:
                return function(given.reshape(-1))
            found = [function(row.reshape(-1)) for row in given]
            return np.array([*found, None], object)[:-1].reshape(-1, *(1 for _ in axis))

        functions = {name: np.frompyfunc(self.call(op), OPERATIONS[op], 1) for name, op in _ARRAY_FUNCTIONS.items()}
        sums = {"sum": summed, "max": largest}
        made = {"zeros": _table(0), "empty": _table(None), "pi": self.call("pi")()}
        return SimpleNamespace(**{**vars(np), **functions, **sums, **made})


def compiled(text: str, exactly: bool = True) -> list[CodeType]:
    """The code of an emitted file, for a machine to load; what two files have in common is compiled once."""
    return [_compiled(part, exactly) for part in re.split(r"\n\n\n(?=\S)", text)]


@lru_cache(maxsize=1024)
def _compiled(part: str, exactly: bool) -> CodeType:
    tree = ast.parse(part)
    return compile(ast.fix_missing_locations(exact(tree)) if exactly else tree, "<emitted>", "exec")


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
_ARRAY_FUNCTIONS = {**PRIMITIVES, "where": "where", "abs": "abs", "logical_not": "not"}
