"""Look-ahead under wrappers and schedules."""

from symopt import ALL, Min, OpenUnit, Positive, grad, maxabs, optimizer, schedule, t, where
from symopt.specs.averaging import ema
from symopt.specs.lookahead import lookahead
from symopt.specs.nesterov import nesterov


@optimizer(title="Schedule-Free SGD with equal weights")
def free(theta, g, z, *, lr: Positive = 1.0, beta: OpenUnit = 0.9):
    z[0] = theta[0]
    g[t] = grad((1 - beta) * z[t - 1] + beta * theta[t - 1])
    z[t] = z[t - 1] - lr * g[t]
    theta[t] = (1 - 1 / t) * theta[t - 1] + z[t] / t


def clipped(inner):
    @optimizer(title=f"{inner.title}, clipped")
    def clipped(theta, g, h, *, bound: Positive = 1.0):
        g[t] = grad(inner.point(theta[t - 1]))
        h[t] = g[t] * Min(1, bound / maxabs(g[t], over=ALL))
        theta[t] = inner(theta[t - 1], h[t])

    return clipped


@schedule(title="Halved once")
def halved(t, value, *, steps: Positive = 2):
    return where(t > steps, value / 2, value)


nesterov_averaged = ema(nesterov)
nesterov_slow = lookahead(nesterov)
nesterov_clipped = clipped(nesterov)
nesterov_scheduled = nesterov.scheduled(mu=halved, lr=halved)
free_averaged = ema(free)
free_scheduled = free.scheduled(beta=halved)
