"""Every failure is one sentence on stderr and an exit code."""

import errno
import os

import pytest

from symopt.catalogue import names
from symopt.cli.failures import sentence

SPEC = names()[0]
BROKEN = """
from symopt import Positive, optimizer, t

@optimizer(title="Broken")
def broken(theta, g, *, lr: Positive = 1e-2):
    theta[t] = theta[t-1] - rate * g[t]
"""


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["lst"], 2, "did you mean 'list'"),
        (["show"], 2, "missing argument"),
        (["list", "--jason"], 2, "--json"),
        (["show", f"{SPEC}x"], 1, f"did you mean {SPEC}?"),
        (["check", f"{SPEC}x"], 1, f"did you mean {SPEC}?"),
        (["generate", f"{SPEC}x"], 1, f"did you mean {SPEC}?"),
        (["show", "no/such/file.py"], 1, "no/such/file.py"),
        (["show", SPEC, "--stage", "ltex"], 1, "did you mean latex?"),
        (["show", SPEC, "--stage", "nothing"], 1, "there is spec, ir, cpu, cuda, latex"),
        (["generate", SPEC, "--target", "gpu"], 1, "there is no target 'gpu'; there is cpu, cuda, latex"),
        (
            ["generate", SPEC, "--target", "cpu", "--out", "/dev/null"],
            1,
            f"cannot write /dev/null/cpu/{SPEC}.py: /dev/null is a file where a folder must be; choose another folder "
            "with --out",
        ),
        (["show", "drop"], 1, "is a schedule; use it in a spec of your own as adam.scheduled(lr=drop)"),
        (["derive", "cosine"], 1, "is a schedule; use it in a spec of your own as adam.scheduled(lr=cosine)"),
        (["check", "clip_by_value"], 1, "is a wrapper; use it in a spec of your own as clip_by_value(adam)"),
        (["new", "lr"], 1, "the file itself uses it; take another name, such as my_lr"),
        (["new", "9x"], 1, "starting with a letter"),
        (["new", "class"], 1, "a word of Python"),
        (["new", "mine.py"], 1, "give the optimizer's name, mine"),
        (["new", "my-own"], 1, "letters, digits and single underscores"),
    ],
)
def test_one_sentence(line, args, code, says):
    result = line(*args)
    assert result.exit_code == code
    assert says.lower() in result.output.lower()
    assert "Traceback" not in result.output
    *_, last = result.stderr.splitlines()
    assert last.startswith("symopt: ")


@pytest.mark.parametrize("name", ["copy", "types", "json", "random", "numpy", "numba", "sympy", "typer", "rich"])
def test_no_spec_hides_a_module(line, tmp_path, name):
    result = line("new", name)
    assert result.exit_code == 1
    assert f"{name}.py would hide the module {name}" in result.stderr
    assert f"such as my_{name}" in result.stderr
    assert not list(tmp_path.iterdir())
    assert line("new", f"my_{name}").exit_code == 0


def test_a_folder_here_hides_nothing(line, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend("")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").touch()
    assert line("new", "mine").exit_code == 0


def test_a_spec_that_cannot_be_written(line, monkeypatch):
    def refuse(path, *args, **options):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.open", refuse)
    result = line("new", "mine")
    assert result.exit_code == 1
    assert result.stderr == (
        "symopt: cannot write mine.py: permission denied; run this in a folder that can be written\n"
    )


def test_files_and_streams_that_fail_are_named():
    denied = PermissionError(errno.EACCES, "Permission denied", "here.py")
    assert sentence(denied) == "cannot use here.py: permission denied; check the path and its permissions"
    full = OSError(errno.ENOSPC, "No space left on device")
    assert sentence(full) == "cannot write what was found: no space left on device; send it to another place"


@pytest.mark.parametrize("args", [["--debug", "show", "nothing"], ["show", "nothing", "--debug"]])
def test_debug_shows_where(line, args):
    result = line(*args)
    assert result.exit_code == 1
    assert "Traceback" in result.stderr


def test_debug_behind_two_dashes_is_a_spec(line):
    result = line("show", "--", "--debug")
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["show", "check", "generate"])
def test_a_broken_spec_is_named_with_its_line(line, tmp_path, command):
    (tmp_path / "broken.py").write_text(BROKEN)
    result = line(command, "broken.py")
    assert result.exit_code == 1
    assert result.output.replace("symopt: ", "").startswith("broken.py:6: rate: ")


def test_what_was_not_checked_did_not_fail(line, tmp_path):
    (tmp_path / "broken.py").write_text(BROKEN)
    line("new", "mine")
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text().replace('"Mine")', '"Mine", reference="x")'))
    assert line("check", "./broken.py").stderr == "symopt: ./broken.py could not be checked\n"
    assert line("check", "mine.py").stderr == "symopt: mine.py did not pass\n"
    both = line("check", "broken.py", "broken.py:broken", "mine.py")
    assert both.stderr == "symopt: 1 of 3 specs did not pass and 2 of 3 specs could not be checked\n"
    assert both.stdout.count("broken.py:6: rate: ") == 1


@pytest.mark.parametrize("command", ["show", "check", "generate"])
@pytest.mark.parametrize("source", ["x = (", "import no_such_module", "1 / 0", "x = 1"])
def test_a_file_that_is_no_spec(line, tmp_path, command, source):
    (tmp_path / "odd.py").write_text(source)
    result = line(command, "odd.py")
    assert result.exit_code == 1
    assert "odd.py" in result.output
    assert "Traceback" not in result.output


def test_the_others_go_on(line):
    result = line("generate", SPEC, "nothing", "--target", "cpu")
    assert result.exit_code == 1
    assert f"wrote generated/cpu/{SPEC}.py" in result.stdout
    assert "nothing" in result.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
@pytest.mark.parametrize("args", [["new", "mine"], ["generate", SPEC]])
def test_a_folder_that_cannot_be_written(line, tmp_path, args):
    tmp_path.chmod(0o500)
    result = line(*args)
    assert result.exit_code == 1
    assert "permission" in result.stderr


@pytest.mark.parametrize("count", [1, 2])
def test_interrupt(process, tmp_path, count):
    """A spec that presses Ctrl-C."""
    declared = "@optimizer()\ndef stop(theta, g):\n    theta[t] = theta[t-1] - g[t]\n"
    press = "from symopt import optimizer, t\nraise KeyboardInterrupt\n"  # a signal may be ignored in the background
    (tmp_path / "stop.py").write_text(press + declared)
    result = process("check", *["stop.py", "other.py"][:count])
    assert result.returncode == 130
    assert result.stderr == "symopt: interrupted\n"


def test_a_reader_that_has_seen_enough(process, tmp_path):
    """What `| head` does, without its timing: stdout is closed before the first line."""
    script = "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1); import symopt.cli; symopt.cli.main()"
    (tmp_path / "closed.py").write_text(script)
    result = process("list", module="closed")
    assert result.stderr == ""
