"""A schedule inside another one's body: its recurrence, rewritten for the step and the value that it is called with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt import naming
from symopt.dialect.lint import Lint
from symopt.dialect.signature import Signature
from symopt.dialect.trace import Trace
from symopt.errors import DialectError
from symopt.expr import Call, Expr, Num, Seq, Sym, T, sequences, substitute, symbols, text, walk
from symopt.recurrence import Equation, Hyperparameter


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """What a schedule computes; see `Schedule`, which adds what is said about it."""

    name: str
    value: Expr
    hyperparameters: tuple[Hyperparameter, ...] = ()
    equations: tuple[Equation, ...] = ()
    starts: tuple[tuple[str, Expr], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()
    constants: tuple[str, ...] = ()

    @property
    def states(self) -> frozenset[str]:
        """The sequences that are remembered between steps."""
        expressions = [self.value, *(equation.rhs for equation in self.equations)]
        return frozenset(seq.name for expr in expressions for seq in sequences(expr) if seq.shift == -1)


class ScheduleTrace(Trace):
    """One run of a schedule's body.

    called: each schedule that was called, with the value that stands for it
    """

    def __init__(self, name: str, signature: Signature, lint: Lint):
        super().__init__(name, signature, lint)
        self.called: list[tuple[Recurrence, Expr]] = []

    def call(self, inner: Recurrence, step: Expr, value: Expr, when: Expr | None) -> Expr:
        """Put the recurrence of `inner` here; its value at `step` for the hyperparameter value `value`."""
        if when is None and inner.states and step != T:
            remedy = f"say when it moves: {inner.name}({text(step)}, {text(value)}, when={text(step)} > 0)"
            raise DialectError(f"it remembers, and {text(step)} is not the step; {remedy}", inner.name)
        self._refuse_clashes(inner)
        self._refuse_moving(inner, value)
        here = self._free_names(inner)
        table: dict[Expr, Expr] = {T: step, Sym("value"): value}
        table |= {Seq(old, shift): Seq(new, shift) for old, new in here.items() for shift in (0, -1)}
        for equation in inner.equations:
            name, rhs = here[equation.target], substitute(equation.rhs, table)
            if when is not None and equation.target in inner.states:
                rhs = Call("where", (when, rhs, Seq(name, -1)))
            self.equations.append(Equation(name, rhs))
        self._take_over(inner, here, table)
        result = substitute(inner.value, table)
        self.called.append((inner, result))
        return result

    def _take_over(self, inner: Recurrence, here: Mapping[str, str], table: Mapping[Expr, Expr]) -> None:
        self.hyperparameters += inner.hyperparameters
        self.inputs.update(inner.inputs)
        self.internal |= dict.fromkeys(here.values(), inner.name)
        self.starts.update((here[name], substitute(rhs, table)) for name, rhs in inner.starts)
        self.meanings.update((here.get(name, name), meaning) for name, meaning in inner.meanings)
        self.constants |= {name for old in inner.constants for name in symbols(table.get(Sym(old), Sym(old)))}
        expressions = [inner.value, *(e.rhs for e in inner.equations), *(rhs for _, rhs in inner.starts)]
        self.inherited |= {node.value for expr in expressions for node in walk(expr) if isinstance(node, Num)}

    def _refuse_clashes(self, inner: Recurrence) -> None:
        hypers = [hyper.name for hyper in inner.hyperparameters]
        if hypers and any(known is inner for known, _ in self.called):
            remedy = ", ".join(f'{name}="second_{name}"' for name in hypers)
            message = f"it is called twice with one set of hyperparameters; call {inner.name}.renamed({remedy}) instead"
            raise DialectError(message, inner.name)
        own = {*self.sequences, *self.inputs, *self.internal, *(hyper.name for hyper in self.hyperparameters)}
        for name in [*hypers, *(dict(inner.inputs).keys() - self.inputs.keys())]:
            if name in own:
                remedy = f'rename one: {inner.name}.renamed({name}="{inner.name}_{name}")'
                raise DialectError(f"{self.name} and {inner.name} both use the name {name}; {remedy}", name)

    def _refuse_moving(self, inner: Recurrence, value: Expr) -> None:
        """A start value is made once, and a derived correction takes what it reads for constant."""
        fixed = "value" in inner.constants or any("value" in symbols(rhs) for _, rhs in inner.starts)
        if fixed and ("t" in symbols(value) or sequences(value)):
            message = f"it takes its value for constant, and {text(value)} moves; call it with value"
            raise DialectError(message, inner.name)

    def _free_names(self, inner: Recurrence) -> dict[str, str]:
        """Names for the sequences of `inner` that mean nothing here: its name goes in front where they do."""
        hypers = {hyper.name for hyper in (*self.hyperparameters, *inner.hyperparameters)}
        used = {*self.sequences, *self.inputs, *self.internal, *hypers, *dict(inner.inputs)}
        return {equation.target: naming.fresh(equation.target, inner.name, used) for equation in inner.equations}
