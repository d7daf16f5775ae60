"""An optimizer is data: the equations of its recurrence, its hyperparameters and where it wants its gradient."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from symopt import naming
from symopt.errors import SymoptError, suggest
from symopt.expr import Expr, Seq, Sym, sequences, substitute
from symopt.recurrence.faults import faults
from symopt.recurrence.levels import LEVELS, REDUCED, highest, infer_levels, level_of
from symopt.recurrence.parts import Equation, Finding, Follows, Hyperparameter, Kind, Origin, written_out
from symopt.terms import Term

__all__ = [
    "LEVELS",
    "REDUCED",
    "RESERVED",
    "Applicable",
    "Base",
    "Equation",
    "Finding",
    "Follows",
    "Hyperparameter",
    "Kind",
    "Optimizer",
    "Origin",
    "highest",
    "level_of",
]  # fmt: skip


@runtime_checkable
class Applicable(Protocol):
    """What `Optimizer.scheduled` needs of a schedule."""

    def apply(self, optimizer: Optimizer, name: str) -> Optimizer:
        """`optimizer` with the hyperparameter `name` following the schedule."""
        ...


@dataclass(frozen=True)
class Optimizer:
    """A recurrence for `theta`, as it was declared.

    equations: in the order of the paper; each sequence is written once
    starts: x[0] of each state that does not start at 0
    gradient_point: where g[t] is taken, as it was written; `theta[t-1]` if nothing else was asked for
    inputs: (name, level) of the sequences that come from outside, the gradient apart
    outputs: the sequences that are kept for the user to read, whether an equation reads them or not
    in_force: (name, expression) of each scheduled hyperparameter, what `inner.lr` stands for
    schedules: what is said about each schedule that is followed
    constants: hyperparameters that a derived correction takes for constant, so that no schedule may move them
    meanings: (name, text) from the docstring, for sequences
    findings: what `@erratum` found wrong
    """

    name: str
    title: str
    equations: tuple[Equation, ...]
    hyperparameters: tuple[Hyperparameter, ...] = ()
    starts: tuple[tuple[str, Expr], ...] = ()
    gradient_point: Expr = Seq("theta", -1)
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()
    reference: str | None = None
    summary: str = ""
    departures: str = ""
    in_force: tuple[tuple[str, Expr], ...] = ()
    schedules: tuple[Follows, ...] = ()
    constants: tuple[str, ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    origin: Origin | None = None

    def __post_init__(self) -> None:
        hypers = [hyper.name for hyper in self.hyperparameters]
        for fault in faults(self.equations, dict(self.starts), self.gradient_point, dict(self.inputs), hypers):
            raise SymoptError(f"{self.name}: {fault}")
        for name in self.states:
            if self.levels[name] == "row":
                remedy = "remember what it is made of, element by element, and reduce that at every step"
                raise SymoptError(f"{self.name}: {name} is a number per row, which no step can remember; {remedy}")

    @cached_property
    def reads(self) -> frozenset[Seq]:
        """Every sequence value that an equation, a start value or the gradient point reads."""
        exprs = [e.rhs for e in self.equations] + [rhs for _, rhs in self.starts] + [self.gradient_point]
        return frozenset(seq for expr in exprs for seq in sequences(expr))

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The sequences that are remembered between steps, `theta` apart, in the order of their equations."""
        old = {*self.outputs, *(seq.name for seq in self.reads if seq.shift == -1)}
        return tuple(e.target for e in self.equations if e.target in old and e.target != "theta")

    @cached_property
    def intermediates(self) -> tuple[str, ...]:
        """The sequences that are used within a step only and cost no memory."""
        return tuple(e.target for e in self.equations if e.target not in self.states and e.target != "theta")

    @cached_property
    def levels(self) -> dict[str, str]:
        """The level of every sequence: the least fixed point of the equations."""
        return infer_levels(self.equations, dict(self.starts), dict(self.inputs))

    @property
    def names(self) -> frozenset[str]:
        """Every name that means something here: sequences, inputs and hyperparameters."""
        hypers = (hyper.name for hyper in self.hyperparameters)
        return frozenset({*(equation.target for equation in self.equations), *dict(self.inputs), *hypers})

    @cached_property
    def point_before_step(self) -> Expr:
        """The gradient point with each new value that it reads written out: old values, inputs and the step only."""
        return written_out(self.gradient_point, self.equations)

    @property
    def base(self) -> Base:
        """The hyperparameters before any schedule: `inner.base.lr`."""
        return Base(self)

    def start_of(self, name: str) -> Expr | None:
        """x[0] where it is not 0."""
        return dict(self.starts).get(name)

    def hyperparameter(self, name: str) -> Hyperparameter:
        """The hyperparameter of that name."""
        for hyper in self.hyperparameters:
            if hyper.name == name:
                return hyper
        raise SymoptError(self._lacks(name))

    def _lacks(self, name: str) -> str:
        names = [hyper.name for hyper in self.hyperparameters]
        return f"{self.name} has no hyperparameter {name}; it has {', '.join(names) or 'none'}{suggest(name, names)}"

    def __getattr__(self, name: str) -> Term:
        if name.startswith("_") or "hyperparameters" not in self.__dict__:
            raise AttributeError(name)
        forced = dict(self.in_force)
        if name in forced:
            return Term(forced[name])
        if any(hyper.name == name for hyper in self.hyperparameters):
            return Term(Sym(name))
        raise AttributeError(self._lacks(name), name=name, obj=self)

    def __call__(
        self, x: Term, h: Any = None, *, when: Any = None, restart: Any = None, pull_back: tuple[Any, Any] | None = None
    ) -> Term:
        """Inside another optimizer's equations: step from `x`, with the gradient `h`.

        when: it steps only where this condition holds; its states and its own step count rest otherwise
        restart: where this condition holds after a step, its states go back to their start values and its t to 0
        pull_back: (condition, share): where the condition holds after a step, each of its states per element goes back
            to slow + share*(state - slow), where slow is what it was when the condition held last
        """
        return self._trace_of(x).inline(self, x, h, {"when": when, "restart": restart, "pull_back": pull_back})

    def point(self, x: Term) -> Term:
        """Where this optimizer wants its gradient when it steps from `x`."""
        return self._trace_of(x).point(self, x)

    def _trace_of(self, x: Any) -> Any:
        trace = x.trace if isinstance(x, Term) else None
        if trace is None:
            remedy = "call it on a sequence inside an equation, as in theta[t] = inner(theta[t-1])"
            raise SymoptError(f"{self.name} is an optimizer, not a function; {remedy}")
        return trace

    def scheduled(self, **schedules: Applicable) -> Optimizer:
        """This optimizer with hyperparameters that follow schedules: `adam.scheduled(lr=cosine)`.

        raises SymoptError where a schedule does not fit: a fraction for what counts steps, a share that grows beyond 1
        """
        result = self
        for name, schedule in schedules.items():
            result.hyperparameter(name)
            if not isinstance(schedule, Applicable):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise SymoptError(f"{name} follows a schedule, a function under @schedule, not {schedule!r}")
            result = schedule.apply(result, name)
        return result

    def renamed(self, **names: str) -> Optimizer:
        """This optimizer with other names for its hyperparameters: `inner.renamed(lr="inner_lr")`."""
        self._check_new_names(names)
        table: dict[Expr, Expr] = {
            Sym(old, base): Sym(new, base) for old, new in names.items() for base in (False, True)
        }
        now = {f"{old}_now": f"{new}_now" for old, new in names.items() if old in dict(self.in_force)}
        table |= {Seq(old, 0): Seq(new, 0) for old, new in now.items()}
        rewritten = self.rewritten(table)
        rewritten["equations"] = tuple(replace(e, target=now.get(e.target, e.target)) for e in rewritten["equations"])
        return replace(
            self,
            **rewritten,
            hyperparameters=tuple(replace(h, name=names.get(h.name, h.name)) for h in self.hyperparameters),
            in_force=tuple((names.get(name, name), substitute(expr, table)) for name, expr in self.in_force),
            schedules=tuple(
                replace(s, hyperparameter=names.get(s.hyperparameter, s.hyperparameter)) for s in self.schedules
            ),
            constants=tuple(names.get(name, name) for name in self.constants),
        )

    def _check_new_names(self, names: dict[str, str]) -> None:
        kept = self.names - names.keys()
        for old, new in names.items():
            self.hyperparameter(old)
            reason = naming.unusable(new)
            if reason or new in RESERVED:
                raise SymoptError(f"{self.name}: {new} cannot be a name: {reason or 'it has this attribute'}")
            if new in kept or list(names.values()).count(new) > 1:
                raise SymoptError(f"{self.name} uses the name {new} already; choose another")
        hypers = [names.get(hyper.name, hyper.name) for hyper in self.hyperparameters]
        alike = naming.clash(hypers, [])
        if alike:
            raise SymoptError(
                f"{self.name}: a page would print {alike[1]} as it prints {alike[0]}; choose another name"
            )

    def rewritten(self, table: dict[Expr, Expr]) -> dict[str, Any]:
        """The fields that hold right-hand sides, with expressions replaced."""
        return {
            "equations": tuple(Equation(e.target, substitute(e.rhs, table)) for e in self.equations),
            "starts": tuple((name, substitute(rhs, table)) for name, rhs in self.starts),
            "gradient_point": substitute(self.gradient_point, table),
        }

    def titled(self, title: str, reference: str | None = None, summary: str | None = None) -> Optimizer:
        """This optimizer under another title: what a composition is called where it has a name of its own."""
        said = self.summary if summary is None else summary
        return replace(self, title=title, reference=reference or self.reference, summary=said)

    def with_defaults(self, **values: float | Fraction) -> Optimizer:
        """The same with other defaults: `lookahead(radam).with_defaults(k=6)`; a float means what it prints as."""
        changed = {name: self.hyperparameter(name).with_default(value, self.name) for name, value in values.items()}
        return replace(self, hyperparameters=tuple(changed.get(h.name, h) for h in self.hyperparameters))

    def bind(self, params: Any, target: str = "cpu", **hyper: Any) -> Any:
        """Compile for `params` and return the running optimizer; see `symopt.runtime.bind`."""
        runtime = import_module("symopt.runtime")  # Numba loads here, not before
        return runtime.bind(self, params, target=target, **hyper)

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"    {equation}" for equation in self.equations)])


RESERVED = frozenset({*dir(Optimizer), *(field.name for field in fields(Optimizer))})
"""Names that no hyperparameter can have, because `inner.name` means something else."""


@dataclass(frozen=True)
class Base:
    """A view of an optimizer's hyperparameters as they were before their schedules."""

    _optimizer: Optimizer

    def __getattr__(self, name: str) -> Term:
        if name.startswith("_"):
            raise AttributeError(name)
        return Term(Sym(self._optimizer.hyperparameter(name).name, base=True))
