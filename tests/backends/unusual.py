"""Optimizers that no paper has: each asks for something unusual of lowering and of the kernels."""

from symopt import (
    ALL,
    ROW,
    Abs,
    Input,
    Max,
    Min,
    NonNegative,
    OpenUnit,
    Positive,
    PositiveInt,
    Rational,
    Real,
    Unit,
    axes,
    clip,
    cos,
    dot,
    every,
    exp,
    floor,
    grad,
    isfinite,
    log,
    maxabs,
    mean,
    norm,
    optimizer,
    pi,
    sign,
    sin,
    sqrt,
    t,
    tanh,
    total,
    where,
)


@optimizer(title="LAMB-like")
def lamb_like(
    theta,
    g,
    m,
    v,
    u,
    r,
    *,
    lr: Positive = 1e-2,
    beta1: Unit = 0.9,
    beta2: Unit = 0.999,
    eps: Positive = 1e-6,
    wd: NonNegative = 0.01,
):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t - 1] + (1 - beta2) * g[t] ** 2
    u[t] = m[t] / (1 - beta1**t) / (sqrt(v[t] / (1 - beta2**t)) + eps) + wd * theta[t - 1]
    r[t] = where((norm(theta[t - 1]) > 0) & (norm(u[t]) > 0), norm(theta[t - 1]) / norm(u[t]), 1)
    theta[t] = theta[t - 1] - lr * r[t] * u[t]


@optimizer(title="Normed by an average, per tensor")
def tensor_norm(theta, g, n, *, lr: Positive = 1e-2, decay: Unit = 0.9, first: Positive = 2.0):
    n[0] = first
    n[t] = decay * n[t - 1] + (1 - decay) * norm(g[t])
    theta[t] = theta[t - 1] - lr * g[t] / n[t]


@optimizer(title="Adaptive clipping")
def adaptive_clip(theta, g, a, c, *, lr: Positive = 1e-2, decay: Unit = 0.9, k: Positive = 1.1):
    a[0] = 1 / k
    c[t] = Min(1, k * a[t - 1] / norm(g[t], over=ALL))
    a[t] = decay * a[t - 1] + (1 - decay) * c[t] * norm(g[t], over=ALL)
    theta[t] = theta[t - 1] - lr * c[t] * g[t]


@optimizer(title="Centralized")
def centralized(theta, g, h, s, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    h[t] = g[t] - mean(g[t])
    s[t] = dot(h[t], theta[t - 1], over=ALL) * 1e-3 / (1 + maxabs(h[t]) + maxabs(g[t], over=ALL))
    b[t] = mu * b[t - 1] + h[t] * Min(1, 1 / (norm(h[t]) + lr)) + s[t] * h[t]
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Branch of a tensor")
def tensor_branch(theta, g, s, *, lr: Positive = 1e-2, c: Positive = 3.0):
    s[t] = where(maxabs(g[t]) > c, s[t - 1], s[t - 1] / 2 + g[t])
    theta[t] = where(total(g[t]) > 0, theta[t - 1] - lr * s[t], theta[t - 1] - lr * sign(g[t]))


@optimizer(title="Two rhythms")
def two_rhythms(theta, g, a, b, *, lr: Positive = 1e-2, p: PositiveInt = 2, q: PositiveInt = 3):
    a[t] = where(every(p), Rational(1, 2) * a[t - 1] + g[t], a[t - 1])
    b[t] = where(every(q), b[t - 1] + a[t], where(t > 4, b[t - 1], b[t - 1] - g[t]))
    theta[t] = theta[t - 1] - lr * where(every(p), a[t], where(g[t] > 0, g[t], b[t]))


@optimizer(title="Rprop-like")
def rprop_like(
    theta,
    g,
    prev,
    d,
    h,
    *,
    first: Positive = 0.01,
    up: Positive = 1.2,
    down: OpenUnit = 0.5,
    low: Positive = 1e-6,
    high: Positive = 50.0,
):
    d[0] = first
    d[t] = clip(
        where(g[t] * prev[t - 1] > 0, d[t - 1] * up, where(g[t] * prev[t - 1] < 0, d[t - 1] * down, d[t - 1])),
        low,
        high,
    )
    h[t] = where(g[t] * prev[t - 1] < 0, 0, g[t])
    prev[t] = h[t]
    theta[t] = theta[t - 1] - sign(h[t]) * d[t]


@optimizer(title="AMSGrad-like")
def amsgrad_like(
    theta, g, m, v, top, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.99, eps: Positive = 1e-8
):
    m[t] = beta1 * m[t - 1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t - 1] + (1 - beta2) * g[t] ** 2
    top[t] = Max(top[t - 1], v[t])
    theta[t] = theta[t - 1] - lr / (1 - beta1**t) * m[t] / (sqrt(top[t] / (1 - beta2**t)) + eps)


@optimizer(title="Reserved words")
def reserved(
    theta,
    g,
    n,
    offset,
    part,
    *,
    given: Positive = 0.01,
    i: Unit = 0.5,
    block: Unit = 0.25,
    table: Unit = 0.1,
    k: PositiveInt = 3,
):
    offset[0] = k
    n[t] = i * n[t - 1] + block * g[t]
    offset[t] = offset[t - 1] * i + table
    part[t] = n[t] * offset[t]
    theta[t] = theta[t - 1] - given * part[t]


@optimizer(title="Numbers from outside")
def from_outside(
    theta, g, best, w, noise: Input("element"), metric: Input("step"), *, lr: Positive = 0.01, decay: Unit = 0.5
):
    best[0] = 10
    best[t] = where(isfinite(metric[t]), Min(best[t - 1], metric[t]), best[t - 1])
    w[t] = decay * w[t - 1] + noise[t] * (1 - decay)
    theta[t] = theta[t - 1] - lr * best[t] * (g[t] + w[t])


@optimizer(title="Starts on every level")
def starts(theta, g, a, b, c, d, *, lr: Positive = 0.01, s: Positive = 3.0, decay: Unit = 0.75):
    a[0] = sqrt(s) * theta[0] + 1
    b[0] = s / 2
    c[0] = norm(theta[0]) + s
    d[0] = maxabs(theta[0], over=ALL)
    a[t] = decay * a[t - 1] + g[t]
    b[t] = b[t - 1] * decay + 1
    c[t] = decay * c[t - 1] + norm(g[t])
    d[t] = Max(d[t - 1], maxabs(g[t], over=ALL))
    theta[t] = theta[t - 1] - lr * (a[t] / d[t] + b[t] * g[t] / c[t])


@optimizer(title="Old value twice")
def twice(theta, g, x, y, *, lr: Positive = 0.1):
    x[t] = y[t - 1]
    y[t] = x[t - 1] + x[t - 1] * g[t] / 8 + g[t]
    theta[t] = theta[t - 1] - lr * x[t] * y[t]


@optimizer(title="A constant target")
def constant_target(theta, g, x, *, lr: Positive = 0.1):
    x[t] = lr + 0
    theta[t] = theta[t - 1] * 0 + x[t] - lr * g[t]


@optimizer(title="Transcendental")
def transcendental(theta, g, m, *, lr: Positive = 0.1, p: Positive = 1.5):
    m[t] = tanh(g[t]) * exp(-Abs(theta[t - 1])) + log(1 + Abs(g[t])) ** p * cos(g[t]) + m[t - 1] * sin(pi / (t + 1))
    theta[t] = theta[t - 1] - lr * m[t] / (1 + floor(Abs(g[t])))


@optimizer(title="Training point of two states")
def two_states(theta, g, v, w, *, lr: Positive = 0.01, mu: OpenUnit = 0.75, nu: Unit = 0.25):
    g[t] = grad(theta[t - 1] + mu * v[t - 1] - nu / t * w[t - 1])
    v[t] = mu * v[t - 1] - lr * g[t]
    w[t] = nu * w[t - 1] + lr * sign(g[t])
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Training point that is no sum of states")
def kept(theta, g, v, *, lr: Positive = 0.01, mu: Unit = 0.75):
    g[t] = grad(theta[t - 1] + mu * tanh(v[t - 1]))
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Norms that are kept")
def norms(theta, g, n, whole, d, *, lr: Positive = 0.01, decay: Unit = 0.5):
    n[t] = decay * n[t - 1] + norm(g[t])
    whole[t] = decay * whole[t - 1] + norm(g[t], over=ALL)
    d[t] = decay * d[t - 1] + dot(g[t], theta[t - 1])
    theta[t] = theta[t - 1] - lr * g[t] / (1 + n[t] + whole[t] + Abs(d[t]))


@optimizer(title="Any coefficient")
def growing(theta, g, v, *, lr: Positive = 0.01, mu: Real = 0.9):
    v[t] = mu * v[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * v[t]


@optimizer(title="Coefficients that change")
def averaged(theta, g, z, *, lr: Positive = 0.5, beta: OpenUnit = 0.9):
    z[0] = theta[0]
    g[t] = grad((1 - beta) * z[t - 1] + beta * theta[t - 1])
    z[t] = z[t - 1] - lr * g[t]
    theta[t] = (1 - 1 / t) * theta[t - 1] + z[t] / t


@optimizer(title="Start of the training point")
def moved(theta, g, v, *, lr: Positive = 0.01, mu: OpenUnit = 0.75, first: Positive = 0.125):
    v[0] = first
    g[t] = grad(theta[t - 1] + mu * v[t - 1])
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Reduced over rows")
def row_reduced(theta, g, h, at, pieces, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    pieces[0] = mean(theta[0], over=ROW)
    h[t] = where(axes(g[t]) > 1, g[t] - mean(g[t], over=ROW), g[t])
    at[t] = (norm(h[t], over=ROW) + maxabs(theta[t - 1], over=ROW)) / (1 + total(g[t] ** 2, over=ROW))
    pieces[t] = mu * pieces[t - 1] + Min(at[t], 1 / norm(h[t], over=ALL)) * h[t]
    theta[t] = theta[t - 1] - lr * (pieces[t] + dot(h[t], pieces[t], over=ROW) * g[t]) / (1 + mean(at[t]))


@optimizer(title="Kept by rows")
def row_kept(theta, g, v, *, lr: Positive = 1e-2, decay: Unit = 0.9):
    v[t] = where(total(g[t], over=ROW) > 0, decay * v[t - 1] + g[t], v[t - 1] * Min(1, mean(g[t] ** 2, over=ROW)))
    theta[t] = theta[t - 1] - lr * v[t]


@optimizer(title="Scaled by the number of axes")
def axes_alone(theta, g, *, lr: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr / (1 + axes(theta[t - 1])) * g[t]


@optimizer(title="A point with a number per row")
def row_point(theta, g, r, v, *, lr: Positive = 0.01):
    r[t] = mean(v[t - 1], over=ROW)
    g[t] = grad(theta[t - 1] + r[t] * v[t - 1])
    v[t] = v[t - 1] / 2 - lr * g[t]
    theta[t] = theta[t - 1] + v[t]
