"""Every rule of the dialect, broken: the error names the symbol, the line and what to write instead."""

import pytest

M = "m[t] = mu * m[t-1] + g[t]"
THETA = "theta[t] = theta[t-1] - lr * m[t]"

BODIES = {
    # what is wrong: (lines, symbol, line, part of the message)
    "written twice": ([M, M, THETA], "m[t]", 2, "written exactly once"),
    "read before written": ([THETA, M], "m[t]", 1, "write the equation first, or read the old value m[t-1]"),
    "index t-2": (["m[t] = mu * m[t-2] + g[t]", THETA], "m[t - 2]", 1, "t (the new value), t-1 (the old one) or 0"),
    "index 1": (["m[t] = mu * m[1] + g[t]", THETA], "m[1]", 1, "t-1 (the old one)"),
    "index name": (["m[t] = mu * m['t'] + g[t]", THETA], "m['t']", 1, "t-1 (the old one)"),
    "old value written": (["m[t-1] = g[t]", THETA], "m[t-1]", 1, "write m[t] = ..."),
    "theta missing": (["m[t] = mu * m[t-1] + lr * g[t]"], "theta", 0, "theta[t] is never written"),
    "sequence unused": (["theta[t] = theta[t-1] - lr * mu * g[t]"], "m", 0, "declared and never used"),
    "hyperparameter unused": (["m[t] = g[t]", THETA], "mu", 0, "declared and never used"),
    "dead store": ([M, "theta[t] = theta[t-1] - lr * g[t]"], "m", 1, "nothing that leads to theta reads it"),
    "nobody writes it": (["theta[t] = theta[t-1] - lr * mu * g[t] * m[t-1]"], "m", 0, "nobody writes it; write m[t] = ..."),
    "if": (["if lr > mu:", "    m[t] = g[t]", THETA], "lr > mu", 1, "write where(condition, a, b)"),
    "while": (["while g[t] > 0:", "    pass"], "g[t] > 0", 1, "Python's while"),
    "ternary": (["m[t] = g[t] if mu else lr", THETA], "mu", 1, "write where(condition, a, b)"),
    "if behind a local": (["a = mu * 2", "if a > lr:", "    m[t] = g[t]"], "a > lr", 2, "write where"),
    "==": (["m[t] = where(t == 1, g[t], mu * m[t-1])", THETA], "t == 1", 1, "write eq(t, 1)"),
    "!=": (["m[t] = where(t != 1, g[t], mu * m[t-1])", THETA], "t != 1", 1, "write ne(t, 1)"),
    "is": (["m[t] = where(t is mu, g[t], mu * m[t-1])", THETA], "t is mu", 1, "write eq(t, mu)"),
    "in": (["m[t] = where(t in (1, 2), g[t], mu)", THETA], "t in (1, 2)", 1, "write the comparisons out"),
    "and": (["m[t] = where(t > 1 and mu > 0, g[t], mu)", THETA], "t > 1 and mu > 0", 1, "write (a) & (b)"),
    "or": (["m[t] = where(t > 1 or mu > 0, g[t], mu)", THETA], "t > 1 or mu > 0", 1, "write (a) | (b)"),
    "not": (["m[t] = where(not t > 1, g[t], mu)", THETA], "not t > 1", 1, "write ~(condition)"),
    "chained": (["m[t] = where(0 < mu < lr, g[t], mu)", THETA], "0 < mu < lr", 1, "write (a < b) & (b < c)"),
    "max": (["m[t] = max(g[t], mu)", THETA], "max", 1, "write Max"),
    "min": (["m[t] = min(g[t], mu)", THETA], "min", 1, "write Min"),
    "round": (["m[t] = mu * round(g[t])", THETA], "round", 1, "write floor"),
    "math.sqrt": (["m[t] = mu * math.sqrt(g[t])", THETA], "math.sqrt", 1, "write symopt's sqrt(...)"),
    "np.exp": (["m[t] = mu * np.exp(g[t])", THETA], "np.exp", 1, "write symopt's exp(...)"),
    "math function by name": (["m[t] = mu * root(g[t])", THETA], "g[t]", 1, "use symopt's sqrt"),
    "unknown function": (["m[t] = mu * sqr(g[t])", THETA], "sqr", 1, "did you mean sqrt?"),
    "unknown name": (["m[t] = mu * gg[t]", THETA], "mine", 1, "'gg' is not defined"),
    "1/3": (["m[t] = 1/3 * mu * g[t]", THETA], "1 / 3", 1, "write Rational(1, 3)"),
    "0.1 * 0.2": (["m[t] = 0.1 * 0.2 * mu * g[t]", THETA], "0.1 * 0.2", 1, "would round"),
    "18 digits": (["m[t] = 0.123456789012345678 * mu * g[t]", THETA], "0.123456789012345678", 1, "17 digits"),
    "where with a bool": (["m[t] = where(True, g[t], mu)", THETA], "where", 1, "decided already (True)"),
    "every with a bool": (["m[t] = where(every(True), g[t], mu)", THETA], "every", 1, "a number of steps"),
    "augmented": (["m[t] += mu * g[t]", THETA], "m[t]", 1, "write m[t] = m[t-1] ..."),
    "bare sequence": (["m[t] = mu * m + g[t]", THETA], "m", 1, "write m[t] (the new value) or m[t-1]"),
    "name taken by a local": (["mu = 2", M, THETA], "mu", 1, "taken by the signature"),
    "t as a local": (["t = 2", M, THETA], "t", 1, "taken by the signature"),
    "two gradient points": (
        ["g[t] = grad(theta[t-1] + mu * m[t-1])", "g[t] = grad(theta[t-1])", M, THETA], "g[t]", 2, "written twice"),
    "gradient after use": ([M, "g[t] = grad(theta[t-1])", THETA], "g[t]", 2, "read before its equation"),
    "grad inside": (["m[t] = mu * grad(theta[t-1])", THETA], "m[t]", 1, "stands alone on the right of g[t]"),
    "grad elsewhere": (["m[t] = grad(theta[t-1])", THETA], "m[t]", 1, "write g[t] = grad(...)"),
    "g written": (["g[t] = 2 * mu * m[t-1]", THETA], "g[t]", 1, "give a changed gradient another name"),
    "g of the past": (["m[t] = mu * g[t-1]", THETA], "g[t-1]", 1, "keep an old one in a state"),
    "theta[0] written": (["theta[0] = 1", M, THETA], "theta[0]", 1, "cannot be set"),
    "start twice": (["m[0] = 1", "m[0] = 2", M, THETA], "m[0]", 2, "written twice"),
    "start from a state": (["m[0] = theta[t-1]", M, THETA], "m[0]", 1, "hyperparameters, numbers and theta[0] only"),
    "start from t": (["m[0] = 2 * t", M, THETA], "m[0]", 1, "cannot depend on t"),
    "start read unwritten": (["m[t] = mu * m[0] + g[t]", THETA], "m[0]", 1, "unless m[0] = ... is written first"),
    "not a value": (["m[t] = [g[t], mu]", THETA], "", 1, "a list cannot stand in an equation"),
    "infinite": (["m[t] = mu * float('inf') * g[t]", THETA], "inf", 1, "constants must be finite"),
    "debias of a hyperparameter": (["m[t] = mu * debias(lr) * g[t]", THETA], "debias(lr)", 0, "an average that was"),
    "debias of a sum": (["m[t] = m[t-1] * g[t] + mu", "theta[t] = theta[t-1] - lr * debias(m[t])"],
                        "debias(m[t])", 1, "write the correction out"),
    "over": (["m[t] = mu * norm(g[t], over='all')", THETA], "over", 1, "over=ALL"),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_bodies(case, body_refused):
    lines, symbol, line, part = BODIES[case]
    before = "import math\nimport numpy as np\nfrom math import sqrt as root\n\n\n"
    found = body_refused(*lines, before=before)
    assert part in found[2], found
    assert symbol in found[0], found
    assert found[1] == line or line == 0, found


SIGNATURES = {
    "default outside": ("theta, g, *, mu: Unit = 1.5", "mu", "its default 1.5 is outside its domain Unit = [0, 1)"),
    "default not a number": ("theta, g, *, mu: Unit = 'a'", "mu", "a default is a number"),
    "default not whole": ("theta, g, *, k: PositiveInt = 1.5", "k", "outside its domain PositiveInt"),
    "annotation": ("theta, g, *, mu: float = 0.5", "mu", "its annotation is a domain"),
    "annotation unknown": ("theta, g, *, mu: Uint = 0.5", "mine", "import the domain it names"),
    "t as a sequence": ("theta, g, t, *, mu: Unit = 0.5", "t", "cannot use this name"),
    "np": ("theta, g, np, *, mu: Unit = 0.5", "np", "emitted kernels use this name"),
    "name of the emitted file": ("theta, g, state, *, mu: Unit = 0.5", "state", "emitted kernels use this name"),
    "theta as a hyperparameter": ("g, *, theta: Unit = 0.5", "theta", "the name of a sequence"),
    "a Python word": ("theta, g, match, *, mu: Unit = 0.5", "match", "a word of Python"),
    "unprintable": ("theta, g, m__x, *, mu: Unit = 0.5", "m__x", "a page can print only"),
    "not ASCII": ("theta, g, *, β: Unit = 0.5", "β", "a page can print only"),
    "an ending of lowering's": ("theta, g, m_new, *, mu: Unit = 0.5", "m_new", "_new is kept"),
    "printed alike": ("theta, g, *, mu1: Unit = 0.5, mu_1: Unit = 0.5", "mu_1", "as it prints mu1"),
    "star": ("theta, g, *args", "args", "a spec lists its names"),
    "double star": ("theta, g, **others", "others", "a spec lists its names"),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_signatures(case, body_refused):
    signature, symbol, part = SIGNATURES[case]
    found = body_refused("theta[t] = theta[t-1] - mu * g[t]", signature=signature)
    assert found[0] == symbol
    assert part in found[2]


WRAPPERS = {
    "never noticed": ("lookahead(ema(sgd))", "put ema outside and the wrapper inside"),
    "never noticed by decay": ("decay(ema(sgd))", "put ema outside and the wrapper inside"),
    "clash": ("decay(decay(sgd))", 'rename one: inner.renamed(wd="inner_wd")'),
    "called twice": ("twice(sgd)", "it is called twice"),
    "two points": ("restless(nesterov)", "two gradient points in one step"),
}
INNER = """
from symopt.specs.averaging import ema
from symopt.specs.nesterov import nesterov
from symopt.specs.sgd import sgd


def lookahead(inner):
    @optimizer()
    def lookahead(theta, slow, *, k: PositiveInt = 5):
        slow[0] = theta[0]
        slow[t] = where(every(k), (slow[t-1] + inner(theta[t-1])) / 2, slow[t-1])
        theta[t] = where(every(k), slow[t], theta[t-1])
    return lookahead


def decay(inner):
    @optimizer()
    def decay(theta, *, wd: Unit = 0.1):
        theta[t] = inner(theta[t-1]) - wd * theta[t-1]
    return decay


def twice(inner):
    @optimizer()
    def twice(theta):
        theta[t] = (inner(theta[t-1]) + inner(theta[t-1])) / 2
    return twice


def restless(inner):
    @optimizer()
    def restless(theta, g, *, a: Unit = 0.1):
        g[t] = grad(theta[t-1])
        theta[t] = inner(theta[t-1]) - a * g[t]
    return restless


found = """


@pytest.mark.parametrize("case", WRAPPERS)
def test_wrappers(case, refused):
    composition, part = WRAPPERS[case]
    _, line, message = refused(INNER + composition + "\n")
    assert part in message
    assert line > 0


SCHEDULES = {
    "no value": ("t, value, *, a: Unit = 0.5", "x = value * a", "end with return"),
    "wrong arguments": ("value, t", "return value", "first arguments are t and value"),
    "unused": ("t, value, *, a: Unit = 0.5", "return value", "declared and never used"),
    "nobody writes it": ("t, value, best", "return value * best[t-1]", "nobody writes it"),
    "if": ("t, value", "return value if t > 3 else 0", "write where"),
}


@pytest.mark.parametrize("case", SCHEDULES)
def test_schedules(case, refused):
    arguments, body, part = SCHEDULES[case]
    _, _, message = refused(f"@schedule()\ndef mine({arguments}):\n    {body}\n")
    assert part in message


def test_a_syntax_error_has_its_position(refused):
    symbol, line, message = refused("@optimizer()\ndef mine(theta, g):\n    theta[t] = theta[t-1] -\n")
    assert (symbol, line) == ("theta[t] = theta[t-1] -", 3)
    assert "at column 28" in message
