"""Where libraries and texts disagree: claims as data, each checked by the engine, and the page that tells of them."""

from symopt.errata.answers import compared, fits, leaves, run
from symopt.errata.claims import Disagreement, Flaw, Question, Run, disagreements, spec
from symopt.errata.page import entry, page

__all__ = [
    "Disagreement", "Flaw", "Question", "Run", "compared", "disagreements", "entry", "fits", "leaves", "page", "run",
    "spec",
]  # fmt: skip
