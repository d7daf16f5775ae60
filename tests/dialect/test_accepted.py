"""Unusual but correct specs: what is read from them, and that nothing in them is refused."""

import pytest

from symopt.expr import text

# text, {state: level}, {intermediate: level}, gradient point
SPECS = {
    "a sign method with an interpolation": (
        """
        @optimizer(title="Lion")
        def x(theta, g, m, u, *, lr: Positive = 1e-4, beta1: Unit = 0.9, beta2: Unit = 0.99, wd: NonNegative = 0.0):
            u[t] = sign(beta1 * m[t-1] + (1 - beta1) * g[t])
            m[t] = beta2 * m[t-1] + (1 - beta2) * g[t]
            theta[t] = theta[t-1] - lr * (u[t] + wd * theta[t-1])
        """,
        {"m": "element"},
        {"u": "element"},
        "theta[t-1]",
    ),
    "a trust ratio per tensor": (
        """
        @optimizer(title="LAMB")
        def x(theta, g, m, v, r, wnorm, rnorm, trust, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999,
              eps: Positive = 1e-6, wd: NonNegative = 0.01):
            m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
            v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
            r[t] = debias(m[t]) / (sqrt(debias(v[t])) + eps) + wd * theta[t-1]
            wnorm[t] = norm(theta[t-1])
            rnorm[t] = norm(r[t])
            trust[t] = where((wnorm[t] > 0) & (rnorm[t] > 0), wnorm[t] / rnorm[t], 1)
            theta[t] = theta[t-1] - lr * trust[t] * r[t]
        """,
        {"m": "element", "v": "element"},
        {"r": "element", "wnorm": "tensor", "rnorm": "tensor", "trust": "tensor"},
        "theta[t-1]",
    ),
    "global and step-level state": (
        """
        @optimizer(title="Adaptive clipping")
        def x(theta, g, gnorm, weight, average, h, *, lr: Positive = 0.1, decay: Unit = 0.99, slack: Positive = 2.0):
            weight[t] = decay * weight[t-1] + 1
            gnorm[t] = norm(g[t], over=ALL)
            average[t] = average[t-1] + (gnorm[t] - average[t-1]) / weight[t]
            h[t] = g[t] * Min(1, slack * average[t] / gnorm[t])
            theta[t] = theta[t-1] - lr * h[t]
        """,
        {"weight": "step", "average": "global"},
        {"gnorm": "global", "h": "element"},
        "theta[t-1]",
    ),
    "averaged iterates": (
        """
        @optimizer(title="ASGD")
        def x(theta, g, x, eta, mu, *, lr: Positive = 1e-2, lambd: NonNegative = 1e-4, alpha: NonNegative = 0.75,
              t0: NonNegative = 10**6):
            x[0] = theta[0]
            eta[t] = lr / (1 + lambd * lr * (t - 1))**alpha
            mu[t] = 1 / Max(1, t - 1 - t0)
            g[t] = grad(x[t-1])
            x[t] = (1 - lambd * eta[t]) * x[t-1] - eta[t] * g[t]
            theta[t] = theta[t-1] + mu[t] * (x[t] - theta[t-1])
        """,
        {"x": "element"},
        {"eta": "step", "mu": "step"},
        "x[t-1]",
    ),
    "signs of successive gradients": (
        """
        @optimizer(title="Rprop")
        def x(theta, g, s, factor, width, h, *, lr: Positive = 1e-2, down: OpenUnit = 0.5, up: Positive = 1.2,
              least: Positive = 1e-6, most: Positive = 50):
            width[0] = lr
            s[t] = g[t] * h[t-1]
            factor[t] = where(s[t] > 0, up, where(s[t] < 0, down, 1))
            width[t] = clip(width[t-1] * factor[t], least, most)
            h[t] = where(s[t] < 0, 0, g[t])
            theta[t] = theta[t-1] - width[t] * sign(h[t])
        """,
        {"width": "element", "h": "element"},
        {"s": "element", "factor": "element"},
        "theta[t-1]",
    ),
    "a branch on the step": (
        """
        @optimizer(title="RAdam")
        def x(theta, g, m, v, rho, r, mhat, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: OpenUnit = 0.999,
              eps: Positive = 1e-8):
            limit = 2 / (1 - beta2) - 1
            m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
            v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
            mhat[t] = m[t] / (1 - beta1**t)
            rho[t] = limit - 2 * t * beta2**t / (1 - beta2**t)
            r[t] = sqrt((rho[t] - 4) * (rho[t] - 2) * limit / ((limit - 4) * (limit - 2) * rho[t]))
            theta[t] = theta[t-1] - lr * where(
                rho[t] > 5, mhat[t] * r[t] * sqrt(1 - beta2**t) / (sqrt(v[t]) + eps), mhat[t]
            )
        """,
        {"m": "element", "v": "element"},
        {"mhat": "element", "rho": "step", "r": "step"},
        "theta[t-1]",
    ),
    "a product over the steps": (
        """
        def momentum(step, beta, psi):
            return beta * (1 - 0.5 * 0.96**(step * psi))

        @optimizer(title="NAdam")
        def x(theta, g, m, v, p, mu, ahead, *, lr: Positive = 2e-3, beta1: Unit = 0.9, beta2: Unit = 0.999,
              psi: Positive = 4e-3, eps: Positive = 1e-8):
            p[0] = 1
            mu[t] = momentum(t, beta1, psi)
            ahead[t] = momentum(t + 1, beta1, psi)
            p[t] = p[t-1] * mu[t]
            m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
            v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
            mbar = ahead[t] * m[t] / (1 - p[t] * ahead[t]) + (1 - mu[t]) * g[t] / (1 - p[t])
            theta[t] = theta[t-1] - lr * mbar / (sqrt(v[t] / (1 - beta2**t)) + eps)
        """,
        {"p": "step", "m": "element", "v": "element"},
        {"mu": "step", "ahead": "step"},
        "theta[t-1]",
    ),
    "a running maximum": (
        """
        @optimizer(title="AMSGrad")
        def x(theta, g, m, v, vmax, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Real = 1e-8):
            m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
            v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
            vmax[t] = Max(vmax[t-1], v[t])
            theta[t] = theta[t-1] - lr / (1 - beta1**t) * m[t] / (sqrt(vmax[t] / (1 - beta2**t)) + eps)
        """,
        {"m": "element", "v": "element", "vmax": "element"},
        {},
        "theta[t-1]",
    ),
    "the distance from the start": (
        """
        @optimizer(title="DoG")
        def x(theta, g, first, r, s, *, least: Positive = 1e-6, eps: Positive = 1e-8):
            first[0] = theta[0]
            r[0] = least
            first[t] = first[t-1]
            r[t] = Max(r[t-1], norm(theta[t-1] - first[t], over=ALL))
            s[t] = s[t-1] + norm(g[t], over=ALL)**2
            theta[t] = theta[t-1] - r[t] / sqrt(s[t] + eps) * g[t]
        """,
        {"first": "element", "r": "global", "s": "global"},
        {},
        "theta[t-1]",
    ),
    "weights that the largest rate so far decides": (
        """
        @optimizer(title="Schedule-Free SGD")
        def x(theta, g, y, z, eta, top, total_weight, weight, c, *, lr: Positive = 1.0, beta: OpenUnit = 0.9,
              warmup: PositiveInt = 100, wd: NonNegative = 0):
            z[0] = theta[0]
            eta[t] = lr * Min(1, t / warmup)
            top[t] = Max(top[t-1], eta[t])
            weight[t] = top[t]**2
            total_weight[t] = total_weight[t-1] + weight[t]
            c[t] = where(total_weight[t] > 0, weight[t] / total_weight[t], 0)
            y[t] = (1 - beta) * z[t-1] + beta * theta[t-1]
            g[t] = grad(y[t])
            z[t] = z[t-1] - eta[t] * (g[t] + wd * y[t])
            theta[t] = (1 - c[t]) * theta[t-1] + c[t] * z[t]
        """,
        {"top": "step", "total_weight": "step", "z": "element"},
        {"eta": "step", "weight": "step", "c": "step", "y": "element"},
        "y[t]",
    ),
    "noise from outside": (
        """
        @optimizer(title="SGLD")
        def x(theta, g, noise: Input(level="element"), temperature: Input(level="step"), *, lr: Positive = 1e-3):
            theta[t] = theta[t-1] - lr * g[t] + sqrt(2 * lr * temperature[t]) * noise[t]
        """,
        {},
        {},
        "theta[t-1]",
    ),
    "statistics of a tensor": (
        """
        @optimizer(title="Centered")
        def x(theta, g, h, power, *, lr: Positive = 0.1, rho: Unit = 0.9, eps: Positive = 1e-8):
            h[t] = g[t] - mean(g[t])
            power[t] = rho * power[t-1] + (1 - rho) * dot(h[t], g[t])
            theta[t] = theta[t-1] - lr * h[t] / (sqrt(power[t]) + eps + maxabs(h[t]) / 10**3)
        """,
        {"power": "tensor"},
        {"h": "element"},
        "theta[t-1]",
    ),
    "skipped where signs disagree": (
        """
        @optimizer(title="Cautious")
        def x(theta, g, m, agree, *, lr: Positive = 0.1, mu: Unit = 0.9):
            m[t] = mu * m[t-1] + g[t]
            agree[t] = where((m[t] * g[t] > 0) | eq(t, 1) & ~(g[t] > 10), 1, 0)
            theta[t] = theta[t-1] - lr * m[t] * agree[t] / Max(mean(agree[t]), Rational(1, 1000))
        """,
        {"m": "element"},
        {"agree": "element"},
        "theta[t-1]",
    ),
    "no gradient at all": (
        """
        @optimizer(title="Decay")
        def x(theta, *, wd: OpenUnit = 0.01):
            theta[t] = (1 - wd) * theta[t-1]
        """,
        {},
        {},
        "theta[t-1]",
    ),
}


@pytest.mark.parametrize(("spec", "states", "intermediates", "point"), SPECS.values(), ids=SPECS)
def test_accepted(run, spec, states, intermediates, point):
    x = run(spec)["x"]
    assert {name: x.levels[name] for name in x.states} == states
    assert {name: x.levels[name] for name in x.intermediates} == intermediates
    assert text(x.gradient_point) == point
    assert x.findings == ()
