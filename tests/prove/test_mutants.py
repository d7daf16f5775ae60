"""Single-token changes of emitted files: what the proof accepts is the same in floating point too."""

import pytest

from symopt import catalogue
from symopt.artifacts import artifact, build
from symopt.prove.floats import run_in_python
from symopt.prove.mutants import Score, mutants_of, score

CHOSEN = 16  # mutants of each file, evenly spread; `symopt check --mutants` tries all


def emitted(name):
    declared = catalogue.load(name)
    return build(declared)[0], artifact(declared, "cpu").text


@pytest.mark.parametrize("name", catalogue.names())
def test_mutants_are_caught_or_equivalent(name):
    training, text = emitted(name)
    every = list(mutants_of(text))
    chosen = every[:: -(-len(every) // CHOSEN)]
    found = score(training, text, iter(chosen))
    assert found.total == len(chosen) >= CHOSEN // 2
    # What survives gives the same bits in float32: it takes one count for an equal one, or makes a table too large.
    assert found.by_proof + found.by_numbers >= 0.7 * found.total, [mutant.change for mutant in found.survivors]


def test_mutants_change_one_line_each():
    _, text = emitted("adam")
    for mutant in mutants_of(text):
        changed = [a != b for a, b in zip(text.splitlines(), mutant.text.splitlines(), strict=True)]
        assert sum(changed) == 1
        assert changed[mutant.line - 1]


def test_every_kind_of_function_is_changed():
    _, text = emitted("adam")
    changes = " ".join(mutant.change for mutant in mutants_of(text))
    for part in ("beta1_hi", "expm1", "carray", "range"):
        assert part in changes


def test_the_numbers_tell_files_apart():
    training, text = emitted("adam")
    assert isinstance(run_in_python(training, text), bytes)
    assert run_in_python(training, text) == run_in_python(training, text)
    assert run_in_python(training, text.replace("lr=0.001", "lr=0.002")) != run_in_python(training, text)


def test_a_score_counts_everything():
    assert Score(3, 2, ()).total == 5
