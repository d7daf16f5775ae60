"""What is wrong with a body that has a meaning all the same: an error where it is new, a finding where published."""

from __future__ import annotations

import ast
from collections.abc import Collection

from symopt.dialect.source import Source
from symopt.recurrence import Finding, Kind


class Lint:
    """The findings in one body.

    lenient: whether the formula was published as it stands, so that a finding is kept instead of raised
    """

    def __init__(self, source: Source, lenient: bool = False):
        self.source = source
        self.lenient = lenient
        self.findings: list[Finding] = []

    def report(self, kind: Kind, symbol: str, message: str, taken: str = "", line: int | None = None) -> None:
        """Raise what is wrong, or note it together with what the formula is taken for.

        line: where it stands; the line of the body that is running where none is given
        raises DialectError in a spec that was not published
        """
        place = self.source.here() if line is None else line
        if not self.lenient:
            raise self.source.error(message, symbol, place)
        self.findings.append(Finding(kind, symbol, f"{message}; {taken}" if taken else message, place))

    def check_equations(self, steps: Collection[str]) -> None:
        """Report each equation that reads what it writes, unless another one wrote it before.

        A sequence with a start value goes on from what the step before left; one without is defined by itself.

        steps: the names that t has in the body
        """
        written = {"", "g"}  # no equation; and the gradient, which has rules of its own
        started: set[str] = set()
        assignments = [node for node in ast.walk(self.source.tree) if isinstance(node, ast.Assign)]
        for node in sorted(assignments, key=lambda node: node.lineno):
            name = _new_value(node.targets[0], steps)
            started.add(_start_value(node.targets[0]))
            if name not in written and any(name == _new_value(part, steps) for part in ast.walk(node.value)):
                message = f"it stands on both sides of its equation; read the old value {name}[t-1]"
                kind = "loop-carried rebinding" if name in started else "self-reference"
                self.report(kind, f"{name}[t]", message, f"taken for {name}[t-1]", self.source.line(node))
            written.add(name)

    def knows(self, kind: Kind, symbol: str) -> bool:
        """Whether this was found before."""
        return any((finding.kind, finding.symbol) == (kind, symbol) for finding in self.findings)

    @property
    def unbound(self) -> list[str]:
        """Plain names that are read and that nobody declares."""
        return [finding.symbol for finding in self.findings if finding.kind == "unbound symbol"]


def _new_value(node: ast.AST, steps: Collection[str]) -> str:
    """The name in `name[t]`, empty for all else."""
    match node:
        case ast.Subscript(ast.Name(name), ast.Name(step)) if step in steps:
            return name
        case _:
            return ""


def _start_value(node: ast.AST) -> str:
    """The name in `name[0]`, empty for all else."""
    match node:
        case ast.Subscript(ast.Name(name), ast.Constant(0)):
            return name
        case _:
            return ""
