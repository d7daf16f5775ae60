"""Each claim about a disagreement comes out as it stands, and the page says so."""

import re
import shlex
import subprocess
import sys
from fractions import Fraction
from math import prod
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from symopt.catalogue import load_file
from symopt.cli.app import app
from symopt.errata import compared, disagreements, fits, leaves, page, run, spec
from symopt.interpret import REAL, interpret
from symopt.paths import specs_dir

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = disagreements()
QUESTIONS = [(claim, question) for claim in CLAIMS for question in claim.questions]
RUNS = [(claim, known) for claim in CLAIMS for known in claim.runs]


def named(pair):
    claim, asked = pair
    return f"{claim.id} {' '.join(map('='.join, asked.hyper.items()))}".strip()


@pytest.mark.parametrize(("claim", "question"), QUESTIONS, ids=map(named, QUESTIONS))
def test_the_verdict_is_the_expected_one(claim, question):
    found = compared(claim, question)
    assert (found.verdict, set(found.conditions)) == (question.verdict, set(question.conditions)), found
    assert (found.counterexample and found.counterexample.step) == question.step


PARTING = [(claim, question) for claim, question in QUESTIONS if question.step and not question.hyper]


def end(optimizer, found):
    """What the interpreter makes of a counterexample, from its numbers alone."""
    sizes = [prod(shape) for shape in found.shapes]

    def arrays(values):
        parts = [values[sum(sizes[:i]) : sum(sizes[: i + 1])] for i in range(len(sizes))]
        return [np.array(part, object).reshape(shape) for part, shape in zip(parts, found.shapes, strict=True)]

    def hyper(step):
        values = {hyper.name: found.hyper[hyper.name] for hyper in optimizer.hyperparameters}
        return {name: value[step - 1] if isinstance(value, tuple) else value for name, value in values.items()}

    gradients = list(map(arrays, found.gradients))
    *_, last = interpret(optimizer, arrays(found.theta0), gradients, hyper=hyper, numbers=REAL)
    return [REAL.constant(x) for array in last.theta for x in array.flat]


@pytest.mark.parametrize(("claim", "question"), PARTING, ids=map(named, PARTING))
def test_a_counterexample_holds_when_it_is_run_again(claim, question):
    found = compared(claim, question).counterexample
    assert found.where == "theta"
    for side, shown in zip((claim.a, claim.b), found.values, strict=True):
        said = [REAL.constant(Fraction(text)) for text in shown.split(", ")]
        for x, y in zip(end(spec(side), found), said, strict=True):
            assert abs(x - y) <= 1e-19 * max(1, abs(y))  # half a unit of the last of 20 digits
    assert found.values[0] != found.values[1]


@pytest.mark.parametrize(("claim", "known"), RUNS, ids=[f"{claim.id} {known.spec}" for claim, known in RUNS])
def test_the_numbers_are_the_ones_that_are_claimed(claim, known):
    numbers = run(claim, known)
    assert [text for text, number in zip(known.values, numbers, strict=True) if not fits(text, number)] == []
    assert bool(leaves(known, numbers)) == bool(known.range)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_findings_are_the_ones_that_are_claimed(claim):
    findings = {(finding.kind, finding.symbol) for finding in spec(claim.a).findings}
    assert findings == {(flaw.kind, flaw.symbol) for flaw in claim.flaws}


def test_a_claim_says_something():
    for claim in CLAIMS:
        assert claim.questions or claim.runs or claim.flaws, claim.id
        assert bool(claim.questions) <= bool(claim.b), claim.id


def test_every_erratum_is_claimed():
    """A name that another one of its file is made of aside."""
    inside = {"pytorch_optimizer.py:backward_radam"}
    files = sorted((specs_dir() / "errata").glob("*.py"))
    declared = {f"{path.name}:{name}" for path in files for name in load_file(path)}
    assert declared - inside == {side for claim in CLAIMS for side in (claim.a, claim.b) if ".py:" in side}


@pytest.mark.parametrize(
    ("text", "number", "fitting"),
    [
        ("0.1", "0.1", True), ("0.1", "0.1000001", False), ("~0.1", "0.149", True), ("~0.1", "0.151", False),
        ("~-0.0714", "-0.07142", True), ("~-0.0714", "0.07142", False), ("2", "2", True), ("2", "2.4", False),
    ],
)  # fmt: skip
def test_what_a_text_says_of_a_number(text, number, fitting):
    assert fits(text, Fraction(number)) == fitting
    assert fits(text, REAL.constant(Fraction(number))) == fitting


@pytest.mark.parametrize(
    ("name", "status", "said"), [("torch-one-cycle", 0, "-0.0714"), ("torch", 1, "no disagreement torch")]
)
def test_the_command_of_a_run(name, status, said):
    command = [sys.executable, "-m", "symopt.errata", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == status
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


OPTIONS = [
    line
    for line in (ROOT / "docs" / "errata.md").read_text().splitlines()
    if line.startswith("symopt prove") and " --" in line
]


@pytest.mark.parametrize("line", OPTIONS)
def test_a_command_of_the_page_can_be_typed(line, monkeypatch):
    """With its options, it comes to the verdict that stands above it."""
    monkeypatch.chdir(ROOT)
    before = (ROOT / "docs" / "errata.md").read_text().partition(line)[0]
    *_, told = re.findall("Proved|Refuted", before)
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.output.startswith(told), done.output


def test_the_page_is_up_to_date():
    """`make pages` writes it anew."""
    assert page().splitlines() == (ROOT / "docs" / "errata.md").read_text().splitlines()
