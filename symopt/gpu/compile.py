"""From the text of an emitted CUDA file to PTX, by numba-cuda, which needs no GPU for it. Kept by content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from symopt.artifacts import Artifact, load_module
from symopt.checks import cache
from symopt.errors import SymoptError
from symopt.gpu.hardware import Architecture
from symopt.gpu.kinds import Kinds

NEEDED = "pip install 'symopt-codegen[cuda]' brings it"

_KIND = "ptx"
_COMPILER = ("numba-cuda", "nvidia-nvvm", "llvmlite")
_INTEGERS, _DOUBLES, _COMPUTED = "int64", "float64", ""

ARGUMENTS = {
    "deploy": (_INTEGERS, 0), "until": (_INTEGERS, 1), "groups": (_INTEGERS, 1), "row_until": (_INTEGERS, 1),
    "row_tensors": (_INTEGERS, 1), "work": (_INTEGERS, 2), "table": (_INTEGERS, 2), "given": (_DOUBLES, 2),
    "numbers": (_DOUBLES, 2), "tensor_numbers": (_DOUBLES, 2), "row_numbers": (_DOUBLES, 2), "rows": (_COMPUTED, 2),
    "tensor_rows": (_COMPUTED, 2), "row_rows": (_COMPUTED, 2), "part": (_COMPUTED, 2),
}  # fmt: skip
"""The type of each argument of a kernel, "" for that of the numbers that it computes with, and how many axes it has."""


@dataclass(frozen=True)
class Compiled:
    """An emitted file. threads: of a block; kernels: the PTX of each by its name"""

    threads: int
    kernels: dict[str, str]


def compiled(artifact: Artifact, kinds: Kinds, architecture: Architecture) -> Compiled:
    """The PTX of an emitted file."""
    key = _key(artifact, kinds, architecture)
    found = cache.read(_KIND, key)
    if isinstance(found, dict):
        return Compiled(**found)
    made = _compiled(artifact, kinds, architecture)
    cache.store(_KIND, key, asdict(made))
    return made


def require() -> None:
    """Refuse to go on without the compiler."""
    _version(_COMPILER[0])


def _key(artifact: Artifact, kinds: Kinds, architecture: Architecture) -> str:
    compiler = [_version(name) for name in _COMPILER]
    what = repr((artifact.name, kinds, architecture.capability, ARGUMENTS, compiler))
    return cache.digest(artifact.text, what, cache.surroundings())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError as error:
        if package == _COMPILER[0]:
            raise SymoptError(f"the package {package}, which compiles for CUDA, is missing; {NEEDED}") from error
        return "?"  # of a CUDA toolkit that no Python package brought


def _compiled(artifact: Artifact, kinds: Kinds, architecture: Architecture) -> Compiled:
    cuda, module = import_module("numba.cuda"), load_module(artifact)
    kernels = vars(module.kernels(*map(_type, kinds.arguments())))
    texts = {name: _ptx(cuda, name, one.py_func, kinds.computed, architecture) for name, one in kernels.items()}
    return Compiled(module.THREADS, texts)


def _type(name: str | None) -> Any:
    return name and getattr(import_module("numpy"), name)


def _ptx(cuda: Any, name: str, function: Callable[..., None], computed: str, architecture: Architecture) -> str:
    failures = import_module("numba.cuda.cudadrv.error")
    refused = import_module("numba.cuda.core.errors").NumbaError, failures.NvvmError, failures.NvvmSupportError
    code = function.__code__
    signature = tuple(_argument(cuda.types, name, computed) for name in code.co_varnames[: code.co_argcount])
    try:
        return cuda.compile_ptx(function, signature, cc=architecture.capability)[0]
    except refused as error:
        reason = " ".join(str(error).split())[:300]
        raise SymoptError(f"numba-cuda cannot compile {name} for {architecture.name}: {reason}") from error


def _argument(types: Any, name: str, computed: str) -> Any:
    kind, axes = ARGUMENTS[name]
    element = getattr(types, kind or computed)
    return types.Array(element, axes, "C") if axes else element
