"""The decorator `@schedule`: from a function to a `Schedule`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symopt import naming
from symopt.dialect.called import ScheduleTrace
from symopt.dialect.debias import Debias
from symopt.dialect.declare import check_name, refuse_misplaced, run_body
from symopt.dialect.finish import leftovers, ordered
from symopt.dialect.lint import Lint
from symopt.dialect.schedules import Schedule
from symopt.dialect.signature import read_signature
from symopt.dialect.source import Source, read_source
from symopt.expr import Call, Expr, Reduction, Sym, T, symbols, walk
from symopt.terms import Term, as_term


def schedule(
    *misplaced: Any, title: str = "", reference: str | None = None
) -> Callable[[Callable[..., Any]], Schedule]:
    """Declare a schedule: the first two arguments are t and the hyperparameter's own value; the body returns the value.

    Further positional arguments are sequences, as in an optimizer: `metric: Input(level="step")`, step-level states.
    """
    refuse_misplaced("schedule", misplaced)
    return lambda function: _declare(function, title, reference)


def _declare(function: Callable[..., Any], title: str, reference: str | None) -> Schedule:
    source = read_source(function)
    check_name(source)
    arguments = source.tree.args
    if [arg.arg for arg in [*arguments.posonlyargs, *arguments.args]][:2] != ["t", "value"]:
        message = "a schedule's first arguments are t and value: def name(t, value, *, ...)"
        raise source.error(message, source.tree.name, source.line(source.tree))
    signature = read_signature(source, skip=("t", "value"))
    trace = ScheduleTrace(source.tree.name, signature, Lint(source))
    result = run_body(source, trace, {"t": Term(T, trace), "value": Term(Sym("value"), trace)})
    if result is None:
        raise source.error("a schedule returns its value; end with return ...", trace.name, source.line(source.tree))
    value = _finished(trace, as_term(result).node, source)
    doc = signature.doc
    own = {name: meaning for name, meaning in doc.meanings.items() if name in signature.sequences}
    return Schedule(
        name=trace.name,
        title=title or trace.name,
        value=value,
        hyperparameters=tuple(trace.hyperparameters),
        equations=tuple(trace.equations),
        starts=tuple(trace.starts.items()),
        inputs=tuple(trace.inputs.items()),
        meanings=tuple({**trace.meanings, **own}.items()),
        constants=tuple(sorted(trace.constants)),
        reference=reference,
        summary=doc.summary,
        departures=doc.departures,
    )


def _finished(trace: ScheduleTrace, value: Expr, source: Source) -> Expr:
    """Check what a schedule leaves, and resolve what it says in short."""
    fix = Debias(trace, source)
    trace.equations = ordered(fix.equations(trace.equations), source)
    value = fix.expression(value, trace.name)
    expressions = [*(e.rhs for e in trace.equations), value]
    _check_level(trace, expressions, source)
    for inner, called in trace.called:
        if called != Sym("value") and not any(called == node for expr in expressions for node in walk(expr)):
            message = "its value is thrown away; use the value of the call, as in return inner(t, value)"
            raise source.error(message, inner.name, source.line_of_call(inner))
    for fault in leftovers(trace, [value], frozenset({"value"})):
        raise source.error(fault.message, fault.symbol)
    if not any("value" in symbols(expr) for expr in [*expressions, *trace.starts.values()]):
        message = "the hyperparameter's own value is never used; the schedule says what becomes of it, as in value/t"
        raise source.error(message, "value")
    names = [*trace.sequences, *trace.internal]
    alike = naming.clash([f"value_{h.name}" for h in trace.hyperparameters], [f"value_{name}" for name in names])
    if alike:
        other, symbol = (name.removeprefix("value_") for name in alike)
        line = source.line_of(symbol, otherwise=other)
        raise source.error(f"a page would print it as it prints {other}; rename one", symbol, line)
    return value


def _check_level(trace: ScheduleTrace, expressions: list[Expr], source: Source) -> None:
    """A schedule knows the step and its inputs; there is no tensor in it."""
    last = source.line(source.tree.body[-1])
    if trace.steps or trace.gradient_point is not None:
        raise source.error("a schedule sees no optimizer and no gradient; leave them out", trace.name, last)
    for node in (node for expr in expressions for node in walk(expr)):
        if isinstance(node, Reduction) or (isinstance(node, Call) and node.op == "grad"):
            raise source.error(
                "a schedule is one number per step, made of t, value and its inputs", f"{node.op}(...)", last
            )
    for name, level in trace.inputs.items():
        if level != "step":
            raise source.error('a schedule is one number per step; write Input(level="step")', name)
    for name in trace.outputs:
        raise source.error("a schedule keeps nothing to be read; take Output out", name, source.line_of_argument(name))
