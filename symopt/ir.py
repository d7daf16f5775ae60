"""The program: what a backend prints. Frozen data in the author's names, levels explicit, in the end nothing to decide.

Names: `m` is the old value of a state, `m_new` the new one, any other name is a local scalar. Leaves of every
expression are `Sym` and `Num`; sequences end at the border (`lower`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import add, mul, sub, truediv

from symopt.expr import ONE, ZERO, Call, Expr, Num, Sym, symbols, transform, walk
from symopt.recurrence import Hyperparameter


@dataclass(frozen=True)
class Buffer:
    """Memory that lives between steps, or comes from outside.

    role: "param" (the user's array), "grad", "state" or "input"; level: where it lives
    start: its value before the first step, in terms of hyperparameters and `theta` (the user's array as given)
    """

    name: str
    role: str
    level: str
    start: Expr | None = None


@dataclass(frozen=True)
class Assign:
    """`name = value`."""

    name: str
    value: Expr


@dataclass(frozen=True)
class Scalars:
    """Numbers computed once per step and group (step, global), per tensor or per row, in float64.

    after: how many reduction passes come before
    """

    level: str
    assigns: tuple[Assign, ...]
    after: int = 0


@dataclass(frozen=True)
class Partial:
    """One number that a reduction pass makes: the sum (or maximum) of `value` over a row, a tensor or everything."""

    name: str
    kind: str
    over: str
    value: Expr


@dataclass(frozen=True)
class Reduce:
    """One pass over memory that only reads: element-level locals, then the values to add up."""

    assigns: tuple[Assign, ...]
    partials: tuple[Partial, ...]
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loop:
    """The element loop for one outcome of the step-level conditions.

    outcome: the truth of each of the update's conditions, in their order
    writes: (buffer, name of the value that goes there)
    """

    outcome: tuple[bool, ...]
    assigns: tuple[Assign, ...]
    reads: tuple[str, ...] = ()
    writes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Update:
    """The pass over memory that writes: one loop, or one per outcome of step-level conditions."""

    loops: tuple[Loop, ...]
    conditions: tuple[str, ...] = ()


Stage = Scalars | Reduce | Update

SIZE, SIZE_ALL, COLUMNS, AXES = "size_", "size_all_", "columns_", "axes_"
"""The element counts of a tensor, of all tensors and of a row of a tensor; how many axes a tensor has.

No author's name ends in an underscore.
"""
COUNTS = {SIZE: "tensor", SIZE_ALL: "global", COLUMNS: "tensor", AXES: "tensor"}
"""The level of each."""


@dataclass(frozen=True)
class Program:
    """What one step does, stage by stage, over which buffers.

    levels: the level of every name, those of COUNTS among them where they are used
    deploy: the value to deploy, in terms of stored values after a step; None where the user's array is it
    train: the training point in the same terms, `theta` among them; None where deploying swaps two stored arrays
    """

    name: str
    title: str
    buffers: tuple[Buffer, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    stages: tuple[Stage, ...]
    levels: dict[str, str] = field(hash=False)
    deploy: Expr | None = None
    train: Expr | None = None

    def buffer(self, name: str) -> Buffer:
        """The buffer of that name."""
        return next(buffer for buffer in self.buffers if buffer.name == name)

    def is_buffer(self, name: str) -> bool:
        """Whether a name is a buffer's old value."""
        return any(buffer.name == name for buffer in self.buffers)

    @property
    def update(self) -> Update:
        """The stage that writes."""
        return next(stage for stage in self.stages if isinstance(stage, Update))

    def with_stages(self, stages: Iterable[Stage], levels: dict[str, str] | None = None) -> Program:
        """The program with other stages."""
        return replace(self, stages=tuple(stages), levels=self.levels if levels is None else levels)


def new(name: str) -> str:
    """The name of a state's new value."""
    return f"{name}_new"


def element_blocks(program: Program) -> Iterator[tuple[Assign, ...]]:
    """The element-level assignments of each pass over memory."""
    for stage in program.stages:
        match stage:
            case Reduce(assigns, partials):
                yield (*assigns, *(Assign(p.name, p.value) for p in partials))
            case Update(loops):
                yield from (loop.assigns for loop in loops)
            case Scalars():
                pass


def needed(assigns: Iterable[Assign], wanted: Iterable[str]) -> tuple[Assign, ...]:
    """The assignments that lead to the wanted names, in their order."""
    names = set(wanted)
    kept: list[Assign] = []
    for assign in reversed(tuple(assigns)):
        if assign.name in names:
            kept.append(assign)
            names |= symbols(assign.value)
    return tuple(reversed(kept))


def truth(name: str) -> Expr:
    """The condition that a scalar which holds 0 or 1 is true."""
    return Call("ne", (Sym(name), ZERO))


def flops(assigns: Iterable[Assign]) -> int:
    """Operations in a block, each counted once."""
    return sum(isinstance(node, Call) and bool(node.args) for assign in assigns for node in walk(assign.value))


def traffic(program: Program) -> int:
    """Elements read and written per parameter in one step, all passes over memory together, at most."""
    count = 0
    for stage in program.stages:
        match stage:
            case Reduce(reads=reads):
                count += len(reads)
            case Update(loops):
                count += max(len(loop.reads) + len(loop.writes) for loop in loops)
            case Scalars():
                pass
    return count


def operations(program: Program) -> int:
    """Operations per parameter in one step, all passes together; of an update's loops only the longest counts."""
    count = 0
    for stage in program.stages:
        match stage:
            case Reduce(assigns, partials):
                count += flops(assigns) + len(partials)
            case Update(loops):
                count += max(flops(loop.assigns) for loop in loops)
            case Scalars():
                pass
    return count


def fold(expr: Expr) -> Expr:
    """Constants computed exactly, neutral elements dropped."""
    return transform(expr, _fold)


_EXACT = {"+": add, "-": sub, "*": mul, "/": truediv}


def _fold(node: Expr) -> Expr:
    match node:
        case Call("neg", (Num(a),)):
            return Num(-a)
        case Call("+" | "-" | "*" | "/" as op, (Num(a), Num(b))) if op != "/" or b != 0:
            return Num(_EXACT[op](a, b))
        case Call("**", (Num(a), Num(b))) if b.denominator == 1 and abs(b) <= 64 and (a != 0 or b > 0):
            return Num(a ** int(b))
        case Call("+", (x, y)) if ZERO in (x, y):
            return y if x == ZERO else x
        case Call("-", (x, y)) if y == ZERO:
            return x
        case Call("*", (x, y)) if ONE in (x, y):
            return y if x == ONE else x
        case Call("/" | "**", (x, y)) if y == ONE:
            return x
        case _:
            return node
