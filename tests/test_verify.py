"""Each rule of the grammar, broken once."""

from dataclasses import replace

import pytest

from symopt.expr import Call, Reduction, Seq, Sym, number
from symopt.ir import Assign, Buffer, Loop, Partial, Program, Reduce, Scalars, Update
from symopt.notation import Positive
from symopt.recurrence import Hyperparameter
from symopt.verify import Grammar, GrammarError, verify

G, THETA, LR = Sym("g"), Sym("theta"), Sym("lr")
TOTAL = Reduction("total", (G,), "all")


def program(*stages, **levels):
    buffers = (Buffer("theta", "param", "element"), Buffer("g", "grad", "element"))
    known = {"theta": "element", "g": "element", "theta_new": "element", **levels}
    return Program("test", "Test", buffers, (Hyperparameter("lr", Positive, None),), stages, known)


def update(value, *before, reads=("theta", "g"), writes=(("theta", "theta_new"),)):
    return Update((Loop((), (*before, Assign("theta_new", value)), reads, writes),))


GOOD = update(Call("-", (THETA, Call("*", (LR, G)))))
BROKEN = {
    "an unknown word": (program(update(Call("bessel", (G,)))), Grammar.LOWERED, "no kernel computes bessel"),
    "too many arguments": (program(update(Call("sqrt", (G, G)))), Grammar.LOWERED, "sqrt with 2 arguments"),
    "a sequence": (program(update(Seq("g", 0))), Grammar.LOWERED, "a sequence is left"),
    "an unknown name": (program(update(Sym("x"))), Grammar.LOWERED, "theta_new reads x before it is computed"),
    "two loops too early": (program(Scalars("step", ()), GOOD), Grammar.LOWERED, "one flat loop"),
    "a reduction inside": (program(update(Call("*", (TOTAL, G)))), Grammar.PHASED, "a reduction stands inside"),
    "a scalar of elements": (
        program(Scalars("step", (Assign("s", G),)), GOOD, s="step"),
        Grammar.PHASED,
        "s is a scalar that reads elements",
    ),
    "scalar work in the loop": (
        program(update(Call("*", (Call("sqrt", (LR,)), G)))),
        Grammar.HOISTED,
        "computes .* anew for every element",
    ),
    "nothing computed": (
        program(Update((Loop((), (), ("theta",), (("theta", "x"),)),))),
        Grammar.LOWERED,
        "theta gets x, which nothing computes",
    ),
    "a buffer written twice": (
        program(update(Call("-", (THETA, G)), writes=(("theta", "theta_new"),) * 2)),
        Grammar.FINAL,
        "a buffer is written twice",
    ),
    "reads that are not there": (program(update(G)), Grammar.FINAL, "the buffers read are not the ones listed"),
    "a loop too few": (program(replace(GOOD, conditions=("lr",))), Grammar.FINAL, "one loop per outcome"),
    "too many loops": (program(Update(GOOD.loops * 8, ("lr",) * 3)), Grammar.FINAL, "one to four loops"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_rule_is_named(fault):
    broken, grammar, message = BROKEN[fault]
    with pytest.raises(GrammarError, match=message):
        verify(broken, grammar)


def test_a_good_program_passes_every_grammar():
    for grammar in Grammar:
        verify(program(GOOD), grammar)
    sums = Reduce((), (Partial("s", "sum", "all", G),), ("g",))
    scaled = update(Call("-", (THETA, Call("*", (Sym("h"), G)))))
    scalars = Scalars("global", (Assign("h", Call("/", (number(1), Sym("s")))),), 1)
    verify(program(sums, scalars, scaled, s="global", h="global"), Grammar.FINAL)
