"""The bibliography: complete, readable, and strict about keys."""

import pytest

from symopt.catalogue import load
from symopt.checks import content
from symopt.checks.run import reference_faults
from symopt.errors import SymoptError
from symopt.latex.references import References


@pytest.fixture(scope="module")
def references():
    return References.load()


def test_every_entry_says_who_what_where_and_when(references):
    for key, entry in references.entries.items():
        assert entry.persons["author"], key
        line = references.citation(key)
        assert entry.fields["year"] in line
        assert line.count(".") >= 3, line
        assert not set(line) & set("{}\\$"), line


def test_keys_are_made_of_author_year_and_word(references):
    for key, entry in references.entries.items():
        assert entry.fields["year"] in key
        assert key.split(entry.fields["year"])[0] == entry.persons["author"][0].last_names[-1].lower()


def test_one_two_and_many_authors(references):
    counts = {len(entry.persons["author"]): key for key, entry in references.entries.items()}
    assert "et al." in references.citation(counts[max(counts)])
    assert " and " in references.citation(counts[2])


def test_a_wrong_key_gets_a_suggestion(references):
    key = next(iter(references.entries))
    with pytest.raises(SymoptError, match=f"did you mean {key}"):
        references.entry(key + "x")


@pytest.mark.parametrize("content", ["@article{a, title = {x}", "@article{a, year={1}}\n@article{a, year={1}}"])
def test_a_broken_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "broken.bib"
    path.write_text(content)
    with pytest.raises(SymoptError, match="cannot be read"):
        References.load(path)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(SymoptError, match="cannot be read"):
        References.load(tmp_path / "none.bib")


SPEC = '''
from symopt import Positive, optimizer, t

@optimizer(title="Mine", reference="me2026mine")
def mine(theta, g, *, lr: Positive = 1e-2):
    """A step down. lr: learning rate"""
    theta[t] = theta[t-1] - lr * g[t]
'''
ENTRY = "@article{{{}, author = {{Me, A.}}, title = {{{}}}, journal = {{Notes}}, year = {{2026}}}}\n"


def test_a_file_beside_the_spec_is_read_too_and_first(tmp_path):
    (tmp_path / "mine.py").write_text(SPEC)
    mine = load(str(tmp_path / "mine.py"))
    assert reference_faults(mine) == ["there is no reference me2026mine; a references.bib beside the spec is read too"]
    before = content(mine)
    ours = next(iter(References.load().entries))
    (tmp_path / "references.bib").write_text(ENTRY.format("me2026mine", "Mine") + ENTRY.format(ours, "Instead"))
    assert reference_faults(mine) == []
    assert content(mine) != before  # what was found before is not what is found now
    found = References.of(mine)
    assert found.citation("me2026mine") == "Me (2026). Mine. Notes."
    assert found.citation(ours) == "Me (2026). Instead. Notes."
    assert set(References.load().entries) < set(found.entries)
    (tmp_path / "references.bib").write_text("@article{")
    (fault,) = reference_faults(mine)
    assert fault.startswith(f"{tmp_path / 'references.bib'} cannot be read: ")
