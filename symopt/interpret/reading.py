"""The value of an expression: its operations applied, tensor by tensor, in a number system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from symopt.expr import Call, Expr, Num, Reduction, Seq, Sym
from symopt.interpret.numbers import Numbers


@dataclass
class Reader:
    """The names of one moment and what they stand for.

    A value is looked up for a tensor, which belongs to a group: an array, or one number for the whole tensor.
    Shared parts of expressions are computed once, so a name must not change its value.

    shapes, groups: of each tensor; plain: per group, name -> number
    sequences: x[t], x[t-1] or x[0] -> a value per tensor
    """

    numbers: Numbers
    shapes: Sequence[tuple[int, ...]]
    groups: Sequence[int]
    sequences: dict[Seq, list[Any]]
    plain: list[dict[str, Any]]
    _found: dict[tuple[int, int], tuple[Expr, Any]] = field(default_factory=dict[tuple[int, int], tuple[Expr, Any]])

    def value(self, expr: Expr, tensor: int) -> Any:
        """The value of an expression at one tensor."""
        place = (id(expr), -1 if isinstance(expr, Reduction) and expr.over == "all" else tensor)
        if place not in self._found:
            self._found[place] = (expr, self._value(expr, tensor))  # the expression is kept, so its id stays its own
        return self._found[place][1]

    def _value(self, expr: Expr, tensor: int) -> Any:
        match expr:
            case Num(value):
                return self.numbers.constant(value)
            case Sym(name):
                return self.plain[self.groups[tensor]][name]
            case Seq():
                return self.sequences[expr][tensor]
            case Call(op, args):
                return self.numbers.apply(op, *(self.value(arg, tensor) for arg in args))
            case Reduction(over=over):
                return self._reduced(expr, range(len(self.shapes)) if over == "all" else [tensor])

    def filled(self, value: Any, tensor: int) -> Any:
        """A value as an array of the tensor's shape, also where it is one number."""
        array = np.empty(self.shapes[tensor], self.numbers.dtype)
        array[...] = value
        return array

    def _reduced(self, expr: Reduction, tensors: Iterable[int]) -> Any:
        apply = self.numbers.apply
        columns = [[x for i in tensors for x in self.filled(self.value(arg, i), i).flat] for arg in expr.args]
        x, y = columns[0], columns[-1]
        if expr.op == "maxabs":
            return reduce(lambda a, b: apply("max", a, b), [apply("abs", a) for a in x])
        summands = [apply("*", a, b) for a, b in zip(x, y, strict=True)] if expr.op in ("dot", "norm") else x
        total = reduce(lambda a, b: apply("+", a, b), summands)
        if expr.op == "mean":
            return apply("/", total, self.numbers.constant(len(x)))
        return apply("sqrt", total) if expr.op == "norm" else total
