"""The end of a trace: debias resolved, equations in an order that can be computed, nothing left over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symopt import naming
from symopt.dialect.debias import Debias
from symopt.dialect.inline import notices_theta
from symopt.dialect.signature import Signature
from symopt.dialect.source import Source
from symopt.dialect.trace import Step, Trace
from symopt.errors import SymoptError, suggest
from symopt.expr import Call, Expr, Seq, Sym, sequences, symbols, walk
from symopt.recurrence import Equation, Kind, Optimizer, Origin


@dataclass(frozen=True)
class Fault:
    """Something that is missing, unused or dead at the end of a body.

    kind: empty where not even an erratum can stand with it; target: the equation where it shows
    taken: what an erratum is taken for
    """

    symbol: str
    message: str
    kind: Kind | None = None
    target: str = ""
    taken: str = ""


def finish(trace: Trace, source: Source, signature: Signature, title: str, reference: str | None) -> Optimizer:
    """The optimizer that a finished trace describes."""
    fix = Debias(trace, source)
    trace.equations = ordered(fix.equations(trace.equations), source)
    point = fix.expression(trace.gradient_point or Seq("theta", -1), "g")
    for fault in [*_about_theta(trace, signature), *leftovers(trace, _goals(trace, point))]:
        line = _line(fault, trace, source)
        if fault.kind is None:
            raise source.error(fault.message, fault.symbol, line)
        trace.lint.report(fault.kind, fault.symbol, fault.message, fault.taken, line)
    trace.equations = [*_held(trace), *trace.equations]
    doc = signature.doc
    own = {name: meaning for name, meaning in doc.meanings.items() if name in trace.sequences}
    try:
        return Optimizer(
            name=trace.name,
            title=title,
            equations=tuple(trace.equations),
            hyperparameters=tuple(trace.hyperparameters),
            starts=tuple(trace.starts.items()),
            gradient_point=point,
            inputs=tuple(trace.inputs.items()),
            outputs=tuple(trace.outputs),
            reference=reference,
            summary=doc.summary,
            departures=doc.departures,
            in_force=tuple(trace.in_force.items()),
            schedules=tuple(trace.schedules),
            constants=tuple(sorted(trace.constants)),
            meanings=tuple({**trace.meanings, **own}.items()),
            findings=tuple(trace.lint.findings),
            origin=Origin(source.file, source.first_line),
        )
    except SymoptError as error:
        raise source.error(str(error), trace.name, source.first_line) from error


def _held(trace: Trace) -> list[Equation]:
    """What a published formula reads and nobody writes stays what it was at the start."""
    names = [name for name in trace.sequences if trace.lint.knows("unbound symbol", name)]
    return [Equation(name, Seq(name, -1)) for name in names]


def _goals(trace: Trace, point: Expr) -> list[Expr]:
    """What the equations are there for."""
    kept = [Seq(name, 0) for name in trace.outputs]
    return [*(e.rhs for e in trace.equations if e.target == "theta"), Seq("theta", -1), point, *kept]


def _line(fault: Fault, trace: Trace, source: Source) -> int:
    inner = next((step.inner for step in trace.steps if step.inner.name == fault.symbol), None)
    if inner is not None:
        return source.line_of_call(inner)
    return source.line_of(fault.symbol.removesuffix("_now"), fault.target)


def _about_theta(trace: Trace, signature: Signature) -> Iterator[Fault]:
    """What only an optimizer can get wrong."""
    rhs = {equation.target: equation.rhs for equation in trace.equations}
    if "theta" not in trace.sequences:
        yield Fault("theta", "the parameter is missing from the signature; it is the first argument")
    elif "theta" not in rhs:
        yield Fault("theta", "theta[t] is never written; every optimizer ends with theta[t] = ...")
    for step in trace.steps:
        yield from _about_step(step, trace, rhs)
    own = {*signature.sequences, *(hyper.name for hyper in signature.hyperparameters)}
    alike = naming.clash([hyper.name for hyper in trace.hyperparameters], [*trace.sequences, *rhs, *trace.inputs])
    if alike:
        other, name = alike if alike[1] in own else reversed(alike)
        yield Fault(name, f"a page would print it as it prints {other}; rename one")


def _about_step(step: Step, trace: Trace, rhs: Mapping[str, Expr]) -> Iterator[Fault]:
    name = step.inner.name
    used = any(node == step.result for expr in rhs.values() for node in walk(expr))
    if not used:
        message = "its step is thrown away; use the value of the call, as in theta[t] = inner(theta[t-1])"
        yield Fault(name, message, "dead store")
    # A wrapper may hand through the theta of an optimizer that never looks at it, but not change it.
    through = isinstance(step.x, Seq) and step.x.shift == -1 and rhs.get(step.x.name) == step.result
    if used and not through and not notices_theta(step.inner):
        message = f"its training never looks at the theta that it deploys, so {trace.name} would change nothing of it"
        remedy = f"put {trace.name} around another optimizer, or around the one inside {name} if there is one"
        yield Fault(name, f"{message}; {remedy}", "no effect")


def leftovers(trace: Trace, goals: Sequence[Expr], given: frozenset[str] = frozenset()) -> Iterator[Fault]:
    """What is missing, unused or dead; `goals` are what the equations are there for, `given` plain names beside t."""
    everything = [*(e.rhs for e in trace.equations), *trace.starts.values(), *goals]
    read = {seq.name for expr in everything for seq in sequences(expr)}
    written = {equation.target for equation in trace.equations}
    yield from _missing(trace, read, written)
    used = {name for expr in everything for name in symbols(expr)}
    for name in sorted(used - {"t"} - given - {hyper.name for hyper in trace.hyperparameters}):
        remedy = "declare it behind the *; those of an inner optimizer join when it is called"
        target = next((e.target for e in trace.equations if name in symbols(e.rhs)), "")
        yield Fault(name, f"it is neither a sequence nor a hyperparameter here; {remedy}", target=target)
    yield from _dead(trace, goals)
    for hyper in trace.hyperparameters:
        if hyper.name not in used:
            message = "this hyperparameter is declared and never used; use it or take it out"
            yield Fault(hyper.name, message, "unused hyperparameter")
    yield from _counts(trace, everything)
    old = {*trace.outputs, *(seq.name for expr in everything for seq in sequences(expr) if seq.shift == -1)}
    for name in trace.starts:
        if name not in old and name in written:
            message = f"its start value is never used, for nothing reads {name}[t-1]; take {name}[0] = ... out"
            yield Fault(name, message, "dead store")


def _missing(trace: Trace, read: set[str], written: set[str]) -> Iterator[Fault]:
    for name in trace.sequences:
        if name in written or name == "theta" or (name in read and (name == "g" or name in trace.inputs)):
            continue
        if name not in read:
            unknown = suggest(name, written - set(trace.sequences))
            yield Fault(name, f"it is declared and never used; use it or take it out{unknown}", "unused sequence")
        else:
            message = (
                f"nobody writes it; write {name}[t] = ..., or annotate it {name}: Input(...) if it comes from outside"
            )
            yield Fault(name, message, "unbound symbol", taken=f"taken for {name}[0] at every step")
    for name in sorted(read - written - {*trace.sequences, *trace.inputs, "theta", "g"}):
        yield Fault(name, "it belongs to an inner optimizer that is never called here; call it")


def _counts(trace: Trace, everything: Sequence[Expr]) -> Iterator[Fault]:
    counts = {
        node.args[1] for expr in everything for node in walk(expr) if isinstance(node, Call) and node.op == "every"
    }
    for hyper in trace.hyperparameters:
        domain = hyper.domain
        whole = domain.integer and domain.lower is not None and domain.lower >= 1
        if Sym(hyper.name) in counts and not whole:
            message = f"every counts steps, 1, 2, 3, ..., not {domain}; annotate it PositiveInt"
            yield Fault(hyper.name, message, "wrong domain")


def _dead(trace: Trace, goals: Sequence[Expr]) -> Iterator[Fault]:
    """Equations from which no path leads to a goal."""
    rhs = {equation.target: equation.rhs for equation in trace.equations}
    live: set[str] = set()
    todo = list(goals)
    while todo:
        for name in {seq.name for seq in sequences(todo.pop())} - live:
            live.add(name)
            todo += [rhs[name]] if name in rhs else []
    for name in rhs:
        if name not in live:
            origin = f", which came with {trace.internal[name]}" if name in trace.internal else ""
            message = f"nothing that counts reads it{origin} (a dead store); use it or take it out"
            yield Fault(name, message, "dead store")


def ordered(equations: list[Equation], source: Source) -> list[Equation]:
    """The equations as written, moved back only where a schedule of an inner optimizer is read before its place."""
    written = {equation.target for equation in equations}
    done: set[str] = set()
    waiting, result = list(equations), list[Equation]()
    while waiting:
        ready = [e for e in waiting if _needs(e, written) <= done]
        if not ready:
            cycle = ", ".join(e.target for e in waiting)
            raise source.error("these equations wait for each other; read an old value in one of them", cycle)
        result.append(ready[0])
        done.add(ready[0].target)
        waiting.remove(ready[0])
    return result


def _needs(equation: Equation, written: set[str]) -> set[str]:
    return {seq.name for seq in sequences(equation.rhs) if seq.shift == 0 and seq.name in written}
