"""`symopt family`: relations in a table, as JSON, and drawn."""

import json


def test_relations_are_listed(line):
    rows = [shown.split() for shown in line("family").stdout.splitlines()]
    assert ["momentum", "is", "sgd", "mu", "=", "0"] in rows
    assert ["ranger", "wraps", "radam", "lookahead"] in rows
    assert ["rmsprop", "tends", "to", "signsgd", "alpha", "=", "0,", "eps", "->", "0"] in rows
    assert "lr / (1 - mu) for lr; lr is constant; mu is constant" in line("family").stdout


def test_the_family_is_data(line):
    found = json.loads(line("family", "--json").stdout)
    edges = {(edge["source"], edge["target"], edge["kind"], edge["relation"]) for edge in found["edges"]}
    assert ("momentum", "sgd", "end", "mu = 0") in edges
    assert "adam" in {node["name"] for node in found["nodes"]}


def test_figures_are_written_once(line, tmp_path):
    assert line("family", "--out", "family.svg").stdout == "wrote family.svg\n"
    assert line("family", "--out", "family.svg").stdout == "family.svg is unchanged\n"
    line("family", "--out", "family.tex")
    assert "\\begin{tikzpicture}" in (tmp_path / "family.tex").read_text()
    assert "$\\mu" in (tmp_path / "family.tex").read_text()


def test_other_kinds_of_figures_are_refused(line):
    result = line("family", "--out", "family.png")
    assert result.exit_code == 1
    assert "family.png: a figure is written to a file whose name ends with .svg or .tex" in result.stderr
