"""The value of an expression: its operations applied, tensor by tensor, in a number system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np

from symopt.expr import Call, Expr, Num, Reduction, Seq, Sym
from symopt.interpret.numbers import Numbers


@dataclass
class Reader:
    """The names of one moment and what they stand for.

    A value is looked up for a tensor, which belongs to a group: an array, one number for the whole tensor, or numbers
    for its rows, in an array that has one element along every axis but the first.
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
            case Reduction("axes"):
                return self.numbers.constant(len(self.shapes[tensor]))
            case Reduction(over="row") if len(self.shapes[tensor]) > 1:
                return self._of_rows(expr, tensor)
            case Reduction(over=over):
                tensors = range(len(self.shapes)) if over == "all" else [tensor]
                listed = [[x for i in tensors for x in self.filled(self.value(arg, i), i).flat] for arg in expr.args]
                return self._reduced(expr.op, listed)

    def filled(self, value: Any, tensor: int) -> Any:
        """A value as an array of the tensor's shape, also where it is one number."""
        array = np.empty(self.shapes[tensor], self.numbers.dtype)
        array[...] = value
        return array

    def _of_rows(self, expr: Reduction, tensor: int) -> Any:
        """A number for each slice along the first axis."""
        shape = self.shapes[tensor]
        given = [self.filled(self.value(arg, tensor), tensor) for arg in expr.args]
        found = np.empty((shape[0], *(1 for _ in shape[1:])), self.numbers.dtype)
        for row in range(shape[0]):
            found[row] = self._reduced(expr.op, [list(array[row].flat) for array in given])
        return found

    def _reduced(self, op: str, columns: list[list[Any]]) -> Any:
        """Of no elements every reduction is 0, but the mean, which is 0/0."""
        apply = self.numbers.apply
        count = len(columns[0])
        x, y = (column or [self.numbers.constant(0)] for column in (columns[0], columns[-1]))
        if op == "maxabs":
            return reduce(lambda a, b: apply("max", a, b), [apply("abs", a) for a in x])
        summands = [apply("*", a, b) for a, b in zip(x, y, strict=True)] if op in ("dot", "norm") else x
        total = reduce(lambda a, b: apply("+", a, b), summands)
        if op == "mean":
            return apply("/", total, self.numbers.constant(count))
        return apply("sqrt", total) if op == "norm" else total
