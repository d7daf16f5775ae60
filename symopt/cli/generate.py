"""`symopt generate`: kernels and pages, written or compared."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from symopt.artifacts import Artifact, Comparison, artifact, build, compare, write
from symopt.catalogue import load, names
from symopt.checks.facts import PROVED
from symopt.checks.proofs import proof
from symopt.cli.failures import complain
from symopt.cli.manifest import remember
from symopt.cli.several import each
from symopt.cli.targets import LATEX, chosen, entry
from symopt.cli.workers import spread
from symopt.errors import SymoptError
from symopt.latex.book import book
from symopt.latex.page import Entry, page
from symopt.wording import listed

Made = tuple[list[tuple[Artifact, str]], Entry | None]
"""The kernels of a spec, each with whether it is proved, and what its page says."""


def run(specs: Sequence[str], targets: str, out: Path, check: bool) -> int:
    """Write or compare; the exit code."""
    wanted, everything = chosen(targets), not specs
    results = spread(partial(make, targets=tuple(wanted)), each(specs) or names(), "Generating")
    wrong = [result for result in results.values() if isinstance(result, SymoptError)]
    for error in wrong:
        complain(str(error))
    found = [result for result in results.values() if not isinstance(result, SymoptError)]
    proved = [made for kernels, _ in found for made in kernels]
    artifacts = [kernel for kernel, _ in proved]
    artifacts += _pages([entry for _, entry in found if entry], whole=everything and not wrong)
    if check:
        found = compare(artifacts, out, complete=everything and not wrong)
        return max(bool(wrong), tell_differences(found, out, _command(specs, targets, out)))
    _write(artifacts, out)
    _tell(proved)
    if everything and not wrong:
        remember(targets, out, [made.path for made in artifacts])
    return int(bool(wrong))


def make(spec: str, targets: tuple[str, ...]) -> Made:
    """What one spec becomes. Raises SymoptError where a kernel does not compute what the spec says."""
    optimizer = load(spec)
    built = build(optimizer)
    kernels = [artifact(optimizer, target, built=built) for target in targets if target != LATEX]
    outcomes: list[str] = []
    for kernel in kernels:
        outcome, faults = proof(built[0], kernel.target, kernel.text)
        if faults:
            raise SymoptError(f"{spec}: {faults[0]}")
        outcomes.append(outcome)
    return [*zip(kernels, outcomes, strict=True)], entry(optimizer, built) if LATEX in targets else None


def _tell(made: Sequence[tuple[Artifact, str]]) -> None:
    """How many kernels are proved, and which are not."""
    for kernel, outcome in made:
        if outcome != PROVED:
            print(f"{kernel.path} is not proved: {outcome}")
    if made:
        print(f"proved {sum(outcome == PROVED for _, outcome in made)} of {len(made)} kernels")


def _pages(entries: list[Entry], whole: bool) -> list[Artifact]:
    """A page each; the whole catalogue is a book."""
    files = book(entries) if whole and entries else {f"{entry.label}.tex": page(entry) for entry in entries}
    return [Artifact(Path(name).stem, LATEX, f"{LATEX}/{name}", text) for name, text in files.items()]


def _write(artifacts: Sequence[Artifact], out: Path) -> None:
    changed = set(write(artifacts, out))
    for path in sorted(changed):
        print(f"wrote {out / path}")
    same = len(artifacts) - len(changed)
    if same:
        print(f"{_files(same)} unchanged in {out}")


def tell_differences(found: Comparison, out: Path, remedy: str) -> int:
    """Each file that is not as it should be, and what mends that; the exit code."""
    kinds = {"missing": found.missing, "different": found.different, "stale": found.stale}
    for kind, paths in kinds.items():
        for path in paths:
            print(f"{kind:9}  {out / path}")
    if found.same:
        print(f"{out} is what the specs generate")
        return 0
    counts = [f"{_files(len(paths))} {kind}" for kind, paths in kinds.items() if paths]
    steps = [f"run `{remedy}`"] if found.missing or found.different else []
    steps += ["delete what is stale"] if found.stale else []
    complain(f"{listed(counts)} in {out}; {listed(steps)}")
    return 1


def _command(specs: Sequence[str], targets: str, out: Path) -> str:
    """The command line that writes what these arguments ask for."""
    chosen_targets = ["--target", targets] if targets else []
    return shlex.join(["symopt", "generate", *specs, *chosen_targets, "--out", str(out)])


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"
