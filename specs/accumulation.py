"""Gradients that are collected over several calls before a step is taken."""

from symopt import PositiveInt, every, grad, optimizer, t, where


def accumulate(inner):
    """`inner`, stepping in every k-th call only, with the mean of the gradients of k calls."""

    @optimizer(title=f"{inner.title} over accumulated gradients", reference=inner.reference)
    def accumulate(theta, g, mean_g, collected, *, k: PositiveInt = 4):
        """The inner optimizer sees the mean of k gradients; between its steps only their sum is kept.

        mean_g: mean of the gradients since the last step; unit of g
        collected: sum of the gradients since the last step; unit of g
        k: calls per step

        Departures: clipping inside, clip_by_global_norm(adam), sees the mean gradient; clipping outside sees each of the k.
        """
        g[t] = grad(inner.point(theta[t-1]))
        mean_g[t] = (collected[t-1] + g[t]) / k
        collected[t] = where(every(k), 0, collected[t-1] + g[t])
        theta[t] = inner(theta[t-1], mean_g[t], when=every(k))

    return accumulate


def maximize(inner):
    """`inner`, climbing instead of descending."""

    @optimizer(title=f"{inner.title}, maximizing", reference=inner.reference)
    def maximize(theta, g, h):
        """The inner optimizer sees the gradient with its sign changed.

        h: gradient of minus the objective; unit of g
        """
        g[t] = grad(inner.point(theta[t-1]))
        h[t] = -g[t]
        theta[t] = inner(theta[t-1], h[t])

    return maximize
