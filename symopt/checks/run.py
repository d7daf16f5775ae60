"""The check itself: everything that is heavy to load."""

from __future__ import annotations

from symopt.artifacts import artifact, build
from symopt.artifacts.cost import cost_of
from symopt.backends import BACKENDS
from symopt.checks.emitted import faults_in_python
from symopt.checks.facts import Facts
from symopt.checks.mutants import CAUGHT, Outcome, Tell, counts, tried
from symopt.checks.oracle import oracle, reference
from symopt.checks.proofs import page_faults, proof
from symopt.errors import SymoptError
from symopt.latex.references import References
from symopt.recurrence import Optimizer

RUNS = "cpu"
"""The target whose kernels run on every machine."""


def checked(optimizer: Optimizer, mutants: bool, tell: Tell | None = None) -> Facts:
    """Validate, prove and test an optimizer."""
    built = build(optimizer)
    spent = cost_of(built[1])
    texts = {target: artifact(optimizer, target, built=built).text for target in BACKENDS}
    proofs = {target: proof(built[0], target, text) for target, text in texts.items()}
    wanted = reference(optimizer)
    ulp, wrong = oracle(optimizer, RUNS, wanted)
    refuted = [fault for _, faults in proofs.values() for fault in faults]
    emitted = faults_in_python(built[0], texts[RUNS], wanted)[0]
    faults = (*reference_faults(optimizer), *page_faults(optimizer), *refuted, *wrong, *emitted)
    outcomes = tried(optimizer, tell=tell) if mutants and not faults else None
    return Facts(
        name=optimizer.name,
        title=optimizer.title,
        states=spent.states,
        bytes_per_parameter=spent.bytes_per_parameter,
        flops=spent.flops,
        proofs=tuple((target, outcome) for target, (outcome, _) in proofs.items()),
        oracle_ulp=ulp,
        faults=faults,
        mutants=None if outcomes is None else counts(outcomes),
        uncaught=tuple(map(_shown, _uncaught(outcomes or []))),
    )


def _uncaught(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.kind not in CAUGHT]


def _shown(outcome: Outcome) -> tuple[int, str, str, str]:
    return outcome.mutant.line, outcome.mutant.change, outcome.kind, outcome.why


def reference_faults(optimizer: Optimizer) -> list[str]:
    """What is wrong with the key of the paper, if the spec names one."""
    if optimizer.reference is None:
        return []
    try:
        References.of(optimizer).entry(optimizer.reference)
    except SymoptError as error:
        return [str(error)]
    return []
