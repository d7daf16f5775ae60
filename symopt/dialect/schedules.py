"""Schedules: functions of the step that any hyperparameter can follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from symopt.dialect.declare import read_signature, run_body
from symopt.dialect.source import Source, read_source
from symopt.dialect.trace import Trace
from symopt.errors import DialectError, SymoptError
from symopt.expr import Expr, Seq, Sym, substitute, symbols
from symopt.notation import t
from symopt.recurrence import Equation, Hyperparameter, Optimizer
from symopt.terms import Term, as_term


@dataclass(frozen=True)
class Schedule:
    """`value` at step t, as an expression of t, of the hyperparameter's own value and of the schedule's.

    equations, starts, inputs: the recurrence of a schedule that remembers (reduce on plateau)
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

    def apply(self, optimizer: Optimizer, name: str) -> Optimizer:
        """`optimizer` with its hyperparameter `name` following this schedule.

        The schedule's own names get the hyperparameter's in front (`lr_total`); the value in force is `lr_now[t]`.
        """
        if name in dict(optimizer.in_force):
            raise SymoptError(f"{name} of {optimizer.name} follows a schedule already; join the two into one")
        table = self._own_names(optimizer, name)
        now = Seq(f"{name}_now", 0)
        rewritten = optimizer.rewritten({Sym(name): now})
        if any(Sym(name) in _leaves(rhs) for _, rhs in optimizer.starts):
            raise SymoptError(f"{name} sets a start value of {optimizer.name}; a schedule cannot follow it")
        own = [Equation(_target(table, e.target), substitute(e.rhs, table)) for e in self.equations]
        own.append(Equation(now.name, substitute(self.value, table)))
        hypers = [replace(h, name=f"{name}_{h.name}") for h in self.hyperparameters]
        own_starts = [(_target(table, n), substitute(rhs, table)) for n, rhs in self.starts]
        return replace(
            optimizer,
            equations=(*own, *rewritten["equations"]),
            gradient_point=rewritten["gradient_point"],
            hyperparameters=(*optimizer.hyperparameters, *hypers),
            starts=(*optimizer.starts, *own_starts),
            inputs=tuple({**dict(optimizer.inputs), **dict(self.inputs)}.items()),
            in_force=(*optimizer.in_force, (name, now)),
        )

    def _own_names(self, optimizer: Optimizer, name: str) -> dict[Expr, Expr]:
        table: dict[Expr, Expr] = {Sym("value"): Sym(name)}
        taken = {h.name for h in optimizer.hyperparameters} | {e.target for e in optimizer.equations}
        for hyper in self.hyperparameters:
            if f"{name}_{hyper.name}" in taken:
                raise SymoptError(f"{optimizer.name} has a {name}_{hyper.name} already; rename it first")
            table[Sym(hyper.name)] = Sym(f"{name}_{hyper.name}")
        for equation in self.equations:
            for shift in (0, -1):
                table[Seq(equation.target, shift)] = Seq(f"{name}_{equation.target}", shift)
        return table


def _target(table: dict[Expr, Expr], name: str) -> str:
    found = table[Seq(name, 0)]
    assert isinstance(found, Seq)
    return found.name


def _leaves(expr: Expr) -> set[Expr]:
    return {Sym(name) for name in symbols(expr)}


def schedule(*, title: str = "", reference: str | None = None) -> Callable[[Callable[..., Any]], Schedule]:
    """Declare a schedule: the first two arguments are t and the hyperparameter's own value; the body returns the value.

    Further positional arguments are sequences, as in an optimizer: `metric: Input(level="step")`, step-level states.
    """
    return lambda function: _declare(function, title, reference)


def _declare(function: Callable[..., Any], title: str, reference: str | None) -> Schedule:
    source = read_source(function)
    arguments = [arg.arg for arg in source.tree.args.args]
    if arguments[:2] != ["t", "value"]:
        message = "a schedule's first arguments are t and value: def name(t, value, *, ...)"
        raise DialectError(message, source.tree.name, source.file, source.first_line)
    signature = read_signature(source, skip=("t", "value"))
    trace = signature.trace(source.tree.name)
    result = run_body(source, trace, {"t": t, "value": Term(Sym("value"), trace)})
    if result is None:
        raise DialectError(
            "a schedule returns its value; end with return ...", trace.name, source.file, source.first_line
        )
    value = as_term(result).node
    _check(trace, value, source)
    return Schedule(
        trace.name,
        title or trace.name,
        value,
        tuple(signature.hyperparameters),
        tuple(trace.equations),
        tuple(trace.starts.items()),
        tuple(trace.inputs.items()),
        reference,
        signature.doc.summary,
    )


def _check(trace: Trace, value: Expr, source: Source) -> None:
    used = symbols(value) | {name for e in trace.equations for name in symbols(e.rhs)}
    for hyper in trace.hyperparameters:
        if hyper.name not in used:
            message = "this hyperparameter is declared and never used; use it or take it out"
            raise DialectError(message, hyper.name, source.file, source.line_of(hyper.name))
    for name in trace.sequences:
        if name not in trace.inputs and not trace.written(name):
            raise DialectError("nobody writes it", name, source.file, source.line_of(name))
