"""The proof of an emitted file: one step of it, on symbols, is one step of the declared equations.

A model of five tensors in two groups (rows longer than a chunk and shorter ones, a vector, a number, and one without
elements) is stepped from any state by the file's own `step`. Obligations, for every element, tensor and group: each
stored state is what its equation says, the user's array is the next gradient point, what `deployed` returns is theta,
the state that is not stored can be recovered, and what `init` makes is x[0].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np

from symopt.derive.moments import shifted
from symopt.derive.training import Training
from symopt.errors import SymoptError
from symopt.expr import ONE, START, Call, Expr, Seq, T, substitute, walk
from symopt.prove.algebra import Proved, Refuted, Verdict, decide
from symopt.prove.facts import Facts
from symopt.prove.model import GROUPS, PLACES, SHAPES, Declared, facts_of
from symopt.prove.places import anywhere, element, of_group, of_tensor
from symopt.prove.sample import gap
from symopt.prove.sums import Sums
from symopt.prove.symbolic import OF_ARRAYS, Machine, compiled
from symopt.prove.values import Results, Value, ValueArray, explore, expression

GAP_POINTS = 4  # besides the edges of the domains


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


@dataclass(frozen=True)
class Shared:
    """What the proofs of several files of one optimizer have in common: known facts, and what was decided already."""

    facts: Facts
    decided: dict[tuple[Expr, Expr], Verdict]

    @staticmethod
    def of(training: Training) -> Shared:
        return Shared(facts_of(training), {})


def prove_kernel(training: Training, text: str, *, stop: bool = False, shared: Shared | None = None) -> Proof:
    """Prove an emitted CPU file against the declared equations; with `stop`, only up to the first failure.

    Raises SymoptError where the file does something that no kernel may.
    """
    shared = shared or Shared.of(training)
    sums, decided = Sums(shared.facts), shared.decided
    verdicts: list[tuple[str, Verdict]] = []
    for what, computed, declared in obligations(training, text, sums):
        key = anywhere(computed, declared)
        if key not in decided:
            decided[key] = _verdict(*key, sums.facts)
        verdicts.append((what, decided[key]))
        if stop and not isinstance(decided[key], Proved):
            break
    return Proof(tuple(verdicts))


def _verdict(computed: Expr, declared: Expr, facts: Facts) -> Verdict:
    """Equal wherever both have a value, and where the equations have one, the file has one."""
    found = decide(computed, declared, facts)
    lacking = gap(computed, declared, facts, range(GAP_POINTS)) if isinstance(found, Proved) else None
    return found if lacking is None else Refuted(*lacking)


def obligations(training: Training, text: str, sums: Sums) -> list[tuple[str, Expr, Expr]]:
    """(what, what the file computes, what the equations say); reductions are compared here and stand as symbols."""
    code = compiled(text)
    computed = explore(lambda path: stepped(training, code, Machine(path)))
    declared = Declared(training, sums)
    wanted = {key: _wanted(declared, key) for key in computed}
    return [
        (f"{name} of tensor {tensor}, element {i}, {_WHEN[when]}", found, want)
        for ((when, name, tensor, i), want), found in zip(
            wanted.items(), map(sums.abstracted, computed.values()), strict=True
        )
    ]


_WHEN = {"start": "after init", "any": "in any state", "step": "after a step"}
_SHIFTS = {"start": START, "any": -1, "step": 0}
_THETA = ("deployed", "exchanged", "deployed in place")
_POINT = ("kept aside", "trained again")


def _wanted(declared: Declared, key: tuple[str, str, int, int]) -> Expr:
    when, name, tensor, i = key
    training, shift = declared.training, _SHIFTS[when]
    if name in (training.param, *_POINT):
        return _point(declared, when, tensor, i)
    if name == "t":
        return of_group("t", GROUPS[tensor])
    return declared.value(Seq("theta" if name in _THETA else name, shift), tensor, i)


def _point(declared: Declared, when: str, tensor: int, i: int) -> Expr:
    """What the user's array holds."""
    if when == "start":
        return _at_start(declared, tensor, i)
    if when == "any":
        return element(declared.training.param, tensor, i)
    source = declared.training.source
    return declared.value(shifted(source.gradient_point, source), tensor, i)


def _at_start(declared: Declared, tensor: int, i: int) -> Expr:
    """The first gradient point."""
    point = substitute(declared.training.source.point_before_step, {T: Call("+", (T, ONE))})
    old = {node for node in walk(point) if isinstance(node, Seq) and node.shift == -1}
    return declared.value(substitute(point, {node: Seq(node.name, START) for node in old}), tensor, i)


def stepped(training: Training, code: Iterable[CodeType], machine: Machine) -> Results:
    """`init`, then one `step` from any state: (when, what, tensor, element) -> its value."""
    emitted = _Emitted(training, machine, code)
    results: Results = {}
    params = emitted.params("theta")
    state = emitted.init(params)
    emitted.collect("start", params, state, results)
    params = emitted.params(training.param)
    emitted.forget(state)
    emitted.deploy("any", params, state, results)
    emitted.step(params, state)
    emitted.collect("step", params, state, results)
    return results


def _elements(when: str, what: str, arrays: list[Any]) -> Results:
    return {(when, what, k, i): expression(x) for k, array in enumerate(arrays) for i, x in enumerate(array.flat)}


class _Emitted:
    """An emitted file, loaded on symbols."""

    def __init__(self, training: Training, machine: Machine, code: Iterable[CodeType]):
        self.training, self.machine, self.names = training, machine, machine.load(code)
        plan = self.names["Plan"]
        plan.bind = lambda bound, *buffers: self._bind(bound, *buffers)
        self.names["check_number"] = lambda name, words, inside, value: value
        self.names["plan_for"] = lambda params, groups, buffers: plan(buffers, OF_ARRAYS, list(SHAPES), list(groups))
        self.hypers = {
            hyper.name: [self.value(of_group(hyper.name, group)) for group in sorted(set(GROUPS))]
            for hyper in training.source.hyperparameters
        }

    def value(self, node: Expr) -> Value:
        return Value(node, self.machine.path)

    def params(self, name: str) -> list[Any]:
        """One array of symbols per tensor."""
        arrays = [np.empty(shape, object).view(ValueArray) for shape in SHAPES]
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
        hypers = {name: value for name, value in self.hypers.items() if name in wanted}
        taken = [self.value(of_group("t", group)) for group in sorted(set(GROUPS))]
        return init(params, list(GROUPS), t=taken, **hypers)

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
        if tensor_columns:  # counts are values too: what is divided by none of them has no value, and is no error
            state.tensor_numbers[...] = np.frompyfunc(lambda x: self.value(expression(x)), 1, 1)(state.tensor_numbers)

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
            results |= {(when, name, tensor, i): node for name, node in stored.items()}
            if when == "step":
                results[(when, "t", tensor, i)] = expression(state.numbers[GROUPS[tensor], 0])
            table: dict[Expr, Expr] = {Seq(name, -1): node for name, node in stored.items()}
            results |= {(when, name, tensor, i): substitute(old, table) for name, old in self.training.recovered}
        self.deploy(when, params, state, results)

    def deploy(self, when: str, params: list[Any], state: Any, results: Results) -> None:
        """theta in new arrays, exchanged with the training point and back, and in its place and back."""
        if "deployed" not in self.names:
            return
        arrays, theta = [array.copy() for array in params], self.names["deployed"](params, state)
        results |= _elements(when, "deployed", theta)
        self._changed(1, state, "exchange", arrays, theta)
        results |= _elements(when, "exchanged", arrays) | _elements(when, "kept aside", theta)
        self._changed(0, state, "exchange", arrays, theta)
        self._changed(1, state, "deploy_in_place", arrays)
        results |= _elements(when, "deployed in place", arrays)
        self._changed(0, state, "train_in_place", arrays)
        results |= _elements(when, "trained again", arrays)

    def _changed(self, says: int, state: Any, function: str, *arrays: list[Any]) -> None:
        """Call what puts theta into the arrays or takes it out; the state must say which of them they hold then."""
        self.names[function](*arrays, state)
        if state.deployed[0] != says:
            raise SymoptError(f"after {function} the state says {state.deployed[0]} and not {says} of theta in params")

    def _stored(self, name: str, params: list[Any], state: Any, tensor: int, i: int) -> Expr:
        level = self.training.levels[name]
        if name == self.training.param:
            return expression(params[tensor].reshape(-1)[i])
        if level == "element":
            return expression(getattr(state, name)[tensor].reshape(-1)[i])
        if level == "tensor":
            return expression(state.tensor_numbers[tensor, self.names["TENSOR"].index(name)])
        return expression(state.numbers[GROUPS[tensor], self.names["GROUP"].index(name)])
