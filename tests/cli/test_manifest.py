"""A second generation with nothing changed only compares."""

from pathlib import Path

import pytest

from symopt.cli.manifest import remember, unchanged


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "generated"
    (folder / "cpu").mkdir(parents=True)
    for name in ("a", "b"):
        (folder / "cpu" / f"{name}.py").write_text(f"# {name}\n")
    remember("cpu", folder, ["cpu/a.py", "cpu/b.py"])
    return folder


def test_what_was_written_is_known(out):
    assert unchanged("cpu", out) == 2


def test_other_targets_are_not_known(out):
    assert unchanged("latex", out) == 0


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_text("# edited\n")])
def test_a_file_that_was_changed_or_deleted_is_noticed(out, change):
    change(out / "cpu" / "b.py")
    assert unchanged("cpu", out) == 0


def test_another_folder_has_nothing(out, tmp_path):
    assert unchanged("cpu", tmp_path / "elsewhere") == 0
