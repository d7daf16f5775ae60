"""`symopt derive`: facts with their verdicts, on a terminal and as JSON; a spec of the derivative."""

# ruff: noqa: RUF001 - the signs of mathematics are meant

import json
import re

import pytest

from symopt import facts
from symopt.cli.boxes import cells

MINE = """
from symopt import Positive, optimizer, t


@optimizer(title="Mine")
def mine(theta, g, *, lr: Positive = 0.1):
    theta[t] = theta[t-1] - {step}
"""


@pytest.fixture
def mine(tmp_path):
    """`mine("lr * g[t]")` writes a spec whose step is that."""

    def write(step):
        (tmp_path / "mine.py").write_text(MINE.format(step=step))
        return "mine.py"

    return write


def test_facts_come_with_their_verdict(line, spec):
    result = line("derive", spec)
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    for fact in facts(spec):
        assert f"{fact.statement} [{fact.verdict}]" in shown


def test_a_formula_is_typeset(line):
    assert "    Pₜ = θₜ + μ vₜ\n" in line("derive", "nesterov", "--kind", "training form").stdout


def test_steps_on_request(line):
    kind = ("derive", "nesterov", "--kind", "stability")
    steps = [step for fact in facts("nesterov") if fact.kind == "stability" for step in fact.steps]
    assert steps
    shown = " ".join(line(*kind, "--steps").stdout.split())
    assert all(" ".join(step.split()) in shown for step in steps)
    assert " ".join(steps[0].split()) not in " ".join(line(*kind).stdout.split())


@pytest.mark.parametrize(
    ("name", "head"), [("adabound", "rateₜ ="), ("adamw_clipped_averaged", "θₜ − θₜ₋₁ ="), ("nadam", "m̄ₜ =")]
)
def test_formulas_fit_on_a_narrow_terminal(line, monkeypatch, name, head):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", line("derive", name, "--steps").stdout).splitlines()
    assert max(map(cells, shown)) <= 60
    assert f"    {head}" in shown


def test_json_is_the_same(line, spec):
    found = json.loads(line("derive", spec, "--json").stdout)
    assert [(fact["kind"], fact["verdict"], fact["statement"]) for fact in found] == [
        (fact.kind, fact.verdict, fact.statement) for fact in facts(spec)
    ]


def test_a_spec_of_the_users_own(line, mine):
    assert "where lr * h < 2" in line("derive", mine("lr * g[t]")).stdout
    assert "where 3 * lr * h < 2" in line("derive", mine("3 * lr * g[t]")).stdout


def test_the_derivative_is_a_spec(line, tmp_path):
    printed = line("derive", "momentum", "--sensitivity", "mu").stdout
    (tmp_path / "tangent.py").write_text(printed)
    shown = line("show", "tangent.py", "--stage", "ir")
    assert "theta_mu" in shown.stdout
    assert 'momentum_by_mu = sensitivity(load("momentum"), "mu")' in printed
    assert "its path" not in printed


def test_the_derivative_of_a_file_says_that_it_needs_it(line, mine, tmp_path):
    printed = line("derive", mine("lr * g[t]"), "--sensitivity", "lr").stdout
    assert "loaded by its path: where that file moves, change it here" in printed
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "tangent.py").write_text(printed)
    assert line("show", "below/tangent.py").exit_code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("momentum", "--kind", "stabilty"), "no facts are of the kind 'stabilty'; did you mean stability?"),
        (("momentum", "--sensitivity", "m"), "momentum has no hyperparameter m; it has lr, mu; did you mean mu?"),
        (("ranger", "--sensitivity", "k"), "it takes whole numbers only"),
        (("momentun",), "the catalogue has no optimizer momentun; did you mean momentum?"),
    ],
)
def test_mistakes_are_told_in_a_sentence(line, args, said):
    result = line("derive", *args)
    assert result.exit_code == 1
    assert said in result.stderr
