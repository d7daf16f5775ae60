"""Rule 1: which names a spec may use."""

import pytest

from symopt import DialectError


def spec(sequences: str = "", hypers: str = "lr: Positive = 0.1", extra: str = "") -> str:
    return f"""
        @optimizer(title="X")
        def x(theta, g{sequences}, *, {hypers}):  # <-
            theta[t] = theta[t-1] - lr * g[t]{extra}
    """


@pytest.mark.parametrize(
    ("text", "symbol", "words"),
    [
        (spec(", t"), "t", "t is the step, which is imported: from symopt import t"),
        (spec(hypers="lr: Positive = 0.1, np: Real = 1"), "np", "the emitted kernels use this name for themselves"),
        (spec(", state"), "state", "the emitted kernels use this name"),
        (
            spec(hypers="lr: Positive = 0.1, g: Real = 1").replace("theta, g,", "theta,"),
            "g",
            "a sequence, which stands",
        ),
        (spec(hypers="lr: Positive = 0.1, theta: Real = 1").replace("x(theta, g", "x(g"), "theta", "before the *"),
        (spec(hypers="lr: Positive = 0.1, title: Real = 1"), "title", "on an optimizer, .title is something else"),
        (spec(hypers="lr: Positive = 0.1, states: Real = 1"), "states", "on an optimizer, .states is something else"),
        (spec(", m__1"), "m__1", "letters, digits and single underscores"),
        (spec(", _m"), "_m", "starting with a letter"),
        (spec(", m_t"), "m_t", "like the value of a sequence at step t"),
        (spec(hypers="lr: Positive = 0.1, β: Real = 1"), "β", "a page can print only names made of letters"),
        (spec(", match"), "match", "a word of Python"),
        (spec(", m_old"), "m_old", "the ending _old is kept"),
        (spec(hypers="lr: Positive = 0.1, lr_now: Real = 1"), "lr_now", "the ending _now is kept"),
        (spec(", mean"), "mean", "a page could not tell it from its own notation"),
    ],
    ids=lambda value: value if value.isidentifier() else "",
)
def test_refused(error_of, text, symbol, words):
    error = error_of(text)
    assert error.symbol == symbol
    assert "a spec cannot use this name here" in error.message
    assert "choose another" in error.message
    assert words in error.message


@pytest.mark.parametrize(
    ("text", "other"),
    [
        (spec(", stream"), "my_stream"),
        (spec(", m_old"), "old_m"),
        (spec(", m__1"), "m_1"),
        (spec(", m_t"), "m"),
        (spec(", m, m_t"), "my_m"),
        (spec(", β"), "beta"),
        (spec(hypers="lr: Positive = 0.1, title: Real = 1"), "my_title"),
        (spec(", match"), "my_match"),
        (spec(", mean"), "my_mean"),
    ],
)
def test_another_name_is_proposed_that_can_stand_there(error_of, run, text, other):
    error = error_of(text)
    assert error.message.endswith(f"; choose another, such as {other}")
    accepted = other.join(text.rsplit(error.symbol, 1))
    with pytest.raises(DialectError) as caught:  # for what is next: nothing uses the name
        run(accepted)
    assert "cannot use this name" not in caught.value.message
    assert caught.value.symbol in (other, "m")


def test_start_is_a_name_like_any_other(run):
    names = run("""
        @optimizer(title="X")
        def x(theta, g, *, start: Positive = 0.5):
            theta[t] = theta[t-1] - start * g[t]

        def wrap(inner):
            @optimizer(title="W")
            def wrap(theta):
                theta[t] = inner(theta[t-1]) - inner.start * theta[t-1]
            return wrap

        w = wrap(x)
    """)
    assert str(names["w"].equations[-1]) == "theta[t] = theta[t-1] - start * g[t] - start * theta[t-1]"


@pytest.mark.parametrize("name", ["_adam", "adam_t", "Adam__2"])
def test_the_name_of_a_spec(error_of, name):
    error = error_of(f"""
        @optimizer(title="X")
        def {name}(theta, g):  # <-
            theta[t] = theta[t-1] - g[t]
    """)
    assert error.symbol == name
    assert "a spec cannot have this name" in error.message
    assert error.message.endswith(f"such as {name.strip('_').removesuffix('_t').replace('__', '_')}")


@pytest.mark.parametrize(
    ("expression", "symbol", "words"),
    [
        ("sqr(g[t])", "sqr", "did you mean sqrt?"),
        ("lrr * g[t]", "lrr", "did you mean lr?"),
        ("g[t] * beta", "beta", "a hyperparameter to those behind it"),
        ("m[t-1]", "m", "add a sequence to the arguments before the *"),
        ("gamma_function(g[t])", "gamma_function", "nothing has this name"),
    ],
)
def test_unknown_names(error_of, expression, symbol, words):
    error = error_of(f"""
        @optimizer(title="X")
        def x(theta, g, *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr * g[t] - {expression}  # <-
    """)
    assert error.symbol == symbol
    assert words in error.message


def test_a_word_of_the_dialect_that_is_not_imported(tmp_path, error_of):
    error = error_of("""
        del sqrt

        @optimizer(title="X")
        def x(theta, g):
            theta[t] = theta[t-1] - sqrt(g[t])  # <-
    """)
    assert error.message == "it is not imported; write from symopt import sqrt"


def test_locals_helpers_and_imports_are_known(run):
    run("""
        import math

        def average(x, b, new):
            return b * x[t-1] + (1 - b) * new

        def make(scale):
            @optimizer(title="X")
            def made(theta, g, m, v):
                from symopt import sqrt as root
                square = lambda y: y**2
                def half(y):
                    return y / 2
                parts = [scale * g[t], half(g[t])]
                first, *rest = [part for part in parts]
                m[t] = average(m, Rational(9, 10), first)
                for x in (v,):
                    x[t] = average(x, 0.5, square(rest[0]))
                if (count := len(parts)) > 1:
                    print_nothing = str(count)
                try:
                    pass
                except ValueError as error:
                    raise error
                theta[t] = theta[t-1] - m[t] / root(v[t])
            return made

        made = make(3)
    """)
