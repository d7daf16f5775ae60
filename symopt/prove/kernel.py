"""The proof of an emitted file: one step of it, on symbols, is one step of the declared equations.

A model of three tensors in two groups (seven elements, one, six; chunks of five) is stepped from any state by the
file's own `step`. Obligations, for every element, tensor and group: each stored state is what its equation says, the
user's array is the next gradient point, what `deployed` returns is theta, the state that is not stored can be
recovered, and what `init` makes is x[0].
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.derive.training import Training, shifted
from symopt.errors import SymoptError
from symopt.expr import ONE, START, Expr, Seq, Sym, T, substitute, transform, walk
from symopt.prove.algebra import Proved, Verdict, decide
from symopt.prove.facts import Facts
from symopt.prove.model import GROUPS, PLACES, SHAPES, Declared, element, facts_of, of_group, of_tensor
from symopt.prove.sums import Sums
from symopt.prove.symbolic import Machine
from symopt.prove.values import Path, Results, Value, explore, expression


@dataclass(frozen=True)
class Proof:
    """The outcome of each obligation, in words."""

    verdicts: tuple[tuple[str, Verdict], ...]

    @property
    def holds(self) -> bool:
        """Whether everything was proved."""
        return bool(self.verdicts) and not self.failures

    @property
    def failures(self) -> tuple[tuple[str, Verdict], ...]:
        """What was not proved."""
        return tuple((what, verdict) for what, verdict in self.verdicts if not isinstance(verdict, Proved))


def prove_kernel(training: Training, text: str, *, stop: bool = False) -> Proof:
    """Prove an emitted CPU file against the declared equations; with `stop`, only up to the first failure.

    Raises SymoptError where the file does something that no kernel may.
    """
    facts = facts_of(training)
    decided: dict[tuple[Expr, Expr], Verdict] = {}
    verdicts: list[tuple[str, Verdict]] = []
    for what, computed, declared in obligations(training, text, facts):
        key = _anywhere(computed, declared)
        if key not in decided:
            decided[key] = decide(*key, facts.knowing({_plain(name): d for name, d in facts.domains.items()}))
        verdicts.append((what, decided[key]))
        if stop and not isinstance(decided[key], Proved):
            break
    return Proof(tuple(verdicts))


def obligations(training: Training, text: str, facts: Facts) -> list[tuple[str, Expr, Expr]]:
    """(what, what the file computes, what the equations say); reductions are compared here and stand as symbols."""
    computed = explore(lambda path: _run(training, text, path))
    sums = Sums(facts)
    declared = Declared(training, sums)
    wanted = {key: _wanted(declared, key) for key in computed}
    return [
        (f"{name} of tensor {tensor}, element {i}, after {'a step' if when == 'step' else 'init'}", found, want)
        for ((when, name, tensor, i), want), found in zip(
            wanted.items(), map(sums.abstracted, computed.values()), strict=True
        )
    ]


def _wanted(declared: Declared, key: tuple[str, str, int, int]) -> Expr:
    when, name, tensor, i = key
    training, shift = declared.training, 0 if when == "step" else START
    if name == training.param:
        point = training.source.gradient_point
        return (
            declared.value(shifted(point, training.source), tensor, i) if shift == 0 else _at_start(declared, tensor, i)
        )
    if name == "recovered":
        assert training.recovered is not None
        return declared.value(Seq(training.recovered[0], shift), tensor, i)
    if name == "t":
        return of_group("t", GROUPS[tensor])
    return declared.value(Seq("theta" if name == "deployed" else name, shift), tensor, i)


def _at_start(declared: Declared, tensor: int, i: int) -> Expr:
    """The first gradient point."""
    point = substitute(declared.training.source.point_before_step, {T: ONE})
    old = {node for node in walk(point) if isinstance(node, Seq) and node.shift == -1}
    return declared.value(substitute(point, {node: Seq(node.name, START) for node in old}), tensor, i)


def _run(training: Training, text: str, path: Path) -> Results:
    """`init`, then one `step` from any state."""
    emitted = _Emitted(training, Machine(path), text)
    results: Results = {}
    params = emitted.params("theta")
    state = emitted.init(params)
    emitted.collect("start", params, state, results)
    params = emitted.params(training.param)
    emitted.forget(state)
    emitted.step(params, state)
    emitted.collect("step", params, state, results)
    return results


class _Emitted:
    """An emitted file, loaded on symbols."""

    def __init__(self, training: Training, machine: Machine, text: str):
        self.training, self.machine, self.names = training, machine, machine.load(text)
        plan = self.names["Plan"]
        plan.bind = lambda bound, *buffers: self._bind(bound, *buffers)
        self.names["check_number"] = lambda name, words, inside, value: value
        self.names["plan_for"] = lambda params, groups, buffers: plan(
            buffers, np.dtype(object), list(SHAPES), list(groups)
        )
        self.hypers = {
            hyper.name: [self.value(of_group(hyper.name, group)) for group in sorted(set(GROUPS))]
            for hyper in training.source.hyperparameters
        }

    def value(self, node: Expr) -> Value:
        return Value(node, self.machine.path)

    def params(self, name: str) -> list[Any]:
        """One array of symbols per tensor."""
        arrays = [np.empty(shape, object) for shape in SHAPES]
        for tensor, i in PLACES:
            arrays[tensor].reshape(-1)[i] = self.value(element(name, tensor, i))
        return arrays

    def _bind(self, plan: Any, *buffers: Any) -> None:
        for column, arrays in enumerate(buffers):
            for tensor, array in enumerate(arrays):
                plan.table[tensor, column] = self.machine.address(array)

    def init(self, params: list[Any]) -> Any:
        init = self.names["init"]
        wanted = init.__code__.co_varnames[: init.__code__.co_argcount]
        return init(params, list(GROUPS), **{name: value for name, value in self.hypers.items() if name in wanted})

    def forget(self, state: Any) -> None:
        """Any state in the place of the first one: a symbol for every stored number."""
        group, tensor_columns = self.names["GROUP"], self.names.get("TENSOR", ())
        for name in self.training.states:
            level = self.training.levels[name]
            if level == "element":
                setattr(state, name, tuple(self.params(name)))
            elif level == "tensor":
                for tensor in range(len(SHAPES)):
                    state.tensor_numbers[tensor, tensor_columns.index(name)] = self.value(of_tensor(name, tensor))
            else:
                for g in set(GROUPS):
                    state.numbers[g, group.index(name)] = self.value(of_group(name, g))
        for g in set(GROUPS):
            state.numbers[g, 0] = self.value(of_group("t", g)) - 1

    def step(self, params: list[Any], state: Any) -> None:
        grads = self.params("g")
        before = [array.copy() for array in grads]
        inputs: dict[str, Any] = {}
        for name, level in self.training.source.inputs:
            of_groups = [self.value(of_group(name, g)) for g in sorted(set(GROUPS))]
            inputs[name] = self.params(name) if level == "element" else of_groups
        self.names["step"](params, grads, state, **inputs, **self.hypers)
        if any(x is not y for a, b in zip(grads, before, strict=True) for x, y in zip(a.flat, b.flat, strict=True)):
            raise SymoptError("the emitted file writes to the gradient")

    def collect(self, when: str, params: list[Any], state: Any, results: Results) -> None:
        """What is stored, deployed and recoverable now."""
        for tensor, i in PLACES:
            stored = {
                name: self._stored(name, params, state, tensor, i)
                for name in (self.training.param, *self.training.states)
            }
            declared = {e.target for e in self.training.source.equations}
            results |= {
                (when, name, tensor, i): node
                for name, node in stored.items()
                if name in declared or name == self.training.param
            }
            if when == "step":
                results[(when, "t", tensor, i)] = expression(state.numbers[GROUPS[tensor], 0])
            if self.training.recovered is not None:
                table: dict[Expr, Expr] = {Seq(name, -1): node for name, node in stored.items()}
                results[(when, "recovered", tensor, i)] = substitute(self.training.recovered[1], table)
        if "deployed" in self.names:
            for tensor, array in enumerate(self.names["deployed"](params, state)):
                for i, x in enumerate(array.reshape(-1)):
                    results[(when, "deployed", tensor, i)] = expression(x)

    def _stored(self, name: str, params: list[Any], state: Any, tensor: int, i: int) -> Expr:
        level = self.training.levels[name]
        if name == self.training.param:
            return expression(params[tensor].reshape(-1)[i])
        if level == "element":
            return expression(getattr(state, name)[tensor].reshape(-1)[i])
        if level == "tensor":
            return expression(state.tensor_numbers[tensor, self.names["TENSOR"].index(name)])
        return expression(state.numbers[GROUPS[tensor], self.names["GROUP"].index(name)])


def _anywhere(computed: Expr, declared: Expr) -> tuple[Expr, Expr]:
    """The same question without its place, where only one element is in it: one answer then serves all elements."""
    places = {_place(node.name) for expr in (computed, declared) for node in walk(expr) if isinstance(node, Sym)}
    if any(len({place for place in places if kind(place)}) > 1 for kind in (_of_element, _of_group, _of_tensor)):
        return computed, declared
    return _without_places(computed), _without_places(declared)


def _place(name: str) -> str:
    return name[name.find(".") :] if "." in name else ""


def _of_group(place: str) -> bool:
    return place.startswith(".g")


def _of_element(place: str) -> bool:
    return place.count(".") == 2


def _of_tensor(place: str) -> bool:
    return place.count(".") == 1 and not _of_group(place)


def _plain(name: str) -> str:
    return re.sub(r"\..*", "", name)


def _without_places(expr: Expr) -> Expr:
    return transform(expr, lambda node: Sym(_plain(node.name)) if isinstance(node, Sym) else node)
