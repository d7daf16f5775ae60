"""Where each number of a program lies: the columns of the tables that a kernel and its launcher share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symopt.backends.text import free_names
from symopt.ir import AXES, COLUMNS, SIZE, SIZE_ALL, Assign, Partial, Program, Reduce, Scalars, Stage, Update, new


@dataclass(frozen=True)
class Places:
    """How a kernel reaches the line of each table: `numbers[group` and the like, up to the column."""

    group: str
    tensor: str
    row: str


NUMBERS = Places("numbers[group", "tensor_numbers[tensor", "row_numbers[row")
ROUNDED = Places("rows[group", "tensor_rows[tensor", "row_rows[row + piece")


@dataclass(frozen=True)
class Columns:
    """The columns of the tables of numbers.

    group: t, hyperparameters, step inputs, states of step and global level, then what is computed, one line per group
    tensor: counts, states of tensor level, sums, then what is computed, one line per tensor
    row: sums, then what is computed, one line per row of a tensor
    """

    group: tuple[str, ...]
    tensor: tuple[str, ...]
    row: tuple[str, ...]

    def sorted(self, names: Iterable[str]) -> list[str]:
        """Names in the order in which their numbers lie, those of the group first."""
        tables = (self.group, self.tensor, self.row)
        return sorted(names, key=lambda name: (tables.index(self._home(name)), self._home(name).index(name)))

    def runs(self, names: Iterable[str]) -> list[list[str]]:
        """The names as runs of neighbours."""
        found: list[list[str]] = []
        for name in self.sorted(names):
            home = self._home(name)
            if found and home is self._home(found[-1][-1]) and home.index(found[-1][-1]) + 1 == home.index(name):
                found[-1].append(name)
            else:
                found.append([name])
        return found

    def run(self, names: list[str], places: Places) -> str:
        """The text of a run, such as `rows[group, 3:6]`."""
        home = self._home(names[0])
        first = home.index(names[0])
        columns = f"{first or ''}:{first + len(names)}" if len(names) > 1 else f"{first}"
        place = places.group if home is self.group else places.tensor if home is self.tensor else places.row
        return f"{place}, {columns}]"

    def _home(self, name: str) -> tuple[str, ...]:
        return self.group if name in self.group else self.tensor if name in self.tensor else self.row


def columns(program: Program) -> Columns:
    """Lay out the tables of numbers."""
    group = ["t", *(hyper.name for hyper in program.hyperparameters)]
    tensor = [SIZE]  # always there, so that a table of tensors has a column
    tensor += [name for name in (COLUMNS, AXES) if uses(program, name)]
    row: list[str] = []
    for buffer in program.buffers:
        if buffer.level in ("step", "global"):
            group.append(buffer.name)
        elif buffer.level == "tensor":
            tensor.append(buffer.name)
    group += [SIZE_ALL] if uses(program, SIZE_ALL) else []
    for stage in program.stages:
        match stage:
            case Reduce(partials=partials):
                group += [p.name for p in partials if p.over == "all"]
                tensor += [tensor_sum(p) for p in partials if p.over != "row"]
                row += [p.name for p in partials if p.over == "row"]
            case Scalars(level, assigns):
                table = tensor if level == "tensor" else row if level == "row" else group
                table.extend(a.name for a in assigns if kept(program, stage, a.name))
            case Update():
                pass
    return Columns(tuple(group), tuple(tensor), tuple(row))


def has_tensors(program: Program, layout: Columns) -> bool:
    """Whether there are numbers per tensor."""
    return len(layout.tensor) > 1 or any(isinstance(stage, Reduce) for stage in program.stages)


def tensor_sum(partial: Partial) -> str:
    """The column of a tensor's own share of a reduction."""
    return partial.name if partial.over == "tensor" else f"{partial.name.removesuffix('_all')}_tensor"


def uses(program: Program, name: str) -> bool:
    """Whether any stage reads a name."""
    return any(name in stage_reads(stage) for stage in program.stages)


def kept(program: Program, home: Scalars, name: str) -> bool:
    """Whether a scalar is read outside the stage that computes it."""
    if any(new(buffer.name) == name for buffer in program.buffers):
        return True
    return any(name in stage_reads(stage) for stage in program.stages if stage is not home)


def stage_reads(stage: Stage) -> set[str]:
    """The names that a stage takes from elsewhere."""
    match stage:
        case Scalars(_, assigns):
            return set(free_names(assigns))
        case Reduce(assigns, partials):
            return set(free_names(terms(assigns, partials)))
        case Update(loops, conditions):
            found = {name for x in loops for name in free_names(x.assigns, [value for _, value in x.writes])}
            return found | set(conditions)


def terms(assigns: tuple[Assign, ...], partials: tuple[Partial, ...]) -> tuple[Assign, ...]:
    """The element work of a reduction, the values that are added up included."""
    return (*assigns, *(Assign(partial.name, partial.value) for partial in partials))
