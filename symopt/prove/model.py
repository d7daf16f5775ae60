"""A small model on symbols, and what the declared equations say about one step of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from math import prod

from symopt.derive.training import Training
from symopt.domains import Domain, PositiveInt
from symopt.expr import START, ZERO, Call, Expr, Reduction, Seq, Sym, children, number, rebuild
from symopt.prove.facts import Facts
from symopt.prove.sums import Sums

SHAPES = ((7,), (), (2, 3))  # five chunks, three blocks, three tensors, two groups: no two counts agree
GROUPS = (0, 1, 0)
SIZES = tuple(prod(shape) for shape in SHAPES)
PLACES = tuple((tensor, i) for tensor, size in enumerate(SIZES) for i in range(size))


def element(name: str, tensor: int, i: int) -> Sym:
    """The symbol of one element of a sequence."""
    return Sym(f"{name}.{tensor}.{i}")


def of_tensor(name: str, tensor: int) -> Sym:
    """The symbol of a number that each tensor has."""
    return Sym(f"{name}.{tensor}")


def of_group(name: str, group: int) -> Sym:
    """The symbol of a number that each group has."""
    return Sym(f"{name}.g{group}")


def facts_of(training: Training) -> Facts:
    """The domains of the symbols."""
    domains: dict[str, Domain] = {f"t.g{group}": PositiveInt for group in set(GROUPS)}
    for hyper in training.source.hyperparameters:
        domains |= {of_group(hyper.name, group).name: hyper.domain for group in set(GROUPS)}
    return Facts(domains, {})


@dataclass
class Declared:
    """The declared equations, read at one element: old values are symbols, new ones follow from them."""

    training: Training
    sums: Sums
    known: dict[tuple[Expr, int, int], Expr] = field(default_factory=dict["tuple[Expr, int, int]", Expr])

    def __post_init__(self) -> None:
        self.rhs = {equation.target: equation.rhs for equation in self.training.source.equations}
        self.starts = dict(self.training.source.starts)
        self.inputs = dict(self.training.source.inputs)

    def value(self, expr: Expr, tensor: int, i: int) -> Expr:
        """`expr` at element i of a tensor."""
        key = (expr, tensor, i)
        if key not in self.known:
            self.known[key] = self._value(expr, tensor, i)
        return self.known[key]

    def _value(self, expr: Expr, tensor: int, i: int) -> Expr:
        match expr:
            case Sym(name):
                return of_group(name, GROUPS[tensor])
            case Seq(name, shift) if shift == START:
                return element("theta", tensor, i) if name == "theta" else self.start(name, tensor, i)
            case Seq(name, -1):
                recovered = self.training.recovered
                if recovered is not None and recovered[0] == name:
                    return self.value(recovered[1], tensor, i)
                return self.symbol(name, tensor, i)
            case Seq(name, 0):
                return self.value(self.rhs[name], tensor, i) if name in self.rhs else self.symbol(name, tensor, i)
            case Reduction(op, args, over) if op == "norm":
                return Call("sqrt", (self.value(Reduction("dot", (*args, *args), over), tensor, i),))
            case Reduction(op, args, over) if op == "mean":
                count = len(PLACES) if over == "all" else SIZES[tensor]
                return Call("/", (self.value(Reduction("total", args, over), tensor, i), number(count)))
            case Reduction():
                return self.sums.symbol(self._reduction(expr, tensor))
            case _:
                return rebuild(expr, tuple(self.value(arg, tensor, i) for arg in children(expr)))

    def start(self, name: str, tensor: int, i: int) -> Expr:
        """x[0] of a declared sequence."""
        if name == "theta":
            return element("theta", tensor, i)
        return self.value(self.starts.get(name, ZERO), tensor, i)

    def symbol(self, name: str, tensor: int, i: int) -> Expr:
        """The symbol of a stored old value or of an input, at its level."""
        level = self.inputs.get(name) or self.training.levels.get(name, "element")
        if level == "element":
            return element(name, tensor, i)
        return of_tensor(name, tensor) if level == "tensor" else of_group(name, GROUPS[tensor])

    def _reduction(self, node: Reduction, tensor: int) -> Expr:
        places = [(k, i) for k, i in PLACES if node.over == "all" or k == tensor]
        rows = [[self.value(arg, k, i) for arg in node.args] for k, i in places]
        if node.op == "maxabs":
            return reduce(lambda a, b: Call("max", (a, b)), [Call("abs", (x,)) for (x,) in rows], ZERO)
        return _sum([reduce(lambda a, b: Call("*", (a, b)), row) for row in rows])


def _sum(terms: list[Expr]) -> Expr:
    return reduce(lambda a, b: Call("+", (a, b)), terms)
