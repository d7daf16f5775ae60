"""Methods that are known to be equal, with the conditions under which they are."""

import json
from dataclasses import dataclass, field

import pytest

from symopt.equivalence import again, compare, to_json


@dataclass(frozen=True)
class Equal:
    """conditions: what must hold; deployed: the verdict on theta; given: what `compare` is told"""

    a: str
    b: str
    conditions: tuple[str, ...] = ()
    deployed: str = "proved"
    map: dict[str, str] = field(default_factory=dict)
    given: dict = field(default_factory=dict)


EQUAL = [
    Equal("nesterov", "nesterov_transformed", ("mu is constant",), "refuted", {"B.v": "A.v"}),
    Equal("nesterov", "nesterov_remembering", (), "refuted", {"B.last": "mu"}),
    Equal(
        "nesterov_annealed", "transformed_annealed", ("mu is constant", "start is constant", "steps is constant"),
        "refuted",
    ),
    Equal("nesterov_torch", "nesterov_transformed", ("lr is constant",), map={"B.v": "-lr * A.b"}),
    Equal("momentum_torch", "momentum", ("lr is constant",), map={"B.v": "-lr * A.b"}, given={"hyper": {"tau": "0"}}),
    Equal("momentum_torch", "momentum", ("tau = 0", "lr is constant")),
    Equal("momentum_sum", "momentum_ema", ("B.lr = lr / (1 - mu)", "mu is constant"), map={"B.m": "(1 - mu) * A.b"}),
    Equal("momentum_torch", "momentum_ema", ("tau = 0", "B.lr = lr / (1 - mu)", "mu is constant")),
    Equal("schedule_free_sgd", "schedule_free_in_memory", ("beta is constant",), map={"B.z": "A.z"}),
    Equal("adam", "adam_hat", ("B.eps = sqrt(1 - beta2**t) * eps",)),
    Equal("adam", "adam_hat", given={"hyper": {"A.eps": "B.eps/sqrt(1 - beta2**t)"}}),
    Equal("adam", "adam_stored", ("beta1 is constant", "beta2 is constant"), map={"B.v": "A.v / (1 - beta2)"}),
    Equal("rmsprop", "rms_root", map={"B.u": "sqrt(A.v)"}),
    Equal("rmsprop_momentum", "rmsprop_momentum_inside", ("lr is constant",), given={"hyper": {"eps": "0"}}),
    Equal("step_recurrence", "sgd_step", ("lr_every is constant", "lr_gamma is constant")),
    Equal("exponential_recurrence", "sgd_exponential", ("lr_steps is constant",), map={"A.rate": "exp(-t / lr_steps)"}),
    Equal("polynomial_recurrence", "sgd_polynomial", ("lr_floor = 0", "lr_total is constant", "lr_power is constant")),
    Equal("cosine_recurrence", "sgd_cosine", ("lr_floor = 0", "lr_total is constant")),
    Equal("cosine_rotation", "sgd_cosine", ("lr_total is constant",)),
    Equal("lookahead_momentum", "momentum", given={"hyper": {"k": "1", "alpha": "1"}}),
    Equal("lookahead_momentum", "momentum", given={"hyper": {"A.alpha": "1"}}),
    Equal("lookahead_momentum", "momentum", given={"hyper": {"k": "inf"}}),
    Equal("momentum_clipped", "momentum", given={"hyper": {"max_norm": "inf"}}),
    Equal("adamw_clipped", "adamw", given={"hyper": {"A.max_norm": "oo"}}),
    Equal("ranger", "lookahead_radam"),
    Equal("adamw_clipped", "adamw_clipped_averaged", (), "refuted", {"B.x": "A.theta"}),
    Equal("sgd_plateau", "sgd_plateau"),
    Equal("adamw", "adam", given={"hyper": {"weight_decay": "0"}}),
]  # fmt: skip


@pytest.mark.parametrize("case", EQUAL, ids=lambda case: f"{case.a}={case.b}")
def test_equal(case, named):
    found = compare(named(case.a), named(case.b), **case.given)
    assert (found.points, found.deployed, found.conditions) == ("proved", case.deployed, case.conditions)
    assert case.map.items() <= found.map.items()
    assert found.steps
    assert (found.counterexample is not None) == bool(case.conditions or case.deployed == "refuted")
    if found.counterexample is not None:
        assert again(named(case.a), named(case.b), found.counterexample) is not None


@pytest.mark.parametrize("case", EQUAL, ids=lambda case: f"{case.a}={case.b}")
def test_equality_goes_both_ways(case, named):
    turn = {"A": "B", "B": "A"}
    given = {
        option: {turn.get(key[0], key[0]) + key[1:] if "." in key else key: text for key, text in table.items()}
        for option, table in case.given.items()
    }
    given = {o: {k: t.replace("B.", "A.") for k, t in table.items()} for o, table in given.items()}
    found = compare(named(case.b), named(case.a), **given)
    assert (found.points, found.deployed) == ("proved", case.deployed)


def test_what_is_constant_is_exact(named):
    found = compare(named("momentum_torch"), named("momentum"), hyper={"tau": "0"})
    assert found.exactly
    assert found.counterexample.step == 2
    assert len(set(found.counterexample.hyper["lr"])) == 2
    assert all(not isinstance(value, tuple) for name, value in found.counterexample.hyper.items() if name != "lr")
    assumed = compare(named("momentum_torch"), named("momentum"), hyper={"tau": "0"}, constant=["lr"])
    assert (assumed.verdict, assumed.conditions, assumed.counterexample) == ("proved", (), None)


def test_json_is_plain(named):
    found = to_json(compare(named("momentum_torch"), named("momentum")))
    assert json.loads(json.dumps(found)) == found
    assert found["verdict"] == "proved"
    assert found["counterexample"]["hyper"]["mu"] == "9/10"
