"""A running optimizer: an emitted kernel, the user's arrays, and what is remembered between steps."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from types import ModuleType
from typing import Any, NoReturn

from symopt.errors import SymoptError, suggest
from symopt.recurrence import Optimizer
from symopt.runtime.checkpoint import restore, saved
from symopt.runtime.hyper import Hyper, Table, common
from symopt.runtime.memory import Memory
from symopt.runtime.mistakes import sentence, wrong_leaf


class Group:
    """One parameter group. hyper: its hyperparameters, to read and to set"""

    def __init__(self, memory: Memory, table: Table, index: int):
        self._memory = memory
        self._index = index
        self.hyper = Hyper(table, [index])

    @property
    def t(self) -> int:
        """The number of steps taken."""
        return self._memory.t[self._index]

    @property
    def params(self) -> Any:
        """The group's arrays, nested as they were passed."""
        return self._memory.structure.split(self._memory.arrays)[self._index]

    def __repr__(self) -> str:
        return f"Group(t={self.t}, {self.hyper!r})"


class Bound:
    """An optimizer bound to parameters; `symopt.runtime.bind` makes one.

    While it trains, the user's arrays hold the point where the next gradient is to be taken. For most optimizers that
    is theta, the parameter to deploy; for the others `to_eval` puts theta there and `to_train` the training point back.
    Steps from several threads run one after the other. Every mistake raises SymoptError, with nothing changed.
    """

    def __init__(self, optimizer: Optimizer, module: ModuleType, memory: Memory, table: Table):
        self.optimizer = optimizer
        self.hyper = Hyper(table, range(len(table.rows)))
        self.groups = tuple(Group(memory, table, index) for index in range(len(table.rows)))
        self._module = module
        self._memory = memory
        self._table = table
        inputs = [buffer for buffer in memory.program.buffers if buffer.role == "input"]
        self._arrays_in = [buffer.name for buffer in inputs if buffer.level == "element"]
        self._numbers_in = [buffer.name for buffer in inputs if buffer.level != "element"]
        self._lock = RLock()
        self._in_place = False  # how theta was deployed last
        self._aside: list[Any] = []  # the training arrays, while theta is deployed and not in place

    def step(self, grads: Any, /, **inputs: Any) -> None:
        """Take one step: `params` and all states are updated in place.

        grads: gradients at `params`, arrays of the same structure, shapes and dtype; with groups a list of one entry
            per group
        inputs: what else the optimizer asks for, by name: a number, or arrays of the structure of params
        """
        memory = self._memory
        with self._lock:
            if memory.deployed[0]:
                raise SymoptError(f"{self.optimizer.name} is deployed; call to_train() before the next step")
            leaves = memory.structure.flatten("grads", grads)
            arrays = self._checked_inputs(inputs) if inputs or self._arrays_in or self._numbers_in else ()
            try:
                numbers = {**inputs, **self._table.arguments, **memory.home.step_options()}
                self._module.step(memory.arrays, leaves, memory.state, *arrays, **numbers)
            except (TypeError, ValueError) as error:
                self._explain(error, {"grads": leaves, **dict(zip(self._arrays_in, arrays, strict=True))})
            except OSError as error:
                remedy = "set SYMOPT_CACHE_DIR to a folder that can be written"
                raise SymoptError(f"compiled code cannot be stored ({error.strerror}); {remedy}") from error

    def _checked_inputs(self, inputs: dict[str, Any]) -> list[Any]:
        """The arrays among the inputs, which are taken out; the numbers stay."""
        names = [*self._arrays_in, *self._numbers_in]
        for name in inputs:
            if name in self._table.tests:
                raise SymoptError(f"{name} is a hyperparameter; set opt.hyper[{name!r}] instead")
            if name not in names:
                raise SymoptError(f"{self.optimizer.name} takes no input {name!r}{suggest(name, names)}")
        missing = [name for name in names if name not in inputs]
        if missing:
            raise SymoptError(f"{self.optimizer.name} needs {missing[0]}: call step(grads, {missing[0]}=...)")
        return [self._memory.structure.flatten(name, inputs.pop(name)) for name in self._arrays_in]

    def _explain(self, error: Exception, given: Mapping[str, Any]) -> NoReturn:
        """Raise an error of the emitted step again, in the user's names."""
        structure = self._memory.structure
        home = self._memory.home
        wrong = [wrong_leaf(leaves, structure.labels(name), home.wrong) for name, leaves in given.items()]
        labels = {name: structure.labels(name) for name in ("params", "grads", *self._arrays_in)}
        raise SymoptError(next((text for text in wrong if text), sentence(error, labels))) from error

    @property
    def params(self) -> Any:
        """The user's arrays, nested as they were passed."""
        return self._memory.structure.unflatten(self._memory.arrays)

    @property
    def state(self) -> dict[str, Any]:
        """Each state by name: its arrays (not copies) nested as params is, or a number; with groups a list of these.

        States that always equal each other have the same arrays.
        """
        shown = {buffer.name: self._memory.shown(buffer) for buffer in self._memory.states}
        return shown | {name: shown[kept] for name, kept in self._memory.equal.items() if kept in shown}

    @property
    def t(self) -> int:
        """The number of steps taken; where the groups differ, SymoptError, and `groups[i].t` has each."""
        return common("t", self._memory.t, "t")

    def to_eval(self, in_place: bool = False) -> None:
        """Put theta, the parameter to deploy, into the user's arrays. Does nothing if it is there.

        The training arrays are kept aside and `to_train` brings them back bit for bit; what is written into params in
        between is lost then. An interrupt (Ctrl-C) leaves all arrays as they were, or all deployed.

        in_place: without that extra memory. Where theta is stored beside the training array P, the two change places,
            which is exact. Where P = c*theta + terms is solved for theta and back in floating point, what `to_train`
            brings back differs from P by at most (3*n + 4) * 2**-53 * M in float64 and 2.001 * 2**-24 * M in float32,
            overflow and underflow apart, where n is the number of terms and M = abs(P) + the sum of abs(term).
        """
        with self._lock:
            memory, module = self._memory, self._module
            if memory.deployed[0]:
                return
            memory.refuse_read_only()
            memory.home.wait()
            self._in_place = in_place
            if memory.program.deploy is None:
                memory.deployed[0] = 1
            elif in_place:
                module.deploy_in_place(memory.arrays, memory.state)
            else:
                self._aside = module.deployed(memory.arrays, memory.state)
                module.exchange(memory.arrays, self._aside, memory.state)
            memory.home.wait()

    def to_train(self) -> None:
        """Put the training arrays back, after `to_eval`. Does nothing if they are there."""
        with self._lock:
            memory, module = self._memory, self._module
            if not memory.deployed[0]:
                return
            memory.refuse_read_only()
            memory.home.wait()
            if memory.program.deploy is None:
                memory.deployed[0] = 0
            elif self._in_place:
                module.train_in_place(memory.arrays, memory.state)
            else:
                module.exchange(memory.arrays, self._aside, memory.state)
            memory.home.wait()
            self._aside = []

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, copied: a flat dict that `np.savez(file, **d)` can write.

        It holds the training arrays too, as "param.<group>.<key>", whether or not theta is deployed at the time; so a
        checkpoint alone continues bit for bit, in float32 and float64, and the parameters to publish are what params
        holds after `to_eval`. SymoptError while deployed in place, when the training arrays are not there to be saved.
        """
        with self._lock:
            memory = self._memory
            if memory.deployed[0] and self._in_place:
                raise SymoptError(f"{self.optimizer.name} is deployed in place; call to_train() before state_dict()")
            aside = self._aside if memory.deployed[0] else ()
            return saved(self.optimizer, memory, self._table, aside or memory.arrays)

    def load_state_dict(self, checkpoint: Mapping[str, Any], /) -> None:
        """Continue from a checkpoint: what `state_dict` returned, or `np.load` of it.

        Params get the training arrays of the checkpoint, whatever they held; training goes on, no `to_train` is needed.
        After an interrupt (Ctrl-C) load again: some arrays may be of the checkpoint, others not.
        SymoptError, with nothing changed, for a checkpoint of another optimizer, version, dtype, shape or structure.
        """
        with self._lock:
            restore(self.optimizer, self._memory, self._table, checkpoint)
            self._memory.deployed[0], self._aside = 0, []

    def __repr__(self) -> str:
        memory = self._memory
        count, kind = len(memory.arrays), memory.home.kind(memory.arrays, memory.state)
        steps = " | ".join(map(str, dict.fromkeys(self._memory.t)))
        size = int(memory.state.plan.sizes.sum())
        parts = [f"{count} {kind} array{'s' * (count > 1)}", f"{size} parameters", f"t={steps}"]
        parts += [f"{len(self.groups)} groups"] * (len(self.groups) > 1) + ["deployed"] * bool(memory.deployed[0])
        return f"<{self.optimizer.title}: {', '.join(parts)}, {self.hyper!r}>"
