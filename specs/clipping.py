"""Gradient clipping around any optimizer."""

from symopt import ALL, Min, Positive, grad, norm, optimizer, t


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
