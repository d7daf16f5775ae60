"""Formulas of document 002 as they stand there."""

from symopt import Positive, Unit, erratum, t


@erratum(title="Momentum (document 002)")
def momentum(theta, g, velocity, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    """The velocity is added to, where it should be replaced: without a gradient it grows by 1 + mu at each step.

    velocity: velocity; unit of theta
    lr: learning rate
    mu: share of the velocity that is kept

    Departures: momentum has mu*velocity - lr*g as the new velocity.
    """
    velocity[t] = velocity[t-1] + mu * velocity[t-1] - lr * g[t]
    theta[t] = theta[t-1] + velocity[t]
