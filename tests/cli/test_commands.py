"""What the commands print and write."""

import json
import re
import shlex
from pathlib import Path

import pytest

from symopt.artifacts import Comparison
from symopt.backends import BACKENDS
from symopt.catalogue import load, names
from symopt.cli.generate import tell_differences
from symopt.expr import decimal
from symopt.paths import specs_dir


def test_alone_it_shows_help(line):
    result = line()
    assert result.exit_code == 0
    assert all(command in result.stdout for command in ("list", "show", "new", "check", "generate"))


def test_version(process):
    result = process("--version")
    assert re.fullmatch(r"symopt (\d+\.\d+.*|from a checkout that is not installed)\n", result.stdout)


def test_list_names_everything(line):
    rows = json.loads(line("list", "--json").stdout)
    assert [row["name"] for row in rows if row["kind"] == "optimizer"] == list(names())
    assert {"clip_by_global_norm", "ema"} <= {row["name"] for row in rows if row["kind"] == "wrapper"}
    assert {"cosine", "linear_warmup"} <= {row["name"] for row in rows if row["kind"] == "schedule"}
    assert all(row["targets"] == [*BACKENDS, "latex"] for row in rows if row["kind"] == "optimizer")
    table = line("list")
    assert table.exit_code == 0
    first_words = {shown.split(" ")[0] for shown in table.stdout.splitlines()}
    assert {row["name"] for row in rows} <= first_words


@pytest.mark.parametrize(("width", "heads"), [(40, 4), (60, 6), (80, 7), (120, 8)])
def test_list_keeps_its_numbers_on_a_narrow_terminal(line, monkeypatch, width, heads):
    """Whole columns are left out, and long names cut."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line("list").stdout).splitlines()
    head = next(row for row in shown if row.startswith("name "))
    adam = next(row for row in shown if row.startswith("adam "))
    assert max(map(len, shown)) <= width
    assert len(head.split()) == heads
    assert {"bytes", "flops", "H100"} < set(head.split())
    assert ["28", "18", "216"] in [adam.split()[k : k + 3] for k in range(len(adam.split()))]


def test_list_shows_what_check_found(line, spec):
    def row():
        return next(row for row in json.loads(line("list", "--json").stdout) if row["name"] == spec)

    assert line("check", spec).exit_code == 0
    assert set(row()["proofs"]) == set(BACKENDS)
    assert row()["proofs"]["cpu"] != "not checked"
    assert row()["oracle_ulp"] > 0


def test_the_second_list_is_light(process):
    process("list")
    again = process("list", PYTHONPROFILEIMPORTTIME="1")
    loaded = set(re.findall(r"\| +([\w.]+)$", again.stderr, re.MULTILINE))
    assert "symopt.cli.listing" in loaded
    assert not loaded & {"sympy", "numpy", "numba", "mpmath"}


@pytest.mark.parametrize("name", names())
def test_show_tells_all(line, name):
    result = line("show", name)
    optimizer = load(name)
    assert result.exit_code == 0
    assert optimizer.title in result.stdout
    for hyper in optimizer.hyperparameters:
        default = "required" if hyper.default is None else re.escape(decimal(hyper.default))
        assert re.search(rf"^{hyper.name}\b.*{default}", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", names())
def test_every_line_of_a_card_fits(line, name):
    result = line("show", name)
    assert max(map(len, result.stdout.splitlines())) <= 130
    assert all(shown == shown.rstrip() for shown in result.stdout.splitlines())


def test_show_in_ascii(process, spec):
    result = process("show", spec, PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert result.stdout.isascii()
    assert "theta[t] =" in result.stdout


def test_show_stages(line, spec):
    assert "pass over memory" in line("show", spec, "--stage", "ir").stdout
    compile(line("show", spec, "--stage", "cpu").stdout, spec, "exec")
    assert r"\begin{align}" in line("show", spec, "--stage", "latex").stdout


@pytest.mark.parametrize(("name", "kind"), [("joins", "schedule"), ("schedules", "schedule"), ("clipping", "wrapper")])
def test_show_lists_what_a_file_without_optimizers_declares(line, name, kind):
    rows = json.loads(line("list", "--json").stdout)
    home = f"symopt.specs.{name}"
    wanted = [row["name"] for row in rows if row.get("home") == home and row["kind"] == kind]
    shown = line("show", f"{specs_dir()}/{name}.py")
    assert shown.exit_code == 0
    first, *others = shown.stdout.splitlines()
    assert first.split()[:3] == [kind, "import", "from"]
    assert [row.split()[:2] for row in others] == [[found, home] for found in wanted]
    assert wanted


def test_show_lists_a_wrapper_that_fits_nothing_without_numbers(line, tmp_path):
    """A wrapper's cost is measured around one optimizer, which this one does not fit."""
    (tmp_path / "mine.py").write_text(WRAPPER)
    shown = line("show", "mine.py").stdout.splitlines()
    assert [row.split() for row in shown[1:]] == [["picky", "mine"], ["of_two", "mine"]]


def test_show_tells_of_a_schedule(line, tmp_path):
    (tmp_path / "mine.py").write_text(SCHEDULED)
    shown = line("show", "mine.py").stdout
    assert re.search(r"^lr follows +Annealing\. A straight line from start", shown, re.MULTILINE)


WRAPPER = """
from symopt import optimizer, t

def picky(inner):
    @optimizer(title="Picky")
    def picky(theta):
        theta[t] = inner(theta[t-1]) - inner.nothing_like_it * theta[t-1]
    return picky

def of_two(inner, other):
    @optimizer(title="Of two")
    def of_two(theta):
        theta[t] = (inner(theta[t-1]) + other(theta[t-1])) / 2
    return of_two
"""
VARIANTS = """
from symopt.specs.sgd import sgd

fast = sgd.titled("Fast")
slow = sgd.titled("Slow")
"""
SCHEDULED = """
from symopt.specs.schedules import anneal
from symopt.specs.sgd import sgd

mine = sgd.scheduled(lr=anneal)
"""


def test_new_passes_its_check(line, tmp_path):
    assert line("new", "my_method").exit_code == 0
    result = line("check", "my_method.py")
    assert result.exit_code == 0
    assert "passed" in result.stdout
    (tmp_path / "my_method.py").rename(tmp_path / "moved.py")
    assert line("show", f"{tmp_path}/moved.py:my_method").exit_code == 0


def test_new_overwrites_nothing(line, tmp_path):
    (tmp_path / "mine.py").write_text("precious")
    result = line("new", "mine")
    assert result.exit_code == 1
    assert "exists already" in result.stderr
    assert (tmp_path / "mine.py").read_text() == "precious"


def test_check_finds_a_wrong_reference(line, tmp_path):
    line("new", "mine")
    path = tmp_path / "mine.py"
    path.write_text(path.read_text().replace('(title="Mine")', '(title="Mine", reference="nobody1900")'))
    result = line("check", "mine.py")
    assert result.exit_code == 1
    assert "nobody1900" in result.stdout
    data = json.loads(line("check", "mine.py", "--json").stdout)
    assert data[0]["passed"] is False
    assert any("nobody1900" in fault for fault in data[0]["faults"])


def test_generate_writes_once_and_compares(line, tmp_path, spec):
    first = line("generate", spec, "--out", "here")
    assert first.exit_code == 0
    kernel = tmp_path / "here" / "cpu" / f"{spec}.py"
    written = kernel.stat().st_mtime_ns
    assert "unchanged" in line("generate", spec, "--out", "here").stdout
    assert kernel.stat().st_mtime_ns == written
    assert line("generate", spec, "--out", "here", "--check").exit_code == 0
    kernel.write_text("something else")
    (tmp_path / "here" / "latex" / f"{spec}.tex").unlink()
    result = line("generate", spec, "--out", "here", "--check")
    assert result.exit_code == 1
    assert re.search(rf"different +here/cpu/{spec}.py", result.stdout)
    assert re.search(rf"missing +here/latex/{spec}.tex", result.stdout)
    assert kernel.read_text() == "something else"
    kinds = "1 file missing and 1 file different in here"
    assert result.stderr == f"symopt: {kinds}; run `symopt generate {spec} --out here`\n"


def test_the_remedy_of_generate_is_a_command_that_mends_it(line, spec):
    asked = ("generate", spec, "--target", "cpu,latex", "--out", "not here")
    result = line(*asked, "--check")
    assert result.exit_code == 1
    said = re.fullmatch(r"symopt: 2 files missing in not here; run `symopt (.*)`\n", result.stderr)
    assert shlex.split(said[1]) == [*asked]
    assert line(*shlex.split(said[1])).exit_code == 0
    assert line(*asked, "--check").exit_code == 0


def test_stale_files_are_to_be_deleted(capsys):
    found = Comparison(missing=(), different=("cpu/a.py",), stale=("cpu/b.py", "cpu/c.py"))
    assert tell_differences(found, Path("out"), "symopt generate --out out") == 1
    said = "1 file different and 2 files stale in out; run `symopt generate --out out` and delete what is stale"
    assert capsys.readouterr().err == f"symopt: {said}\n"


@pytest.fixture
def variants(tmp_path):
    """A file of two optimizers."""
    (tmp_path / "variants.py").write_text(VARIANTS)
    return "variants.py"


def test_check_takes_all_that_a_file_has(line, variants):
    result = line("check", variants, f"{variants}:fast", "--json")
    assert [row["spec"] for row in json.loads(result.stdout)] == ["variants.py:fast", "variants.py:slow"]
    assert result.exit_code == 0


def test_generate_takes_all_that_a_file_has(line, variants, tmp_path):
    assert line("generate", variants, "--target", "cpu", "--out", "out").exit_code == 0
    assert {path.name for path in (tmp_path / "out" / "cpu").iterdir()} == {"fast.py", "slow.py"}
    again = line("generate", variants, "--check", "--target", "latex", "--out", "out")
    assert "run `symopt generate variants.py --target latex --out out`" in again.stderr


def test_cuda_report_takes_all_that_a_file_has(line, variants, monkeypatch):
    monkeypatch.setattr("symopt.cli.cuda_report.run", lambda specs, *_, **__: print(*specs) or 0)
    assert line("cuda-report", variants, "adam").stdout == "variants.py:fast variants.py:slow adam\n"


@pytest.mark.parametrize("args", [["show"], ["derive"], ["prove", "sgd"]])
def test_other_commands_ask_for_one(line, variants, args):
    result = line(*args, variants)
    assert result.exit_code == 1
    assert "it has fast, slow: name one, as in variants.py:fast" in result.stderr


def test_generate_only_what_is_asked_for(line, tmp_path, spec):
    assert line("generate", spec, "--target", "latex").exit_code == 0
    assert [path.name for path in (tmp_path / "generated").iterdir()] == ["latex"]
