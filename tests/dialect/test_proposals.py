"""Names that are proposed in the place of others, and words of Python among the arguments."""

import pytest

from symopt import DialectError, naming
from symopt.dialect.proposals import misused_word, proposal
from symopt.recurrence import RESERVED

ENDED = [f"m{suffix}" for suffix in naming.SUFFIXES]


@pytest.mark.parametrize("name", sorted({*naming.EMITTED, *naming.PRINTED, *ENDED, "lambda", "in", "match"} - {"t"}))
def test_what_is_proposed_can_be_used(name):
    assert naming.unusable(name)
    assert naming.unusable(proposal(name)) is None


def test_what_is_refused_is_not_proposed():
    assert proposal("m_t") == "m"
    assert proposal("m_t", {"m"}.__contains__) == "my_m"
    assert proposal("title", RESERVED.__contains__) == "my_title"
    assert proposal("中") == ""


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("def f(g, *, lambda: int = 3):\n    pass\n", 1, "lambda"),
        ("def f(\n    g,\n    from: int = 3,\n):\n    pass\n", 3, "from"),
        ("def f(lambda):\n    return 3 * lambda\n", 1, "lambda"),
        ("def g(in):\n    pass\n\nfor x in (1, 2):\n    pass\n", 1, "in"),
        ("lambda = 3\n", 1, "lambda"),
        ("def f(:\n    pass\n", 1, ""),
        ("x = 1\nelse:\n    x = 2\n", 2, ""),
        ("x = 1 2\n", 1, ""),
        ("x = 1\n", 7, ""),
    ],
)
def test_words_of_python(text, line, word):
    assert misused_word(text, line) == word


def test_a_file_with_such_a_word(spec):
    with pytest.raises(DialectError) as caught:
        spec("""
            def x(theta, g, *, lambda: Unit = 0.9):
                theta[t] = theta[t-1] - lambda * g[t]
        """)
    remedy = "(column 20); lambda is a word of Python, which cannot be a name; write lam"
    assert caught.value.message.endswith(remedy)
    assert "0.9): this is not Python: invalid syntax" in str(caught.value)
