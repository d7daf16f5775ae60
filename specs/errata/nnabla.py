"""What nnabla prints where it parts from its own list of parameters; include/nbla/solver at commit 23cc2cb."""

from symopt import Positive, Unit, erratum, norm, t


@erratum(title="LARS (documentation of nnabla)", reference="you2017large")
def lars_documented(
    theta, g, trust, v, *, lr: Positive = 1e-3, mu: Unit = 0.9, coefficient: Positive = 1e-3, eps: Positive = 1e-6
):
    """The list of parameters has an eps against division by zero that no formula reads, and lacks the beta that one reads.

    trust: learning rate of this tensor
    v: velocity; unit of theta
    lr: learning rate
    mu: share of the velocity that is kept
    coefficient: share of a tensor's norm that a step may have
    eps: meant to keep the denominator away from zero

    Departures: beta is the weight decay, which nnabla sets elsewhere.
    """
    trust[t] = coefficient * norm(theta[t-1]) / norm(g[t] + beta * theta[t-1])  # noqa: F821
    v[t] = mu * v[t-1] + lr * trust[t] * (g[t] + beta * theta[t-1])  # noqa: F821
    theta[t] = theta[t-1] - v[t]
