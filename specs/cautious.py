"""Cautious steps: only where they agree in sign with the gradient."""

from symopt import Max, Positive, grad, mean, optimizer, t, where


def cautious(inner):
    """`inner`, without the elements of its step that go up the gradient, the others made larger in turn."""

    @optimizer(title=f"Cautious {inner.title}", reference="liang2024cautious")
    def cautious(theta, g, move, agrees, share, *, smallest_share: Positive = 1e-3):
        """A step's elements that point along the gradient are left out; the others are divided by their share.

        move: step of the inner optimizer; unit of theta
        agrees: 1 where the step goes down the gradient, 0 elsewhere
        share: share of the elements of the tensor that agree, at least smallest_share
        smallest_share: smallest share that divides the step

        Departures: the authors' code; the paper's text divides by the share plus one over the number of elements.
        """
        g[t] = grad(inner.point(theta[t-1]))
        move[t] = inner(theta[t-1], g[t]) - theta[t-1]
        agrees[t] = where(move[t] * g[t] < 0, 1, 0)
        share[t] = Max(mean(agrees[t]), smallest_share)
        theta[t] = theta[t-1] + move[t] * agrees[t] / share[t]

    return cautious
