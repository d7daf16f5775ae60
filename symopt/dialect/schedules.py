"""Schedules: functions of the step that any hyperparameter can follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from symopt import naming
from symopt.dialect.debias import Debias
from symopt.dialect.declare import check_name, refuse_misplaced, run_body
from symopt.dialect.finish import leftovers, ordered
from symopt.dialect.signature import read_signature
from symopt.dialect.source import Source, read_source
from symopt.dialect.trace import Trace
from symopt.errors import SymoptError
from symopt.expr import Call, Expr, Reduction, Seq, Sym, substitute, symbols, walk
from symopt.notation import t
from symopt.recurrence import Equation, Hyperparameter, Optimizer
from symopt.terms import Term, as_term


@dataclass(frozen=True)
class Schedule:
    """`value` at step t, as an expression of t, of the hyperparameter's own value and of the schedule's.

    equations, starts, inputs: the recurrence of a schedule that remembers (reduce on plateau)
    meanings: (name, text) from the docstring, for sequences
    """

    name: str
    title: str
    value: Expr
    hyperparameters: tuple[Hyperparameter, ...]
    equations: tuple[Equation, ...] = ()
    starts: tuple[tuple[str, Expr], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    reference: str | None = None
    summary: str = ""
    departures: str = ""
    meanings: tuple[tuple[str, str], ...] = ()

    def apply(self, optimizer: Optimizer, name: str) -> Optimizer:
        """`optimizer` with its hyperparameter `name` following this schedule.

        The schedule's own names get the hyperparameter's in front (`lr_total`); the value in force is `lr_now[t]`.
        """
        self._check(optimizer, name)
        now = Seq(f"{name}_now", 0)
        table = self._own_names(name)
        new = {old.name: seq.name for old, seq in table.items() if isinstance(old, Seq) and isinstance(seq, Seq)}
        own = [Equation(new[e.target], substitute(e.rhs, table)) for e in self.equations]
        own.append(Equation(now.name, substitute(self.value, table)))
        rewritten = optimizer.rewritten({Sym(name): now})
        return replace(
            optimizer,
            equations=(*own, *rewritten["equations"]),
            gradient_point=rewritten["gradient_point"],
            hyperparameters=(
                *optimizer.hyperparameters,
                *(replace(h, name=f"{name}_{h.name}") for h in self.hyperparameters),
            ),
            starts=(*optimizer.starts, *((new[n], substitute(rhs, table)) for n, rhs in self.starts)),
            inputs=tuple({**dict(optimizer.inputs), **dict(self.inputs)}.items()),
            in_force=(*optimizer.in_force, (name, now)),
            meanings=(*optimizer.meanings, *((new.get(n, n), meaning) for n, meaning in self.meanings)),
        )

    def _check(self, optimizer: Optimizer, name: str) -> None:
        """Refuse what a schedule would break in an optimizer."""
        if name in dict(optimizer.in_force):
            raise SymoptError(f"{name} of {optimizer.name} follows a schedule already; join the two into one")
        if any(name in symbols(rhs) for _, rhs in optimizer.starts):
            raise SymoptError(f"{name} sets a start value of {optimizer.name}; a schedule cannot follow it")
        if name in optimizer.constants:
            message = (
                "is taken for constant by a correction that debias derived; write the correction out to schedule it"
            )
            raise SymoptError(f"{name} of {optimizer.name} {message}")
        taken = optimizer.names - dict(optimizer.inputs).keys()
        sequences = [equation.target for equation in self.equations]
        wanted = {f"{name}_{own}" for own in [*(h.name for h in self.hyperparameters), *sequences]}
        for own in sorted((wanted | dict(self.inputs).keys()) & (taken | {"g"})):
            raise SymoptError(f"{optimizer.name} has a {own} already, and {self.title} brings one; rename yours")
        for own, level in self.inputs:
            if dict(optimizer.inputs).get(own, level) != level:
                raise SymoptError(f"{own} is an input of {optimizer.name} and of {self.title}, at different levels")

    def _own_names(self, name: str) -> dict[Expr, Expr]:
        table: dict[Expr, Expr] = {Sym(h.name): Sym(f"{name}_{h.name}") for h in self.hyperparameters}
        for equation in self.equations:
            for shift in (0, -1):
                table[Seq(equation.target, shift)] = Seq(f"{name}_{equation.target}", shift)
        return {**table, Sym("value"): Sym(name)}


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
    trace = Trace(source.tree.name, signature)
    result = run_body(source, trace, {"t": t, "value": Term(Sym("value"), trace)})
    if result is None:
        raise source.error("a schedule returns its value; end with return ...", trace.name, source.line(source.tree))
    value = _finished(trace, as_term(result).node, source)
    doc = signature.doc
    return Schedule(
        trace.name,
        title or trace.name,
        value,
        signature.hyperparameters,
        tuple(trace.equations),
        tuple(trace.starts.items()),
        tuple(trace.inputs.items()),
        reference,
        doc.summary,
        doc.departures,
        tuple((name, meaning) for name, meaning in doc.meanings.items() if name in signature.sequences),
    )


def _finished(trace: Trace, value: Expr, source: Source) -> Expr:
    """Check what a schedule leaves, and resolve what it says in short."""
    fix = Debias(trace, source)
    trace.equations = ordered(fix.equations(trace.equations), source)
    value = fix.expression(value, trace.name)
    expressions = [*(e.rhs for e in trace.equations), value]
    _check_level(trace, expressions, source)
    for fault in leftovers(trace, [value], frozenset({"value"})):
        raise source.error(fault.message, fault.symbol)
    if not any("value" in symbols(expr) for expr in [*expressions, *trace.starts.values()]):
        message = "the hyperparameter's own value is never used; the schedule says what becomes of it, as in value/t"
        raise source.error(message, "value")
    alike = naming.clash(
        [f"value_{h.name}" for h in trace.hyperparameters], [f"value_{name}" for name in trace.sequences]
    )
    if alike:
        other, symbol = (name.removeprefix("value_") for name in alike)
        raise source.error(f"a page would print it as it prints {other}; rename one", symbol)
    return value


def _check_level(trace: Trace, expressions: list[Expr], source: Source) -> None:
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
