"""The family: what is in it, that its relations hang together, and that its picture can be read."""

import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from symopt.catalogue import Contents, load_contents
from symopt.checks.theory import facts
from symopt.theory.family import Edge, Family, Node, family, picture, svg, tikz, to_json
from symopt.theory.family.layout import arranged, layers
from symopt.theory.family.picture import drawn

FIGURE = Path(__file__).resolve().parents[2] / "docs" / "family.svg"


@pytest.fixture(scope="module")
def whole():
    return family(load_contents(), told=facts)


def told(found):
    return {(edge.source, edge.target, edge.kind, edge.relation) for edge in found.edges}


@pytest.mark.parametrize(
    "edge",
    [
        ("adam", "rmsprop", "end", "beta1 = 0, less bias correction"),
        ("radam", "adam_hat", "limit", "t -> oo"),
        ("adabound", "momentum_ema", "limit", "t -> oo, final_lr * lr / base_lr for lr"),
        ("momentum", "sgd", "end", "mu = 0"),
        ("momentum", "momentum_ema", "equal", "lr / (1 - mu) for lr"),
        ("adamw", "adam", "end", "weight_decay = 0"),
        ("adamw", "adam", "wraps", "decoupled weight decay"),
        ("ranger", "radam", "wraps", "lookahead"),
        ("lookahead_adam", "adam", "end", "alpha = 1"),
        ("adamw_clipped_averaged", "adamw_clipped", "wraps", "ema"),
        ("rmsprop", "signsgd", "limit", "alpha = 0, eps -> 0"),
        ("sgd_clipped", "sgd", "limit", "largest -> oo"),
        ("nesterov", "nesterov_transformed", "trains as", "same gradient points"),
    ],
    ids="-".join,
)
def test_known_relations(whole, edge):
    assert edge in told(whole)


def test_an_arrow_is_a_limit(whole):
    for edge in whole.edges:
        assert ("->" in edge.relation) == (edge.kind == "limit")
    assert {edge.conditions for edge in whole.edges if edge.source == "adamax"} == {("neither divides by zero",)}


def test_it_is_data(whole):
    plain = to_json(whole)
    assert [Node(**node) for node in plain["nodes"]] == list(whole.nodes)
    assert [Edge(**edge) for edge in plain["edges"]] == list(whole.edges)
    names = {node.name for node in whole.nodes}
    assert all({edge.source, edge.target} <= names and edge.source != edge.target for edge in whole.edges)
    assert len(set(whole.edges)) == len(whole.edges)


def test_a_wrapper_of_other_equations_wraps_nothing():
    contents = load_contents()
    adam = contents["symopt.specs.adam"].optimizers["adam"]
    lookahead = contents["symopt.specs.lookahead"].combinators["lookahead"]
    wrapped = replace(lookahead(adam), name="wrapped")
    other = replace(wrapped, name="other", starts=())
    found = family({"mine": Contents({"adam": adam, "wrapped": wrapped, "other": other}, {}, {"lookahead": lookahead})})
    assert [edge.source for edge in found.edges if edge.kind == "wraps"] == ["wrapped"]


# ---- the picture ----


def test_the_committed_figure_is_the_family(whole):
    assert FIGURE.read_text() == svg(picture(whole)), "docs/family.svg is not what svg(picture(family(...))) gives"


def test_boxes_do_not_overlap_and_edges_meet_their_boxes(whole):
    found = picture(whole)
    for i, a in enumerate(found.boxes):
        assert a.x >= 0
        assert a.y >= 0
        for b in found.boxes[:i]:
            beside = a.x + a.width <= b.x or b.x + b.width <= a.x
            assert beside or a.y + a.height <= b.y or b.y + b.height <= a.y
    ends = {(box.x + box.width, box.y + 9) for box in found.boxes}
    assert all(curve.points[-1] in ends for curve in found.curves)
    rows = Counter(curve.points[0] for curve in found.curves)
    assert len(rows) == sum(len(box.rows) for box in found.boxes) == len(found.curves)


def test_every_method_is_in_the_picture_once(whole):
    found = picture(whole)
    assert Counter([*(box.title for box in found.boxes), *found.alone]) == Counter(n.title for n in whole.nodes)


def test_the_svg_is_well_formed_and_says_all(whole):
    text = svg(picture(whole))
    root = ElementTree.fromstring(text)
    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {box.title for box in picture(whole).boxes} <= words
    assert {"lookahead", "t → ∞"} <= words


def test_the_tikz_is_balanced_and_says_all(whole):
    text = tikz(picture(whole), {"beta1", "t"})
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert text.count(r"\begin{tikzpicture}") == text.count(r"\end{tikzpicture}") == 1
    assert r"$\beta_1 = 0$" in text


def test_the_tikz_compiles(whole, program, tmp_path):
    body = tikz(picture(whole), {"beta1", "t"})
    packages = r"\usepackage[T1]{fontenc}\usepackage{lmodern,amsmath,amssymb,tikz}"
    source = rf"\documentclass[border=2pt]{{standalone}}{packages}\begin{{document}}{body}\end{{document}}"
    (tmp_path / "family.tex").write_text(source)
    command = [program("pdflatex"), "-interaction=nonstopmode", "-halt-on-error", "family.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:]


def small(*edges):
    names = dict.fromkeys(name for edge in edges for name in edge[:2])
    nodes = tuple(Node(name, name.upper(), 0) for name in names)
    return Family(nodes, tuple(Edge(*edge[:2], *(edge[2:] or ("end", "mu = 0"))) for edge in edges))


def test_one_edge_between_two_and_none_around():
    given = small(
        ("a", "b", "wraps", "ema"), ("a", "b", "end", "k = 1"), ("b", "c"), ("a", "c", "end", "k = 1, mu = 0"),
        ("b", "d", "equal", "equal"), ("d", "b", "equal", "equal"), ("e", "c", "end", "k = 1, mu = 0"),
    )  # fmt: skip
    shown = [(edge.source, edge.target, edge.relation) for edge in drawn(given)]
    assert shown == [("a", "b", "ema"), ("b", "c", "mu = 0"), ("b", "d", "equal"), ("e", "c", "k = 1, mu = 0")]


def test_layers_are_the_longest_ways():
    links = [("a", "b"), ("b", "c"), ("a", "c"), ("d", "c"), ("x", "y"), ("y", "x")]
    levels = layers("abcdxy", links)
    assert {name: levels[name] for name in "abcd"} == {"a": 2, "b": 1, "c": 0, "d": 1}
    assert {levels["x"], levels["y"]} == {0, 1}


def test_passing_edges_get_room():
    levels = {"a": 2, "b": 1, "c": 0}
    links = [("a", "b"), ("b", "c"), ("a", "c")]
    layout = arranged(levels, links, dict.fromkeys(levels, 20.0), 10.0)
    ((level, height),) = layout.bends["a", "c"]
    assert level == 1
    assert not layout.top["b"] - 10 < height < layout.top["b"] + 30
    assert min(layout.top.values()) >= 0
