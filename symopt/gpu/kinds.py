"""The dtypes that an emitted CUDA file steps: how numbers are computed with, and how each array is stored."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.errors import SymoptError
from symopt.ir import Buffer, Loop, Program, Reduce

SIZES = {"float16": 2, "uint16": 2, "float32": 4, "float64": 8}
"""Bytes of a number, by the NumPy name of its type; uint16 holds the bits of a bfloat16."""


@dataclass(frozen=True)
class Kinds:
    """NumPy names of types. computed: of numbers and states; params, grads: of these; copies: of those of params"""

    computed: str
    params: str
    grads: str
    copies: str | None = None

    def arguments(self) -> tuple[str, str, str, str | None]:
        """What `kernels` of an emitted file takes."""
        return self.computed, self.params, self.grads, self.copies

    def sizes(self, buffer: Buffer, writes: bool) -> tuple[int, ...]:
        """The bytes of one element of a buffer, as it is read or written, and those of its copy."""
        if buffer.role == "param":
            return SIZES[self.params], *([SIZES[self.copies]] if writes and self.copies else [])
        return (SIZES[self.grads if buffer.role in ("grad", "input") else self.computed],)

    def moved(self, loop: Loop | Reduce, program: Program) -> tuple[list[int], list[int]]:
        """The bytes of each load of an element, and those of each store."""
        writes = loop.writes if isinstance(loop, Loop) else ()
        loaded = [size for name in loop.reads for size in self.sizes(program.buffer(name), writes=False)]
        stored = [size for name, _ in writes for size in self.sizes(program.buffer(name), writes=True)]
        return loaded, stored


KINDS = {
    "float32": Kinds("float32", "float32", "float32"),
    "float64": Kinds("float64", "float64", "float64"),
    "float16": Kinds("float32", "float16", "float16"),
    "bfloat16": Kinds("float32", "uint16", "uint16"),
    "masters": Kinds("float32", "float32", "float16", "float16"),
}
"""By the dtype of params; `masters` are float16 params with copies in float32, which are stepped."""


def kinds(dtype: str) -> Kinds:
    """What a name of KINDS stands for."""
    if dtype not in KINDS:
        raise SymoptError(f"no kernel is made for the dtype {dtype!r}; there is {', '.join(KINDS)}")
    return KINDS[dtype]
