"""Checks notice what is wrong, measure in the units that they name, and are remembered by content."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from symopt import checks
from symopt.artifacts import artifact
from symopt.backends import BACKENDS
from symopt.catalogue import load, names
from symopt.checks import cache, oracle, proofs, run
from symopt.checks.facts import PROVED, SURVIVED, from_json, to_json
from symopt.checks.mutants import BY_PROOF, EQUIVALENT, KINDS, Outcome
from symopt.checks.trial import STEPS, trial
from symopt.cli.app import app
from symopt.derive.training import training_form
from symopt.expr import Call, transform
from symopt.paths import cache_dir
from symopt.prove.mutants import Mutant
from symopt.recurrence import Equation

SPEC = names()[0]


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        path = tmp_path_factory.mktemp("cache")
        patch.setenv("SYMOPT_CACHE_DIR", str(path))
        yield path


@pytest.fixture
def counted(monkeypatch):
    """The names of the optimizers that were checked, and not only looked up."""
    seen = []
    original = run.checked
    monkeypatch.setattr(run, "checked", lambda optimizer, *rest: seen.append(optimizer) or original(optimizer, *rest))
    return seen


def flipped(optimizer):
    """The optimizer with every sum of theta's equation a difference, and the other way round: it climbs.

    Where theta's equation has no sum it is the last one before it that has.
    """
    swap = {"+": "-", "-": "+"}

    def rule(node):
        return Call(swap[node.op], node.args) if isinstance(node, Call) and node.op in swap else node

    turned = [Equation(e.target, transform(e.rhs, rule)) for e in optimizer.equations]
    last = [new.target for old, new in zip(optimizer.equations, turned, strict=True) if old != new]
    target = "theta" if "theta" in last else last[-1]
    pairs = zip(optimizer.equations, turned, strict=True)
    return replace(optimizer, equations=tuple(new if new.target == target else old for old, new in pairs))


@pytest.mark.parametrize("name", names())
def test_the_catalogue_passes(name):
    facts = checks.facts(name)
    assert facts.faults == ()
    assert 0 <= facts.oracle_ulp < 1000
    assert dict(facts.proofs) == dict.fromkeys(BACKENDS, PROVED)


def test_facts_are_remembered(counted):
    optimizer = replace(load(SPEC), title="Remembered")
    first = checks.facts(optimizer)
    assert checks.facts(optimizer) == first
    assert len(counted) == 1
    assert checks.facts(replace(optimizer, title="Another")) == replace(first, title="Another")
    assert len(counted) == 2


def test_where_a_spec_stands_does_not_matter():
    optimizer = load(SPEC)
    assert checks.content(optimizer) == checks.content(replace(optimizer, origin=None))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"name": 1}', b"\xff\xfe", b"null", b"3"])
def test_a_damaged_cache_is_no_cache(counted, damage):
    optimizer = replace(load(SPEC), title="Damaged")
    first = checks.facts(optimizer)
    path = cache_dir() / "checks" / f"{checks.content(optimizer)}.json"
    path.write_bytes(damage)
    counted.clear()
    assert checks.facts(optimizer) == first
    assert len(counted) == 1
    assert from_json(to_json(first)) == first


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path / "file"))
    cache.store("checks", "key", {})
    assert cache.read("checks", "key") is None


@pytest.mark.parametrize("name", names())
def test_the_proof_notices_other_equations(name):
    """The kernel of one optimizer is held against the equations of another."""
    optimizer = load(name)
    text = artifact(flipped(optimizer), "cpu").text
    outcome, faults = proofs.proof(training_form(optimizer), "cpu", text)
    assert outcome != PROVED
    assert faults


@pytest.mark.parametrize("name", names())
def test_the_oracle_notices_other_equations(monkeypatch, name):
    optimizer = load(name)
    meaning = oracle._meaning
    monkeypatch.setattr(oracle, "_meaning", lambda spec, *rest: meaning(flipped(spec), *rest))
    _, faults = oracle.oracle(optimizer, "cpu")
    assert any("ulp off" in fault for fault in faults)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("off", [0, 1, 3, 1000])
def test_errors_are_in_units_in_the_last_place(dtype, off):
    exact = np.frompyfunc(oracle.REAL.constant, 1, 1)
    true = [{"theta": [exact(np.array([1.0, 1.5, -1.0]))], "m": [exact(np.array([64.0, 0.0, 1.0]))]}]
    theta, m = (true[0][name][0].astype(dtype) for name in ("theta", "m"))
    theta[1] += off * np.spacing(dtype(1.5))
    m[1] += off * np.spacing(dtype(64.0))  # of the state's scale: 0 itself has no last place
    found = [{"theta": [theta], "m": [m]}]
    assert oracle.worst(found, true, "theta", dtype) == off
    assert oracle.worst(found, true, "m", dtype) == off


def test_a_kernel_that_hides_infinity_is_noticed(monkeypatch):
    kernel = oracle._kernel

    def tame(*args):
        for values in kernel(*args):
            yield {name: [np.nan_to_num(array) for array in arrays] for name, arrays in values.items()}

    monkeypatch.setattr(oracle, "_kernel", tame)
    _, faults = oracle.oracle(load(SPEC), "cpu")
    assert any("NaN or infinite" in fault for fault in faults)


def test_the_run_is_the_same_every_time():
    first, again = trial(load(SPEC)), trial(load(SPEC))
    assert len(first.gradients) == STEPS >= 20
    assert all(np.array_equal(a, b) for a, b in zip(first.params, again.params, strict=True))


@pytest.mark.parametrize("name", names())
def test_a_page_that_misprints_is_noticed(monkeypatch, name):
    printed = proofs.latex
    monkeypatch.setattr(proofs, "latex", lambda expr, inline: printed(expr, inline=inline) + " + 1")
    assert list(proofs.page_faults(load(name)))


@pytest.fixture
def outcomes(monkeypatch):
    """What becomes of four made-up mutants of any file."""
    kinds = [BY_PROOF, BY_PROOF, EQUIVALENT, SURVIVED]
    made = [Outcome(Mutant(10 + k, f"a{k}  ->  b{k}", ""), kind, f"because {k}") for k, kind in enumerate(kinds)]
    monkeypatch.setattr(run, "tried", lambda optimizer, tell=None: made)


def test_mutants_are_counted_and_remembered(outcomes):
    optimizer = replace(load(SPEC), title="Mutated")
    found = checks.check(optimizer, mutants=True)
    assert dict(found.mutants) == dict(zip(KINDS, [2, 0, 0, 1, 1], strict=True))
    assert [(line, kind) for line, _, kind, _ in found.uncaught] == [(12, EQUIVALENT), (13, SURVIVED)]
    assert checks.known(checks.content(optimizer)) == found


def test_the_command_tells_survivors(outcomes):
    shown = CliRunner().invoke(app, ["check", SPEC, "--mutants"])
    assert shown.exit_code == 0
    header, row = (line.split("  ") for line in shown.stdout.splitlines()[:2])
    assert all(kind in map(str.strip, header) for kind in KINDS)
    assert [cell.strip() for cell in row if cell.strip()][-5:] == ["2", "0", "0", "1", "1"]
    assert f"{SPEC}: no check notices line 13: a3  ->  b3 (because 3)" in shown.stdout
    assert "a2" not in shown.stdout
    (plain,) = json.loads(CliRunner().invoke(app, ["check", SPEC, "--mutants", "--json"]).stdout)
    assert plain["mutants"][SURVIVED] == 1
    assert plain["uncaught"][1] == {"line": 13, "change": "a3  ->  b3", "outcome": SURVIVED, "why": "because 3"}
