"""Small programs, written out by hand."""

import pytest

from symopt.derive.training import training_form
from symopt.expr import ONE, Call, Sym, number
from symopt.ir import Assign, Buffer, Loop, Program, Update
from symopt.lower import lower
from symopt.notation import Positive, PositiveInt, Unit
from symopt.recurrence import Hyperparameter

HYPERS = (("lr", Positive), ("mu", Unit), ("k", PositiveInt))


class Builder:
    """Short words for programs: `b("+", "x", 1)` is x + 1."""

    one = ONE

    def __call__(self, op, *args):
        return Call(op, tuple(map(self.expr, args)))

    def expr(self, value):
        return Sym(value) if isinstance(value, str) else number(value) if isinstance(value, int | float) else value

    def assigns(self, **values):
        return tuple(Assign(name, self.expr(value)) for name, value in values.items())

    def program(self, *stages, states=("v",), levels=None):
        """A program over theta, g and element states; `levels` of any other names."""
        buffers = [Buffer("theta", "param", "element"), Buffer("g", "grad", "element")]
        buffers += [Buffer(name, "state", (levels or {}).get(name, "element")) for name in states]
        known = {b.name: b.level for b in buffers} | {f"{b.name}_new": b.level for b in buffers} | (levels or {})
        hypers = tuple(Hyperparameter(name, domain, None) for name, domain in HYPERS)
        return Program("test", "Test", tuple(buffers), hypers, stages, known)

    def loop(self, *assigns, outcome=(), reads=(), writes=(("theta", "theta_new"), ("v", "v_new"))):
        return Loop(outcome, assigns, reads, writes)

    def update(self, **values):
        return Update((self.loop(*self.assigns(**values)),))


@pytest.fixture(scope="session")
def b():
    return Builder()


@pytest.fixture(scope="session")
def lowered():
    """`lowered(optimizer)` is its program before any pass."""
    return lambda optimizer: lower(training_form(optimizer))
