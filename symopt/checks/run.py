"""The check itself: everything that is heavy to load."""

from __future__ import annotations

from symopt.artifacts import artifact, build
from symopt.backends import BACKENDS
from symopt.checks.cost import cost
from symopt.checks.facts import Facts
from symopt.checks.oracle import oracle
from symopt.checks.proofs import page_faults, proof
from symopt.errors import SymoptError
from symopt.latex.references import References
from symopt.prove.mutants import score
from symopt.recurrence import Optimizer

RUNS = "cpu"
"""The target whose kernels run on every machine."""


def checked(optimizer: Optimizer, mutants: bool) -> Facts:
    """Validate, prove and test an optimizer."""
    spent = cost(optimizer)
    proofs = {target: proof(optimizer, target) for target in BACKENDS}
    ulp, wrong = oracle(optimizer, RUNS)
    refuted = [fault for _, faults in proofs.values() for fault in faults]
    return Facts(
        name=optimizer.name,
        title=optimizer.title,
        states=spent.states,
        bytes_per_parameter=spent.bytes_per_parameter,
        flops=spent.flops,
        proofs=tuple((target, outcome) for target, (outcome, _) in proofs.items()),
        oracle_ulp=ulp,
        mutants=tested(optimizer) if mutants else None,
        faults=(*reference_faults(optimizer), *page_faults(optimizer), *refuted, *wrong),
    )


def tested(optimizer: Optimizer) -> tuple[int, int]:
    """(caught, tried) of all single changes of the kernel."""
    built = build(optimizer)
    found = score(built[0], artifact(optimizer, RUNS, built=built).text)
    return found.total - len(found.survivors), found.total


def reference_faults(optimizer: Optimizer) -> list[str]:
    """What is wrong with the key of the paper, if the spec names one."""
    if optimizer.reference is None:
        return []
    try:
        References.load().entry(optimizer.reference)
    except SymoptError as error:
        return [str(error)]
    return []
