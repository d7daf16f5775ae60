"""Running a body once, on symbols: the equations that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Any, cast

from symopt.dialect.inline import Inlined, Mode, Names, choose_names, inline, inner_point
from symopt.dialect.lint import Lint
from symopt.dialect.signature import Signature
from symopt.errors import DialectError
from symopt.expr import START, ZERO, Call, Expr, Num, Seq, sequences, substitute, symbols, text, walk
from symopt.recurrence import Equation, Follows, Optimizer
from symopt.terms import Term, as_term, need_condition, need_number


@dataclass(frozen=True)
class Step:
    """One call of an inner optimizer: what it stepped from, and what stands for its new theta."""

    inner: Optimizer
    x: Expr
    result: Expr


class Trace:
    """One run of a body: what it reads and writes, in order.

    internal: the sequences that came with an inner optimizer, with its name
    constants: hyperparameters that a derived correction takes for constant
    """

    def __init__(self, name: str, signature: Signature, lint: Lint):
        self.name = name
        self.sequences = signature.sequences
        self.lint = lint
        self.inputs = dict(signature.inputs)
        self.outputs = list(signature.outputs)
        self.hyperparameters = list(signature.hyperparameters)
        self.equations: list[Equation] = []
        self.starts: dict[str, Expr] = {}
        self.gradient_point: Expr | None = None
        self.meanings: dict[str, str] = {}
        self.in_force: dict[str, Expr] = {}
        self.schedules: list[Follows] = []
        self.constants: set[str] = set()
        self.steps: list[Step] = []
        self.internal: dict[str, str] = {}
        self.inherited: set[Fraction] = set()  # the constants of inner optimizers, which were checked there
        self._gradient_origin = ""
        self._names: list[tuple[Optimizer, Names]] = []
        self._started_at_zero: set[str] = set()

    def written(self, name: str) -> bool:
        """Whether the equation of a sequence stands already."""
        return any(equation.target == name for equation in self.equations)

    def read(self, name: str, shift: int) -> Term:
        """x[t], x[t-1] or x[0] as a term."""
        node = Seq(name, shift)
        if name == "g" and shift != 0:
            raise DialectError("only g[t], the gradient of this step, exists; keep an old one in a state", text(node))
        if name in self.inputs and shift != 0:
            raise DialectError(f"an input comes from outside at each step; only {name}[t] exists", text(node))
        if shift == START and name != "theta":
            return Term(self._read_start(name), self)
        if shift == 0 and name == "g" and self.gradient_point is None:
            self._want_gradient(Seq("theta", -1), "default")
        if shift == 0 and name != "g" and name not in self.inputs and not self.written(name):
            self._read_early(name, text(node))
            node = Seq(name, -1)
        return Term(node, self)

    def _read_early(self, name: str, symbol: str) -> None:
        if self.lint.knows("self-reference", symbol) or self.lint.knows("loop-carried rebinding", symbol):
            return
        message = f"it is read before its equation; write the equation first, or read the old value {name}[t-1]"
        self.lint.report("loop-carried rebinding", symbol, message, f"taken for {name}[t-1], left by the step before")

    def _read_start(self, name: str) -> Expr:
        if name not in self.starts:
            raise DialectError(f"it is 0 unless {name}[0] = ... is written first; write that, or 0", f"{name}[0]")
        return self.starts[name]

    def write(self, name: str, shift: int, value: Any) -> None:
        """x[t] = value or x[0] = value."""
        node = as_term(value).node
        target = text(Seq(name, shift))
        if name in self.inputs:
            raise DialectError("it is an input and comes from outside; an equation cannot write it", target)
        if shift == -1:
            raise DialectError(f"an old value cannot be written; write {name}[t] = ...", target)
        if isinstance(node, Call) and node.op == "grad" and shift == 0:
            self._write_gradient(name, node.args[0])
            return
        if _has_gradient(node):
            raise DialectError("grad(...) stands alone on the right of g[t] = grad(...)", target)
        if name == "g":
            raise DialectError("g is the gradient; give a changed gradient another name, such as h[t]", target)
        need_number(node)
        if shift == START:
            self._write_start(name, node)
        else:
            self._write_equation(name, node)

    def _write_equation(self, name: str, rhs: Expr) -> None:
        if any(seq.shift == START for seq in sequences(rhs)):
            message = (
                "only a start value can read theta[0]; keep it in a state: first[0] = theta[0], first[t] = first[t-1]"
            )
            raise DialectError(message, f"{name}[t]")
        if self.written(name):
            rhs = self._overwritten(name, rhs)
        self.equations.append(Equation(name, rhs))

    def _overwritten(self, name: str, rhs: Expr) -> Expr:
        """The last equation counts, as in pseudocode; the first lives on under another name where it was read."""
        first = next(free for free in (f"{name}_first", f"{name}_second", f"{name}_third") if not self.written(free))
        table: dict[Expr, Expr] = {Seq(name, 0): Seq(first, 0)}
        moved = [Equation(first if e.target == name else e.target, substitute(e.rhs, table)) for e in self.equations]
        rhs = substitute(rhs, table)
        kept = any(Seq(first, 0) in sequences(expr) for expr in [rhs, *(e.rhs for e in moved)])
        twice = "its equation is written twice; each x[t] is written exactly once"
        if kept:
            message = f"{twice}, so give what stood there before, which is read, a name of its own"
            self.lint.report("loop-carried rebinding", f"{name}[t]", message, f"it lives on as {first}")
        else:
            message = f"{twice}, and nothing reads what stood there before (a dead store), so take that out"
            self.lint.report("dead store", f"{name}[t]", message, "the last one counts")
        self.equations = [e for e in moved if kept or e.target != first]
        return rhs

    def _write_gradient(self, name: str, point: Expr) -> None:
        if name != "g":
            raise DialectError("the gradient is called g; write g[t] = grad(...)", f"{name}[t]")
        if self._gradient_origin == "default":
            raise DialectError("it is read before its equation g[t] = grad(...); write that first", "g[t]")
        if self._gradient_origin == "written":
            message = "its equation is written twice; there is exactly one gradient point per step, so take one out"
            raise DialectError(message, "g[t]")
        if any(seq.shift == START for seq in sequences(point)):
            raise DialectError("a gradient point is made of old values such as theta[t-1], not of theta[0]", "g[t]")
        if _has_gradient(point):
            raise DialectError(
                "a gradient point cannot depend on another gradient; take the inner grad(...) out", "g[t]"
            )
        self._want_gradient(point, "written")

    def _want_gradient(self, point: Expr, origin: str) -> None:
        """Ask for the gradient at `point`; a second, different point in the same step is an error."""
        if self.gradient_point is None:
            self._gradient_origin = origin
        elif self.gradient_point != point:
            message = (
                f"two gradient points in one step: {text(self.gradient_point)} and {text(point)}; feed an inner "
                "optimizer with inner(x, h[t]), where h comes from g[t] = grad(inner.point(x))"
            )
            raise DialectError(message, "g[t]")
        self.gradient_point = point

    def _write_start(self, name: str, value: Expr) -> None:
        target = f"{name}[0]"
        if name in self.starts:
            raise DialectError("its start value is written twice; write it once", target)
        if name == "theta":
            raise DialectError("theta[0] is what the user trains; an optimizer cannot set it", target)
        if name in self._started_at_zero:
            raise DialectError(
                "an inner optimizer stepped from it already; write the start value above that line", target
            )
        if any(seq != Seq("theta", START) for seq in sequences(value)) or "t" in symbols(value):
            raise DialectError("a start value is made of hyperparameters, numbers and theta[0] only", target)
        self.starts[name] = value

    def inline(self, inner: Optimizer, x: Term, h: Any, conditions: Mapping[str, Any]) -> Term:
        """Put the recurrence of `inner` here; its new theta is the value."""
        if any(step.inner is inner for step in self.steps):
            message = "it is called twice; one recurrence cannot take two steps at once, so declare it a second time"
            raise DialectError(message, inner.name)
        names = self._names_of(inner)
        given = None if h is None else as_term(h).node
        mode = _mode(inner, conditions)
        found = inline(inner, names, x.node, given, mode, self._start_of(x.node, inner))
        self._join(inner, found)
        self.outputs += [names.here[name] for name in inner.outputs]
        if h is None:
            self._want_gradient(found.gradient_point, "inner")
        else:
            self._check_fed(inner, (found.gradient_point, inner_point(inner, names, x.node)), mode.counts)
        self.steps.append(Step(inner, x.node, found.result))
        return Term(found.result, self)

    def _check_fed(self, inner: Optimizer, wanted: tuple[Expr, Expr], sometimes: bool) -> None:
        """What an inner optimizer is fed comes from where it wants its gradient, unless theta will do for it.

        wanted: that point, with the new values of states as they are within the step, and as they are remembered
        """
        if sometimes and "t" in symbols(inner.gradient_point):
            message = "its gradient point depends on its own step count, which `when` or `restart` change; give no h[t]"
            raise DialectError(message, inner.name)
        asked = self.gradient_point
        if asked is None or any(point in walk(asked) for point in wanted):
            return
        if self._gradient_origin == "default" or inner.gradient_point != Seq("theta", -1):
            message = f"it wants its gradient at {text(wanted[0])}, but g[t] is the one at {text(asked)}"
            raise DialectError(f"{message}; write g[t] = grad({inner.name}.point(...)) first", inner.name)

    def point(self, inner: Optimizer, x: Term) -> Term:
        """Where `inner` wants its gradient when it steps from `x`."""
        return Term(inner_point(inner, self._names_of(inner), x.node), self)

    def _names_of(self, inner: Optimizer) -> Names:
        """The same names each time: `inner.point(x)` comes before `inner(x, h[t])`."""
        for known, names in self._names:
            if known is inner:
                return names
        chosen = {new for _, names in self._names for new in names.all}
        hypers = {hyper.name for hyper in self.hyperparameters}
        names = choose_names(inner, {*self.sequences, *self.inputs, *hypers, *chosen} - {"g"})
        self._names.append((inner, names))
        return names

    def _start_of(self, x: Expr, inner: Optimizer) -> Expr:
        """Where an inner optimizer that steps from `x` starts."""
        if all(Seq("theta", START) not in sequences(rhs) for _, rhs in inner.starts):
            return ZERO  # no matter: it starts at constants
        table: dict[Expr, Expr] = {}
        for seq in sequences(x):
            if seq.shift != -1 or "t" in symbols(x):
                message = f"it starts where it steps from, and {text(x)} has no start"
                raise DialectError(f"{message}; call it on an old value such as theta[t-1]", inner.name)
            table[seq] = Seq("theta", START) if seq.name == "theta" else self.starts.get(seq.name, ZERO)
            self._started_at_zero |= {seq.name} - {"theta", *self.starts}
        return substitute(x, table)

    def _join(self, inner: Optimizer, found: Inlined) -> None:
        own = {*self.sequences, *self.inputs, *self.internal, *(hyper.name for hyper in self.hyperparameters)} - {"g"}
        for hyper in inner.hyperparameters:
            if hyper.name in own:
                longer = (f"{'inner_' * times}{hyper.name}" for times in count(1))
                free = next(name for name in longer if name not in own | inner.names)
                remedy = f'rename one: inner.renamed({hyper.name}="{free}")'
                raise DialectError(f"{self.name} and {inner.name} both use the name {hyper.name}; {remedy}", hyper.name)
        for name, level in inner.inputs:
            if name in own and self.inputs.get(name) != level:
                raise DialectError(f"{inner.name} has an input of this name; choose another name for yours", name)
        self.hyperparameters += inner.hyperparameters
        self.inputs.update(inner.inputs)
        self.internal |= {equation.target: inner.name for equation in found.equations}
        self.equations += found.equations
        self.starts.update(found.starts)
        self.meanings.update(found.meanings)
        self.in_force.update(found.in_force)
        self.schedules += inner.schedules
        self.constants |= set(inner.constants)
        expressions = [*(e.rhs for e in inner.equations), *(rhs for _, rhs in inner.starts), inner.gradient_point]
        self.inherited |= {node.value for expr in expressions for node in walk(expr) if isinstance(node, Num)}


def _has_gradient(expr: Expr) -> bool:
    return any(isinstance(node, Call) and node.op == "grad" for node in walk(expr))


def _mode(inner: Optimizer, conditions: Mapping[str, Any]) -> Mode:
    """The conditions of a call, checked."""
    when, restart = (_condition(conditions.get(name)) for name in ("when", "restart"))
    first = next((name for name, rhs in inner.starts if Seq("theta", START) in sequences(rhs)), None)
    if restart is not None and first is not None:
        message = f"its {first} starts at theta[0], which nobody keeps, so it cannot start anew at a later step"
        remedy = "call it without restart, or put what restarts around an optimizer whose states start at numbers"
        raise DialectError(f"{message}; {remedy}", inner.name)
    pull_back = conditions.get("pull_back")
    if pull_back is None:
        return Mode(when, restart)
    if not (isinstance(pull_back, tuple) and len(cast("tuple[Any, ...]", pull_back)) == 2):
        raise DialectError("write pull_back=(condition, share), as in pull_back=(every(k), alpha)", inner.name)
    condition, share = cast("tuple[Any, Any]", pull_back)
    need_number(as_term(share).node)
    found = _condition(condition)
    return Mode(when, restart, None if found is None else (found, as_term(share).node))


def _condition(given: Any) -> Expr | None:
    if given is None:
        return None
    node = as_term(given).node
    need_condition(node)
    return node
