"""What a spec file declares, by its text and by running it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from symopt.catalogue.running import parse, run
from symopt.dialect import Schedule
from symopt.recurrence import Optimizer, Origin


@dataclass(frozen=True)
class Contents:
    """What a spec file declares, each by its name, in the order of the file.

    combinators: functions that make an optimizer of another one
    """

    optimizers: dict[str, Optimizer] = field(default_factory=dict[str, Optimizer])
    schedules: dict[str, Schedule] = field(default_factory=dict[str, Schedule])
    combinators: dict[str, Callable[..., Any]] = field(default_factory=dict[str, Callable[..., Any]])


def contents(path: Path) -> Contents:
    """Everything that a spec file declares."""
    tree = parse(path)
    module = run(path)
    found = Contents()
    for name, line, combines in declared(tree):
        value = getattr(module, name, None)
        if isinstance(value, Optimizer):
            origin = Origin(str(path.resolve()), line)
            found.optimizers[name] = value if value.name == name else replace(value, name=name, origin=origin)
        elif isinstance(value, Schedule):
            found.schedules[name] = value
        elif combines and callable(value):
            found.combinators[name] = value
    return found


def declared(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """(name, line, whether it may be a combinator) of all that a file may declare, read off its text."""
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name, decorator_list=decorators):
                yield name, statement.lineno, not decorators and _makes_optimizer(statement)
            case ast.Assign(targets=targets):
                yield from ((name, statement.lineno, False) for target in targets for name in _targets(target))
            case ast.AnnAssign(target=target, value=value) if value is not None:
                yield from ((name, statement.lineno, False) for name in _targets(target))
            case _:
                pass


def _targets(target: ast.expr) -> list[str]:
    return [n.id for n in ast.walk(target) if isinstance(n, ast.Name) and not n.id.startswith("_")]


def _makes_optimizer(function: ast.FunctionDef) -> bool:
    inner = [node for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function]
    decorators = [decorator for node in inner for decorator in node.decorator_list]
    return any("schedule" not in ast.unparse(decorator).split("(")[0] for decorator in decorators)
