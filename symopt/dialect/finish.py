"""The end of a trace: debias resolved, equations in an order that can be computed, nothing left over."""

from __future__ import annotations

from symopt.dialect.debias import resolve_debias
from symopt.dialect.docstring import Docstring
from symopt.dialect.source import Source
from symopt.dialect.trace import Trace, suggest
from symopt.errors import DialectError
from symopt.expr import START, Expr, Seq, sequences, symbols
from symopt.recurrence import Equation, Optimizer, Origin


def finish(trace: Trace, source: Source, doc: Docstring, title: str, reference: str | None, lenient: bool) -> Optimizer:
    """The optimizer that a finished trace describes; with `lenient`, faults are kept as findings."""
    findings = [] if lenient else None
    for name, message in leftovers(trace):
        error = DialectError(message, name, source.file, source.line_of(name))
        if findings is None or name == "theta":
            raise error
        findings.append(f"{name}: {message}")
    return Optimizer(
        name=trace.name,
        title=title,
        equations=tuple(resolve_debias(ordered(trace.equations, source), source)),
        hyperparameters=tuple(trace.hyperparameters),
        starts=tuple(trace.starts.items()),
        gradient_point=trace.gradient_point or Seq("theta", -1),
        inputs=tuple(trace.inputs.items()),
        reference=reference,
        summary=doc.summary,
        departures=doc.departures,
        in_force=tuple(trace.in_force.items()),
        meanings=tuple({**trace.meanings, **{k: v for k, v in doc.meanings.items() if k in trace.sequences}}.items()),
        findings=tuple(findings or ()),
        origin=Origin(source.file, source.first_line),
    )


def leftovers(trace: Trace) -> list[tuple[str, str]]:
    """(name, what is wrong) for everything that is missing, unused or dead at the end of a body."""
    found: list[tuple[str, str]] = []
    everything = _expressions(trace)
    written = {equation.target for equation in trace.equations}
    if "theta" not in written:
        found.append(("theta", "theta[t] is never written; every optimizer ends with theta[t] = ..."))
    read = {seq.name for expr in everything for seq in sequences(expr)}
    for name in trace.sequences:
        if name not in read and name not in written and name != "theta":
            found.append((name, f"it is declared and never used; use it or take it out{suggest(name, written)}"))
        elif name not in written and name != "g" and name not in trace.inputs and name != "theta":
            message = (
                f"nobody writes it; write {name}[t] = ..., or annotate it {name}: Input(...) if it comes from outside"
            )
            found.append((name, message))
    found += _unnoticed(trace)
    used = {symbol for expr in everything for symbol in symbols(expr)}
    for hyper in trace.hyperparameters:
        if hyper.name not in used:
            found.append((hyper.name, "this hyperparameter is declared and never used; use it or take it out"))
    live = _live(trace)
    for equation in trace.equations:
        if equation.target not in live and "theta" in written:
            message = "it is written, but nothing that leads to theta reads it (a dead store); use it or take it out"
            found.append((equation.target, message))
    return found


def _unnoticed(trace: Trace) -> list[tuple[str, str]]:
    """A wrapper may hand through the theta of an inner optimizer that never looks at it, but not change it."""
    rhs = {equation.target: equation.rhs for equation in trace.equations}
    message = (
        "its training never looks at the theta that it deploys, so this wrapper would change nothing of it; put {0} "
        "outside and the wrapper inside"
    )
    through = Seq("theta", -1)
    return [(name, message.format(name)) for name, x, out in trace.unnoticed if x != through or rhs.get("theta") != out]


def _expressions(trace: Trace) -> list[Expr]:
    point = [] if trace.gradient_point is None else [trace.gradient_point]
    return [e.rhs for e in trace.equations] + list(trace.starts.values()) + point


def _live(trace: Trace) -> set[str]:
    """The sequences from which a path leads to theta or to the gradient point."""
    rhs = {equation.target: equation.rhs for equation in trace.equations}
    live = {"theta"} | {seq.name for seq in sequences(trace.gradient_point or Seq("theta", -1))}
    todo = list(live)
    while todo:
        for seq in sequences(rhs.get(todo.pop(), Seq("theta", START))):
            if seq.name not in live:
                live.add(seq.name)
                todo.append(seq.name)
    return live


def ordered(equations: list[Equation], source: Source) -> list[Equation]:
    """The equations as written, moved back only where a schedule of an inner optimizer is read before its place."""
    written = {equation.target for equation in equations}
    done: set[str] = set()
    waiting, result = list(equations), list[Equation]()
    while waiting:
        ready = [e for e in waiting if _needs(e, written) <= done]
        if not ready:
            cycle = ", ".join(e.target for e in waiting)
            raise DialectError(f"these equations wait for each other: {cycle}", cycle, source.file, source.first_line)
        result.append(ready[0])
        done.add(ready[0].target)
        waiting.remove(ready[0])
    return result


def _needs(equation: Equation, written: set[str]) -> set[str]:
    return {seq.name for seq in sequences(equation.rhs) if seq.shift == 0 and seq.name in written}
