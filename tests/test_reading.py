"""Text becomes the expression that it states."""

import pytest

from symopt.catalogue import load_all
from symopt.errors import SymoptError
from symopt.expr import Num, negate, text, transform
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import declared
from symopt.reading import read


@pytest.mark.parametrize("optimizer", load_all().values(), ids=lambda optimizer: optimizer.name)
def test_every_equation_reads_back(optimizer):
    for equation in optimizer.equations:
        shown = text(equation.rhs)
        if " divides " in shown:  # a step count of its own, which the dialect cannot name
            continue
        back = read(shown)
        assert back == equation.rhs or isinstance(decide(back, equation.rhs, declared(optimizer)), Proved)


def test_constants_are_exact():
    assert read("0.1") == Num(read("1/10").value)
    assert read("1e-8").value.denominator == 10**8


def test_a_sign_in_front_is_that_of_the_product():
    assert read("-lr * g[t] / 2") == negate(read("lr * g[t] / 2"))
    assert text(read("-lr * g[t] / 2")) == "-lr * g[t] / 2"


def test_the_text_of_what_was_read_is_the_text():
    shown = "where(every(k) & ~(t == 1), clip(-x[t-1]**2, lo, pi), norm(g[t], over=ALL) / Max(t, 2))"
    assert text(read(shown)) == shown.replace("Max", "max")
    assert transform(read(shown), lambda node: node) == read(shown)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("1 +", "'1 +' is no expression of the dialect"),
        ("x[t-2]", "'x[t - 2]' in 'x[t-2]' is nothing that the dialect knows"),
        ("foo(x)", "foo(x)"),
        ("norm(x, over=COLUMN)", "over=COLUMN"),
        ("1 < t < 2", "1 < t < 2"),
        ("'a'", "nothing that the dialect knows"),
    ],
)
def test_what_cannot_be_read_is_shown(shown, said):
    with pytest.raises(SymoptError) as caught:
        read(shown)
    assert said in str(caught.value)
