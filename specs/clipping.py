"""Gradient clipping around any optimizer."""

from symopt import ALL, Min, Positive, clip, grad, norm, optimizer, t


def clip_by_global_norm(inner):
    """`inner`, with the gradient of all tensors scaled down together where its norm exceeds max_norm."""

    @optimizer(title=f"{inner.title} with clipping by global norm", reference="pascanu2013difficulty")
    def clip_by_global_norm(theta, g, h, *, max_norm: Positive = 1.0):
        """The inner optimizer sees the gradient scaled so that its norm over all tensors is at most max_norm.

        h: clipped gradient; unit of g
        max_norm: largest norm that passes; unit of g

        Departures: torch's form; the 1e-6 added to the norm is torch's and not in the paper.
        """
        g[t] = grad(inner.point(theta[t-1]))
        h[t] = g[t] * Min(1, max_norm / (norm(g[t], over=ALL) + 1e-6))
        theta[t] = inner(theta[t-1], h[t])

    return clip_by_global_norm


def clip_by_norm(inner):
    """`inner`, with the gradient of each tensor scaled down where its norm exceeds max_norm."""

    @optimizer(title=f"{inner.title} with clipping by norm", reference="pascanu2013difficulty")
    def clip_by_norm(theta, g, h, *, max_norm: Positive = 1.0):
        """The inner optimizer sees the gradient of each tensor scaled so that its norm is at most max_norm.

        h: clipped gradient; unit of g
        max_norm: largest norm that passes; unit of g

        Departures: the 1e-6 added to the norm is torch's and not in the paper.
        """
        g[t] = grad(inner.point(theta[t-1]))
        h[t] = g[t] * Min(1, max_norm / (norm(g[t]) + 1e-6))
        theta[t] = inner(theta[t-1], h[t])

    return clip_by_norm


def clip_by_value(inner):
    """`inner`, with each element of the gradient held between -largest and largest."""

    @optimizer(title=f"{inner.title} with clipping by value", reference=inner.reference)
    def clip_by_value(theta, g, h, *, largest: Positive = 1.0):
        """The inner optimizer sees the gradient with each element held between -largest and largest.

        h: clipped gradient; unit of g
        largest: largest absolute value that passes; unit of g
        """
        g[t] = grad(inner.point(theta[t-1]))
        h[t] = clip(g[t], -largest, largest)
        theta[t] = inner(theta[t-1], h[t])

    return clip_by_value
