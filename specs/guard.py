"""Steps that are not taken: where a gradient is not finite."""

from symopt import ALL, Output, grad, isfinite, maxabs, optimizer, t, where


def skip_nonfinite(inner):
    """`inner`, which rests in steps where any gradient is NaN or infinite."""

    @optimizer(title=f"{inner.title}, skipping non-finite gradients", reference=inner.reference)
    def skip_nonfinite(theta, g, finite, skipped: Output):
        """Where a gradient is NaN or infinite nothing moves, and the step is counted as skipped.

        finite: whether every gradient is finite, 1 or 0
        skipped: number of steps that were skipped
        """
        g[t] = grad(inner.point(theta[t-1]))
        finite[t] = where(isfinite(maxabs(g[t], over=ALL)), 1, 0)
        skipped[t] = skipped[t-1] + 1 - finite[t]
        theta[t] = inner(theta[t-1], g[t], when=finite[t] > 0)

    return skip_nonfinite
