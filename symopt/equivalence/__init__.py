"""Whether two optimizers are the same: proved by induction over a map of their states, or refuted by a run."""

from symopt.equivalence.again import again, replayed
from symopt.equivalence.compare import compare
from symopt.equivalence.comparison import Comparison, Counterexample, Verdict, to_json
from symopt.equivalence.effort import BUDGET
from symopt.equivalence.sentence import sentence

__all__ = ["BUDGET", "Comparison", "Counterexample", "Verdict", "again", "compare", "replayed", "sentence", "to_json"]
