"""How pseudocode goes wrong: five kinds, each refused in a new spec with the words that a published one keeps."""

import pytest

from symopt import load
from symopt.errors import DialectError
from symopt.paths import specs_dir

# kind: (a body with that fault and no other, the symbol, words of the message, the line of the body)
FAULTS = {
    "dead store": (
        """
        theta[t] = theta[t-1] - lr * wd * theta[t-1]
        theta[t] = theta[t-1] - lr * (g[t] + wd)
        """,
        "theta[t]",
        "nothing reads what stood there before (a dead store)",
        2,
    ),
    "unbound symbol": (
        """
        m[t] = mu * m[t-1] + (1 - beta) * g[t] * wd
        theta[t] = theta[t-1] - lr * m[t]
        """,
        "beta",
        "nothing has this name",
        1,
    ),
    "self-reference": (
        """
        m[t] = mu * m[t] + (1 - mu) * g[t] * wd
        theta[t] = theta[t-1] - lr * m[t]
        """,
        "m[t]",
        "it stands on both sides of its equation; read the old value m[t-1]",
        1,
    ),
    "unused hyperparameter": (
        """
        m[t] = mu * m[t-1] + g[t]
        theta[t] = theta[t-1] - lr * m[t]
        """,
        "wd",
        "declared and never used",
        0,
    ),
    "loop-carried rebinding": (
        """
        h[t] = g[t] + wd * theta[t-1]
        h[t] = h[t] / norm(h[t])
        theta[t] = theta[t-1] - lr * h[t]
        """,
        "h[t]",
        "its equation is written twice; each x[t] is written exactly once, so give what stood there before",
        2,
    ),
}


def spec(decorator, body):
    """The text of a spec that declares what its body mentions; the body's first line is the fourth one."""
    lines = [line.strip() for line in body.strip().splitlines()]
    sequences = "".join(f", {name}" for name in ("m", "h") if f"{name}[t]" in body)
    mu = ", mu: Unit = 0.9" if "mu" in body else ""
    head = f"@{decorator}(title='X')\ndef x(theta, g{sequences}, *, lr: Positive = 0.1{mu}, wd: NonNegative = 0.01):"
    return "\n".join([head, *(f"    {line}" for line in lines)])


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_is_found_and_refused_with_the_same_words(kind, run, tmp_path):
    body, symbol, words, line = FAULTS[kind]
    (finding,) = run(spec("erratum", body))["x"].findings
    assert (finding.kind, finding.symbol) == (kind, symbol)
    assert words in finding.message
    with pytest.raises(DialectError) as caught:
        run(spec("optimizer", body))
    error = caught.value
    assert error.symbol == finding.symbol
    assert finding.message.startswith(error.message)
    assert (error.file, error.line) == (str(tmp_path / "spec.py"), finding.line)
    assert error.line == 4 + line  # below two lines of imports and the decorator


# kind: what stands in the body in the place of what
MENDED = {
    "dead store": ("theta[t] = theta[t-1] - lr * wd * theta[t-1]", "m[t] = wd * theta[t-1]", "+ wd)", "+ m[t])"),
    "unbound symbol": ("1 - beta", "1 - mu"),
    "self-reference": ("mu * m[t] +", "mu * m[t-1] +"),
    "unused hyperparameter": ("+ g[t]", "+ wd * g[t]"),
    "loop-carried rebinding": ("h[t] = h[t] / norm(h[t])", "m[t] = h[t] / norm(h[t])", "lr * h[t]", "lr * m[t]"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_what_is_mended_is_not_found(kind, run):
    body, changes = FAULTS[kind][0], MENDED[kind]
    for wrong, right in zip(changes[::2], changes[1::2], strict=True):
        assert wrong in body
        body = body.replace(wrong, right)
    assert run(spec("erratum", body))["x"].findings == ()
    run(spec("optimizer", body))


def test_a_value_that_survives_a_step_by_accident(run):
    """The other face of the fifth kind: what a step reads was left by the step before."""
    body = "theta[t] = theta[t-1] - lr * wd * m[t]\n m[t] = mu * m[t-1] + g[t]"
    (finding,) = run(spec("erratum", body))["x"].findings
    assert (finding.kind, finding.symbol, finding.line) == ("loop-carried rebinding", "m[t]", 5)
    assert finding.message.endswith("taken for m[t-1], left by the step before")


def test_a_hyperparameter_that_each_step_changes_again(run):
    """What starts at a hyperparameter and is set from itself is no longer that hyperparameter after a step."""
    body = "m[0] = lr\n m[t] = m[t] * wd\n theta[t] = theta[t-1] - m[t] * g[t]"
    (finding,) = run(spec("erratum", body))["x"].findings
    assert (finding.kind, finding.symbol, finding.line) == ("loop-carried rebinding", "m[t]", 6)
    with pytest.raises(DialectError, match=r"m\[t\]: it stands on both sides of its equation"):
        run(spec("optimizer", body))


def test_an_equation_may_go_on_from_another_one_of_the_same_name(run):
    """What is assigned step by step reads itself too, but not before it was written."""
    body = "h[t] = g[t]\n h[t] = h[t] + wd\n theta[t] = theta[t-1] - lr * h[t]"
    (finding,) = run(spec("erratum", body))["x"].findings
    assert finding.kind == "loop-carried rebinding"


# (published formula, kind, symbol, what stands in the line that is found)
PUBLISHED = [
    ("torch.py:adafactor_documented", "dead store", "theta[t]", "alpha[t] * uhat[t]"),
    ("torch.py:adafactor_documented", "unused hyperparameter", "weight_decay", "weight_decay:"),
    ("keras.py:adamax_documented", "unbound symbol", "beta", "(1 - beta) * g[t]"),
    ("optax.py:adadelta_documented", "unbound symbol", "u", "dx, u, *"),
    ("optax.py:signum_documented", "self-reference", "m[t]", "beta * m[t]"),
    ("nnabla.py:lars_documented", "unused hyperparameter", "eps", "eps:"),
    ("torch.py:muon_documented", "loop-carried rebinding", "gamma[t]", "gamma[t] = gamma[t] * ratio"),
]


@pytest.mark.parametrize(("where", "kind", "symbol", "shown"), PUBLISHED)
def test_each_kind_is_in_a_published_formula(where, kind, symbol, shown):
    found = load(f"{specs_dir()}/errata/{where}")
    (finding,) = [f for f in found.findings if (f.kind, f.symbol) == (kind, symbol)]
    lines = (specs_dir() / "errata" / where.partition(":")[0]).read_text().splitlines()
    assert shown in lines[finding.line - 1]


def test_the_published_formulas_show_all_kinds():
    assert {kind for _, kind, _, _ in PUBLISHED} == set(FAULTS)
