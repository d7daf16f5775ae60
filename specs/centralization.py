"""Gradient centralization around any optimizer."""

from symopt import ROW, axes, grad, mean, optimizer, t, where


def centralize(inner):
    """`inner`, with the mean over all axes but the first taken out of each gradient of two axes or more."""

    @optimizer(title=f"{inner.title} with gradient centralization", reference="yong2020gradient")
    def centralize(theta, g, h):
        """The inner optimizer sees a gradient whose mean is 0 for the weights of each output; vectors stay as they are.

        h: centralized gradient; unit of g
        """
        g[t] = grad(inner.point(theta[t-1]))
        h[t] = g[t] - where(axes(theta[t-1]) > 1, mean(g[t], over=ROW), 0)
        theta[t] = inner(theta[t-1], h[t])

    return centralize
