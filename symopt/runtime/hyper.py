"""The hyperparameters of a running optimizer: one row per group, checked when set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from numbers import Real
from typing import Any

from symopt.errors import SymoptError, suggest
from symopt.recurrence import Optimizer

Tests = Mapping[str, tuple[str, Callable[[float], bool]]]
"""Name -> what the value must be, in words and as a test: HYPER of an emitted file."""


class Table:
    """The values of all groups. `arguments` holds them as the emitted `step` takes them."""

    def __init__(self, optimizer: str, tests: Tests, rows: Sequence[dict[str, float]]):
        self.optimizer = optimizer
        self.tests = tests
        self.rows = rows
        self.arguments: dict[str, float | list[float]] = {}
        for name in tests:
            self._refresh(name)

    def set(self, name: str, value: Any, groups: Sequence[int]) -> None:
        """Set one hyperparameter of some groups, after every check."""
        known(self.optimizer, name, self.tests)
        checked = checked_number(name, value, *self.tests[name])
        for group in groups:
            self.rows[group][name] = checked
        self._refresh(name)

    def _refresh(self, name: str) -> None:
        values = [row[name] for row in self.rows]
        self.arguments[name] = values if len(values) > 1 else values[0]  # replaced, never changed: a step may read it


class Hyper(MutableMapping[str, float]):
    """The hyperparameters of some groups as a mapping. A value that is set holds from the next step on.

    Reading a value in which the groups differ raises SymoptError, as do an unknown name and a value outside its domain.
    """

    def __init__(self, table: Table, groups: Sequence[int]):
        self._table = table
        self._groups = groups

    def __getitem__(self, name: str) -> float:
        known(self._table.optimizer, name, self._table.tests)
        return common(name, [self._table.rows[group][name] for group in self._groups], f"hyper[{name!r}]")

    def __setitem__(self, name: str, value: Any) -> None:
        self._table.set(name, value, self._groups)

    def __delitem__(self, name: str) -> None:
        raise SymoptError(f"{name} cannot be removed; {self._table.optimizer} needs it")

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.tests)

    def __len__(self) -> int:
        return len(self._table.tests)

    def __contains__(self, name: object) -> bool:
        return name in self._table.tests

    def __repr__(self) -> str:
        values = {name: [self._table.rows[group][name] for group in self._groups] for name in self}
        return ", ".join(f"{name}={'|'.join(map(str, dict.fromkeys(row)))}" for name, row in values.items())


def common(name: str, values: Sequence[Any], where: str) -> Any:
    """The one value that all groups share."""
    if any(value != values[0] for value in values):
        shown = ", ".join(map(str, values))
        raise SymoptError(f"{name} differs between the groups ({shown}); read or set groups[i].{where}")
    return values[0]


def known(optimizer: str, name: str, names: Mapping[str, Any]) -> None:
    """Refuse the name of no hyperparameter."""
    if name not in names:
        remedy = suggest(str(name), names) or f"; it has {', '.join(names) or 'none'}"
        raise SymoptError(f"{optimizer} has no hyperparameter {name!r}{remedy}")


def starting_rows(optimizer: Optimizer, tests: Tests, given: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """The checked hyperparameters of each group: those that were given, the defaults for the others."""
    for values in given:
        for name in values:
            known(optimizer.name, name, tests)
    missing = [h.name for h in optimizer.hyperparameters if h.default is None and any(h.name not in v for v in given)]
    if missing:
        shown = ", ".join(f"{name}=..." for name in missing)
        raise SymoptError(f"{optimizer.name} has no default for {' and '.join(missing)}; call bind(params, {shown})")
    defaults = {h.name: float(h.default) for h in optimizer.hyperparameters if h.default is not None}
    return [
        {name: checked_number(name, {**defaults, **values}[name], *tests[name]) for name in tests} for values in given
    ]


def checked_number(name: str, value: Any, words: str, inside: Callable[[float], bool]) -> float:
    """A finite number in its domain as a float."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise SymoptError(f"{name} must be a number, not {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not (abs(number) < float("inf") and inside(number)):
        raise SymoptError(f"{name} must be {words}, not {value}")
    return number
