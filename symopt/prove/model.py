"""A small model on symbols, and what the declared equations say about one step of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, reduce
from math import prod

from symopt.derive.training import Training
from symopt.domains import Domain, Positive, PositiveInt
from symopt.expr import START, ZERO, Call, Expr, Reduction, Seq, Sym, children, number, rebuild
from symopt.prove.facts import Facts
from symopt.prove.invariants import inside, known
from symopt.prove.places import element, of_group, of_tensor
from symopt.prove.sums import Sums
from symopt.prove.values import decided


@dataclass(frozen=True)
class Model:
    """Small tensors in parameter groups.

    unlike: how many groups have symbols of their own; those after them have the same, in turn: each symbol on which a
        file decides between statements can double the number of its runs
    """

    shapes: tuple[tuple[int, ...], ...]
    groups: tuple[int, ...]
    unlike: int

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many elements each tensor has."""
        return tuple(map(prod, self.shapes))

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Every element of every tensor."""
        return tuple((tensor, i) for tensor, size in enumerate(self.sizes) for i in range(size))

    @cached_property
    def each_group(self) -> tuple[int, ...]:
        """The groups, each once."""
        return tuple(sorted(set(self.groups)))

    def columns(self, tensor: int) -> int:
        """How many elements a row of a tensor has."""
        return prod(self.shapes[tensor][len(self.shapes[tensor]) > 1 :])

    def of_group(self, name: str, group: int) -> Sym:
        """The symbol of a number of a group."""
        return of_group(name, group % self.unlike)

    def everywhere(self, name: str, level: str) -> list[Sym]:
        """All symbols of a name at its level."""
        if level == "element":
            return [element(name, tensor, i) for tensor, i in self.places]
        if level == "tensor":
            return [of_tensor(name, tensor) for tensor in range(len(self.shapes))]
        return [self.of_group(name, group) for group in self.each_group]


def facts_of(training: Training, model: Model) -> Facts:
    """The domains of the symbols, with their places and without: what is declared, and what every step keeps true."""
    optimizer = training.source
    found = known(optimizer).domains
    domains: dict[str, Domain] = {}
    for name in ("t", *(hyper.name for hyper in optimizer.hyperparameters), *optimizer.states):
        level = training.levels[name] if name in optimizer.states else "step"
        names = (name, *(symbol.name for symbol in model.everywhere(name, level)))
        domains |= dict.fromkeys(names, found.get(name, PositiveInt))
    for equation in training.equations:  # the coefficients that a gradient point was made with
        own = equation.target in training.states and equation.target not in optimizer.states
        if own and inside(equation.rhs, Positive, Facts(found)):
            symbols = model.everywhere(equation.target, training.levels[equation.target])
            domains |= dict.fromkeys((equation.target, *(symbol.name for symbol in symbols)), Positive)
    return Facts(domains, {})


@dataclass
class Declared:
    """The declared equations, read at one element: old values are symbols, new ones follow from them."""

    training: Training
    model: Model
    sums: Sums
    known: dict[tuple[Expr, int, int], Expr] = field(default_factory=dict["tuple[Expr, int, int]", Expr])

    def __post_init__(self) -> None:
        # What the training form adds is stored too; of a sequence that both have, the declaration counts.
        self.rhs = {e.target: e.rhs for e in (*self.training.equations, *self.training.source.equations)}
        self.starts = dict((*self.training.starts, *self.training.source.starts))
        self.inputs = dict(self.training.source.inputs)

    def value(self, expr: Expr, tensor: int, i: int) -> Expr:
        """`expr` at element i of a tensor."""
        key = (expr, *self._first(expr, tensor, i))
        if key not in self.known:
            self.known[key] = self._value(expr, tensor, i)
        return self.known[key]

    def _first(self, expr: Expr, tensor: int, i: int) -> tuple[int, int]:
        """The first of the elements for which an expression is the same: a reduction is written out once."""
        match expr:
            case Reduction(over="all"):
                return self.model.places[0]
            case Reduction(over="tensor"):
                return tensor, 0
            case _:
                return tensor, i

    def _value(self, expr: Expr, tensor: int, i: int) -> Expr:
        match expr:
            case Sym(name):
                return self.model.of_group(name, self.model.groups[tensor])
            case Seq(name, shift) if shift == START:
                return element("theta", tensor, i) if name == "theta" else self.start(name, tensor, i)
            case Seq(name, -1):
                recovered = dict(self.training.recovered)
                return self.value(recovered[name], tensor, i) if name in recovered else self.symbol(name, tensor, i)
            case Seq(name, 0):
                return self.value(self.rhs[name], tensor, i) if name in self.rhs else self.symbol(name, tensor, i)
            case Reduction(op, args, over) if op == "norm":
                return Call("sqrt", (self.value(Reduction("dot", (*args, *args), over), tensor, i),))
            case Reduction("axes"):
                return number(len(self.model.shapes[tensor]))
            case Reduction(op, args, over) if op == "mean":
                model = self.model
                count = {"all": len(model.places), "tensor": model.sizes[tensor], "row": model.columns(tensor)}[over]
                return Call("/", (self.value(Reduction("total", args, over), tensor, i), number(count)))
            case Reduction(op, args):
                positive = op == "maxabs" or (op == "dot" and args[0] == args[1])
                return self.sums.symbol(self._reduction(expr, tensor, i), positive)
            case Call("where", (condition, yes, no)):
                chosen = self.value(condition, tensor, i)
                holds = decided(chosen)
                if holds is not None:
                    return self.value(yes if holds else no, tensor, i)
                return Call("where", (chosen, self.value(yes, tensor, i), self.value(no, tensor, i)))
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
        return of_tensor(name, tensor) if level == "tensor" else self.model.of_group(name, self.model.groups[tensor])

    def _reduction(self, node: Reduction, tensor: int, i: int) -> Expr:
        places = [(k, j) for k, j in self.model.places if node.over == "all" or k == tensor]
        if node.over == "row":
            columns = self.model.columns(tensor)
            places = [(k, j) for k, j in places if j // columns == i // columns]
        rows = [[self.value(arg, k, i) for arg in node.args] for k, i in places]
        if node.op == "maxabs":
            return reduce(lambda a, b: Call("max", (a, b)), [Call("abs", (x,)) for (x,) in rows], ZERO)
        return _sum([reduce(lambda a, b: Call("*", (a, b)), row) for row in rows])


def _sum(terms: list[Expr]) -> Expr:
    return reduce(lambda a, b: Call("+", (a, b)), terms)
