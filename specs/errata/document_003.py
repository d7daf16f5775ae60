"""Formulas of document 003 as they stand there."""

from symopt import OpenUnit, Positive, erratum, sqrt, t


@erratum(title="AdaGrad (document 003)")
def adagrad(theta, g, s, *, lr: Positive = 1e-2, eps: Positive = 1e-8):
    """The step is divided by the sum of squares before this gradient, which is 0 at first: the first step is too long.

    s: sum of squared gradients; unit of g^2
    lr: learning rate
    eps: keeps the root away from zero; unit of g^2

    Departures: AdaGrad divides by the sum with this gradient in it.
    """
    s[t] = s[t-1] + g[t]**2
    theta[t] = theta[t-1] - lr * g[t] / sqrt(s[t-1] + eps)


@erratum(title="AdaDelta (document 003)")
def adadelta(theta, g, v, dx, u, *, alpha: OpenUnit = 0.9, eps: Positive = 1e-6, lr: Positive = 1.0):
    """The weight of the new squared gradient is 1 - alpha^2, where 1 - alpha is meant: the weights do not sum to one.

    v: sum of squared gradients, too large by 1 + alpha; unit of g^2
    dx: step before the learning rate; unit of theta
    u: average of squared steps; unit of theta^2
    alpha: decay of both
    eps: starts the steps, and keeps the denominator away from zero
    lr: factor of the step

    Departures: AdaDelta's averages have the weights alpha and 1 - alpha.
    """
    v[t] = alpha * v[t-1] + (1 - alpha**2) * g[t]**2
    dx[t] = sqrt(u[t-1] + eps) / sqrt(v[t] + eps) * g[t]
    u[t] = alpha * u[t-1] + (1 - alpha) * dx[t]**2
    theta[t] = theta[t-1] - lr * dx[t]
