"""Single changes of emitted files are noticed, and what is called harmless is."""

import re
from functools import cache

import numpy as np
import pytest

from symopt import catalogue
from symopt.checks.emitted import interface_faults
from symopt.checks.facts import SURVIVED
from symopt.checks.mutants import BY_COMPILED, BY_ORACLE, BY_PROOF, CAUGHT, EQUIVALENT, KINDS, Judge, counts, tried
from symopt.errors import SymoptError
from symopt.prove.floats import in_python
from symopt.prove.mutants import Mutant, mutants_of
from symopt.specs.clipping import clip_by_global_norm
from symopt.specs.nesterov import nesterov

CHOSEN = 2  # mutants of each file; `symopt check --mutants` tries all
NAMES = catalogue.names()


@pytest.fixture(scope="module")
def judge():
    """`judge(optimizer)`, made once for each."""
    return cache(Judge)


def planted(text, pattern, new):
    """A file with one change: of what the first group of a pattern finds, which it must."""
    found = re.search(pattern, text)
    assert found, pattern
    return Mutant(0, f"{found[1]} -> {new}", text[: found.start(1)] + new + text[found.end(1) :])


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_each_file_is_noticed(name):
    made = Judge(catalogue.load(name))
    every = list(mutants_of(made.text))
    chosen = every[NAMES.index(name) % 7 :: len(every) // CHOSEN]
    found = [made.outcome(mutant) for mutant in chosen]
    assert len(found) >= CHOSEN
    assert [(o.mutant.change, o.why) for o in found if o.kind not in (*CAUGHT, EQUIVALENT)] == []


@pytest.mark.parametrize(
    ("kind", "pattern", "new"),
    [
        ("sign", r"_new = point ([-]) mu_made", "+"),
        ("operator", r"mu_lo ([*]) v", "/"),
        ("name", r"\+ point_scale \* (v_new)", "v"),
        ("constant", r"point_scale = mu_made_new \+ (1)", "2"),
        ("index", r"lr, mu_made = rows\[group, (1)\]", "2"),
        ("bound of a loop", r"for i in range\((n)\):\n +point", "n - 1"),
        ("bound of the shares", r"prange\(len\(blocks\) - (1)\)", "2"),
        ("chunk arithmetic", r"offset = start ([*]) rows", "+"),
        ("chunks", r"min\(CHUNK, (n) - at\)", "at"),
        ("order of the buffers", r"plan\.bind\(params, grads, state\.(v)\)", "deployed"),
        ("start value", r"numbers\[group, 3\] = (mu)\n", "0"),
        ("what is carried over", r"numbers\[group, 3\] = numbers\[group, (4)\]", "3"),
        ("coefficient of theta", r"def theta_of[^#]*?return point ([-])", "+"),
        ("coefficient of the point", r"def point_of[^#]*?return theta \+ (mu_made)", "theta"),
        ("flag of theta", r"deployed\[0\] = (1) - deployed", "2"),
        ("way back", r"change\((0), params", "1"),
    ],
)
def test_each_kind_of_change_is_caught_by_the_proof(judge, kind, pattern, new):
    made = judge(nesterov)
    found = made.outcome(planted(made.text, pattern, new))
    assert (found.kind, kind) == (BY_PROOF, kind)


@pytest.mark.parametrize(
    ("pattern", "new", "why"),
    [
        (r"step\([^)]*lr=(0.01)", "0.02", "lr=0.02"),
        (r"init\([^)]*t=(0)", "1", "t=1"),
        (r"lambda x: 0 (<=) x < 1", "<", "HYPER refuses"),
        (r"lambda x: 0 <= x (<) 1", "<=", "HYPER takes"),
        (r'BUFFERS = .*"g": (False)', "True", "g is written"),
        (r"first = carray\(pointer\(table\[tensor, 0\], (rows)\)", "deployed", "float64"),
        (r"offset = start \* (rows).itemsize", "work", "past the end"),
    ],
)
def test_what_the_proof_takes_from_outside_is_caught_by_the_oracle(judge, pattern, new, why):
    made = judge(nesterov)
    found = made.outcome(planted(made.text, pattern, new))
    assert found.kind == BY_ORACLE
    assert why in found.why


@pytest.mark.parametrize(
    ("pattern", "new"), [(r"lr, mu_made = (rows)\[", "numbers"), (r"numbers\[group, 3\] = (numbers)\[", "rows")]
)
def test_a_number_in_another_precision_is_caught(judge, pattern, new):
    """Equal as real numbers: float64 in the element loop, and a number of the step in the dtype of the arrays."""
    made = judge(nesterov)
    found = made.outcome(planted(made.text, pattern, new))
    assert found.kind == BY_PROOF
    assert "float64" in found.why or "rounded" in found.why


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        (r"range\(len\((numbers)\)\)", "rows"),  # both have a row per group
        (r"carray\(pointer\([^)]*, rows\), (n)\)", "n + 0"),
        (r"rows\[group, 5:(8)\]", "9"),  # past the last column
    ],
)
def test_a_harmless_change_is_shown_to_be_one(judge, pattern, new):
    made = judge(nesterov)
    assert made.outcome(planted(made.text, pattern, new)).kind == EQUIVALENT


def test_a_guard_that_is_never_used_is_harmless(judge):
    made = judge(catalogue.load("adam"))
    inner = planted(made.text, r"log\(select\(beta1 > 0, beta1, (1\.0)\)\)", "2.0")
    assert made.outcome(inner).kind == EQUIVALENT
    outer = planted(made.text, r"log\(select\(beta1 > 0, beta1, 1\.0\)\)\), (1\.0)\)", "2.0")
    assert made.outcome(outer).kind == BY_PROOF


def test_other_operations_are_not_called_the_same(judge):
    """Equal as real numbers and close as floats, yet rounded elsewhere."""
    made = judge(nesterov)
    other = planted(made.text, r"v_new = (mu_hi \* v \+ \(mu_lo \* v - lr \* g\))", "mu_hi * v + mu_lo * v - lr * g")
    assert made.outcome(other).kind == SURVIVED


def test_what_only_the_compiler_breaks_is_caught_compiled():
    """Python's integers have no end, the compiler's have 64 bits: the loop is empty there.

    The factors change places too, since all operations would be the same ones otherwise.
    """
    declared = catalogue.load("sgd")
    text, told = planted(Judge(declared).text, r"theta - (lr \* g)", "g * lr").text, []
    broken = planted(text, r"for i in range\((n)\)", "int(n) << 62 >> 62")
    (found,) = tried(declared, [broken], lambda *numbers: told.append(numbers))
    assert found.kind == BY_COMPILED
    assert "ulp off" in found.why
    assert told == [(1, 1)]
    assert dict(counts([found])) == {kind: int(kind == BY_COMPILED) for kind in KINDS}


def test_a_file_that_is_wrong_itself_is_no_measure(monkeypatch):
    monkeypatch.setattr("symopt.checks.mutants.prove_kernel", lambda *_, **__: pytest.fail("not reached"))
    monkeypatch.setattr("symopt.checks.mutants.faults_in_python", lambda *_: (["wrong"], ""))
    with pytest.raises(SymoptError, match="fails its checks"):
        Judge(nesterov)


def test_mutants_change_one_line_each(judge):
    text = judge(nesterov).text
    for mutant in mutants_of(text):
        changed = [a != b for a, b in zip(text.splitlines(), mutant.text.splitlines(), strict=True)]
        assert sum(changed) == 1
        assert changed[mutant.line - 1]


def test_every_part_of_a_file_is_changed():
    text = Judge(clip_by_global_norm(nesterov)).text
    changes = " ".join(mutant.change for mutant in mutants_of(text))
    for part in ("lambda x", "BUFFERS", "mu_hi", "carray", "range", "+= ", "-= ", "plan.work", "theta_of"):
        assert part in changes, part
    assert not [mutant for mutant in mutants_of(text) if '"""' in mutant.change]


def test_a_file_in_python_gives_what_it_says(judge):
    made = judge(nesterov)
    names = in_python(made.text, np.float32)
    params = [np.ones((2, 3), np.float32)]
    state = names["init"](params)
    names["step"](params, [np.full((2, 3), 0.5, np.float32)], state)
    assert state.numbers[0, 0] == 1
    assert np.all(params[0] < 1)
    assert list(interface_faults(names, made.training)) == []
