"""Finding specs, and what is said where there is none."""

import errno
import inspect
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from textwrap import dedent

import pytest

from symopt import DialectError, SymoptError, catalogue
from symopt.catalogue import contents, load, load_all, load_file, names, recurrence_hash, running, spec_hash
from symopt.expr import Num, Seq, Sym, symbols
from symopt.notation import Positive, Unit
from symopt.paths import specs_dir
from symopt.recurrence import Equation, Finding, Follows, Hyperparameter, Optimizer, Origin

ONE = """
from symopt import Positive, optimizer, t

@optimizer(title="Mine")
def mine(theta, g, *, lr: Positive = 0.1):
    theta[t] = theta[t-1] - lr * g[t]
"""
ROOT = Path(__file__).resolve().parent.parent
ALL_FILES = sorted(path for path in specs_dir().rglob("*.py") if not path.name.startswith("_"))
FILES = [path for path in ALL_FILES if path.parent.name != "errata"]


@pytest.fixture
def write(tmp_path):
    def to_file(text: str, name: str = "my_spec.py") -> Path:
        path = tmp_path / name
        path.write_text(dedent(text))
        return path

    return to_file


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem)
def test_every_file_of_the_catalogue_declares_something(path):
    found = contents(path)
    assert found.optimizers or found.schedules or found.combinators
    for name, optimizer in found.optimizers.items():
        assert optimizer.name == name
        assert optimizer.origin is not None
        assert Path(optimizer.origin.file) == path.resolve()
        written = path.read_text().splitlines()[optimizer.origin.line - 1]
        assert written.startswith(("@", f"{name} = "))


def test_names_are_those_of_the_files():
    assert names() == sorted(name for path in FILES for name in load_file(path))
    assert list(load_all()) == [name for path in FILES for name in load_file(path)]


def test_nobody_gets_an_erratum_by_its_name():
    errata = {name for path in ALL_FILES if path not in FILES for name in load_file(path)}
    assert errata
    for name in errata & set(names()):
        assert Path(load(name).origin.file).parent == specs_dir().resolve()
    assert load(f"{specs_dir()}/errata/document_002.py:momentum").title == "Momentum (document 002)"


@pytest.mark.parametrize("name", names())
def test_each_name_is_found(name):
    assert load(name).name == name
    assert load(name) == load_all()[name]


REFUSED = ("would change nothing of it", "has no hyperparameter", "cannot start anew", "wants its gradient at")
"""Where a wrapper makes no sense: nothing notices it, or it lacks something in the inner optimizer."""


def combined(combine, optimizer):
    """The combination, with what clashes renamed; None where it is refused."""
    for _ in (*optimizer.hyperparameters, "and once more"):
        try:
            return combine(optimizer)
        except DialectError as error:
            if any(words in error.message for words in REFUSED):
                return None
            if "both use the name" not in error.message:
                raise
            optimizer = optimizer.renamed(**{error.symbol: f"inner_{error.symbol}"})
    raise AssertionError("every name clashes")


def test_every_combinator_works_on_every_optimizer():
    combinators = [combine for path in FILES for combine in contents(path).combinators.values()]
    found = [combined(combine, optimizer) for combine in combinators for optimizer in load_all().values()]
    assert sum(x is not None for x in found) > len(found) / 2


UNFIT = ("its domain", "takes its gradient, before")
"""Where a schedule makes no sense: it leaves the hyperparameter's domain, or comes too late for the gradient point."""


def followed(optimizer, name, schedule):
    """The optimizer under the schedule; None where it is refused."""
    try:
        return optimizer.scheduled(**{name: schedule})
    except SymoptError as error:
        if not any(words in str(error) for words in UNFIT):
            raise
        return None


def test_every_schedule_works_on_every_hyperparameter_that_it_fits():
    tried, refused = 0, 0
    for path in FILES:
        for schedule in contents(path).schedules.values():
            for optimizer in load_all().values():
                fixed = {*optimizer.constants, *dict(optimizer.in_force)}
                fixed |= {name for _, rhs in optimizer.starts for name in symbols(rhs)}
                for name in {hyper.name for hyper in optimizer.hyperparameters} - fixed:
                    scheduled = followed(optimizer, name, schedule)
                    assert scheduled is None or scheduled.levels[f"{name}_now"] == "step"
                    tried, refused = tried + 1, refused + (scheduled is None)
    assert 0 < refused < tried / 10


def test_a_path(write):
    path = write(ONE)
    assert load(path) == load(str(path)) == load(f"{path}:mine") == load_file(path)["mine"]
    assert load(path).origin == Origin(str(path.resolve()), 4)


def test_a_path_relative_to_the_working_folder(write, monkeypatch):
    path = write(ONE)
    monkeypatch.chdir(path.parent)
    assert load("my_spec.py").name == load("my_spec.py:mine").name == load("./my_spec.py").name == "mine"


def test_a_file_that_is_named_like_a_spec(write, monkeypatch):
    monkeypatch.chdir(write(ONE).parent)
    with pytest.raises(SymoptError, match=r"no optimizer my_spec; for the file here, write my_spec\.py"):
        load("my_spec")


def test_a_file_of_the_catalogue_by_its_path_is_the_same():
    home = Path(load(names()[0]).origin.file)
    assert load(f"{home}:{names()[0]}") == load(names()[0])


def test_what_a_file_declares(write):
    path = write("""
        from symopt import Positive, Unit, optimizer, schedule, sqrt, t
        from symopt.specs.sgd import sgd

        FACTOR = 3
        _hidden = sgd.titled("Hidden")

        def half(inner):
            @optimizer(title=f"Half of {inner.title}")
            def half(theta):
                theta[t] = (theta[t-1] + inner(theta[t-1])) / 2
            return half

        def helper(x):
            return x

        @schedule(title="Fade")
        def fade(t, value):
            return value / t

        half_sgd = half(sgd)
        faded: object = half(sgd.scheduled(lr=fade))
        first, second = half_sgd.titled("First"), half(half_sgd)

        @optimizer(title="Mine")
        def mine(theta, g):
            theta[t] = theta[t-1] - g[t]
    """)
    found = contents(path)
    assert list(found.optimizers) == ["half_sgd", "faded", "first", "second", "mine"]
    assert [x.name for x in found.optimizers.values()] == list(found.optimizers)
    assert found.optimizers["half_sgd"].origin == Origin(str(path.resolve()), 21)
    assert list(found.schedules) == ["fade"]
    assert list(found.combinators) == ["half"]
    assert load_file(path) == found.optimizers


def test_nothing_is_left_behind(write):
    path = write(ONE)
    before = set(sys.modules)
    load(path)
    assert {name for name in set(sys.modules) - before if "spec" in name and "symopt.specs" not in name} == set()
    assert [entry.name for entry in path.parent.iterdir()] == ["my_spec.py"]


def test_a_changed_file_is_read_again(write):
    assert str(load(write(ONE)).equations[0]) == "theta[t] = theta[t-1] - lr * g[t]"
    changed = ONE.replace("lr * g[t]", "2 * lr * g[t]").replace('title="Mine"', 'title="Mine, again"')
    assert str(load(write(changed)).equations[0]) == "theta[t] = theta[t-1] - 2 * lr * g[t]"


def test_the_source_of_what_a_file_defines_can_be_read(write):
    helper = "\nimport inspect\ndef helper(x):\n    return x  # here\n\nassert 'here' in inspect.getsource(helper)\n"
    load(write(ONE + helper))
    combinators = [value for path in FILES for value in contents(path).combinators.values()]
    assert combinators
    for combinator in combinators:
        assert "@optimizer" in inspect.getsource(combinator)


def test_no_future_of_ours_reaches_a_spec(write):
    """`from __future__ import annotations` of the loader must not turn the annotations of a spec into text."""
    path = write(ONE + "\ndef f(x: int): pass\nassert f.__annotations__ == {'x': int}\n")
    assert load(path).name == "mine"


def test_a_dataclass_in_a_spec(write):
    path = write(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
        + ONE
    )
    assert load(path).name == "mine"


KNOWN = names()[0]
FADE = """
from symopt import schedule

@schedule(title="Fade")
def fade(t, value):
    return value / t
"""
NOT_FOUND = {
    "close name": (None, f"{KNOWN}q", f"the catalogue has no optimizer {KNOWN}q; did you mean {KNOWN}?"),
    "unknown name": (None, "zzz", "no optimizer zzz; `symopt list` shows the names, and a spec of your own is named"),
    "name with a hyphen": (None, f"{KNOWN}-q", f"the catalogue has no optimizer {KNOWN}-q; did you mean {KNOWN}?"),
    "missing file": (None, "{folder}/none.py", "there is no file {folder}/none.py"),
    "missing file with a close name": ("", "{folder}/my_spce.py", "{folder}/my_spce.py; did you mean my_spec.py?"),
    "missing file with a name": (None, "{folder}/none.py:adam", "there is no file {folder}/none.py"),
    "folder": (None, "{folder}", "{folder} is a folder; name one of the files in it"),
    "no Python file": ("", "{folder}/my_spec.txt", "is no spec: a spec is a Python file, whose name ends with .py"),
    "empty": ("", "{file}", "which optimizer is meant; it has none: an optimizer is a function below @optimizer"),
    "only an import": (f"from symopt.specs.{FILES[0].stem} import *\n", "{file}", "it has none: an optimizer is a"),
    "only a combinator": (
        "from symopt import optimizer, t\ndef half(inner):\n    @optimizer(title='H')\n    def half(theta):\n"
        "        theta[t] = inner(theta[t-1]) / 2\n    return half\n",
        "{file}",
        "it has none, but half makes one of another: mine = half(adam), with adam from symopt.specs.adam",
    ),
    "several": (
        ONE + "\nother = mine.titled('Other')\n",
        "{file}",
        "does not say which optimizer is meant; it has mine, other: name one, as in {file}:mine",
    ),
    "only a schedule": (
        FADE,
        "{file}",
        "it has none, but fade is a schedule: mine = adam.scheduled(lr=fade), with adam from symopt.specs.adam",
    ),
    "a schedule": (
        None,
        "drop",
        "drop of symopt.specs.schedules is a schedule; use it in a spec of your own as adam.scheduled(lr=drop)",
    ),
    "a wrapper": (
        None,
        "clip_by_global_norm",
        "clip_by_global_norm of symopt.specs.clipping is a wrapper; use it in a spec of your own as "
        "clip_by_global_norm(adam)",
    ),
    "what makes a schedule": (None, "joined", "joined of symopt.specs.joins is no optimizer by itself"),
    "a schedule in a file": (FADE + ONE, "{file}:fade", "fade of {file} is a schedule; use it in a spec of your own"),
    "unknown name in a file": (ONE, "{file}:other", "my_spec.py has no optimizer other; it has mine: name one"),
    "close name in a file": (ONE, "{file}:mien", "my_spec.py has no optimizer mien; did you mean mine?"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "spec", "words"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_not_found(write, tmp_path, text, spec, words):
    if text is not None:
        write(text, "my_spec.txt" if ".txt" in spec else "my_spec.py")
    places = {"folder": str(tmp_path), "file": str(tmp_path / "my_spec.py")}
    with pytest.raises(SymoptError) as caught:
        load(spec.format(**places))
    assert words.format(**places) in str(caught.value)


HOME = f"symopt.specs.{Path(load(KNOWN).origin.file).stem}"
BROKEN = {
    "syntax": ("x = 1\ndef f(:\n", 2, "def f(:", "this is not Python: invalid syntax (column 7)"),
    "indentation": ("def f():\nx = 1\n", 2, "x = 1", "this is not Python: expected an indented block"),
    "null byte": ("x = '\0'\n", 1, "", "null bytes"),
    "misspelt word": ("\nfrom symopt import sqr\n", 2, "", "symopt has no sqr; did you mean sqrt?"),
    "unknown word": ("from symopt import zzzz\n", 1, "", "symopt has no zzzz; take it out of the import"),
    "misspelt spec": (f"from {HOME} import {KNOWN}q\n", 1, "", f"has no {KNOWN}q; did you mean {KNOWN}?"),
    "missing module": ("import not_there\n", 1, "", "No module named 'not_there'; a spec imports"),
    "neighbour": ("import neighbour\n", 1, "", "from symopt.specs and from installed packages"),
    "word that is not imported": (ONE.replace("Positive, ", ""), 5, "Positive", "write from symopt import Positive"),
    "misspelt annotation": (ONE.replace(": Positive", ": Positiv"), 5, "Positiv", "did you mean Positive?"),
    "exception": ("x = 1\n\ny = {}['a']\n", 3, "", "running the file raised KeyError: 'a'"),
    "exception in a function": ("def f():\n    1/0\nf()\n", 2, "", "ZeroDivisionError: division by zero"),
    "misuse": (ONE + "\nx = mine.renamed(rate='lr')\n", 8, "", "mine has no hyperparameter rate; it has lr"),
    "misuse of an attribute": (ONE + "\nx = mine.lrr\n", 8, "", "mine has no hyperparameter lrr"),
    "broken rule": (ONE.replace("g[t]\n", "g\n"), 6, "g", "write g[t] (the new value)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "symbol", "words"), BROKEN.values(), ids=BROKEN)
def test_broken_files(write, text, line, symbol, words):
    path = write(text)
    write("x = 1\n", "neighbour.py")
    with pytest.raises(DialectError) as caught:
        load(path)
    assert (caught.value.file, caught.value.line) == (str(path), line)
    assert caught.value.symbol == symbol
    assert words in caught.value.message


def test_a_broken_file_is_named_as_it_was_given(write, monkeypatch):
    monkeypatch.chdir(write(ONE.replace("g[t]\n", "g\n")).parent)
    with pytest.raises(DialectError, match=r"^my_spec\.py:6: g: "):
        load("./my_spec.py")


def test_a_file_that_may_not_be_read(write, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    path = write(ONE)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SymoptError) as caught:
        load(path)
    assert str(caught.value) == f"cannot read {path}: permission denied; make it readable, or name another file"


@pytest.fixture
def other_catalogue(tmp_path, monkeypatch):
    """A catalogue of the test's own: `symopt.specs` looks for its modules there too."""
    import symopt.specs

    for module in (catalogue, running):
        monkeypatch.setattr(module, "specs_dir", lambda: tmp_path)
    monkeypatch.setattr(symopt.specs, "__path__", [str(tmp_path)])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("symopt.specs.zz")]:
        del sys.modules[name]


def test_a_name_given_twice(write, other_catalogue):
    write(ONE, "zz_a.py")
    write(ONE, "zz_b.py")
    for call in (names, lambda: load("mine")):
        with pytest.raises(SymoptError, match=r"two optimizers named mine: in zz_a.py and in zz_b.py"):
            call()


def test_folders_of_the_catalogue(write, other_catalogue):
    (other_catalogue / "zz_more").mkdir()
    write(ONE, "zz_more/zz_a.py")
    write("from symopt.specs.zz_more.zz_a import mine\nother = mine.titled('Other')\n", "zz_b.py")
    write("raise ValueError", "_private.py")
    assert names() == ["mine", "other"]
    assert load("mine").name == "mine"


def test_a_broken_file_that_another_one_imports(write, other_catalogue):
    broken = write("def f(:\n", "zz_broken.py")
    path = write("from symopt.specs.zz_broken import f\n" + ONE, "zz_mine.py")
    with pytest.raises(DialectError) as caught:
        load(path)
    assert (caught.value.file, caught.value.line, caught.value.symbol) == (str(broken), 1, "def f(:")


SAMPLE = Optimizer(
    name="sample",
    title="Sample",
    equations=(Equation("m", Seq("g", 0)), Equation("theta", Seq("m", 0))),
    hyperparameters=(Hyperparameter("lr", Positive, Fraction(1, 10), "learning rate"),),
    summary="A sample.",
)


def test_the_hash_does_not_see_where_a_spec_lies(write):
    here, there = write(ONE, "a.py"), write("# a comment\n\n\n" + ONE.replace(" - lr", "  -  lr"), "b.py")
    assert spec_hash(load(here)) == spec_hash(load(there))
    assert load(here).origin != load(there).origin


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "x"}, {"title": "x"}, {"reference": "x"}, {"summary": "x"}, {"departures": "x"},
        {"findings": (Finding("dead store", "m", "x"),)}, {"constants": ("lr",)},
        {"outputs": ("m",)}, {"meanings": (("m", "x"),)}, {"inputs": (("x", "step"),)},
        {"gradient_point": Seq("m", -1)}, {"starts": (("m", Num(Fraction(1))),)}, {"in_force": (("lr", Sym("lr")),)},
        {"schedules": (Follows("lr", "x"),)},
        {"equations": (Equation("m", Seq("g", 0)), Equation("theta", Seq("m", -1)))},
        {"equations": (Equation("n", Seq("g", 0)), Equation("theta", Seq("n", 0)))},
        {"hyperparameters": (Hyperparameter("lr", Positive, Fraction(1, 5), "learning rate"),)},
        {"hyperparameters": (Hyperparameter("lr", Unit, Fraction(1, 10), "learning rate"),)},
        {"hyperparameters": (Hyperparameter("lr", Positive, None, "learning rate"),)},
        {"hyperparameters": (Hyperparameter("lr", Positive, Fraction(1, 10), "rate"),)},
        {"hyperparameters": ()},
    ],
    ids=str,
)  # fmt: skip
def test_the_hash_sees_every_declared_change(changes):
    assert spec_hash(replace(SAMPLE, **changes)) != spec_hash(SAMPLE)


@pytest.mark.parametrize("changes", [{"departures": "x"}, {"summary": "x"}, {"meanings": (("m", "x"),)}], ids=str)
def test_what_an_optimizer_computes_is_not_what_is_said_about_it(changes):
    assert recurrence_hash(replace(SAMPLE, **changes)) == recurrence_hash(SAMPLE)


@pytest.mark.parametrize(
    "changes",
    [
        {"gradient_point": Seq("m", -1)},
        {"starts": (("m", Num(Fraction(1))),)},
        {"equations": (Equation("m", Seq("g", 0)), Equation("theta", Seq("m", -1)))},
        {"outputs": ("m",)},
    ],
    ids=str,
)
def test_what_an_optimizer_computes_is_told_apart(changes):
    assert recurrence_hash(replace(SAMPLE, **changes)) != recurrence_hash(SAMPLE)


def test_the_hash_is_the_same_in_every_process():
    code = "from symopt.catalogue import load_all, spec_hash; print(*(spec_hash(x) for x in load_all().values()))"
    command = [sys.executable, "-c", code]
    seeds = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("1", "2")]
    runs = {
        subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=env).stdout for env in seeds
    }
    assert runs == {" ".join(map(spec_hash, load_all().values())) + "\n"}
