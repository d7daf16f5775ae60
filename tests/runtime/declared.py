"""One optimizer for each way in which parameters can be stored while they are trained."""

from symopt import ALL, Input, Max, OpenUnit, Positive, Unit, eq, grad, norm, optimizer, schedule, sign, t, where


@schedule(title="Decay")
def decay(t, value, *, rate: Unit = 0.25):
    return value / (1 + rate * t)


@optimizer(title="Plain")
def plain(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.9):
    """The gradient is taken at theta, which is all that the user's array ever holds."""
    v[t] = mu * v[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * v[t]


@optimizer(title="Look-ahead")
def ahead(theta, g, v, *, lr: Positive = 0.01, mu: Unit = 0.9):
    """The gradient point takes the place of theta."""
    g[t] = grad(theta[t - 1] + mu * v[t - 1])
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


@optimizer(title="Averaged")
def averaged(theta, g, x, *, lr: Positive = 0.1, decay: Unit = 0.75):
    """The user's array holds another state, x."""
    x[0] = theta[0]
    g[t] = grad(x[t - 1])
    x[t] = x[t - 1] - lr * g[t]
    theta[t] = decay * theta[t - 1] + (1 - decay) * x[t]


@optimizer(title="Kicked")
def kicked(theta, g, v, *, lr: Positive = 0.1, mu: Unit = 0.5, kick: Positive = 0.01):
    """The gradient point is not linear in any state, so everything is kept."""
    g[t] = grad(theta[t - 1] + kick * sign(v[t - 1]))
    v[t] = mu * v[t - 1] + g[t]
    theta[t] = theta[t - 1] - lr * v[t]


@optimizer(title="Everything")
def everything(
    theta,
    g,
    v,
    metric: Input(level="step"),
    mask: Input(level="element"),
    worst,
    size_g,
    ratio,
    *,
    lr: Positive,
    mu: OpenUnit = 0.5,
):
    """States and inputs of every level, and a hyperparameter without a default."""
    worst[t] = Max(worst[t - 1], metric[t])
    size_g[t] = mu * size_g[t - 1] + norm(g[t])
    ratio[t] = 1 / (1 + norm(theta[t - 1], over=ALL) + size_g[t] + worst[t])
    v[t] = where(worst[t] > metric[t], mu, mu / 2) * v[t - 1] + mask[t] * g[t]
    theta[t] = theta[t - 1] - lr * ratio[t] * v[t]


scheduled = plain.scheduled(lr=decay)


@optimizer(title="Moved")
def moved(theta, g, v, *, lr: Positive = 0.01, mu: Unit = 0.5, first: Positive = 0.25):
    """The first gradient point is not theta[0], and depends on the schedule of mu."""
    v[0] = first
    g[t] = grad(theta[t - 1] + mu * v[t - 1])
    v[t] = mu * v[t - 1] - lr * g[t]
    theta[t] = theta[t - 1] + v[t]


moved_scheduled = moved.scheduled(mu=decay)


@optimizer(title="First step")
def first_step(theta, g, m, *, lr: Positive = 1.0, beta: Unit = 0.5):
    """A bias correction, and a rule of the first step."""
    m[t] = where(eq(t, 1), g[t], beta * m[t - 1] + (1 - beta) * g[t])
    theta[t] = theta[t - 1] - lr * m[t] / (1 - beta**t)
