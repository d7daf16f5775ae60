"""Momentum, the heavy ball: the documents' form and the form that torch computes."""

from symopt import NonNegative, Positive, Unit, eq, optimizer, t, where


@optimizer(title="Momentum", reference="polyak1964some")
def momentum(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    """A velocity that remembers the steps of the past; each gradient keeps the learning rate of its own step.

    v: velocity; unit of theta
    lr: learning rate
    mu: share of the velocity that is kept

    Departures: torch keeps the learning rate outside the velocity (see momentum_torch); the two agree exactly while lr is
    constant, with v = -lr*b.
    """
    v[t] = mu * v[t-1] - lr * g[t]
    theta[t] = theta[t-1] + v[t]


@optimizer(title="Momentum (torch)", reference="sutskever2013importance")
def momentum_torch(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9, tau: NonNegative = 0.0):
    """Momentum as torch computes it: the learning rate stands outside the buffer, the first gradient enters it whole.

    b: sum of past gradients; unit of g
    lr: learning rate
    mu: share of the buffer that is kept
    tau: dampening of the gradients that enter after the first

    Departures: Sutskever's form keeps the learning rate inside the velocity (see momentum). torch's defaults are mu = 0 and
    tau = 0; with mu = 0 torch keeps no buffer and ignores tau.
    """
    b[t] = where(eq(t, 1), g[t], mu * b[t-1] + (1 - tau) * g[t])
    theta[t] = theta[t-1] - lr * b[t]


@optimizer(title="Momentum (averaged)", reference="polyak1964some")
def momentum_ema(theta, g, m, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    """Momentum as an exponential average of the gradients.

    m: average gradient; unit of g
    lr: learning rate
    mu: decay of the average

    Departures: the sum form (momentum_torch) with its learning rate scaled by 1 - mu. torch reaches it with dampening = mu,
    where the first gradient enters the average whole.
    """
    m[t] = mu * m[t-1] + (1 - mu) * g[t]
    theta[t] = theta[t-1] - lr * m[t]
