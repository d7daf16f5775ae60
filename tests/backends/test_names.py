"""Every word of an emitted file as an author's name: refused when it is declared, or nothing that the file mixes up.

Each word is tried as a name of one or two kinds in the usual run, of every kind with `SYMOPT_EVERY_KERNEL=1`.
"""

import ast
import os

import numpy as np
import pytest

from symopt.artifacts import artifact, build
from symopt.backends.text import filled
from symopt.catalogue import load_file
from symopt.naming import clash, unusable
from symopt.prove.kernel import prove_kernel
from symopt.prove.targets import DEVICE, HOST
from symopt.recurrence import RESERVED

HEAD = """
from symopt.notation import *
from symopt import optimizer


@optimizer(title="Words")
"""
TARGETS = {"cpu": HOST, "cuda": DEVICE}
"""How the files of each target are proved."""

SHARE = 12  # names of one spec
EVERY = 1 if os.environ.get("SYMOPT_EVERY_KERNEL") == "1" else 3

NATURAL = "size length count start rows chunk lane index address i k f x y step work table".split()


def declared(tmp_path, text):
    (tmp_path / "words.py").write_text(HEAD + text)
    return load_file(tmp_path / "words.py")["words"]


def as_sequences(names, _):
    lines = [f"    {name}[t] = {name}[t-1] / {k} + g[t]" for k, name in enumerate(names, 2)]
    total = " + ".join(f"{name}[t]" for name in names)
    lines += [f"    theta[t] = theta[t-1] - norm(g[t]) * maxabs(g[t], over=ALL) * ({total})"]
    return f"def words(theta, g, {', '.join(names)}):\n" + "\n".join(lines) + "\n"


def as_hyperparameters(names, _):
    hypers = ", ".join(f"{name}: Positive = 0.5" for name in names)
    total = " + ".join(f"g[t] * {name}" for name in names)
    starts = f"    v_0[0] = ({' + '.join(names)}) * maxabs(theta[0])\n    w_0[0] = {names[0]} / {names[-1]}\n"
    return (
        f"def words(theta, g, v_0, w_0, *, {hypers}):\n{starts}"
        f"    v_0[t] = v_0[t-1] + {total}\n    w_0[t] = w_0[t-1] / 2 + norm(v_0[t])\n"
        f"    theta[t] = theta[t-1] - {names[0]} * v_0[t] - w_0[t] * g[t] / 2\n"
    )


def as_inputs(names, level):
    inputs = ", ".join(f'{name}: Input(level="{level}")' for name in names)
    total = " + ".join(f"{name}[t]" for name in names)
    return f"def words(theta, g, {inputs}):\n    theta[t] = theta[t-1] - g[t] * norm(g[t]) * ({total})\n"


def as_training_point(names, _):
    lines = [f"    {name}[t] = {name}[t-1] / {k} + g[t]" for k, name in enumerate(names, 2)]
    point = " + ".join(f"{name}[t-1] * zeta_0" for name in names)
    return (
        f"def words(theta, g, {', '.join(names)}, *, zeta_0: Unit = 0.5):\n    g[t] = grad(theta[t-1] + {point})\n"
        + "\n".join(lines)
        + f"\n    theta[t] = theta[t-1] - {names[0]}[t]\n"
    )


def _words(node):
    match node:
        case ast.Name(word) | ast.arg(word) | ast.Attribute(attr=word):
            yield word
        case ast.FunctionDef(word) | ast.ClassDef(word):
            yield word


KINDS = {
    "sequences": (as_sequences, ""),
    "hyperparameters": (as_hyperparameters, ""),
    "numbers from outside": (as_inputs, "step"),
    "arrays from outside": (as_inputs, "element"),
    "what the training point is made of": (as_training_point, ""),
}


@pytest.fixture(scope="module", params=TARGETS)
def target(request):
    return request.param


@pytest.fixture(scope="module")
def words(unusual, target):
    """The words of some emitted files that share all that files can hold, one of those that a page prints alike."""
    texts = [artifact(unusual[name], target).text for name in ("centralized", "two_states", "from_outside", "starts")]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    found = sorted({*NATURAL, *(word for node in nodes for word in _words(node))} - {"theta", "g"})
    usable = [name for name in found if unusable(name) is None]
    assert 100 < len(usable) < len(found)
    kept = []
    for name in usable:
        if clash([name, *kept], []) is None and clash([], [name, *kept, "theta", "g"]) is None:
            kept.append(name)
    return kept


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_a_file_can_be_a_name(kind, words, target, tmp_path):
    text, level = KINDS[kind]
    names = [name for name in words if name not in RESERVED] if kind == "hyperparameters" else words
    for first in range(SHARE * ([*KINDS].index(kind) % EVERY), len(names), SHARE * EVERY):
        optimizer = declared(tmp_path, text(names[first : first + SHARE], level))
        training, _ = built = build(optimizer)
        proof = prove_kernel(training, artifact(optimizer, target, built=built).text, TARGETS[target])
        assert proof.holds, proof.failures[:3]


@pytest.mark.parametrize("kind", ["sequences", "hyperparameters", "numbers from outside"])
def test_natural_names_compile(kind, tmp_path, monkeypatch, folder):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(folder))
    names = [name for name in NATURAL if name not in RESERVED] if kind == "hyperparameters" else NATURAL
    optimizer = declared(tmp_path, KINDS[kind][0](names, KINDS[kind][1]))
    params, inputs = [np.ones(3, np.float32)], {name: 0.125 for name in NATURAL if "outside" in kind}
    bound = optimizer.bind(params)
    bound.step([np.ones(3, np.float32)], **inputs)
    assert (params[0] < 1).all()


def test_one_long_name_in_parentheses_is_no_tuple():
    name = "x" * 60
    for names in ([name], [name, name]):
        text = "\n".join(filled("(", names, f") = {'y' * 60}"))
        (target,) = ast.parse(text).body[0].targets
        assert isinstance(target, ast.Tuple) == (len(names) > 1)
