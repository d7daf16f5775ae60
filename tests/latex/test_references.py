"""The bibliography: complete, readable, and strict about keys."""

import pytest

from symopt.errors import SymoptError
from symopt.latex.references import References


@pytest.fixture(scope="module")
def references():
    return References.load()


def test_every_entry_says_who_what_where_and_when(references):
    for key, entry in references.data.entries.items():
        assert entry.persons["author"], key
        line = references.citation(key)
        assert entry.fields["year"] in line
        assert line.count(".") >= 3, line
        assert not set(line) & set("{}\\$"), line


def test_keys_are_made_of_author_year_and_word(references):
    for key, entry in references.data.entries.items():
        assert entry.fields["year"] in key
        assert key.split(entry.fields["year"])[0] == entry.persons["author"][0].last_names[-1].lower()


def test_one_two_and_many_authors(references):
    counts = {len(entry.persons["author"]): key for key, entry in references.data.entries.items()}
    assert "et al." in references.citation(counts[max(counts)])
    assert " and " in references.citation(counts[2])


def test_a_wrong_key_gets_a_suggestion(references):
    key = next(iter(references.data.entries))
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
