"""What Keras prints where it parts from what it computes; version 3.15."""

from symopt import Abs, Max, Positive, Unit, erratum, t


@erratum(title="AdaMax (docstring of Keras)", reference="kingma2015adam")
def adamax_documented(
    theta, g, m, u, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-7
):
    """The weight of the new gradient is 1 - beta, and nothing is called beta.

    m: first moment; unit of g
    u: decaying maximum of the absolute gradient; unit of g
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the maximum
    eps: keeps the denominator away from zero; unit of g

    Departures: the code has 1 - beta1 (see adamax_keras).
    """
    m[t] = beta1 * m[t-1] + (1 - beta) * g[t]  # noqa: F821
    u[t] = Max(beta2 * u[t-1], Abs(g[t]))
    theta[t] = theta[t-1] - lr / (1 - beta1**t) * m[t] / (u[t] + eps)
