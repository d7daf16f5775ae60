"""An emitted file, compiled or in plain Python on NumPy's floats, behind one face."""

from __future__ import annotations

import inspect

import numpy as np

from symopt.backends.cpu import emit
from symopt.derive.training import training_form
from symopt.lower import lower
from symopt.passes import run_passes


def text_of(optimizer):
    """(how it trains, its emitted file)."""
    training = training_form(optimizer)
    return training, emit(run_passes(lower(training)), training, "For a test.")


class Run:
    """A run of an emitted file on a case."""

    def __init__(self, module, training, case, names):
        self.names = names
        self.module, self.training, self.case = module, training, case
        self.params = [array.copy() for array in case.params]
        with np.errstate(all="ignore"):
            self.state = module.init(
                self.params, list(case.groups), t=case.start, **self._wanted(module.init, case.hypers(1))
            )

    def _wanted(self, function, values):
        names = inspect.signature(function).parameters
        return {name: value for name, value in values.items() if name in names}

    def step(self, step):
        """Take a step; what is stored then, by its name in the stored form."""
        case, training = self.case, self.training
        grads = [array.copy() for array in case.gradients[step - 1]]
        with np.errstate(all="ignore"):
            self.module.step(self.params, grads, self.state, **case.inputs(step), **case.hypers(step))
            found = {"theta": self.params}
            if training.deploy is not None:
                found["deployed"] = self.module.deployed(self.params, self.state)
        for array, given in zip(grads, case.gradients[step - 1], strict=True):
            assert array.tobytes() == given.tobytes(), "the gradient was written to"
        return found | {self.names.get(name, name): self._stored(name) for name in training.states}

    def _stored(self, name):
        level = self.training.levels[name]
        if level == "element":
            return getattr(self.state, name)
        if level == "tensor":
            return list(self.state.tensor_numbers[:, self.module.TENSOR.index(name)])
        return list(self.state.numbers[:, self.module.GROUP.index(name)])
