"""What every fact has to keep to, whatever it is about."""

import json
import re

import pytest

from symopt.catalogue import load_all
from symopt.checks.theory import facts
from symopt.expr import Seq, Sym, walk
from symopt.latex.page import Entry, Statement, page
from symopt.reading import read
from symopt.theory.answers import FACTS
from symopt.theory.fact import Fact, from_json, to_json

VERDICTS = {"proved", "refuted", "undecided", "not applicable"}


@pytest.fixture(scope="module", params=load_all().values(), ids=lambda optimizer: optimizer.name)
def answered(request):
    return request.param, facts(request.param)


def _names(text):
    return {node.name for node in walk(read(text)) if isinstance(node, Sym | Seq)}


def test_facts_are_sentences_with_formulas_of_known_names(answered):
    optimizer, found = answered
    known = {*optimizer.names, "theta", "g", "t"}
    for fact in found:
        assert fact.verdict in VERDICTS
        assert fact.statement.endswith("."), fact.statement
        assert fact.statement[0].isupper() or re.match(r"\w+", fact.statement)[0] in known | set(fact.symbols)
        if fact.formula:
            left, equals, right = fact.formula.partition(" = ")
            assert equals
            assert _names(left) | _names(right) <= known | set(fact.symbols), fact.formula


def test_facts_travel_as_json(answered):
    _, found = answered
    assert [from_json(json.loads(json.dumps(to_json(fact)))) for fact in found] == found


def test_a_page_shows_them(answered):
    optimizer, found = answered
    shown = [Statement(fact.kind, fact.statement, fact.formula, fact.symbols) for fact in found]
    text = page(Entry(optimizer, facts=shown))
    for fact in found:
        assert f"\\item[{fact.kind[:1].upper()}{fact.kind[1:]}.]" in text


def test_every_answer_says_something_of_some_optimizer():
    silent = {answer.__name__ for answer in FACTS}
    for optimizer in load_all().values():
        silent -= {answer.__name__ for answer in FACTS if answer.__name__ in silent and list(answer(optimizer))}
        if not silent:
            return
    assert not silent


def test_a_second_look_derives_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path))
    optimizer = load_all()["nesterov"]
    first = facts(optimizer)
    (kept,) = (tmp_path / "theory").iterdir()
    kept.write_text(json.dumps([to_json(Fact("kind", "theta", "proved", "Read."))]))
    assert [fact.statement for fact in facts(optimizer)] == ["Read."]
    assert len(first) > 1
