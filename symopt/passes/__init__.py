"""From a lowered program to one in which nothing is left to decide: one pass per file, in the order of `PASSES`."""

from collections.abc import Callable

from symopt.ir import Program
from symopt.passes.hoist import hoist
from symopt.passes.loops import split_loops
from symopt.passes.phases import split_phases
from symopt.passes.share import share
from symopt.passes.stabilise import stabilise
from symopt.verify import Grammar, verify

PASSES: tuple[tuple[Callable[[Program], Program], Grammar], ...] = (
    (split_phases, Grammar.PHASED),
    (stabilise, Grammar.PHASED),
    (hoist, Grammar.HOISTED),
    (share, Grammar.HOISTED),
    (split_loops, Grammar.FINAL),
)
"""Each pass with the grammar that holds after it."""


def run_passes(program: Program) -> Program:
    """All passes in order; the grammar of each stage is checked between any two."""
    verify(program, Grammar.LOWERED)
    for transform, grammar in PASSES:
        program = transform(program)
        verify(program, grammar)
    return program
