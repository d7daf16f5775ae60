"""An optimizer is data: the equations of its recurrence, its hyperparameters and where it wants its gradient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from typing import Any, Protocol

from symopt.domains import Domain
from symopt.errors import SymoptError
from symopt.expr import Expr, Reduction, Seq, Sym, children, sequences, substitute, symbols, text
from symopt.terms import Term, Tracing

LEVELS = ("step", "global", "tensor", "element")
"""Where a value lives, cheapest first: one number per step, over all tensors, per tensor, per element."""


@dataclass(frozen=True)
class Hyperparameter:
    """A number that the user may change between steps. `default` None means that `bind` must be given one."""

    name: str
    domain: Domain
    default: Fraction | None
    meaning: str = ""


@dataclass(frozen=True)
class Equation:
    """`target[t] = rhs`."""

    target: str
    rhs: Expr

    def __str__(self) -> str:
        return f"{self.target}[t] = {text(self.rhs)}"


@dataclass(frozen=True)
class Origin:
    """Where a spec was written: its file and the line of its function."""

    file: str
    line: int


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
    gradient_point: where g[t] is taken, in terms of old values; `theta[t-1]` if nothing else was asked for
    inputs: (name, level) of the sequences that come from outside, the gradient apart
    in_force: (name, expression) of each scheduled hyperparameter, what `inner.lr` stands for
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
    reference: str | None = None
    summary: str = ""
    departures: str = ""
    in_force: tuple[tuple[str, Expr], ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()
    findings: tuple[str, ...] = ()
    origin: Origin | None = None

    def __post_init__(self) -> None:
        _validate(self)

    @cached_property
    def reads(self) -> frozenset[Seq]:
        """Every sequence value that an equation, a start value or the gradient point reads."""
        exprs = [e.rhs for e in self.equations] + [rhs for _, rhs in self.starts] + [self.gradient_point]
        return frozenset(seq for expr in exprs for seq in sequences(expr))

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The sequences that are remembered between steps, `theta` apart, in the order of their equations."""
        old = {seq.name for seq in self.reads if seq.shift == -1}
        return tuple(e.target for e in self.equations if e.target in old and e.target != "theta")

    @cached_property
    def intermediates(self) -> tuple[str, ...]:
        """The sequences that are used within a step only and cost no memory."""
        return tuple(e.target for e in self.equations if e.target not in self.states and e.target != "theta")

    @cached_property
    def levels(self) -> dict[str, str]:
        """The level of every sequence: the least fixed point of the equations."""
        return _infer_levels(self)

    @property
    def base(self) -> Base:
        """The hyperparameters before any schedule: `inner.base.lr`."""
        return Base(self)

    def start(self, name: str) -> Expr | None:
        """x[0] where it is not 0."""
        return dict(self.starts).get(name)

    def hyperparameter(self, name: str) -> Hyperparameter:
        """The hyperparameter of that name."""
        for hyper in self.hyperparameters:
            if hyper.name == name:
                return hyper
        names = ", ".join(h.name for h in self.hyperparameters)
        raise SymoptError(f"{self.name} has no hyperparameter {name}; it has {names or 'none'}")

    def __getattr__(self, name: str) -> Term:
        if name.startswith("_"):
            raise AttributeError(name)
        forced = dict(self.__dict__.get("in_force", ()))
        if name in forced:
            return Term(forced[name])
        if any(hyper.name == name for hyper in self.__dict__.get("hyperparameters", ())):
            return Term(Sym(name))
        raise AttributeError(f"{self.__dict__.get('name', 'the optimizer')} has no hyperparameter or attribute {name}")

    def __call__(self, x: Term, h: Term | None = None, *, when: Term | None = None) -> Term:
        """Inside another optimizer's equations: step from `x`, with the gradient `h`, only `when` a condition holds."""
        return self._trace_of(x).inline(self, x, h, when)

    def point(self, x: Term) -> Term:
        """Where this optimizer wants its gradient when it steps from `x`."""
        return self._trace_of(x).point(self, x)

    def _trace_of(self, x: Any) -> Tracing:
        trace = x.trace if isinstance(x, Term) else None
        if trace is None:
            remedy = "call it on a sequence inside an equation, as in theta[t] = inner(theta[t-1])"
            raise SymoptError(f"{self.name} is an optimizer, not a function; {remedy}")
        return trace

    def scheduled(self, **schedules: Applicable) -> Optimizer:
        """This optimizer with hyperparameters that follow schedules: `adam.scheduled(lr=cosine)`."""
        result = self
        for name, schedule in schedules.items():
            result.hyperparameter(name)
            result = schedule.apply(result, name)
        return result

    def renamed(self, **names: str) -> Optimizer:
        """This optimizer with other names for its hyperparameters: `inner.renamed(lr="inner_lr")`."""
        for old in names:
            self.hyperparameter(old)
        kept = {hyper.name for hyper in self.hyperparameters} - set(names)
        for new in names.values():
            if new in kept or any(e.target == new for e in self.equations):
                raise SymoptError(f"{self.name} has a {new} already; choose another name")
        table: dict[Expr, Expr] = {Sym(old): Sym(new) for old, new in names.items()}
        hypers = tuple(replace(h, name=names.get(h.name, h.name)) for h in self.hyperparameters)
        forced = tuple((names.get(name, name), expr) for name, expr in self.in_force)
        return replace(self, **self.rewritten(table), hyperparameters=hypers, in_force=forced)

    def rewritten(self, table: dict[Expr, Expr]) -> dict[str, Any]:
        """The fields that hold right-hand sides, with expressions replaced."""
        return {
            "equations": tuple(Equation(e.target, substitute(e.rhs, table)) for e in self.equations),
            "starts": tuple((name, substitute(rhs, table)) for name, rhs in self.starts),
            "gradient_point": substitute(self.gradient_point, table),
        }

    def titled(self, title: str, reference: str | None = None, summary: str | None = None) -> Optimizer:
        """This optimizer under another title: what a composition is called where it has a name of its own."""
        summary = self.summary if summary is None else summary
        return replace(self, title=title, reference=reference or self.reference, summary=summary)

    def bind(self, params: Any, target: str = "cpu", **hyper: Any) -> Any:
        """Compile for `params` and return the running optimizer; see `symopt.runtime.bind`."""
        runtime = import_module("symopt.runtime")  # Numba loads here, not before
        return runtime.bind(self, params, target=target, **hyper)

    def __str__(self) -> str:
        return "\n".join([self.title, *(f"    {equation}" for equation in self.equations)])


@dataclass(frozen=True)
class Base:
    """A view of an optimizer's hyperparameters as they were before their schedules."""

    _optimizer: Optimizer

    def __getattr__(self, name: str) -> Term:
        return Term(Sym(self._optimizer.hyperparameter(name).name))


def level_of(expr: Expr, levels: dict[str, str]) -> str:
    """The level of an expression, given the levels of the names in it; unknown names count as step-level."""
    match expr:
        case Seq(name) | Sym(name):
            return levels.get(name, "step")
        case Reduction(_, _, over):
            return "global" if over == "all" else "tensor"
        case _:
            return highest(level_of(arg, levels) for arg in children(expr))


def highest(levels: Iterable[str]) -> str:
    """The level furthest from the step among several."""
    return max(levels, key=LEVELS.index, default="step")


def _infer_levels(optimizer: Optimizer) -> dict[str, str]:
    levels = {"theta": "element", "g": "element", **dict(optimizer.inputs)}
    starts = dict(optimizer.starts)
    changed = True
    while changed:
        changed = False
        for equation in optimizer.equations:
            found = [level_of(equation.rhs, levels), levels.get(equation.target, "step")]
            if equation.target in starts:
                found.append(level_of(starts[equation.target], levels))
            level = highest(found)
            if levels.get(equation.target) != level:
                levels[equation.target] = level
                changed = True
    return levels


def _validate(optimizer: Optimizer) -> None:
    known = {"g", *(name for name, _ in optimizer.inputs)}
    written = {equation.target for equation in optimizer.equations}
    if len(written) != len(optimizer.equations):
        raise SymoptError(f"{optimizer.name}: an equation is written twice")
    if "theta" not in written:
        raise SymoptError(f"{optimizer.name}: theta[t] is never written")
    names = {hyper.name for hyper in optimizer.hyperparameters} | {"t"}
    for equation in optimizer.equations:
        for seq in sequences(equation.rhs):
            if seq.shift == 0 and seq.name not in known:
                raise SymoptError(f"{optimizer.name}: {text(seq)} is read by {equation.target}[t] before it is written")
            if seq.shift == -1 and seq.name not in written:
                raise SymoptError(f"{optimizer.name}: {text(seq)} is read, but no equation writes {seq.name}[t]")
        for name in symbols(equation.rhs) - names:
            raise SymoptError(f"{optimizer.name}: {name} is neither a sequence nor a hyperparameter")
        known.add(equation.target)
