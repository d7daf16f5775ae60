"""The book: complete, the same every time, and free of anything that TeX warns about."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from symopt.errors import SymoptError
from symopt.latex.book import book
from symopt.latex.page import Cost, Entry, Statement
from symopt.latex.pdf import make_pdf, warnings
from symopt.recurrence import Follows

FACTS = [
    Statement("invariances", "An invariance, in words: 100% & more.", mark="by a counterexample"),
    Statement("limits", "A formula.", "x[t] = (x[t-1] + theta[t]) / t", ("x",)),
    Statement("limits", "A long one.", f"x[t] = {'x[t-1] / sqrt(1 - lr**t) + ' * 12}theta[t]", ("x", "lr")),
]


@pytest.fixture(scope="module")
def files(optimizers):
    return book([Entry(optimizer, Cost("float32", 28, 8, 14), FACTS, label) for label, optimizer in optimizers.items()])


def test_the_book_has_a_page_for_each(files, optimizers):
    assert set(files) == {f"{label}.tex" for label in optimizers} | {"book.tex", "notation.tex", "references.bib"}
    for label in optimizers:
        assert f"\\input{{{label}}}" in files["book.tex"]


def test_each_meaning_is_on_the_notation_page(files, optimizers):
    for label, optimizer in optimizers.items():
        if any(hyper.meaning for hyper in optimizer.hyperparameters):
            assert f"\\ref{{sec:{label}}}" in files["notation.tex"]


def test_two_pages_need_two_keys(optimizers):
    optimizer = next(iter(optimizers.values()))
    with pytest.raises(SymoptError, match="two pages"):
        book([optimizer, optimizer])


def test_an_unknown_reference_is_an_error(optimizers):
    optimizer = replace(next(iter(optimizers.values())), reference="nobody1900nothing")
    with pytest.raises(SymoptError, match="no reference nobody1900nothing"):
        book([optimizer])
    followed = replace(optimizer, reference=None, schedules=(Follows("lr", "A", "nobody1900nothing"),))
    with pytest.raises(SymoptError, match="no reference nobody1900nothing"):
        book([followed])


def test_generation_does_not_depend_on_the_hash_seed():
    script = """
import hashlib
from importlib import import_module
from symopt.latex.book import book
from symopt.paths import specs_dir
from symopt.recurrence import Optimizer

modules = [import_module(f"symopt.specs.{path.stem}") for path in sorted(specs_dir().glob("*.py"))]
unique = {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Optimizer)}
print(hashlib.sha256(repr(book(list(unique.values()))).encode()).hexdigest())
"""
    runs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            encoding="utf-8",
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_the_book_compiles_without_a_warning(files, tmp_path, program):
    program("pdflatex")
    program("latexmk")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    made = make_pdf(tmp_path)
    assert made.read_bytes().startswith(b"%PDF")
    assert warnings(made.with_suffix(".log").read_text(encoding="utf-8", errors="replace")) == []
    assert "warning" not in made.with_suffix(".blg").read_text(encoding="utf-8").replace("warning$", "").lower()


def test_an_error_of_latex_is_one_sentence(tmp_path, program):
    program("pdflatex")
    program("latexmk")
    (tmp_path / "bad.tex").write_text("\\documentclass{article}\\begin{document}\\nosuch\\end{document}")
    with pytest.raises(SymoptError, match="Undefined control sequence"):
        make_pdf(tmp_path, "bad")


def test_without_latex_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SymoptError, match="needs latexmk and pdflatex"):
        make_pdf(Path(tmp_path))


@pytest.mark.parametrize(
    "line",
    [
        "Overfull \\hbox (5.4pt too wide) in paragraph at lines 1--2",
        "LaTeX Warning: Reference `sec:x' on page 1 undefined on input line 3.",
        "Package natbib Warning: Citation `x' undefined",
        "LaTeX Font Warning: Font shape `T1/lmr/x/n' undefined",
    ],
)
def test_what_is_worth_reading_in_a_log(line):
    assert warnings(f"This is pdfTeX\n{line}\n(./book.aux)") == [line]
    assert warnings("LaTeX Warning: Label(s) may have changed. Rerun to get cross-references right.") == []
