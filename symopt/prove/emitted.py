"""An emitted file at work on a model: `init`, `step` from any state, theta put in and out of the user's arrays."""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType
from typing import Any

import numpy as np

from symopt.derive.training import Training
from symopt.errors import SymoptError
from symopt.expr import Expr, Seq, substitute
from symopt.prove.model import Model
from symopt.prove.places import element, of_tensor
from symopt.prove.symbolic import OF_ARRAYS, Machine
from symopt.prove.values import Results, Value, ValueArray, expression

# A cut row, a number, short rows, rows of nothing, a vector; no two of the counts of chunks, blocks and tensors agree.
MODEL = Model(((1, 7), (), (3, 2), (2, 0), (2,)), (0, 1, 0, 0, 1), unlike=2)


def stepped(training: Training, code: Iterable[CodeType], machine: Machine) -> Results:
    """`init`, then one `step` from any state: (when, what, tensor, element) -> its value."""
    return run(Emitted(training, MODEL, machine, code))


def run(emitted: Emitted) -> Results:
    """The same of a file that is loaded."""
    params = emitted.params("theta")
    state = emitted.init(params)
    emitted.collect("start", params, state)
    params = emitted.any_state(state)
    emitted.deploy("any", params, state)
    emitted.step(params, state)
    emitted.collect("step", params, state)
    return emitted.results


class Emitted:
    """An emitted file, loaded on symbols."""

    def __init__(self, training: Training, model: Model, machine: Machine, code: Iterable[CodeType]):
        self.training, self.model, self.machine, self.names = training, model, machine, machine.load(code)
        self.names["check_number"] = lambda name, words, inside, value: value
        self.results: Results = {}
        self.hypers = {hyper.name: self.of_groups(hyper.name) for hyper in training.source.hyperparameters}
        self.prepare()

    def prepare(self) -> None:
        """Put stand-ins in the place of what reads the heads of arrays."""
        plan, model = self.names["Plan"], self.model
        plan.bind = lambda bound, *buffers: self._bind(bound, *buffers)
        self.names["plan_for"] = lambda params, groups, buffers: plan(
            buffers, OF_ARRAYS, list(model.shapes), list(groups)
        )

    def value(self, node: Expr) -> Value:
        """An expression as a number of the file."""
        return Value(node, self.machine.path)

    def of_groups(self, name: str) -> list[Value]:
        """A symbol for each group."""
        return [self.value(self.model.of_group(name, group)) for group in self.model.each_group]

    def arrays(self, name: str) -> list[Any]:
        """One array of symbols per tensor, as NumPy holds it."""
        arrays = [np.empty(shape, object).view(ValueArray) for shape in self.model.shapes]
        for tensor, i in self.model.places:
            arrays[tensor].reshape(-1)[i] = self.value(element(name, tensor, i))
        return arrays

    def params(self, name: str) -> list[Any]:
        """The user's arrays, full of symbols."""
        return self.arrays(name)

    def given(self, name: str) -> list[Any]:
        """Arrays of symbols that are only read."""
        return self.arrays(name)

    def _bind(self, plan: Any, *buffers: Any) -> None:
        for column, arrays in enumerate(buffers):
            for tensor, array in enumerate(arrays):
                plan.table[tensor, column] = self.machine.address(array)

    def init(self, params: list[Any], **options: bool) -> Any:
        """The first state."""
        init = self.names["init"]
        wanted = init.__code__.co_varnames[: init.__code__.co_argcount]
        hypers = {name: value for name, value in self.hypers.items() if name in wanted}
        return init(params, list(self.model.groups), t=self.of_groups("t"), **hypers, **options)

    def any_state(self, state: Any) -> list[Any]:
        """Any state in the place of the first one, and any arrays: a symbol for every stored number."""
        group, tensor_columns = self.names["GROUP"], self.names.get("TENSOR", ())
        for name in self.training.states:
            level = self.training.levels[name]
            if level == "element":
                self.forget(state, name)
            elif level == "tensor":
                for tensor in range(len(self.model.shapes)):
                    state.tensor_numbers[tensor, tensor_columns.index(name)] = self.value(of_tensor(name, tensor))
            else:
                for g in self.model.each_group:
                    state.numbers[g, group.index(name)] = self.value(self.model.of_group(name, g))
        for g in self.model.each_group:
            state.numbers[g, 0] = self.value(self.model.of_group("t", g)) - 1
        for tensor in range(len(self.model.shapes)):  # counts too: what is divided by none has no value, and no error
            for column in range(len(tensor_columns)):
                state.tensor_numbers[tensor, column] = self.value(expression(state.tensor_numbers[tensor, column]))
        return self.params(self.training.param)

    def forget(self, state: Any, name: str) -> None:
        """Symbols for every element of a state."""
        setattr(state, name, tuple(self.arrays(name)))

    def step(self, params: list[Any], state: Any) -> None:
        """One step, which must leave the gradient as it was."""
        grads = self.given("g")
        before = [list(array.flat) for array in grads]
        inputs: dict[str, Any] = {}
        for name, level in self.training.source.inputs:
            inputs[name] = self.given(name) if level == "element" else self.of_groups(name)
        self.names["step"](params, grads, state, **inputs, **self.hypers)
        if any(x is not y for a, b in zip(grads, before, strict=True) for x, y in zip(a.flat, b, strict=True)):
            raise SymoptError("the emitted file writes to the gradient")

    def collect(self, when: str, params: list[Any], state: Any) -> None:
        """What is stored, deployed and recoverable now."""
        training, results = self.training, self.results
        for tensor, i in self.model.places:
            stored = {name: self._stored(name, params, state, tensor, i) for name in (training.param, *training.states)}
            results |= {(when, name, tensor, i): node for name, node in stored.items()}
            if when.startswith("step"):
                results[(when, "t", tensor, i)] = expression(state.numbers[self.model.groups[tensor], 0])
            table: dict[Expr, Expr] = {Seq(name, -1): node for name, node in stored.items()}
            results |= {(when, name, tensor, i): substitute(old, table) for name, old in training.recovered}
        self.deploy(when, params, state)

    def deploy(self, when: str, params: list[Any], state: Any) -> None:
        """theta in new arrays, exchanged with the training point and back, and in its place and back."""
        if "deployed" not in self.names:
            return
        arrays, theta = [array.copy() for array in params], self.names["deployed"](params, state)
        self.found(when, "deployed", theta)
        self._changed(1, state, "exchange", arrays, theta)
        self.held(when, "exchanged", arrays, state)
        self.found(when, "kept aside", theta)
        self._changed(0, state, "exchange", arrays, theta)
        self._changed(1, state, "deploy_in_place", arrays)
        self.held(when, "deployed in place", arrays, state)
        self._changed(0, state, "train_in_place", arrays)
        self.held(when, "trained again", arrays, state)

    def held(self, when: str, what: str, params: list[Any], state: Any) -> None:
        """Take down what the user's arrays hold."""
        self.found(when, what, params)

    def found(self, when: str, what: str, arrays: list[Any]) -> None:
        """Take down every element of some arrays."""
        self.results |= {
            (when, what, k, i): expression(x) for k, array in enumerate(arrays) for i, x in enumerate(array.flat)
        }

    def stepped(self, params: list[Any], state: Any) -> list[Any]:
        """The arrays that a step works on."""
        return params

    def _changed(self, says: int, state: Any, function: str, *arrays: list[Any]) -> None:
        """Call what puts theta into the arrays or takes it out; the state must say which of them they hold then."""
        self.names[function](*arrays, state)
        if state.deployed[0] != says:
            raise SymoptError(f"after {function} the state says {state.deployed[0]} and not {says} of theta in params")

    def _stored(self, name: str, params: list[Any], state: Any, tensor: int, i: int) -> Expr:
        level = self.training.levels[name]
        if name == self.training.param:
            return expression(self.stepped(params, state)[tensor].flat[i])
        if level == "element":
            return expression(getattr(state, name)[tensor].flat[i])
        if level == "tensor":
            return expression(state.tensor_numbers[tensor, self.names["TENSOR"].index(name)])
        return expression(state.numbers[self.model.groups[tensor], self.names["GROUP"].index(name)])
