"""The types of PTX, and what the modifiers of an opcode say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DTYPES: dict[str, np.dtype[Any]] = {
    "pred": np.dtype(np.bool_),
    **{f"b{8 * width}": np.dtype(f"u{width}") for width in (1, 2, 4, 8)},
    **{f"u{8 * width}": np.dtype(f"u{width}") for width in (1, 2, 4, 8)},
    **{f"s{8 * width}": np.dtype(f"i{width}") for width in (1, 2, 4, 8)},
    **{f"f{8 * width}": np.dtype(f"f{width}") for width in (2, 4, 8)},
}
BYTES = {kind: dtype.itemsize for kind, dtype in DTYPES.items() if kind != "pred"}
RAW: dict[int, np.dtype[Any]] = {width: np.dtype(f"u{width}") for width in (1, 2, 4, 8)}
"""How the bits of a register are kept, by their width in bytes."""

SPECIAL = frozenset(
    [f"%{name}.{axis}" for name in ("tid", "ntid", "ctaid", "nctaid") for axis in "xyz"] + ["%laneid", "WARP_SZ"]
)

NAN: dict[str, int] = {"f16": 0x7FFF, "f32": 0x7FFFFFFF, "f64": 0x7FF8000000000000}
"""The NaN that arithmetic gives. PTX fixes it up to 32 bits; for f64, where it does not, it is the quiet one."""


@dataclass(frozen=True)
class Form:
    """The modifiers of an opcode. types: those that name types; flags: the others"""

    types: tuple[str, ...]
    flags: tuple[str, ...]

    @property
    def type(self) -> str:
        """The last type: the only one of most instructions, that of the sources of a conversion."""
        return self.types[-1]

    @property
    def bits(self) -> int:
        """The width of the last type."""
        return 8 * DTYPES[self.type].itemsize

    def flag(self, choices: Iterable[str], default: str = "") -> str:
        """Which of these flags is set."""
        return next((flag for flag in self.flags if flag in choices), default)


def form(modifiers: Iterable[str]) -> Form:
    """What the modifiers of an opcode say."""
    found = tuple(modifiers)
    return Form(tuple(m for m in found if m in DTYPES), tuple(m for m in found if m not in DTYPES))


def canonical(values: Array, kind: str) -> Array:
    """The values of a float type with each NaN made the one that arithmetic gives."""
    wrong = np.isnan(values)
    if not wrong.any():
        return values
    nan = np.array(NAN[kind], RAW[BYTES[kind]]).view(DTYPES[kind])
    return np.where(wrong, nan, values)
