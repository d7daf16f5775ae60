"""Rule 1: sequences before the *, hyperparameters with domain and default behind it."""

from fractions import Fraction

import pytest

from symopt import DialectError
from symopt.notation import Domain, NonNegativeInt, Positive, PositiveInt, Real, Unit

BODY = """
            theta[t] = theta[t-1] - lr * g[t]
    """


def spec(signature: str, before: str = "") -> str:
    return f"""
        {before}
        @optimizer(title="X")
        def x({signature}):  # <-{BODY}"""


@pytest.mark.parametrize(
    ("signature", "symbol", "words"),
    [
        (
            "theta, g, *, lr: Unit = 1.5",
            "lr",
            "its default 1.5 is outside its domain Unit = [0, 1); change one of them",
        ),
        ("theta, g, *, lr: Unit = 1", "lr", "outside its domain Unit = [0, 1)"),
        ("theta, g, *, lr: Positive = 0", "lr", "outside its domain Positive = (0, inf)"),
        ("theta, g, *, lr: OpenUnit = 0.0", "lr", "outside its domain OpenUnit = (0, 1)"),
        ("theta, g, *, lr: PositiveInt = 2.5", "lr", "outside its domain PositiveInt = [1, inf) integers"),
        ("theta, g, *, lr: NonNegativeInt = -1", "lr", "[0, inf) integers"),
        ("theta, g, *, lr: sympy.Interval(0, 1) = 2", "lr", "outside its domain Interval(0, 1) = [0, 1]"),
        ("theta, g, *, lr: sympy.Interval(0, sympy.sqrt(2)) = 1", "lr", "are not rational numbers"),
        ("theta, g, *, lr: sympy.FiniteSet(1, 2, 5) = 1", "lr", "neither an interval nor a run of integers"),
        ("theta, g, *, lr: sympy.Range(0, 10, 2) = 2", "lr", "is not a run of integers"),
        ("theta, g, *, lr: sympy.S.Complexes = 2", "lr", "neither an interval nor a run of integers"),
        (
            "theta, g, *, lr: float = 0.1",
            "lr",
            "its annotation is a domain: Positive, NonNegative, Unit, OpenUnit, Real",
        ),
        ("theta, g, *, lr: Positive = '0.1'", "lr", "a default is a finite number, not '0.1'"),
        (
            "theta, g, *, lr: Positive = True",
            "lr",
            "a default is a finite number, not True; leave it out if there is none",
        ),
        ("theta, g, *, lr: Positive = None", "lr", "not None; leave it out"),
        ("theta, g, *, lr: Positive = float('inf')", "lr", "a default is a finite number, not inf"),
        ("theta, g, *, lr: Positive = float('nan')", "lr", "a default is a finite number, not nan"),
        ("theta, g, *, lr: Positive = sqrt(2)", "lr", "a default is a finite number, not sqrt(2)"),
        ("theta, g, lr=0.1", "lr", "this looks like a hyperparameter; those stand behind a *"),
        ("theta, g, lr: Positive", "lr", "this looks like a hyperparameter; those stand behind a *"),
        ("theta, g, lr: sympy.Interval(0, 1)", "lr", "those stand behind a *"),
        ("theta, g, lr: 'the rate'", "x", "an annotation cannot be read"),
        ("theta, g, lr: float", "lr", 'a sequence has no annotation, or Input(level="step")'),
        ("theta, g, lr: Input", "lr", 'or Input(level="element") if it comes from outside'),
        ("theta, g, lr: Input(level='tensor')", "lr", 'Input(level="step") or Input(level="element")'),
        ("theta, g: Input(level='element'), *, lr: Real = 1", "g", "there without an annotation; take it out"),
        ("theta, g, *lr", "*lr", "a spec names each of its symbols; write the names out"),
        ("theta, g, **lr", "**lr", "a spec names each of its symbols"),
        ("theta, g, *, lr: 'Positiv' = 1", "x", "an annotation cannot be read (name 'Positiv' is not defined)"),
    ],
)
def test_refused(error_of, signature, symbol, words):
    error = error_of(spec(signature, "import sympy"))
    assert error.symbol == symbol
    assert words in error.message


@pytest.mark.parametrize(
    ("decorator", "words"),
    [
        ("optimizer", '@optimizer: write @optimizer(title="...") above the function'),
        ('optimizer("X")', '@optimizer: write @optimizer(title="...") above the function'),
        ("schedule", '@schedule: write @schedule(title="...")'),
        ("erratum", '@erratum: write @erratum(title="...")'),
        ('optimizer(title="X")(5)', "5: @optimizer, @erratum and @schedule decorate a function"),
    ],
)
def test_decorators(run, decorator, words):
    with pytest.raises(DialectError) as caught:
        run(f"@{decorator}\ndef x(theta, g):\n    theta[t] = theta[t-1] - g[t]\n")
    assert words in str(caught.value)


def test_source_that_cannot_be_read():
    names: dict[str, object] = {}
    text = "\nfrom symopt import optimizer, t\n@optimizer(title='X')\ndef x(theta, g):\n    theta[t] = g[t]"
    with pytest.raises(DialectError, match=r"<nowhere>:3: x: its source cannot be read; write the spec in a file"):
        exec(compile(text, "<nowhere>", "exec"), names)


@pytest.mark.parametrize(
    ("annotation", "default", "domain", "exact"),
    [
        ("Positive", "1e-3", Positive, Fraction(1, 1000)),
        ("Unit", "Rational(1, 3)", Unit, Fraction(1, 3)),
        ("Unit", "sympy.Rational(1, 3)", Unit, Fraction(1, 3)),
        ("Unit", "np.float64(0.1)", Unit, Fraction(1, 10)),
        ("PositiveInt", "np.int64(3)", PositiveInt, Fraction(3)),
        ("PositiveInt", "5.0", PositiveInt, Fraction(5)),
        ("NonNegativeInt", "0", NonNegativeInt, Fraction(0)),
        ("Real", "-1", Real, Fraction(-1)),
        ("Domain('Large', lower=Fraction(10))", "10", Domain("Large", lower=Fraction(10)), Fraction(10)),
        (
            "sympy.Interval.Lopen(0, sympy.Rational(1, 2))",
            "0.5",
            Domain("Interval.Lopen(0, 1/2)", Fraction(0), Fraction(1, 2), True),
            0.5,
        ),
        ("sympy.Interval.open(0, sympy.oo)", "3", Domain("Interval.open(0, oo)", Fraction(0), None, True), 3),
        ("sympy.S.Reals", "-2.5", Domain("Reals"), Fraction(-5, 2)),
        ("sympy.S.Naturals", "2", Domain("Naturals", Fraction(1), integer=True), 2),
        ("sympy.S.Integers", "-2", Domain("Integers", integer=True), -2),
        ("sympy.Range(2, 6)", "5", Domain("Range(2, 6, 1)", Fraction(2), Fraction(5), integer=True), 5),
        ("sympy.FiniteSet(1, 2, 3)", "2", Domain("{1, 2, 3}", Fraction(1), Fraction(3), integer=True), 2),
    ],
)
def test_domains_and_defaults(run, annotation, default, domain, exact):
    before = "import sympy, numpy as np; from fractions import Fraction"
    lr = run(spec(f"theta, g, *, lr: {annotation} = {default}", before))["x"].hyperparameter("lr")
    assert (lr.domain, lr.default) == (domain, exact)


def test_what_may_be_missing(run):
    x = run(spec("theta, g, /, *, lr"))["x"]
    assert (x.hyperparameter("lr").domain, x.hyperparameter("lr").default) == (Real, None)


def test_annotations_that_are_not_evaluated(run):
    """`from __future__ import annotations` must stand on the first line, so this spec brings its own imports."""
    x = run("""
        @optimizer(title="X")
        def x(theta, g, noise: "Input(level='element')", *, lr: "Positive" = 0.1):
            theta[t] = theta[t-1] - lr * (g[t] + noise[t])
    """)["x"]
    assert x.hyperparameter("lr").domain == Positive
    assert x.inputs == (("noise", "element"),)


def test_future_annotations(tmp_path):
    path = tmp_path / "spec.py"
    path.write_text(
        "from __future__ import annotations\n"
        "from symopt import Positive, optimizer, t\n"
        "@optimizer(title='X')\n"
        "def x(theta, g, *, lr: Positive = 0.1):\n"
        "    theta[t] = theta[t-1] - lr * g[t]\n"
    )
    names = {"__name__": "spec"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    assert names["x"].hyperparameter("lr").domain == Positive


def test_defaults_of_a_factory_may_come_from_its_arguments(run):
    x = run("""
        def make(rate):
            @optimizer(title="X")
            def x(theta, g, *, lr: Positive = rate):
                theta[t] = theta[t-1] - lr * g[t]
            return x

        x = make(0.25)
    """)["x"]
    assert x.hyperparameter("lr").default == Fraction(1, 4)


def test_the_docstring_is_read(run):
    x = run('''
        @optimizer(title="X", reference="someone2020x")
        def x(theta, g, m, *, lr: Positive = 0.1):
            """First line
            and second: a colon.

            m: the sum;
                unit of g
            lr: learning rate

            Departures: the paper has 0.2,
            not 0.1.
            """
            m[t] = m[t-1] + g[t]
            theta[t] = theta[t-1] - lr * m[t]
    ''')["x"]
    assert x.summary == "First line and second: a colon."
    assert x.departures == "the paper has 0.2, not 0.1."
    assert x.meanings == (("m", "the sum; unit of g"),)
    assert x.hyperparameter("lr").meaning == "learning rate"
    assert (x.name, x.title, x.reference) == ("x", "X", "someone2020x")


MEANINGS = [
    ("lrr: learning rate  # <-", "lrr", "lr"),
    ("Lr: learning rate  # <-", "Lr", "lr"),
    ("m: the sum;\n                and more\n            lrr: learning rate  # <-", "lrr", "lr"),
    ("bata: decay  # <-\n            lr: learning rate", "bata", "beta"),
]


@pytest.mark.parametrize("place", ["\n\n            ", "\n            "])
@pytest.mark.parametrize(("lines", "word", "meant"), MEANINGS)
def test_a_misspelt_meaning(error_of, lines, word, meant, place):
    error = error_of(f"""
        @optimizer(title="X")
        def x(theta, g, m, *, lr: Positive = 0.1, beta: Unit = 0.9):
            '''One line.{place}{lines}
            '''
            m[t] = beta * m[t-1] + g[t]
            theta[t] = theta[t-1] - lr * m[t]
    """)
    assert error.symbol == word
    assert error.message.endswith(f"which no argument has; did you mean {meant}?")


def test_a_misspelt_meaning_of_a_schedule(error_of):
    error = error_of("""
        @schedule(title="X")
        def x(t, value, *, total: PositiveInt):
            '''value: what it is a share of

            totl: number of steps  # <-
            '''
            return value * t / total
    """)
    assert error.symbol == "totl"


@pytest.mark.parametrize(
    "prose",
    [
        "What is kept of the\n            rates: the last one.",
        "Rates: those of the paper.",
        "Note: a colon.\n            warning: another.",
        "rate2: half of rate, which Python computes.\n            rate: learning rate",
        "Departures: the paper has\n            rates: a list.",
        "See https://example.org: rates.",
    ],
)
def test_prose_may_have_colons(run, prose):
    x = run(f"""
        @optimizer(title="X")
        def x(theta, g, *, rate: Positive = 0.1):
            '''{prose}
            '''
            theta[t] = theta[t-1] - rate * g[t]
    """)["x"]
    assert x.summary + x.departures


def test_a_docstring_at_the_margin(run):
    """Text less indented than the code of a nested function does not confuse the reader."""
    x = run('''
def make():
    @optimizer(title="X")
    def x(theta, g):
        """One line.

At the margin.
        """
        theta[t] = theta[t-1] - g[t]
    return x

x = make()
''')["x"]
    assert "At the margin." in x.summary
    assert x.origin.line == 5
