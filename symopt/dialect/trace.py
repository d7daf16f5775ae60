"""Running a body once, on symbols: the sequences it handles and the equations it leaves."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from symopt.dialect.inline import Inlined, inline, inner_point, notices_theta
from symopt.errors import DialectError
from symopt.expr import START, Call, Expr, Seq, sequences, symbols, text, walk
from symopt.recurrence import Equation, Hyperparameter, Optimizer
from symopt.terms import Term, as_term


class Sequence:
    """What a positional argument of a body is: `x[t]`, `x[t-1]` and `x[0]` can be read and written."""

    __slots__ = ("_name", "_trace")

    def __init__(self, name: str, trace: Trace):
        self._name = name
        self._trace = trace

    def __getitem__(self, index: Any) -> Term:
        return self._trace.read(self._name, self._shift(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._trace.write(self._name, self._shift(index), value)

    def __getattr__(self, attribute: str) -> Any:
        raise DialectError(f"a sequence has no {attribute}; write {self._name}[t] or {self._name}[t-1]", self._name)

    @property
    def sequence_name(self) -> str:
        """The name, for the error about a sequence without an index."""
        return self._name

    def _shift(self, index: Any) -> int:
        node = as_term(index).node if isinstance(index, Term | int) else None
        shifts = {"t": 0, "t - 1": -1, "0": START}
        shown = text(node) if node is not None else repr(index)
        if shown not in shifts:
            message = "the index of a sequence is t (the new value), t-1 (the old one) or 0 (the start)"
            raise DialectError(message, f"{self._name}[{shown}]")
        return shifts[shown]

    def __repr__(self) -> str:
        return self._name

    def _bare(self, *_: Any) -> Any:
        raise DialectError(f"write {self._name}[t] (the new value) or {self._name}[t-1] (the old one)", self._name)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _bare
    __pow__ = __rpow__ = __neg__ = __abs__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __float__ = __iter__ = _bare


class Trace:
    """One run of a body: what it reads and writes, in order."""

    def __init__(self, name: str, sequences: Iterable[str], inputs: dict[str, str], hypers: Iterable[Hyperparameter]):
        self.name = name
        self.sequences = list(sequences)
        self.inputs = inputs
        self.hyperparameters = list(hypers)
        self.equations: list[Equation] = []
        self.starts: dict[str, Expr] = {}
        self.gradient_point: Expr | None = None
        self.gradient_origin = ""
        self.read_at: set[Seq] = set()
        self.meanings: dict[str, str] = {}
        self.inner: list[str] = []
        self.in_force: dict[str, Expr] = {}
        self.unnoticed: list[tuple[str, Expr, Expr]] = []  # (inner optimizer, what it stepped from, what came out)
        self.internal: set[str] = set()  # sequences that came with an inner optimizer

    def written(self, name: str) -> bool:
        """Whether the equation of a sequence stands already."""
        return any(equation.target == name for equation in self.equations)

    def read(self, name: str, shift: int) -> Term:
        """x[t], x[t-1] or x[0] as a term."""
        node = Seq(name, shift)
        if shift == 0 and name not in self.inputs and not self.written(name):
            if name != "g":
                message = "it is read before its equation; write the equation first, or read the old value "
                raise DialectError(f"{message}{name}[t-1]", text(node))
            if self.gradient_point is None:
                self.want_gradient(Seq("theta", -1), "default")
        if name == "g" and shift != 0:
            raise DialectError("only g[t], the gradient of this step, exists; keep an old one in a state", text(node))
        if name in self.inputs and shift != 0:
            raise DialectError(f"an input comes from outside at each step: only {name}[t] exists", text(node))
        if shift == START and name not in self.starts and name != "theta":
            raise DialectError(f"{name} starts at 0 unless {name}[0] = ... is written first", text(node))
        if shift == START and name in self.starts:
            return Term(self.starts[name], self)
        self.read_at.add(node)
        return Term(node, self)

    def write(self, name: str, shift: int, value: Any) -> None:
        """x[t] = value or x[0] = value."""
        term = as_term(value)
        target = Seq(name, shift)
        if name in self.inputs:
            raise DialectError("it is an input and comes from outside; an equation cannot write it", name)
        if shift == -1:
            raise DialectError(f"an old value cannot be written; write {name}[t] = ...", text(target))
        if isinstance(term.node, Call) and term.node.op == "grad" and shift == 0:
            self._write_gradient(name, term.node.args[0])
            return
        if any(isinstance(node, Call) and node.op == "grad" for node in walk(term.node)):
            raise DialectError("grad(...) stands alone on the right of g[t] = grad(...)", text(target))
        if name == "g":
            raise DialectError("g is the gradient; give a changed gradient another name, such as h[t]", text(target))
        if shift == START:
            self._write_start(name, term.node)
        elif self.written(name):
            raise DialectError("its equation is written twice; each x[t] is written exactly once", text(target))
        else:
            self.equations.append(Equation(name, term.node))

    def _write_gradient(self, name: str, point: Expr) -> None:
        if name != "g":
            raise DialectError("the gradient is called g; write g[t] = grad(...)", f"{name}[t]")
        if self.gradient_point is not None and self.gradient_origin == "default":
            raise DialectError("it is read before its equation g[t] = grad(...)", "g[t]")
        if self.gradient_point is not None and self.gradient_origin == "written":
            raise DialectError("its equation is written twice; there is exactly one gradient point per step", "g[t]")
        self.want_gradient(point, "written")

    def want_gradient(self, point: Expr, origin: str) -> None:
        """Ask for the gradient at `point`; a second, different point in the same step is an error."""
        if origin == "inner" and self.gradient_origin == "default":
            self.gradient_point = point  # a g[t] without an equation is inner's
        if self.gradient_point is not None and self.gradient_point != point:
            message = (
                f"two gradient points in one step: {text(self.gradient_point)} and {text(point)}; feed an inner "
                "optimizer with inner(x, h[t]), where h comes from g[t] = grad(inner.point(x))"
            )
            raise DialectError(message, "g[t]")
        self.gradient_point = point
        self.gradient_origin = origin

    def _write_start(self, name: str, value: Expr) -> None:
        if name in self.starts:
            raise DialectError("its start value is written twice", f"{name}[0]")
        if name == "theta":
            raise DialectError("theta[0] is what the user trains; it cannot be set", "theta[0]")
        for seq in sequences(value):
            if seq != Seq("theta", START):
                raise DialectError("a start value is made of hyperparameters, numbers and theta[0] only", f"{name}[0]")
        if "t" in symbols(value):
            raise DialectError("a start value cannot depend on t", f"{name}[0]")
        self.starts[name] = value

    def inline(self, inner: Optimizer, x: Term, h: Term | None, when: Term | None) -> Term:
        """Put the recurrence of `inner` here; its new theta is the value."""
        given = None if h is None else as_term(h).node
        condition = None if when is None else as_term(when).node
        found = inline(inner, x.node, given, condition, self.taken(inner))
        self._join(inner, found)
        if not notices_theta(inner):
            self.unnoticed.append((inner.name, x.node, found.result))
        if h is None:
            self.want_gradient(found.gradient_point, "inner")
        return Term(found.result, self)

    def point(self, inner: Optimizer, x: Term) -> Term:
        """Where `inner` wants its gradient when it steps from `x`."""
        return Term(inner_point(inner, x.node, self.taken(inner)), self)

    def taken(self, inner: Optimizer) -> set[str]:
        """The names that a recurrence which is put here must avoid."""
        if inner.name in self.inner:
            message = "it is called twice; one recurrence cannot take two steps at once, so declare it a second time"
            raise DialectError(message, inner.name)
        return set(self.sequences) - {"g"} | self.internal | {hyper.name for hyper in self.hyperparameters}

    def _join(self, inner: Optimizer, found: Inlined) -> None:
        for hyper in inner.hyperparameters:
            if any(hyper.name == own.name for own in self.hyperparameters) or hyper.name in self.sequences:
                remedy = f'rename one: inner.renamed({hyper.name}="inner_{hyper.name}")'
                raise DialectError(f"{self.name} and {inner.name} both have a {hyper.name}; {remedy}", hyper.name)
        self.inner.append(inner.name)
        self.in_force.update(inner.in_force)
        self.hyperparameters += inner.hyperparameters
        self.inputs.update(found.inputs)
        self.internal |= {equation.target for equation in found.equations}
        self.equations += found.equations
        self.starts.update(found.starts)
        self.meanings.update(found.meanings)


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean x?` where a known name is close, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
