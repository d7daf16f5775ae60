"""The way of threads through a function: all in lockstep, those furthest behind first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from symopt.errors import SymoptError
from symopt.ptx.decode import Barrier, Branch, Call, Leave, Step
from symopt.ptx.frame import ALL, Frame, Lanes
from symopt.ptx.memory import LOCAL, Arena, Region
from symopt.ptx.model import Function, Variable, fault
from symopt.ptx.rules import TrapError
from symopt.ptx.types import Array


@dataclass(frozen=True)
class Code:
    """A function ready to run. local: its variables in the memory of each thread"""

    function: Function
    steps: tuple[Step, ...]
    local: tuple[Region, ...]

    def frame(self, parent: Frame, lanes: Lanes, arguments: tuple[Array, ...]) -> Frame:
        """What the threads of a call start with."""
        threads = parent.threads.take(lanes)
        count = len(threads.number)
        inner = (variable for variable in self.function.variables.items() if variable[1].space == "param")
        params = {name: room(variable, count) for name, variable in inner}
        params |= {variable.name: room(variable, count) for variable in self.function.results}
        params |= {param.name: given for param, given in zip(self.function.params, arguments, strict=True)}
        return Frame(threads, Arena(self.local, LOCAL, count, known=False), params)


def room(variable: Variable, count: int) -> Array:
    """The bytes of a parameter, a row per thread."""
    return np.zeros((count, variable.size), np.uint8)


@dataclass
class Launch:
    """What all calls of a launch share. limit: how many instructions may run; ran: the opcodes that did"""

    codes: Mapping[str, Code]
    block: int
    limit: int
    executed: int = 0
    ran: set[str] = field(default_factory=set[str])

    def count(self, step: Step) -> None:
        """Note that an instruction runs."""
        self.executed += 1
        self.ran.add(step.instruction.opcode)
        if self.executed > self.limit:
            raise SymoptError(
                f"the kernel was stopped after {self.limit} instructions; if it is right, raise the limit"
            )


@dataclass
class Walk:
    """A call on its way. ready: threads by the instruction that they run next; waiting: those at a barrier"""

    launch: Launch
    code: Code
    frame: Frame
    caller: Step | None = None
    ready: dict[int, Array] = field(default_factory=dict[int, Array])
    waiting: dict[int, Array] = field(default_factory=dict[int, Array])

    def finish(self) -> None:
        """Run all threads to their end."""
        self._put(self.ready, 0, self.frame.numbers(ALL))
        while self.ready or self.waiting:
            if self.ready:
                self._go(min(self.ready))
            else:
                self._release()

    def _put(self, where: dict[int, Array], at: int, lanes: Array) -> None:
        if len(lanes):
            where[at] = np.union1d(where[at], lanes) if at in where else lanes

    def _go(self, at: int) -> None:
        """Run the threads that stand at an instruction until their ways may part, and take along whom they meet."""
        numbers = self.ready.pop(at)
        going = True
        while going:
            if at in self.ready:
                numbers = np.union1d(numbers, self.ready.pop(at))
            step = self.code.steps[at]
            self.launch.count(step)
            try:
                going = self._step(step, at, numbers)
            except TrapError as trap:
                raise fault(step.instruction.line, f"{step.instruction.opcode}: {trap}") from None
            at += 1

    def _step(self, step: Step, at: int, numbers: Array) -> bool:
        """Run one instruction; whether the next one follows for all."""
        lanes = self._lanes(numbers)
        chosen = numbers
        if step.guard:
            holds = np.broadcast_to(step.guard(self.frame, lanes), numbers.shape)
            chosen, lanes = numbers[holds], self._lanes(numbers[holds])
        match step.does:
            case Branch(target):
                self._put(self.ready, target, chosen)
            case Leave(thread):
                if thread and self.caller:
                    raise TrapError("a thread leaves the kernel inside of a function")
            case Barrier():
                if self.caller:
                    raise TrapError("a barrier stands inside of a function")
                self._put(self.waiting, at + 1, chosen)
            case Call() as call:
                self._call(step, call, lanes, len(chosen))
                return True
            case action:
                if len(chosen):
                    action(self.frame, lanes)
                return True
        if step.guard:
            self._put(self.ready, at + 1, np.setdiff1d(numbers, chosen, assume_unique=True))
        return False

    def _lanes(self, numbers: Array) -> Lanes:
        return ALL if len(numbers) == self.frame.count else numbers

    def _call(self, step: Step, call: Call, lanes: Lanes, count: int) -> None:
        code = self.launch.codes.get(call.function)
        if code is None:
            raise TrapError(f"the function {call.function} has no body in this text")
        if len(call.arguments) != len(code.function.params) or len(call.results) != len(code.function.results):
            raise TrapError(f"{call.function} takes {len(code.function.params)} arguments")
        if not count:
            return
        given = [(name, param.size) for name, param in zip(call.arguments, code.function.params, strict=True)]
        arguments = tuple(self.frame.param(name, size)[lanes] for name, size in given)
        inner = code.frame(self.frame, lanes, arguments)
        Walk(self.launch, code, inner, step).finish()
        for name, result in zip(call.results, code.function.results, strict=True):
            self.frame.param(name, result.size)[lanes] = inner.params[result.name]

    def _release(self) -> None:
        """Let the blocks go on of which every thread has come to the same barrier."""
        threads, waiting = self.frame.threads, self.waiting
        self.waiting = {}
        for at, numbers in waiting.items():
            arrived = np.bincount(threads.slot[numbers], minlength=len(threads.epochs)) == self.launch.block
            threads.epochs[arrived] += 1
            full = arrived[threads.slot[numbers]]
            self._put(self.ready, at, numbers[full])
            self._put(self.waiting, at, numbers[~full])
        if not self.ready:
            raise self._stuck()

    def _stuck(self) -> SymoptError:
        at, numbers = next(iter(self.waiting.items()))
        block = self.frame.threads.block[numbers[0]]
        here = int(np.sum(self.frame.threads.block[numbers] == block))
        others = [lanes for lanes in self.waiting.values() if lanes is not numbers]
        elsewhere = sum(int(np.sum(self.frame.threads.block[lanes] == block)) for lanes in others)
        instruction = self.code.steps[at - 1].instruction
        return fault(
            instruction.line,
            f"{instruction.opcode}: {here} of the {self.launch.block} threads of block {block} wait here for ever: "
            f"{elsewhere} wait at another barrier, the others have left the kernel",
        )
