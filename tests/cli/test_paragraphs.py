"""Where the lines of a terminal end."""

import pytest

from symopt.catalogue import names
from symopt.checks.theory import facts
from symopt.cli.paragraphs import formula_lines, paragraph


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        (
            "it is stable exactly where lr * h < 2 * (1 + mu)",
            30,
            ["it is stable exactly where", "lr * h < 2 * (1 + mu)"],
        ),
        ("where it is 1 - beta2**t", 20, ["where it is", "1 - beta2**t"]),
        ("with mean-free, and so on", 12, ["with", "mean-free,", "and so on"]),
        (
            "v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2",
            36,
            ["v[t] = beta2 * v[t-1]", "+ (1 - beta2) * g[t]**2"],
        ),
    ],
)
def test_sentences(text, width, lines):
    assert paragraph(text, width) == lines


def test_margins():
    assert paragraph("one two", 8, "  ", "    ") == ["  one", "    two"]
    assert paragraph("one two", 8, "  ") == ["  one", "  two"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("theta[t] = a + b", 40, ["theta[t] = a + b"]),
        ("theta[t] = aaaa * (b + c) + dddd", 28, ["theta[t] = aaaa * (b + c)", "    + dddd"]),
        ("theta[t] = clip(aaaa, b + c, dddd)", 26, ["theta[t] =", "    clip(aaaa, b + c,", "    dddd)"]),
        ("x = -aaaaaaaa * (bbbbbbbb + cccccccc)", 24, ["x = -aaaaaaaa", "    * (bbbbbbbb", "    + cccccccc)"]),
        ("unbroken", 4, ["unbroken"]),
    ],
)
def test_formulas(text, width, lines):
    assert formula_lines(text, width, 4) == lines


@pytest.mark.parametrize("name", names())
def test_every_fact_fits_on_a_narrow_terminal(name):
    """No line is too long, nothing is lost, and no line ends with a sign."""
    for fact in facts(name):
        for text in (fact.statement, *fact.steps):
            lines = paragraph(text, 60, "    ")
            assert max(map(len, lines)) <= 60
            assert " ".join(" ".join(lines).split()) == " ".join(text.split())
            assert not any(line.endswith((" -", " +", " *", " /")) for line in lines)
