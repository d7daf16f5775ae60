"""How the small changes of an emitted file fare: each is caught by a check that every file passes, or shown harmless.

The checks come in the order of their price: the proof, the file's functions in Python against the oracle, then, for
what neither notices and is not shown to be harmless, the compiled file against the oracle. Harmless is a change after
which every stored number comes from the same floating-point operations, whatever state, gradient and hyperparameters
are: the trees of operations of both files are compared, where they differ in branches that are never taken cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context

from symopt.artifacts import artifact, build
from symopt.checks.emitted import faults_compiled, faults_in_python
from symopt.checks.facts import SURVIVED
from symopt.checks.oracle import reference
from symopt.errors import SymoptError
from symopt.prove.kernel import Shared, prove_kernel
from symopt.prove.mutants import Mutant, mutants_of
from symopt.prove.operations import operations, rounding_faults
from symopt.prove.values import Results
from symopt.recurrence import Optimizer

BY_PROOF, BY_ORACLE, BY_COMPILED = "caught by proof", "caught by oracle", "caught compiled"
EQUIVALENT = "equivalent"
CAUGHT = (BY_PROOF, BY_ORACLE, BY_COMPILED)
KINDS = (*CAUGHT, EQUIVALENT, SURVIVED)
SAMPLE = 8
"""At most so many mutants of a file are compiled, evenly spread: each takes seconds."""

BROKEN = (SymoptError, ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, AssertionError)
"""What running a broken file can raise."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: one of KINDS, and what caught it or why it is harmless."""

    mutant: Mutant
    kind: str
    why: str


Tell = Callable[[int, int], None]
"""Is told how many mutants were tried, of how many."""


def tried(optimizer: Optimizer, mutants: Iterable[Mutant] | None = None, tell: Tell | None = None) -> list[Outcome]:
    """What becomes of all mutants of the file of an optimizer, or of the given ones."""
    judge = Judge(optimizer)
    chosen = list(mutants_of(judge.text) if mutants is None else mutants)
    found: list[Outcome] = []
    for mutant in chosen:
        found.append(judge.outcome(mutant))
        if tell is not None:
            tell(len(found), len(chosen))
    return list(_compiled(optimizer, found))


def counts(outcomes: Iterable[Outcome]) -> tuple[tuple[str, int], ...]:
    """How many there are of each kind."""
    found = Counter(outcome.kind for outcome in outcomes)
    return tuple((kind, found[kind]) for kind in KINDS)


class Judge:
    """What all mutants of one file share."""

    def __init__(self, optimizer: Optimizer) -> None:
        built = build(optimizer)
        self.training = built[0]
        self.text = artifact(optimizer, "cpu", built=built).text
        self.reference = reference(optimizer)
        self.shared = Shared.of(self.training)
        self.operations = operations(self.training, self.text)
        wrong, self.bits = faults_in_python(self.training, self.text, self.reference)
        if wrong or self.refuted(self.text):
            raise SymoptError(f"{optimizer.name}: its own file fails its checks, so its mutants say nothing")

    def outcome(self, mutant: Mutant) -> Outcome:
        """The first check that notices a mutant, none of them compiled."""
        try:
            found = self.refuted(mutant.text)
            if found is not None:
                return Outcome(mutant, BY_PROOF, found)
            computed = operations(self.training, mutant.text)
            wrong = next(rounding_faults(self.training, computed), None)
        except BROKEN as error:
            return Outcome(mutant, BY_PROOF, _said(error))
        if wrong is not None:
            return Outcome(mutant, BY_PROOF, wrong)
        return self._on_numbers(mutant, computed)

    def refuted(self, text: str) -> str | None:
        """What is not proved of a file."""
        failures = prove_kernel(self.training, text, stop=True, shared=self.shared).failures
        return failures[0][0] if failures else None

    def _on_numbers(self, mutant: Mutant, computed: Results) -> Outcome:
        try:
            faults, bits = faults_in_python(self.training, mutant.text, self.reference)
        except BROKEN as error:
            faults, bits = [_said(error)], ""
        if faults:
            return Outcome(mutant, BY_ORACLE, faults[0])
        if computed == self.operations and bits == self.bits:
            return Outcome(mutant, EQUIVALENT, "every stored number comes from the same operations")
        return Outcome(mutant, SURVIVED, "equal as real numbers, and within the rounding error of the oracle")


def _compiled(optimizer: Optimizer, outcomes: list[Outcome]) -> Iterator[Outcome]:
    """The outcomes, a sample of the survivors compiled and tried."""
    left = [outcome for outcome in outcomes if outcome.kind == SURVIVED]
    sample = {id(outcome) for outcome in left[:: -(-len(left) // SAMPLE) or 1]}
    for outcome in outcomes:
        why = _fault_compiled(optimizer, outcome.mutant.text) if id(outcome) in sample else None
        yield outcome if why is None else replace(outcome, kind=BY_COMPILED, why=why)


def _fault_compiled(optimizer: Optimizer, text: str) -> str | None:
    """What shows once a file is compiled; in a process of its own, since a broken kernel may write anywhere."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(first_fault_compiled, optimizer, text).result()
        except BrokenProcessPool:
            return "the process died"


def first_fault_compiled(optimizer: Optimizer, text: str) -> str | None:
    """The first thing that is wrong with the compiled file, run here; the file that it was made of is sound."""
    built, wanted = build(optimizer), reference(optimizer)
    wrong = faults_compiled(built[0], artifact(optimizer, "cpu", built=built).text, wanted)
    if wrong:
        raise SymoptError(f"{optimizer.name}: {wrong[0]}, so its mutants say nothing")
    try:
        faults = faults_compiled(built[0], text, wanted)
    except Exception as error:  # Numba's own errors too: whatever is raised tells the file from a sound one
        return _said(error)
    return faults[0] if faults else None


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
