"""The cache on disk keeps what was used last."""

import os
import shutil
from pathlib import Path

import pytest

from symopt.artifacts import Artifact, load, load_module
from symopt.checks import cache
from symopt.paths import forget_oldest, used


def entries(folder, names):
    """Folders with a file in each, used one after the other."""
    for second, name in enumerate(names):
        (folder / name).mkdir()
        (folder / name / "file").write_text(name)
        os.utime(folder / name, (second, second))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_entries_used_last_are_kept(tmp_path):
    entries(tmp_path, "abcd")
    (tmp_path / "a" / "file").write_text("changed")  # what is inside does not count
    used(tmp_path / "b")
    forget_oldest(tmp_path.iterdir(), 2)
    assert names(tmp_path) == ["b", "d"]
    forget_oldest(tmp_path.iterdir(), 2)
    assert names(tmp_path) == ["b", "d"]


def test_a_file_is_an_entry_too(tmp_path):
    for second, name in enumerate("ab"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (second, second))
    forget_oldest(tmp_path.iterdir(), 1)
    assert names(tmp_path) == ["b"]


@pytest.mark.parametrize("function", ["replace", "rmtree"])
def test_what_cannot_be_removed_is_no_error_and_never_half_there(tmp_path, monkeypatch, function):
    entries(tmp_path, "abc")

    def fails(*_, **__):
        raise PermissionError(13, "not allowed")

    with monkeypatch.context() as patch:
        patch.setattr({"replace": os, "rmtree": shutil}[function], function, fails)
        forget_oldest([tmp_path / name for name in "abc"], 1)
    for name in set(names(tmp_path)) & set("abc"):
        assert (tmp_path / name / "file").read_text() == name
    assert len(names(tmp_path)) == 3
    forget_oldest(tmp_path.iterdir(), 1)  # what was left behind goes the next time
    assert names(tmp_path) == ["c"]


def test_an_entry_that_vanished(tmp_path):
    entries(tmp_path, "a")
    forget_oldest([tmp_path / "gone", tmp_path / "a", tmp_path / "gone too"], 0)
    assert names(tmp_path) == []
    used(tmp_path / "gone")


def test_modules_of_old_contents_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(load, "MOST", 3)
    (tmp_path / "mine").mkdir()  # a folder that is no entry
    places = []
    for value in range(6):
        module = load_module(Artifact("tiny", "cpu", "cpu/tiny.py", f"VALUE = 'forgotten {value}'\n"))
        places.append(Path(module.__file__))
        os.utime(places[-1].parent, (value, value))
    assert [place.exists() for place in places] == [False] * 3 + [True] * 3
    assert (tmp_path / "mine").is_dir()
    assert len(names(tmp_path)) == 4


def test_results_of_old_contents_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(cache, "MOST", 2)
    for second, key in enumerate("abc"):
        cache.store("kind", key, second)
        os.utime(tmp_path / "kind" / f"{key}.json", (second, second))
        assert cache.read("kind", "a") == 0  # in use, and so the newest
    assert [cache.read("kind", key) for key in "abc"] == [0, None, 2]
