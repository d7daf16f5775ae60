"""What optax computes or prints where it parts from what it names; version 0.2.8."""

from symopt import Max, NonNegative, OpenUnit, Positive, Unit, clip, eq, erratum, grad, optimizer, sign, sqrt, t, where


@optimizer(title="Rprop (optax)", reference="riedmiller1993direct")
def rprop(
    theta, g, delta, move, *, lr: Positive = 1e-2, grow: Positive = 1.2, shrink: OpenUnit = 0.5, smallest: Positive = 1e-6,
    largest: Positive = 50,
):
    """The step that is taken is the one of the step before: each gradient comes into effect one step late.

    delta: step size; unit of theta
    move: step that this gradient asks for, 0 where its sign has changed; unit of theta
    lr: first step size
    grow: factor of the step size while the sign stays
    shrink: factor of the step size after a change of sign
    smallest: smallest step size
    largest: largest step size

    Departures: torch takes the step that the gradient asks for at once (see rprop). The bounds do not hold before the first
    two gradients that agree or disagree.
    """
    delta[0] = lr
    agreement = g[t] * move[t-1]
    delta[t] = where(
        eq(agreement, 0), delta[t-1], clip(delta[t-1] * where(agreement > 0, grow, shrink), smallest, largest)
    )
    move[t] = where(agreement < 0, 0, delta[t] * sign(g[t]))
    theta[t] = theta[t-1] - where(agreement < 0, 0, move[t-1])


@optimizer(title="RMSProp with momentum as in optax.sgd", reference="tieleman2012rmsprop")
def rmsprop_like_sgd(theta, g, v, b, *, lr: Positive = 1e-3, alpha: Unit = 0.9, mu: Unit = 0.9, eps: Positive = 1e-8):
    """Momentum over the scaled gradients, with the learning rate outside the buffer, where optax.sgd has it.

    v: average of squared gradients; unit of g^2
    b: sum of past scaled gradients
    lr: learning rate
    alpha: decay of the average of squares
    mu: share of the buffer that is kept
    eps: keeps the root away from zero; unit of g^2

    Departures: optax.rmsprop has the learning rate inside the buffer (see rmsprop_momentum_inside).
    """
    v[t] = alpha * v[t-1] + (1 - alpha) * g[t]**2
    b[t] = mu * b[t-1] + g[t] / sqrt(v[t] + eps)
    theta[t] = theta[t-1] - lr * b[t]


@optimizer(title="Schedule-Free SGD (optax)", reference="defazio2024road")
def schedule_free_sgd(
    theta, g, z, before, top, weight, mass, c, *, lr: Positive = 1.0, beta: OpenUnit = 0.9, p: NonNegative = 2.0
):
    """The step is taken with the learning rate of this step, and weighted with the one of the next.

    lr here is the learning rate that the weight sees; the step is taken with the one before it, at first with lr itself.

    z: point that takes the steps; unit of theta
    before: learning rate of the step before
    top: largest learning rate so far
    weight: weight of this step in the average
    mass: sum of the weights
    c: share of this step in the average
    lr: learning rate
    beta: share of the average in the point where the gradient is taken
    p: power of the largest learning rate in the weights

    Departures: the authors' package takes and weights a step with one learning rate (see schedule_free_sgd).
    """
    z[0] = theta[0]
    before[0] = lr
    g[t] = grad((1 - beta) * z[t-1] + beta * theta[t-1])
    before[t] = lr
    top[t] = Max(top[t-1], lr)
    weight[t] = top[t]**p
    mass[t] = mass[t-1] + weight[t]
    c[t] = where(mass[t] > 0, weight[t] / mass[t], 0)
    z[t] = z[t-1] - before[t-1] * g[t]
    theta[t] = (1 - c[t]) * theta[t-1] + c[t] * z[t]


@erratum(title="Signum (docstring of optax)", reference="bernstein2018signsgd")
def signum_documented(theta, g, m, *, lr: Positive = 1e-3, beta: Unit = 0.9):
    """The average is defined by itself: m_t stands on both sides.

    m: average gradient; unit of g
    lr: learning rate; unit of theta
    beta: decay of the average

    Departures: the code reads the average of the step before, as signum does.
    """
    m[t] = beta * m[t] + (1 - beta) * g[t]
    theta[t] = theta[t-1] - lr * sign(m[t])


@erratum(title="AdaDelta (docstring of optax)", reference="zeiler2012adadelta")
def adadelta_documented(theta, g, v, dx, u, *, lr: Positive = 1.0, rho: Unit = 0.9, eps: Positive = 1e-6):
    """The average of squared steps is read, and no line says what it is.

    v: average of squared gradients, printed as E[g^2]; unit of g^2
    dx: change of the parameter; unit of theta
    u: average of squared steps, printed as E[Delta w^2]; unit of theta^2
    lr: factor of the step
    rho: decay of both averages
    eps: starts the steps, and keeps the denominator away from zero

    Departures: the code has the average, as adadelta does.
    """
    v[t] = rho * v[t-1] + (1 - rho) * g[t]**2
    dx[t] = -sqrt(u[t-1] + eps) / sqrt(v[t] + eps) * g[t]
    theta[t] = theta[t-1] + lr * dx[t]
