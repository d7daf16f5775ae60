"""What a step costs: known numbers, and the same as the kernel's own docstring says."""

import json
from fractions import Fraction

import pytest

from symopt.artifacts import artifact, build
from symopt.artifacts.cost import cost_of
from symopt.catalogue import load_all
from symopt.theory.cost import cost
from symopt.theory.fact import from_json, to_json

CATALOGUE = load_all()


@pytest.mark.parametrize(
    ("name", "moved", "kept"),
    [("sgd", 12, []), ("momentum", 20, ["v"]), ("adam", 28, ["m", "v"]), ("adamw_clipped", 32, ["m", "v"])],
)
def test_known_costs(name, moved, kept):
    (fact,) = cost(CATALOGUE[name])
    assert fact.verdict == "proved"
    assert (fact.data["bytes"], fact.data["states"], fact.data["memory"]) == (moved, kept, 4 * len(kept))


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_cost_is_that_of_the_program_and_of_the_kernels_docstring(name):
    (fact,) = cost(CATALOGUE[name])
    assert from_json(json.loads(json.dumps(to_json(fact)))) == fact
    built = build(CATALOGUE[name])
    spent = cost_of(built[1])
    assert (fact.data["bytes"], fact.data["flops"]) == (spent.bytes_per_parameter, spent.flops)
    assert Fraction(fact.data["intensity"]) == Fraction(spent.flops, spent.bytes_per_parameter)
    docstring = artifact(CATALOGUE[name], "cpu", built=built).text
    assert f"{fact.data['bytes']} bytes moved per parameter and step in float32" in docstring


def test_what_not_every_step_costs_is_the_most():
    assert next(iter(cost(CATALOGUE["adam"]))).statement.startswith(
        "Per parameter, a step in float32 moves 28 bytes and does"
    )
    (fact,) = cost(CATALOGUE["lookahead_adam"])
    assert "moves at most 36 bytes and does at most 21 operations; 12 bytes are kept" in fact.statement


def test_each_pass_is_told():
    (fact,) = cost(CATALOGUE["adamw_clipped"])
    reads, writes = fact.steps
    assert reads == "a pass that only reads g; operations: 1"
    assert writes.startswith("the pass that writes: reads theta, g, m, v and writes theta, m, v; operations: ")
    (outcomes,) = cost(CATALOGUE["lookahead_adam"])
    assert [line.partition(":")[0] for line in outcomes.steps] == [
        "the pass that writes (every_k)",
        "the pass that writes (not every_k)",
    ]
