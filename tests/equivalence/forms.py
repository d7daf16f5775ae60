"""Methods in forms that are known to be equal to others, or to differ from them in a known way."""

from symopt import (
    ROW,
    Abs,
    Max,
    Min,
    NonNegative,
    OpenUnit,
    Positive,
    PositiveInt,
    Unit,
    axes,
    cos,
    eq,
    every,
    exp,
    grad,
    norm,
    optimizer,
    pi,
    sign,
    sin,
    sqrt,
    t,
    where,
)
from symopt.specs.lookahead import lookahead
from symopt.specs.plateau import halve_after_plateau
from symopt.specs.radam import radam
from symopt.specs.schedules import cosine, exponential, polynomial, step_decay
from symopt.specs.sgd import sgd

sgd_step = sgd.scheduled(lr=step_decay)
sgd_exponential = sgd.scheduled(lr=exponential)
sgd_polynomial = sgd.scheduled(lr=polynomial)
sgd_cosine = sgd.scheduled(lr=cosine)
lookahead_radam = lookahead(radam)


@optimizer(title="Momentum (sum)")
def momentum_sum(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    b[t] = mu * b[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Momentum whose first gradient does not enter")
def momentum_late(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    b[t] = mu * b[t - 1] + where(t > 1, g[t], 0)
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Momentum (average) whose first gradient enters whole")
def momentum_whole(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    b[t] = where(eq(t, 1), g[t], mu * b[t - 1] + (1 - mu) * g[t])
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Momentum (average) that starts at one")
def momentum_from_one(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    b[0] = 1
    b[t] = mu * b[t - 1] + (1 - mu) * g[t]
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Momentum (sum) of twice the gradient, every fiftieth step")
def seldom_twice(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    b[t] = mu * b[t - 1] + where(every(50), 2 * g[t], g[t])
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Momentum (sum) of twice the gradient, after a thousand steps")
def late_twice(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    b[t] = mu * b[t - 1] + where(t > 1000, 2 * g[t], g[t])
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Momentum (sum) of twice the gradient, after so many steps that no run is as long")
def never_seen(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    b[t] = mu * b[t - 1] + where(t > 100000, 2 * g[t], g[t])
    theta[t] = theta[t - 1] - lr * b[t]


@optimizer(title="Twice the gradient of what has one axis")
def of_vectors_twice(theta, g, *, lr: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * where(axes(g[t]) < 2, 2 * g[t], g[t])


@optimizer(title="Nesterov momentum, transformed, mu remembered")
def nesterov_remembering(theta, g, v, last, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] - last[t - 1] * v[t - 1] + (1 + mu) * v[t]
    last[t] = mu


@optimizer(title="Nesterov momentum, mu grows")
def nesterov_annealed(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9, start: Unit = 0.5, steps: PositiveInt = 10):
    now = start + (mu - start) * Min(1, t / steps)
    g[t] = grad(theta[t - 1] + now * v[t - 1])
    v[t] = now * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Nesterov momentum, transformed, mu grows")
def transformed_annealed(
    theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9, start: Unit = 0.5, steps: PositiveInt = 10
):
    now = start + (mu - start) * Min(1, t / steps)
    later = start + (mu - start) * Min(1, (t + 1) / steps)
    v[t] = now * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] - now * v[t - 1] + (1 + later) * v[t]


@optimizer(title="Schedule-Free SGD in memory")
def schedule_free_in_memory(
    theta,
    g,
    y,
    z,
    top,
    weight,
    mass,
    c,
    h,
    *,
    lr: Positive = 1.0,
    beta: OpenUnit = 0.9,
    weight_decay: NonNegative = 0.0,
    r: NonNegative = 0.0,
    p: NonNegative = 2.0,
):
    y[0] = theta[0]
    z[0] = theta[0]
    g[t] = grad(y[t - 1])
    h[t] = g[t] + weight_decay * y[t - 1]
    top[t] = Max(top[t - 1], lr)
    weight[t] = t**r * top[t] ** p
    mass[t] = mass[t - 1] + weight[t]
    c[t] = where(mass[t] > 0, weight[t] / mass[t], 0)
    y[t] = y[t - 1] + c[t] * (z[t - 1] - y[t - 1]) + lr * (beta * (1 - c[t]) - 1) * h[t]
    z[t] = z[t - 1] - lr * h[t]
    theta[t] = y[t] + (1 - 1 / beta) * (z[t] - y[t])


@optimizer(title="Adam that stores what it divides")
def adam_stored(
    theta, g, mhat, v, root, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    mhat[t] = (beta1 * (1 - beta1 ** (t - 1)) * mhat[t - 1] + (1 - beta1) * g[t]) / (1 - beta1**t)
    v[t] = beta2 * v[t - 1] + g[t] ** 2
    root[t] = sqrt((1 - beta2) * v[t])
    theta[t] = theta[t - 1] - lr * mhat[t] / (root[t] / sqrt(1 - beta2**t) + eps)


@optimizer(title="RMSProp that stores the root")
def rms_root(theta, g, u, *, lr: Positive = 1e-2, alpha: Unit = 0.99, eps: Positive = 1e-8):
    u[t] = sqrt(alpha * u[t - 1] ** 2 + (1 - alpha) * g[t] ** 2)
    theta[t] = theta[t - 1] - lr * g[t] / (u[t] + eps)


@optimizer(title="RMSProp from 1")
def rms_from_one(theta, g, v, *, lr: Positive = 1e-2, alpha: OpenUnit = 0.5):
    v[0] = 1
    v[t] = alpha * v[t - 1] + (1 - alpha) * g[t] ** 2
    theta[t] = theta[t - 1] - lr * g[t] / sqrt(v[t])


@optimizer(title="RMSProp from 1 that stores the inverse")
def rms_inverse(theta, g, w, *, lr: Positive = 1e-2, alpha: OpenUnit = 0.5):
    w[0] = 1
    w[t] = w[t - 1] / (alpha + (1 - alpha) * w[t - 1] * g[t] ** 2)
    theta[t] = theta[t - 1] - lr * g[t] * sqrt(w[t])


@optimizer(title="Step decay as a recurrence")
def step_recurrence(theta, g, rate, *, lr: Positive = 1e-2, lr_every: PositiveInt = 3, lr_gamma: OpenUnit = 0.5):
    rate[0] = 1
    theta[t] = theta[t - 1] - lr * rate[t - 1] * g[t]
    rate[t] = where(every(lr_every), lr_gamma * rate[t - 1], rate[t - 1])


@optimizer(title="Exponential decay as a recurrence")
def exponential_recurrence(theta, g, rate, *, lr: Positive = 1e-2, lr_steps: Positive = 1000):
    rate[0] = 1
    theta[t] = theta[t - 1] - lr * rate[t - 1] * g[t]
    rate[t] = rate[t - 1] * exp(-1 / lr_steps)


@optimizer(title="Polynomial decay as a recurrence")
def polynomial_recurrence(theta, g, rate, *, lr: Positive = 1e-2, lr_total: PositiveInt = 5, lr_power: Positive = 2):
    rate[0] = 1
    theta[t] = theta[t - 1] - lr * rate[t - 1] * g[t]
    rate[t] = where(t < lr_total, rate[t - 1] * ((lr_total - t) / (lr_total - t + 1)) ** lr_power, 0)


@optimizer(title="Cosine decay as a recurrence")
def cosine_recurrence(theta, g, rate, *, lr: Positive = 1e-2, lr_total: PositiveInt = 5):
    rate[0] = 1
    theta[t] = theta[t - 1] - lr * rate[t - 1] * g[t]
    rate[t] = where(t < lr_total, rate[t - 1] * (1 + cos(pi * t / lr_total)) / (1 + cos(pi * (t - 1) / lr_total)), 0)


@optimizer(title="Cosine decay as a rotation")
def cosine_rotation(theta, g, x, y, *, lr: Positive = 1e-2, lr_total: PositiveInt = 5, lr_floor: Unit = 0.0):
    x[0] = 1
    theta[t] = theta[t - 1] - lr * (lr_floor + (1 - lr_floor) * (1 + x[t - 1]) / 2) * g[t]
    x[t] = where(t <= lr_total, cos(pi / lr_total) * x[t - 1] - sin(pi / lr_total) * y[t - 1], x[t - 1])
    y[t] = where(t <= lr_total, sin(pi / lr_total) * x[t - 1] + cos(pi / lr_total) * y[t - 1], y[t - 1])


@optimizer(title="Scaled to a norm of one, tensor by tensor")
def normalized(theta, g, *, lr: Positive = 1e-2, eps: Positive = 1e-8):
    theta[t] = theta[t - 1] - lr * g[t] / (norm(g[t]) + eps)


@optimizer(title="Scaled to a norm of one, row by row")
def normalized_by_row(theta, g, *, lr: Positive = 1e-2, eps: Positive = 1e-8):
    theta[t] = theta[t - 1] - lr * g[t] / (norm(g[t], over=ROW) + eps)


@optimizer(title="A number of steps for a learning rate")
def counted(theta, g, *, lr: PositiveInt = 1):
    theta[t] = theta[t - 1] - lr * g[t]


@optimizer(title="A learning rate below 1")
def small(theta, g, *, lr: OpenUnit = 0.5):
    theta[t] = theta[t - 1] - lr * g[t]


@optimizer(title="Steps of one size")
def signed(theta, g, *, lr: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * sign(g[t])


@optimizer(title="Steps of one size, by division")
def signed_by_division(theta, g, *, lr: Positive = 1e-2):
    theta[t] = theta[t - 1] - lr * g[t] / Abs(g[t])


sgd_plateau = sgd.scheduled(lr=halve_after_plateau)
