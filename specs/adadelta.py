"""AdaDelta: steps in the unit of the parameter, from averages of squared gradients and squared steps."""

from symopt import Positive, Unit, optimizer, sqrt, t


@optimizer(title="AdaDelta", reference="zeiler2012adadelta")
def adadelta(theta, g, v, dx, u, *, lr: Positive = 1.0, rho: Unit = 0.9, eps: Positive = 1e-6):
    """The root of the average squared step takes the place of the learning rate.

    v: average of squared gradients; unit of g^2
    dx: step before the learning rate; unit of theta
    u: average of squared steps; unit of theta^2
    lr: factor of the step
    rho: decay of both averages
    eps: starts the steps, and keeps the denominator away from zero

    Departures: the paper has no learning rate, which is lr = 1. The defaults are torch's; Keras has rho = 0.95, eps = 1e-7 and
    a learning rate of 0.001.
    """
    v[t] = rho * v[t-1] + (1 - rho) * g[t]**2
    dx[t] = sqrt(u[t-1] + eps) / sqrt(v[t] + eps) * g[t]
    u[t] = rho * u[t-1] + (1 - rho) * dx[t]**2
    theta[t] = theta[t-1] - lr * dx[t]
