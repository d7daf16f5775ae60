"""`symopt cuda-report`, and the least times that other commands show."""

import json

import pytest

from symopt.catalogue import load
from symopt.cli.targets import source

SPEC = """
from symopt import Positive, Unit, norm, optimizer, t


@optimizer(title="Mine")
def mine(theta, g, m, *, lr: Positive = 1e-3, beta: Unit = 0.9):
    m[t] = beta * m[t-1] + (1 - beta) * g[t] / (1 + norm(g[t]))
    theta[t] = theta[t-1] - lr * m[t]
"""


@pytest.fixture
def compiler(peer):
    """numba-cuda, and ptxas behind it."""
    peer("nvidia.cu13")
    peer("numba_cuda")


@pytest.fixture
def mine(tmp_path, compiler):
    """A spec far from the catalogue."""
    (tmp_path / "mine.py").write_text(SPEC, encoding="utf-8")
    return "mine.py"


def test_one_command_writes_the_kernel_and_reports_it(line, mine, tmp_path):
    result = line("cuda-report", mine, "--out", "kernels")
    assert result.exit_code == 0, result.output
    assert "wrote kernels/cuda/mine.py" in result.stdout
    assert "proved 1 of 1 kernels" in result.stdout
    assert "update" in result.stdout
    assert (tmp_path / "kernels" / "cuda" / "mine.py").is_file()


def test_a_spec_of_ones_own(line, mine):
    result = line("cuda-report", mine)
    assert result.exit_code == 0, result.output
    rows = [shown.split() for shown in result.stdout.splitlines()]
    assert rows[0] == ["spec", "kernel", "regs", "spills", "threads", "bytes", "in", "flight", "faults"]
    assert rows[1][:2] == ["mine.py", "numbers_1"]
    update = next(row for row in rows if row[:1] == ["update"])
    assert update[2] == "0"
    assert update[4] == "20"  # theta, g and m are read, theta and m written
    assert update[-1] == "0"
    assert ["spec", "bytes", "launches", "A100", "H100", "H200", "B200"] in rows
    assert next(row for row in rows if row[:2] == ["mine.py", "24"])[2] == "5"


def test_dtypes_and_architectures_are_told_apart(line, mine):
    result = line("cuda-report", mine, "--dtype", "float32,bfloat16", "--arch", "sm_90", "--json")
    assert result.exit_code == 0, result.output
    first, second = json.loads(result.stdout)
    assert (first["spec"], first["dtype"], first["architecture"]) == (mine, "float32", "sm_90")
    assert second["dtype"] == "bfloat16"
    assert first["passed"]
    update = [next(one for one in found["kernels"] if one["kernel"] == "update") for found in (first, second)]
    assert [one["found"] for one in update] == [one["declared"] for one in update] == [20, 14]
    assert first["microseconds"]["H100"]["1 million"] == pytest.approx(24 / 3.35 + 5, abs=0.06)


def test_a_fault_is_named_and_fails(line, mine, monkeypatch):
    monkeypatch.setattr("symopt.gpu.faults.ENOUGH", 2.0)
    monkeypatch.setattr("symopt.gpu.occupancy.LATENCY", 1.0)
    result = line("cuda-report", mine)
    assert result.exit_code == 1
    assert "mine.py, update, float32, sm_90: idle memory: " in result.stdout
    assert "symopt: mine.py is at fault" in result.stderr
    plain = json.loads(line("cuda-report", mine, "--json").stdout)
    assert not plain[0]["passed"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--arch", "sm_91"], "nothing is known here of the architecture 'sm_91'; did you mean sm_90?"),
        (["--arch", ","], "nothing is known here of the architecture ''; there is sm_80,"),
        (["--dtype", "float23"], "no kernel is made for the dtype 'float23'; did you mean float32?"),
    ],
)
def test_mistakes_are_one_sentence(line, arguments, sentence):
    result = line("cuda-report", "adamw", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"symopt: {sentence}")
    assert result.stdout == ""


def test_a_spec_that_is_none(line, compiler):
    result = line("cuda-report", "adamx")
    assert result.exit_code == 1
    assert "the catalogue has no optimizer adamx; did you mean adam" in result.stdout


def test_without_numba_cuda_the_remedy_is_named(line, monkeypatch):
    def missing(name):
        from importlib.metadata import PackageNotFoundError

        raise PackageNotFoundError(name)

    monkeypatch.setattr("symopt.gpu.compile.version", missing)
    result = line("cuda-report", "adamw")
    assert result.exit_code == 1
    assert "pip install 'symopt-codegen[cuda]' brings it" in " ".join(result.stderr.split())


def test_list_and_page_tell_the_least_times(line):
    (row,) = (one for one in json.loads(line("list", "--json").stdout) if one["name"] == "adamw")
    assert row["microseconds"]["A100"]["25.6 million"] == pytest.approx(28 * 25.6 / 2.039 + 2, abs=0.06)
    sentence = (
        "A step of 25.6 million parameters takes at least, in microseconds and limited by memory: 354 on A100, 216 on "
        "H100, 151 on H200 and 92 on B200."
    )
    assert sentence in " ".join(source(load("adamw"), "latex").split())
