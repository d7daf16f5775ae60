"""Rule 7: plain SymPy builds right-hand sides too."""

import subprocess
import sys
from pathlib import Path

import pytest

from symopt.canonical import to_sympy
from symopt.expr import text

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("mixed", "plain"),
    [
        ("sympy.sqrt(v[t])", "sqrt(v[t])"),
        ("sympy.exp(-lr * v[t]) + sympy.Rational(1, 3)", "exp(-lr * v[t]) + Rational(1, 3)"),
        ("sympy.Max(v[t], sympy.Abs(g[t]), 0)", "Max(v[t], Abs(g[t]), 0)"),
        ("sympy.cos(sympy.pi * t / 7) * v[t]", "cos(pi * t / 7) * v[t]"),
        ("v[t] * sympy.E * sympy.Float('0.25')", "v[t] * exp(1) * Rational(1, 4)"),
        ("sympy.tanh(v[t])**2 / sympy.sign(t)", "tanh(v[t])**2 / sign(t)"),
        ("sympy.sqrt(norm(v[t], over=ALL))", "sqrt(norm(v[t], over=ALL))"),
        ("sympy.log(v[t]) - sympy.floor(t / 2)", "log(v[t]) - floor(t / 2)"),
        ("where(sympy.sqrt(v[t]) > 1, sympy.Integer(2), v[t])", "where(sqrt(v[t]) > 1, 2, v[t])"),
    ],
)
def test_mixed(run, mixed, plain):
    names = run(f"""
        import sympy

        @optimizer(title="X")
        def x(theta, g, v, *, lr: Positive = 0.1):
            v[t] = v[t-1] + lr * g[t]**2
            theta[t] = theta[t-1] - ({mixed})

        @optimizer(title="Y")
        def y(theta, g, v, *, lr: Positive = 0.1):
            v[t] = v[t-1] + lr * g[t]**2
            theta[t] = theta[t-1] - ({plain})
    """)
    x, y = (to_sympy(names[name].equations[-1].rhs) for name in "xy")
    assert x == y, (text(names["x"].equations[-1].rhs), x, y)


@pytest.mark.parametrize(
    ("expression", "symbol", "words"),
    [
        ("sympy.gamma(g[t])", "x", "SymPy's gamma has no meaning in a spec"),
        ("sympy.Symbol('beta') * g[t]", "beta", "it is neither a sequence nor a hyperparameter here"),
        ("sympy.sqrt(g)", "g", "write g[t] (the new value)"),
        ("sympy.sqrt(t) if sympy.sqrt(lr) == 1 else t", "sympy.sqrt(lr) == 1", "write where(condition, a, b)"),
        ("where(sympy.sqrt(lr) == t, 1, 2)", "sympy.sqrt(lr) == t", "write eq(sympy.sqrt(lr), t)"),
    ],
)
def test_refused(error_of, expression, symbol, words):
    error = error_of(f"""
        import sympy

        @optimizer(title="X")
        def x(theta, g, *, lr: Positive = 0.1):
            theta[t] = theta[t-1] - lr * g[t] * ({expression})  # <-
    """)
    assert error.symbol == symbol
    assert words in error.message


def test_tracing_loads_neither_sympy_nor_numpy(tmp_path):
    path = tmp_path / "spec.py"
    path.write_text("""
from symopt import ALL, Input, Min, Positive, Unit, norm, optimizer, schedule, sqrt, t

@schedule(title="S")
def s(t, value):
    return value / t

@optimizer(title="X")
def x(theta, g, m, noise: Input(level="element"), *, lr: Positive = 0.1, mu: Unit = 0.9):
    m[t] = mu * m[t-1] + (1 - mu) * g[t] * Min(1, 1 / norm(g[t], over=ALL))
    theta[t] = theta[t-1] - lr * sqrt(m[t]) + noise[t]

y = x.scheduled(lr=s)
""")
    loaded = "print(*{'sympy', 'numpy', 'numba'} & sys.modules.keys())"
    code = f"import sys; from symopt.catalogue import load; load(sys.argv[1] + ':y'); {loaded}"
    command = [sys.executable, "-c", code, str(path)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == []
