"""The derivative of a trajectory with respect to a hyperparameter, as a recurrence beside the recurrence itself.

Each sequence x that moves with lr gets a companion x_lr, written by the rules of `tangent`. The gradient moves with
theta: its companion is a product with the Hessian, which comes from outside, as an input of the step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from symopt import naming
from symopt.derive.linear import recombine
from symopt.derive.moments import at_start, shifted
from symopt.derive.tangent import tangent
from symopt.domains import Domain, PositiveInt
from symopt.errors import SymoptError, suggest
from symopt.expr import ONE, ZERO, Expr, Seq, Sym, T, sequences
from symopt.recurrence import Equation, Hyperparameter, Optimizer

PRODUCT = "hv"
"""The Hessian times the derivative of the gradient point, as an input."""

_POINT = "point"


@dataclass(frozen=True)
class Sensitivity:
    """An optimizer that carries derivatives with respect to one of its hyperparameters.

    names: sequence or input -> its derivative; that of theta is among them, and only those that it needs
    direction: the state that the Hessian is multiplied with before each step; None where no Hessian is needed
    """

    optimizer: Optimizer
    hyperparameter: str
    names: Mapping[str, str]
    direction: str | None


def sensitivity(optimizer: Optimizer, hyperparameter: str = "lr", *, constant: Collection[str] = ()) -> Optimizer:
    """`optimizer` with the derivative of theta, and of its outputs, with respect to a hyperparameter.

    For lr it is the state theta_lr; that of each other sequence x that this needs is x_lr. Before each step the
    Hessian at the gradient point is multiplied with the state `derived(optimizer, "lr").direction`, theta_lr as a
    rule, and the product is given to the step: `opt.step(grads, hv=product)`. A hyperparameter under a schedule
    moves by its own value, and one that is set anew between steps as if it had moved by the same all along.

    constant: inputs that do not depend on theta; of others that theta depends on, the derivative becomes an input too
    raises SymoptError where the hyperparameter is a whole number, or moves theta by jumps only
    """
    return derived(optimizer, hyperparameter, constant=constant).optimizer


def derived(optimizer: Optimizer, hyperparameter: str = "lr", *, constant: Collection[str] = ()) -> Sensitivity:
    """The sensitivity of an optimizer, with the names in it."""
    found = attempt(optimizer, optimizer.hyperparameter(hyperparameter), constant)
    if isinstance(found, str):
        raise SymoptError(f"{optimizer.name} has no derivative with respect to {hyperparameter}: {found}")
    return found


def attempt(optimizer: Optimizer, hyper: Hyperparameter, constant: Collection[str] = ()) -> Sensitivity | str:
    """The sensitivity, or why there is none."""
    inputs = dict(optimizer.inputs)
    for name in constant:
        if name not in inputs:
            raise SymoptError(f"{optimizer.name} takes no input {name!r}{suggest(name, inputs)}")
    if hyper.domain.integer:
        return "it takes whole numbers only"
    found = _Derivation(optimizer, hyper, inputs.keys() - set(constant))
    if "theta" not in found.tangents:
        return "theta depends on it through conditions only, so that it moves by jumps, and not between them"
    return found.sensitivity()


class _Derivation:
    """What moves with a hyperparameter, and how: the least set of sequences that the equations close."""

    def __init__(self, optimizer: Optimizer, hyper: Hyperparameter, inputs: Collection[str]):
        self.optimizer, self.hyper = optimizer, hyper.name
        self.names = _names(optimizer, hyper.name)
        self.leaves: dict[Expr, Expr] = {Sym(hyper.name, base): ONE for base in (False, True)}
        self.domains: dict[Expr, Domain] = {T: PositiveInt}
        for other in optimizer.hyperparameters:
            self.domains |= {Sym(other.name, base): other.domain for base in (False, True)}
        self.starts = {name: self._of(rhs) for name, rhs in optimizer.starts}
        self._move(name for name, start in self.starts.items() if start != ZERO)
        size = -1
        while len(self.leaves) > size:
            size = len(self.leaves)
            self.tangents = {equation.target: self._of(equation.rhs) for equation in optimizer.equations}
            self._move(name for name, rhs in self.tangents.items() if rhs != ZERO)
            self.point = self._of(optimizer.gradient_point)
            self._move(("g",) if self.point != ZERO else ())
            self._move(inputs if Seq("theta", 0) in self.leaves else ())
        self.tangents = {name: rhs for name, rhs in self.tangents.items() if Seq(name, 0) in self.leaves}
        self.goals = [name for name in ("theta", *optimizer.outputs) if name in self.tangents]

    def _move(self, names: Any) -> None:
        for name in names:
            self.leaves |= {Seq(name, shift): Seq(self.names[name], shift) for shift in (0, -1)}

    def _of(self, expr: Expr) -> Expr:
        return tangent(expr, self.leaves, self.domains)

    def sensitivity(self) -> Sensitivity:
        """All of it as one optimizer."""
        needed = self._needed()
        kept = {name: new for name, new in self.names.items() if new in needed}
        direction = self._direction() if "g" in kept else None
        made = replace(self.optimizer, **self._said(kept, direction), **self._derivatives(kept))
        if direction is not None and direction == self.names[""]:
            made = self._with_point(made, direction)
        read = [*self.optimizer.outputs, *(kept[name] for name in self.goals), *([direction] if direction else [])]
        outputs = dict.fromkeys(read)
        return Sensitivity(replace(made, outputs=tuple(outputs)), self.hyper, kept, direction)

    def _direction(self) -> str:
        """The state that is the derivative of the next gradient point, or the name of one that has to be added."""
        if isinstance(self.point, Seq) and self.point.shift == -1:
            return self.point.name
        return self.names[""]

    def _needed(self) -> set[str]:
        """The derivatives from which a path leads to that of theta, or of what is kept to be read."""
        rhs = {self.names[name]: expr for name, expr in self.tangents.items()} | {self.names["g"]: self.point}
        needed: set[str] = set()
        todo = {self.names[name] for name in self.goals}
        while todo:
            name = todo.pop()
            needed.add(name)
            todo |= {seq.name for seq in sequences(rhs.get(name, ZERO))} & set(self.names.values()) - needed
        return needed

    def _derivatives(self, kept: Mapping[str, str]) -> dict[str, Any]:
        """The equations, each with its derivative below it, the starts and the inputs."""
        optimizer, equations = self.optimizer, list[Equation]()
        for equation in optimizer.equations:
            equations.append(equation)
            if equation.target in kept:
                equations.append(Equation(kept[equation.target], self.tangents[equation.target]))
        starts = {kept[name]: start for name, start in self.starts.items() if name in kept and start != ZERO}
        inputs = [(kept[name], level) for name, level in (*optimizer.inputs, ("g", "element")) if name in kept]
        return {
            "equations": tuple(equations),
            "starts": (*optimizer.starts, *starts.items()),
            "inputs": (*optimizer.inputs, *inputs),
        }

    def _said(self, kept: Mapping[str, str], direction: str | None) -> dict[str, Any]:
        """The name, the title and what is said about each sequence."""
        optimizer, hyper = self.optimizer, self.hyper
        meanings = {new: f"derivative of {name} with respect to {hyper}" for name, new in kept.items()}
        if direction is not None:
            meanings[kept["g"]] = f"the Hessian at the gradient point times {direction} as the last step left it"
        summary = f"{optimizer.title}, and beside it the derivative of theta with respect to {hyper}, step by step."
        return {
            "name": f"{optimizer.name}_by_{hyper}",
            "title": f"{optimizer.title} with its derivative by {hyper}",
            "summary": summary,
            "meanings": (*optimizer.meanings, *meanings.items()),
        }

    def _with_point(self, made: Optimizer, name: str) -> Optimizer:
        """The derivative of the next gradient point as a state of its own, so that it can be read before the step."""
        first = at_start(self.point, made)
        start = recombine(first, made.levels) or first
        return replace(
            made,
            equations=(*made.equations, Equation(name, shifted(self.point, made))),
            starts=(*made.starts, *([(name, start)] if start != ZERO else [])),
            meanings=(*made.meanings, (name, f"derivative of the next gradient point with respect to {self.hyper}")),
        )


def _names(optimizer: Optimizer, hyper: str) -> dict[str, str]:
    """The name of the derivative of each sequence and input; that of the gradient point is at "".

    It is x_lr where a page prints that as x with an index, and else d_x_lr: slow_lr would look like a kind of lr.
    """
    plain = [other.name for other in optimizer.hyperparameters]
    taken = {*optimizer.names, "g"}
    sources = [*(equation.target for equation in optimizer.equations), *dict(optimizer.inputs)]

    def free(name: str) -> str:
        while name in taken or naming.unusable(name) or naming.clash(plain, [*sorted(taken.difference(plain)), name]):
            name = f"d_{name}"
        taken.add(name)
        return name

    def moved(name: str) -> str:
        new = f"{name}_{hyper}"
        return free(new if _nucleus(new) == _nucleus(name) else f"d_{new}")

    return {**{name: moved(name) for name in sources}, "g": free(PRODUCT), "": moved(_POINT)}


def _nucleus(name: str) -> str:
    """What a page prints in front of the indices of a name."""
    return naming.symbol(name).partition("_")[0]
