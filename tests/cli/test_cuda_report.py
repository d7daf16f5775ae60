"""`symopt cuda-report`, and the least times that other commands show."""

import json
import re

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
    assert rows[0] == ["spec", "kernel", "regs", "spills", "threads", "loop", "B", "in", "flight", "faults"]
    assert rows[1][:2] == ["mine.py", "numbers_1"]
    update = next(row for row in rows if row[:1] == ["update"])
    assert update[2] == "0"
    assert update[4] == "20"  # theta, g and m are read, theta and m written
    assert update[-1] == "0"
    assert ["spec", "step", "B", "launches", "A100", "H100", "H200", "B200"] in rows
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
    assert [found["bytes_per_parameter"] for found in (first, second)] == [24, 16]
    assert second["microseconds"]["H100"]["1 million"] == pytest.approx(16 / 3.35 + 5, abs=0.06)


@pytest.mark.parametrize(
    ("dtype", "told", "moved"),
    [
        ("bfloat16", "in bfloat16", 16),  # theta twice, g, and g again for the norm, of 2 bytes; m twice, of 4
        ("float64", "in float64", 48),
        ("masters", "in float16 with masters in float32", 22),  # theta twice in float32, once in float16
    ],
)
def test_the_times_are_those_of_the_dtype(line, mine, dtype, told, moved):
    shown = line("cuda-report", mine, "--dtype", dtype).stdout
    assert f"A step of 25.6 million parameters {told} takes at least, in microseconds:" in shown
    row = f"{mine} {moved} 5 {moved * 25.6 / 2.039 + 5:.0f} "
    assert any(" ".join(one.split()).startswith(row) for one in shown.splitlines())


def test_several_dtypes_have_several_times(line, mine):
    shown = line("cuda-report", mine, "--dtype", "float32,bfloat16").stdout
    assert "A step of 25.6 million parameters takes at least, in microseconds:" in shown
    rows = [one.split() for one in shown.splitlines()]
    assert [row[:3] for row in rows if row[:1] == [mine] and "5" in row] == [
        [mine, "float32", "24"],
        [mine, "bfloat16", "16"],
    ]


def test_the_columns_are_explained_in_a_pipe_too(line, mine):
    shown = line("cuda-report", mine).stdout
    told = dict(one.split(": ", 1) for one in shown.split("\n\n")[-1].splitlines())
    assert [*told] == ["regs", "spills", "threads", "loop B", "in flight", "faults", "step B", "launches"]
    assert told["faults"].startswith("how much is wrong with the kernel")


def test_a_narrow_terminal_shows_all(line, mine, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", line("cuda-report", mine, "adamw_clipped").stdout).splitlines()
    assert max(map(len, shown)) <= 60
    assert shown[0].split() == ["spec", "regs", "spills", "threads", "loop", "B", "in", "flight", "faults"]
    assert shown[1] == mine
    assert " ".join(shown[2].split()).startswith("numbers_1 ")
    assert "adamw_clipped" in shown
    assert any(one.startswith("adamw_clipped ") and one.split()[1:3] == ["32", "5"] for one in shown)


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
        (
            ["--arch", "sm_91"],
            "nothing is known here of the architecture 'sm_91'; there is sm_80, sm_86, sm_89, sm_90,",
        ),
        (["--arch", ","], "nothing is known here of the architecture ''; there is sm_80,"),
        (["--dtype", "float23"], "no kernel is made for the dtype 'float23'; there is float32, float64, float16,"),
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
