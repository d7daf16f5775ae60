"""Values at neighbouring steps: what floor, sine and cosine are at t in terms of t - 1, and integers apart by one."""

import pytest

from symopt.domains import OpenUnit, PositiveInt
from symopt.prove.algebra import Proved, Refuted, decide
from symopt.prove.facts import Facts
from symopt.reading import read

FACTS = Facts({"s": PositiveInt, "n": PositiveInt, "gamma": OpenUnit})

EQUAL = [
    ("floor(t / s)", "floor((t - 1) / s) + where(every(s), 1, 0)"),
    ("floor(t / 2)", "floor((t - 1) / 2) + where(every(2), 1, 0)"),
    ("gamma**floor(t / s)", "where(every(s), gamma, 1) * gamma**floor((t - 1) / s)"),
    ("cos(pi * t / n)", "cos(pi * (t - 1) / n) * cos(pi / n) - sin(pi * (t - 1) / n) * sin(pi / n)"),
    ("sin(pi * t / n)", "sin(pi * (t - 1) / n) * cos(pi / n) + cos(pi * (t - 1) / n) * sin(pi / n)"),
    ("cos(s * (t - 2))", "cos(s * (t - 1)) * cos(s) + sin(s * (t - 1)) * sin(s)"),
    ("cos(pi)", "-1"),
    ("sin(pi / 2) + cos(pi / 2) + sin(2 * pi)", "1"),
    ("sin(3 * pi / 2)", "-1"),
    ("gamma**floor(0 / s)", "1"),
    ("where(t > n, Min(t - 1, n), n)", "n"),
    ("where(t < n, Max(t + 1, n), n)", "n"),
]


@pytest.mark.parametrize(("a", "b"), EQUAL, ids=[a for a, _ in EQUAL])
def test_equal(a, b):
    assert isinstance(decide(read(a), read(b), FACTS), Proved)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("floor((t + 1) / s)", "floor((t - 1) / s) + where(every(s), 1, 0)"),
        ("floor(t / gamma)", "floor((t - 1) / gamma) + where(every(s), 1, 0)"),
        ("cos(pi * t / n)", "cos(pi * (t - 1) / n)"),
        ("where(t * gamma > n, Min(t * gamma - 1, n), n)", "n"),
    ],
)
def test_different(a, b):
    assert isinstance(decide(read(a), read(b), FACTS), Refuted)
