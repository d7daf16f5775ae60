"""Schedules: functions of the step that any hyperparameter can follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symopt import naming
from symopt.dialect.called import Recurrence, ScheduleTrace
from symopt.dialect.fits import misfit
from symopt.dialect.proposals import choose
from symopt.errors import DialectError, SymoptError, suggest
from symopt.expr import Expr, Seq, Sym, sequences, substitute, symbols, text
from symopt.recurrence import Equation, Follows, Optimizer
from symopt.terms import Term, as_term, need_condition, need_number


@dataclass(frozen=True, kw_only=True)
class Schedule(Recurrence):
    """`value` at step t, as an expression of t, of the hyperparameter's own value and of the schedule's.

    equations, starts, inputs: the recurrence of a schedule that remembers (reduce on plateau)
    meanings: (name, text) from the docstring, for sequences
    constants: what a derived correction takes for constant
    """

    title: str
    reference: str | None = None
    summary: str = ""
    departures: str = ""

    def __call__(self, *arguments: Any, when: Any = None, **unknown: Any) -> Term:
        """Inside another schedule's body: `inner(t, value)`, its value at a step for a hyperparameter's value.

        when: the condition under which its states move; elsewhere it gives what its formula is at those it has
        """
        traces = [argument.trace for argument in arguments if isinstance(argument, Term)]
        trace = next((trace for trace in traces if trace is not None), None)
        if not isinstance(trace, ScheduleTrace):
            remedy = f"apply it, as in adam.scheduled(lr={self.name}), or call it with t and value in another schedule"
            raise SymoptError(f"{self.name} is a schedule, not a function; {remedy}")
        if len(arguments) != 2 or unknown:
            message = "it is called with the step and the value, and with when=condition where it remembers"
            raise DialectError(f"{message}; write {self.name}(t, value)", self.name)
        step, value = (as_term(argument).node for argument in arguments)
        condition = None if when is None else as_term(when).node
        need_number(step)
        need_number(value)
        if condition is not None:
            need_condition(condition)
        return Term(trace.call(self, step, value, condition), trace)

    def titled(self, title: str, reference: str | None = None, summary: str | None = None) -> Schedule:
        """This schedule under another title: what a composition is called where it has a name of its own."""
        said = self.summary if summary is None else summary
        return replace(self, title=title, reference=reference or self.reference, summary=said)

    def with_defaults(self, **values: float | Fraction) -> Schedule:
        """This schedule with other defaults: `drop.with_defaults(scale=0.5)`; a float means what it prints as."""
        own = {hyper.name: hyper for hyper in self.hyperparameters}
        for name in values.keys() - own.keys():
            listed = ", ".join(own) or "none"
            raise SymoptError(f"{self.name} has no hyperparameter {name}; it has {listed}{suggest(name, own)}")
        own |= {name: own[name].with_default(value, self.name) for name, value in values.items()}
        return replace(self, hyperparameters=tuple(own.values()))

    def renamed(self, **names: str) -> Schedule:
        """This schedule with other names for its hyperparameters and inputs: `cosine.renamed(total="second_total")`."""
        self._check_new_names(names)
        table: dict[Expr, Expr] = {Sym(old): Sym(new) for old, new in names.items()}
        table |= {Seq(old, 0): Seq(new, 0) for old, new in names.items() if old in dict(self.inputs)}
        return replace(
            self,
            value=substitute(self.value, table),
            hyperparameters=tuple(replace(h, name=names.get(h.name, h.name)) for h in self.hyperparameters),
            equations=tuple(Equation(e.target, substitute(e.rhs, table)) for e in self.equations),
            starts=tuple((name, substitute(rhs, table)) for name, rhs in self.starts),
            inputs=tuple((names.get(name, name), level) for name, level in self.inputs),
            meanings=tuple((names.get(name, name), meaning) for name, meaning in self.meanings),
            constants=tuple(names.get(name, name) for name in self.constants),
        )

    def _check_new_names(self, names: dict[str, str]) -> None:
        hypers = [hyper.name for hyper in self.hyperparameters]
        own = [*hypers, *dict(self.inputs)]
        kept = {*own, *(equation.target for equation in self.equations)} - names.keys()
        for old, new in names.items():
            if old not in own:
                message = f"{self.name} has no hyperparameter or input {old}; it has {', '.join(own) or 'none'}"
                raise SymoptError(f"{message}{suggest(old, own)}")
            reason = naming.unusable(f"value_{new}")
            if new in ("theta", "g"):
                reason = "a schedule sees neither the parameter nor the gradient"
            if reason:
                remedy = choose(new, {*own, *kept, *names.values()}.__contains__)
                raise SymoptError(f"{self.name}: {new} cannot be a name: {reason}; {remedy}")
            if new in kept or list(names.values()).count(new) > 1:
                raise SymoptError(f"{self.name} uses the name {new} already; choose another")
        alike = naming.clash([f"value_{names.get(name, name)}" for name in hypers], [])
        if alike:
            first, second = (name.removeprefix("value_") for name in alike)
            raise SymoptError(f"{self.name}: a page would print {second} as it prints {first}; choose another name")

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
        result = replace(
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
            schedules=(*optimizer.schedules, self._said(name)),
            constants=(
                *optimizer.constants,
                *(symbol for old in self.constants for symbol in symbols(table[Sym(old)])),
            ),
            meanings=(*optimizer.meanings, *((new.get(n, n), meaning) for n, meaning in self.meanings)),
        )
        self._check_point(result, name)
        return result

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"    {line}" for line in (*self.equations, text(self.value)))])

    def _check(self, optimizer: Optimizer, name: str) -> None:
        """Refuse what a schedule would break in an optimizer."""
        if name in dict(optimizer.in_force):
            raise SymoptError(f"{name} of {optimizer.name} follows a schedule already; join the two into one")
        if any(name in symbols(rhs) for _, rhs in optimizer.starts):
            remedy = "leave it constant or schedule another hyperparameter"
            raise SymoptError(f"{name} sets a start value of {optimizer.name}; a schedule cannot follow it; {remedy}")
        if name in optimizer.constants:
            message = (
                "is taken for constant by a correction that debias derived; write the correction out to schedule it"
            )
            raise SymoptError(f"{name} of {optimizer.name} {message}")
        reason = misfit(self, optimizer.hyperparameter(name))
        if reason:
            raise SymoptError(f"{name} of {optimizer.name}: {reason}")
        taken = optimizer.names - dict(optimizer.inputs).keys()
        targets = [equation.target for equation in self.equations]
        wanted = {f"{name}_{own}" for own in [*(h.name for h in self.hyperparameters), *targets]}
        for own in sorted((wanted | dict(self.inputs).keys()) & (taken | {"g"})):
            raise SymoptError(f"{optimizer.name} uses the name {own} already, and {self.title} brings it; rename yours")
        for own, level in self.inputs:
            if dict(optimizer.inputs).get(own, level) != level:
                raise SymoptError(f"{own} is an input of {optimizer.name} and of {self.title}, at different levels")
        targets = [*(e.target for e in optimizer.equations), *(f"{name}_{own}" for own in targets), f"{name}_now"]
        alike = naming.clash([*(h.name for h in optimizer.hyperparameters), *sorted(wanted - {*targets})], targets)
        if alike:
            message = f"a page would print {alike[1]} of {self.title} as it prints {alike[0]}; rename yours"
            raise SymoptError(f"{optimizer.name}: {message}")

    def _check_point(self, result: Optimizer, name: str) -> None:
        """The next gradient point is made before the next step brings its inputs."""
        for own in sorted({seq.name for seq in sequences(result.point_before_step)} & dict(self.inputs).keys()):
            message = f"{name} moves the point where {result.name} takes its gradient, before {own} is known"
            raise SymoptError(f"{message}; let {name} follow a schedule without inputs, or schedule another one")

    def _said(self, name: str) -> Follows:
        return Follows(name, self.title, self.reference, self.summary, self.departures)

    def _own_names(self, name: str) -> dict[Expr, Expr]:
        table: dict[Expr, Expr] = {Sym(h.name): Sym(f"{name}_{h.name}") for h in self.hyperparameters}
        for equation in self.equations:
            for shift in (0, -1):
                table[Seq(equation.target, shift)] = Seq(f"{name}_{equation.target}", shift)
        return {**table, Sym("value"): Sym(name)}
