"""Start values, as the lines of an emitted `init`."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.backends.arrays import ArrayPrinter
from symopt.backends.layout import Columns
from symopt.backends.text import assignment
from symopt.expr import Call, Expr, Reduction, symbols, walk
from symopt.ir import AXES, COLUMNS, SIZE, SIZE_ALL, Buffer, Program

INDENT = 12
_INIT_WORDS = frozenset({"array", "group", "k", "values"})


@dataclass(frozen=True)
class Starts:
    """Lines that run for each group, and for each tensor.

    hypers: the hyperparameters that they read; tensors_read: whether the lines of a tensor read any, or t
    moves_params: whether they write the user's arrays
    """

    groups: tuple[str, ...]
    tensors: tuple[str, ...]
    hypers: frozenset[str]
    tensors_read: bool
    moves_params: bool


def start_lines(program: Program, layout: Columns, scope: str) -> Starts:
    """The lines for every buffer that does not start at 0; the user's array is written last, as the others read it.

    scope: what all tensors are called, as NumPy arrays
    """
    started = [b for b in program.buffers if b.start is not None]
    names = {hyper.name: inside_init(hyper.name) for hyper in program.hyperparameters}
    reached = {"t": "numbers[group, 0]", "theta": "array", SIZE: "array.size", SIZE_ALL: "plan.sizes.sum()"}
    reached |= {COLUMNS: "prod(array.shape[array.ndim > 1 :])", AXES: "array.ndim"}
    show = ArrayPrinter(names | reached, scope)
    groups: list[str] = []
    tensors: list[str] = []
    for buffer in sorted(started, key=lambda b: b.role == "param"):
        assert buffer.start is not None
        value = show(buffer.start)
        match buffer.level:
            case "element":
                place = "array[...]" if buffer.role == "param" else f"state.{buffer.name}[k][...]"
                tensors += assignment(place, value, INDENT)
            case "tensor":
                tensors += assignment(f"tensor_numbers[k, {layout.tensor.index(buffer.name)}]", value, INDENT)
            case _:
                groups += assignment(f"numbers[group, {layout.group.index(buffer.name)}]", value, INDENT)
    used = frozenset(name for b in started for name in _symbols(b) if name in names)
    of_group = {"t", *names}
    read = any(b.level in ("element", "tensor") and of_group & _symbols(b) for b in started)
    moves = any(b.role == "param" for b in started)
    return Starts(_quiet(groups, started), _quiet(tensors, started), used, read, moves)


def inside_init(name: str) -> str:
    """The name of a hyperparameter inside `init`, which needs some words itself."""
    return f"{name}_" if name in _INIT_WORDS else name


def _symbols(buffer: Buffer) -> set[str]:
    return set() if buffer.start is None else symbols(buffer.start)


def _quiet(lines: list[str], started: list[Buffer]) -> tuple[str, ...]:
    """Where something is computed, infinities and NaN are what the equations say, not warnings."""
    if not lines or not any(_computes(b.start) for b in started):
        return tuple(lines)
    return ('with np.errstate(all="ignore"):', *(f"    {line}" for line in lines))


def _computes(expr: Expr | None) -> bool:
    return expr is not None and any(isinstance(node, Call | Reduction) for node in walk(expr))
