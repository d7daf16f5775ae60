"""The proof of an emitted file: one step of it, on symbols, is one step of the declared equations.

A model of five tensors in a few groups (rows longer than a chunk and shorter ones, a vector, a number, and one without
elements) is stepped from any state by the file's own `step`. Obligations, for every element, tensor and group: each
stored state is what its equation says, the user's array is the next gradient point, what `deployed` returns is theta,
the state that is not stored can be recovered, and what `init` makes is x[0].
"""

from __future__ import annotations

from dataclasses import dataclass

from symopt.derive.moments import shifted
from symopt.derive.training import Training
from symopt.expr import ONE, START, Call, Expr, Seq, T, substitute, walk
from symopt.prove.algebra import Proved, Refuted, Undecided, Verdict, decide
from symopt.prove.facts import Facts
from symopt.prove.model import Declared, facts_of
from symopt.prove.places import anywhere, element
from symopt.prove.sample import difference, gap
from symopt.prove.sums import Sums
from symopt.prove.targets import HOST, Target
from symopt.prove.values import explore

GAP_POINTS = 4  # besides the edges of the domains
POINTS = 4  # where the elements of reductions are drawn too


@dataclass(frozen=True)
class Proof:
    """The outcome of each obligation, in words."""

    verdicts: tuple[tuple[str, Verdict], ...]

    @property
    def holds(self) -> bool:
        """Whether everything was proved."""
        return bool(self.verdicts) and not self.failures

    @property
    def failures(self) -> tuple[tuple[str, Verdict], ...]:
        """What was not proved."""
        return tuple((what, verdict) for what, verdict in self.verdicts if not isinstance(verdict, Proved))


@dataclass(frozen=True)
class Shared:
    """What the proofs of several files of one optimizer have in common: known facts, and what was decided already."""

    facts: Facts
    decided: dict[tuple[Expr, Expr], Verdict]

    @staticmethod
    def of(training: Training, target: Target = HOST) -> Shared:
        return Shared(facts_of(training, target.model), {})


def prove_kernel(
    training: Training, text: str, target: Target = HOST, *, stop: bool = False, shared: Shared | None = None
) -> Proof:
    """Prove an emitted file against the declared equations; with `stop`, only up to the first failure.

    Raises SymoptError where the file does something that no kernel may.
    """
    shared = shared or Shared.of(training, target)
    sums, decided = Sums(shared.facts), shared.decided
    verdicts: list[tuple[str, Verdict]] = []
    for what, computed, declared in obligations(training, text, target, sums):
        key = anywhere(computed, declared)
        if key not in decided:
            found = _verdict(*key, sums.facts)
            decided[key] = _confirmed(found, computed, declared, sums) if isinstance(found, Refuted) else found
        verdicts.append((what, decided[key]))
        if stop and not isinstance(decided[key], Proved):
            break
    return Proof(tuple(verdicts))


def _verdict(computed: Expr, declared: Expr, facts: Facts) -> Verdict:
    """Equal wherever both have a value, and where the equations have one, the file has one."""
    found = decide(computed, declared, facts)
    lacking = gap(computed, declared, facts, range(GAP_POINTS)) if isinstance(found, Proved) else None
    return found if lacking is None else Refuted(*lacking)


def _confirmed(found: Refuted, computed: Expr, declared: Expr, sums: Sums) -> Verdict:
    """A difference that stands when the reductions, too, are what their elements make them.

    One that the file was not shown to compute stands there as it is in the file, and as a free symbol in the equations.
    Whether that is the difference is the same for all elements, which one body computes.
    """
    missing = sums.missing(computed, declared)
    if not missing:
        return found
    if missing not in sums.doubts:
        real = difference(sums.written_out(computed), sums.written_out(declared), sums.facts, range(POINTS))
        why = "no rule shows that a reduction is one of the equations"
        sums.doubts[missing] = Refuted(*real) if real else Undecided(POINTS, why)
    return sums.doubts[missing]


def obligations(training: Training, text: str, target: Target, sums: Sums) -> list[tuple[str, Expr, Expr]]:
    """(what, what the file computes, what the equations say); reductions are compared here and stand as symbols."""
    code = target.compiled(text)
    computed = explore(lambda path: target.stepped(training, code, target.machine(path)))
    declared = Declared(training, target.model, sums)
    wanted = {key: _wanted(declared, key) for key in computed}
    return [
        (f"{name} of tensor {tensor}, element {i}, {_told(when)}", found, want)
        for ((when, name, tensor, i), want), found in zip(
            wanted.items(), map(sums.abstracted, computed.values()), strict=True
        )
    ]


_WHEN = {"start": "after init", "any": "in any state", "step": "after a step"}
_SHIFTS = {"start": START, "any": -1, "step": 0}
_THETA = ("deployed", "exchanged", "deployed in place")
_POINT = ("kept aside", "trained again", "copied params")


def _told(when: str) -> str:
    own, how, what = when.partition(", ")
    return _WHEN[own] + how + what


def _wanted(declared: Declared, key: tuple[str, str, int, int]) -> Expr:
    when, name, tensor, i = key[0].partition(", ")[0], key[1].removesuffix(", rounded"), *key[2:]
    training, shift = declared.training, _SHIFTS[when]
    if name in (training.param, *_POINT):
        return _point(declared, when, tensor, i)
    if name == "t":
        return declared.model.of_group("t", declared.model.groups[tensor])
    return declared.value(Seq("theta" if name in _THETA else name, shift), tensor, i)


def _point(declared: Declared, when: str, tensor: int, i: int) -> Expr:
    """What the user's array holds."""
    if when == "start":
        return _at_start(declared, tensor, i)
    if when == "any":
        return element(declared.training.param, tensor, i)
    source = declared.training.source
    return declared.value(shifted(source.gradient_point, source), tensor, i)


def _at_start(declared: Declared, tensor: int, i: int) -> Expr:
    """The first gradient point."""
    point = substitute(declared.training.source.point_before_step, {T: Call("+", (T, ONE))})
    old = {node for node in walk(point) if isinstance(node, Seq) and node.shift == -1}
    return declared.value(substitute(point, {node: Seq(node.name, START) for node in old}), tensor, i)
