"""Optimizers whose elements read sums with no number in between, and sums of squares with factors of either sign."""

from symopt import ROW, Abs, Positive, dot, optimizer, t, total


@optimizer(title="Sums of tensors")
def tensor_sums(theta, g, *, lr: Positive = 0.01):
    theta[t] = theta[t - 1] - lr * (
        dot(g[t], total(g[t]) * g[t]) * g[t] + total(Abs(g[t] - total(g[t]))) * theta[t - 1]
    )


@optimizer(title="Sums of rows")
def row_sums(theta, g, h, *, lr: Positive = 0.01):
    h[t] = g[t] * dot(g[t], theta[t - 1], over=ROW)
    theta[t] = theta[t - 1] - lr * h[t] * total(Abs(h[t] - total(h[t], over=ROW)), over=ROW)
