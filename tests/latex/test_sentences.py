"""Prose from specs: every character survives, and formulas of declared names become formulas."""

import pytest

from symopt.errors import SymoptError
from symopt.latex.escape import code, paragraphs, prose

NAMES = frozenset({"g", "m", "v", "vhat", "lr", "eps", "beta2", "theta", "mu", "t", "slow", "max_norm"})


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        (r"100% of a & b #1 $5", r"100\% of a \& b \#1 \$5"),
        (r"\foo ~ ^ {x}", r"\textbackslash{}foo \textasciitilde{} \textasciicircum{} \{x\}"),
        ("a < b > c | d", r"a \textless{} b \textgreater{} c \textbar{} d"),
        ('as "quoted"', "as ``quoted''"),
        ('5" wide', r"5\textquotedbl{} wide"),
        ("write `x_t**2` here", r"write \texttt{x\_t**2} here"),
        ("``code`` too", r"\texttt{code} too"),
        ("an identifier like cpu_adagrad", r"an identifier like \texttt{cpu\_adagrad}"),
        ("H\u00fcsken \u2013 fa\u00e7ade", "H\u00fcsken -- fa\u00e7ade"),
        ("\u03b8 \u2264 \u221e", r"\ensuremath{\theta} \ensuremath{\le} \ensuremath{\infty}"),
        ("two\n  lines", "two lines"),
    ],
)
def test_every_character_survives(text, latex):
    assert prose(text) == latex


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("unit of g^2", "unit of $g^{2}$"),
        ("sqrt(v) + eps", r"$\sqrt{v} + \epsilon$"),
        ("an eps larger by 1/sqrt(1 - beta2^t): 31.6 times at t = 1.",
         r"an $\epsilon$ larger by $1 / \sqrt{1 - \beta_2^{t}}$: 31.6 times at $t = 1$."),
        ("with v = -lr*b", r"with $v = -\eta b$"),
        ("the point (theta + mu*v) there", r"the point ($\theta + \mu v$) there"),
        ("at theta[t-1]", r"at $\theta_{t-1}$"),
        ("half of |theta|^2", r"half of $\lvert \theta \rvert^{2}$"),
        ("the slow weights", "the slow weights"),
        ("at most max_norm", r"at most \texttt{max\_norm}"),
        ("max_norm/2", r"$\mathrm{max\text{-}norm} / 2$"),
        ("1e-6 is added", "$10^{-6}$ is added"),
        ("-1, 0 or 1", "$-1$, 0 or 1"),
        ("g, 2*g, ...", r"$g$, $2 g$, \dots{}"),
        ("e.g. the caller doesn't, i.e. not 3", "e.g. the caller doesn't, i.e. not 3"),
        ("first-order, t-", "first-order, $t$-"),
        ('the "g" of the paper', "the ``$g$'' of the paper"),
        ("`g^2` as code", r"\texttt{g\textasciicircum{}2} as code"),
    ],
)  # fmt: skip
def test_formulas_of_declared_names(text, latex):
    assert prose(text, NAMES) == latex


def test_long_code_may_break():
    assert r"\allowbreak{}" in code("adam.scheduled(lr=cosine)")
    assert r"\allowbreak{}" not in code("beta1")
    assert code("--check") == r"\texttt{-{}-check}"


def test_paragraphs_stay_apart():
    assert paragraphs("one\n\ntwo") == ["one", "two"]


@pytest.mark.parametrize("character", ["\u597d", "\x00", "\u0410"])
def test_what_cannot_be_printed_is_named(character):
    with pytest.raises(SymoptError, match="cannot print the character"):
        prose(f"x{character}")
