"""What makes a recurrence meaningless, whoever built it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from symopt.expr import OPERATIONS, START, Call, Expr, Seq, sequences, symbols, text, walk
from symopt.recurrence.parts import Equation, written_out


def faults(
    equations: Sequence[Equation],
    starts: Mapping[str, Expr],
    point: Expr,
    inputs: Collection[str],
    hypers: Sequence[str],
) -> Iterator[str]:
    """One sentence for each fault."""
    targets = [equation.target for equation in equations]
    known = {"g", *inputs}
    names = ["g", *inputs, *targets, *hypers, "t"]
    yield from (f"there are two things named {name}" for name in sorted(set(names)) if names.count(name) > 1)
    if "theta" not in targets:
        yield "theta[t] is never written"
    yield from _unknown([*(e.rhs for e in equations), *starts.values(), point], {*hypers, "t"})
    for equation in equations:
        for seq in sequences(equation.rhs):
            if seq.shift == 0 and seq.name not in known:
                yield f"{text(seq)} is read by {equation.target}[t] before it is written"
            if (seq.shift == -1 and seq.name not in targets) or seq.shift not in (0, -1):
                yield f"{text(seq)} is read by {equation.target}[t], but it does not exist"
        known.add(equation.target)
    for seq in sequences(point):
        if seq.name not in known - {"g"} or seq.shift not in (0, -1):
            yield f"the gradient point reads {text(seq)}, which does not exist"
    if Seq("g", 0) in sequences(written_out(point, equations)):
        yield "the gradient point depends on the gradient that is taken there"
    for name, rhs in starts.items():
        if name not in targets or not sequences(rhs) <= {Seq("theta", START)}:
            yield f"{name}[0] = {text(rhs)} is no start value"


def _unknown(expressions: Iterable[Expr], names: set[str]) -> Iterator[str]:
    for expr in expressions:
        yield from (f"{name} is neither a sequence nor a hyperparameter" for name in sorted(symbols(expr) - names))
        for node in walk(expr):
            if isinstance(node, Call) and len(node.args) != OPERATIONS.get(node.op):
                yield f"{text(node)} is not an operation of the dialect"
