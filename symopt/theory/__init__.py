"""What follows from the equations of an optimizer: facts, each proved, refuted or undecided.

`symopt.theory.answers` lists who answers what; loading this costs nothing.
"""

from symopt.theory.fact import Fact, Verdict

__all__ = ["Fact", "Verdict"]
