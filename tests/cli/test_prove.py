"""`symopt prove`: the verdict, what it rests on, and the exit code."""

import json
import re

import pytest

FILE = """
from symopt import Positive, Unit, optimizer, t


@optimizer(title="Mine")
def mine(theta, g, u, *, lr: Positive = 0.1, mu: Unit = 0.9):
    u[t] = mu * u[t-1] + lr * g[t]
    theta[t] = theta[t-1] - u[t]


@optimizer(title="Yours")
def yours(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
    v[t] = mu * v[t-1] - lr * g[t]
    theta[t] = theta[t-1] + {change}v[t]
"""


def test_proved(line):
    result = line("prove", "nesterov_torch", "nesterov_transformed")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "Proved: nesterov_torch and nesterov_transformed are equal when lr is constant, "
        "and can differ where it changes."
    )
    assert "B.v      -lr * A.b" in result.stdout
    assert (
        "A step keeps B.v = -lr * A.b: mu * -lr * A.b[t-1] - lr * g[t] = -lr * (mu * A.b[t-1] + g[t])." in result.stdout
    )
    assert "Otherwise they differ: from theta[0] = 0, mu = 0.9" in result.stdout
    assert ["2", "1", "0.005"] in [shown.split() for shown in result.stdout.splitlines()]


def test_refuted(line):
    result = line("prove", "amsgrad_torch", "amsgrad_optax")
    assert result.exit_code == 3
    assert result.stdout.startswith("Refuted: amsgrad_torch and amsgrad_optax differ, first at t = 2.")
    assert "theta[2] is -0.0016697" in result.stdout


def test_same_points_but_another_theta(line):
    result = line("prove", "nesterov", "nesterov_transformed", "--assume", "mu=constant")
    assert result.exit_code == 3
    assert "ask for gradients at the same points, but deploy different parameters" in result.stdout


def test_options(line):
    options = ("--hyper", "A.eps=eps/sqrt(1 - beta2**t)", "--map", "B.v=v", "--assume", "beta2=constant")
    result = line("prove", "adam", "adam_hat", *options)
    assert result.exit_code == 0
    assert result.stdout.startswith("Proved with A.eps = eps/sqrt(1 - beta2**t) and beta2 constant: adam and")
    assert line("prove", "momentum_clipped", "momentum", "--hyper", "max_norm=inf").exit_code == 0


def test_a_budget(line):
    result = line("prove", "adam", "adam_hat", "--hyper", "A.eps=eps/sqrt(1 - beta2**t)", "--budget", "100")
    assert result.exit_code == 4
    assert "--budget 4000000 allows more" in result.stdout.replace("\n", " ")


def test_what_two_that_differ_have_in_common(line):
    result = line("prove", "adam", "adamw")
    assert result.exit_code == 3
    assert "With weight_decay = 0 they are equal." in result.stdout


def test_two_specs_of_one_file(line, tmp_path):
    (tmp_path / "two.py").write_text(FILE.format(change=""))
    result = line("prove", "two.py:mine", "two.py:yours")
    assert result.exit_code == 0
    assert "B.v      -A.u" in result.stdout
    (tmp_path / "two.py").write_text(FILE.format(change="2 * "))
    assert line("prove", "two.py:mine", "two.py:yours").exit_code == 0  # equal with half the learning rate
    (tmp_path / "two.py").write_text(FILE.format(change="mu * "))
    assert "B.lr = lr / mu" not in line("prove", "two.py:mine", "two.py:yours").stdout


def test_undecided(line, tmp_path):
    body = "w[0] = 1\n    w[t] = {}\n    theta[t] = theta[t-1] - lr * g[t] * {}\n"
    head = "\n\n@optimizer(title='{0}')\ndef {0}(theta, g, w, *, lr: Positive = 1.0):\n    "
    text = "from symopt import Positive, optimizer, sqrt, t\n"
    text += head.format("plain") + body.format("w[t-1] + g[t]**2", "1 / sqrt(w[t])")
    text += head.format("inverse") + body.format("w[t-1] / (1 + w[t-1] * g[t]**2)", "sqrt(w[t])")
    (tmp_path / "two.py").write_text(text)
    result = line("prove", "two.py:plain", "two.py:inverse")
    assert result.exit_code == 4
    assert re.match(r"Undecided: none of \d\d runs tells plain from inverse\.", result.stdout)
    assert "--map 'B.w=...'" in result.stdout
    assert line("prove", "two.py:plain", "two.py:inverse", "--map", "B.w=1/w").exit_code == 0


def test_json(line):
    result = line("prove", "momentum_torch", "momentum", "--json")
    found = json.loads(result.stdout)
    assert (found["verdict"], found["points"], found["deployed"]) == ("proved", "proved", "proved")
    assert found["conditions"] == ["tau = 0", "lr is constant"]
    assert found["counterexample"]["step"] == 2
    assert found["sentence"].startswith("Proved: momentum_torch and momentum are equal when tau = 0 and lr is constant")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--assume", "lr"), "--assume lr: write --assume lr=constant"),
        (("--assume", "lr=2"), "for a number write --hyper lr=2"),
        (("--assume", "beta=constant"), "there is no hyperparameter beta; did you mean beta2?"),
        (("--hyper", "lr"), "--hyper lr: write a name, =, and an expression"),
        (("--map", "B.v"), "--map B.v: write a name, =, and an expression"),
        (("--map", "B.w=v"), "adam_hat has no state w"),
        (("--hyper", "lr=1", "--hyper", "lr=2"), "--hyper lr is given twice, as 1 and as 2"),
    ],
    ids=str,
)
def test_mistakes(process, options, message):
    result = process("prove", "adam", "adam_hat", *options)
    assert result.returncode == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
