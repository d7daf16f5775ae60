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
from symopt.cli.prove import CODES
from symopt.equivalence.sentence import brief
from symopt.errata import compared, disagreements, fits, leaves, run, spec
from symopt.errata.__main__ import main
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


# ---- what can be typed ----

PAGE = (ROOT / "docs" / "errata.md").read_text()
COMMANDS = dict.fromkeys(re.findall(r"^```sh\n(.+)\n```$", PAGE, re.MULTILINE))


def typed(kind):
    return [line.removeprefix(f"{kind} ") for line in COMMANDS if line.startswith(f"{kind} ")]


def test_each_command_of_the_page_is_of_a_kind_that_is_tried():
    tried = sum(len(typed(kind)) for kind in ("symopt prove", "symopt show", "python -m symopt.errata"))
    assert tried == len(COMMANDS) == PAGE.count("```sh") > len(CLAIMS)


@pytest.mark.parametrize("line", typed("symopt prove"))
def test_a_comparison_of_the_page_comes_to_its_verdict(line, monkeypatch):
    """And to what is said below the verdict."""
    monkeypatch.chdir(ROOT)
    before = PAGE.partition(f"symopt prove {line}\n")[0]
    verdict = re.findall("^(?:Proved|Refuted).*", before, re.MULTILINE)[-1]
    done = CliRunner().invoke(app, ["prove", *shlex.split(line)])
    assert done.exit_code == CODES[verdict.split()[0].strip(":").lower()]
    assert done.output.split()[0] == verdict.split()[0]
    for remark in re.findall("^(?:With|They differ only) .*[.]$", before[before.rindex(verdict) :], re.MULTILINE):
        assert remark in " ".join(done.output.split())


@pytest.mark.parametrize("line", typed("symopt show"))
def test_what_is_found_in_a_text_is_shown(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(app, ["show", line])
    kinds = re.findall(r"^- \*(.+?)\* \(line (\d+)\)", PAGE.partition(f"symopt show {line}\n")[0], re.MULTILINE)
    assert done.exit_code == 0
    kind, number = kinds[-1]
    assert f"({kind}, line {number})" in " ".join(done.output.split())


@pytest.mark.parametrize("line", typed("python -m symopt.errata"))
def test_an_entry_is_printed_as_it_stands_on_the_page(line, capsys):
    main([line])
    assert capsys.readouterr().out.strip() in PAGE


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("torch-moun", "there is no disagreement torch-moun; did you mean torch-muon?\n"),
        ("xyz", "there is no disagreement xyz; python -m symopt.errata --help lists them all\n"),
        ("--page", "unrecognized arguments: --page\n"),
    ],
)
def test_a_name_that_is_none_is_a_mistake(given, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(["torch-muon", given])
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    assert err.endswith(said)


def test_the_module_runs_as_a_command():
    command = [sys.executable, "-m", "symopt.errata", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert [claim.id for claim in CLAIMS if f"  {claim.id} " not in done.stdout] == []


@pytest.mark.parametrize(
    ("shown", "short"),
    [
        ("-39/1000", "-0.039"), ("1/3", "1/3"), ("-100.0", "-100"), ("0", "0"), ("not a number", "not a number"),
        ("-256692800000/120763901207639", "-0.0021255755853617846531"), ("1/2, 0.25", "(0.5, 0.25)"),
    ],
)  # fmt: skip
def test_numbers_of_the_page_are_short(shown, short):
    assert brief(shown) == short


def test_the_page_is_up_to_date(capsys):
    """`make pages` writes it anew; it is what is printed where no entry is named."""
    main([])
    assert capsys.readouterr().out.splitlines() == PAGE.splitlines()
