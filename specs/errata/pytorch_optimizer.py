"""What pytorch_optimizer computes where it parts from what it names; version 4.1."""

from symopt import NonNegative, Positive, Unit, eq, optimizer, schedule, sqrt, t, where
from symopt.specs.lookahead import lookahead
from symopt.specs.sgd import sgd


@optimizer(title="RAdam inside Ranger (pytorch_optimizer)", reference="liu2020variance")
def backward_radam(
    theta, g, rho, rhomax, r, m, v, mhat, *, lr: Positive = 1e-3, beta1: Unit = 0.95, beta2: Unit = 0.999,
    eps: Positive = 1e-5,
):
    """Until the average of squares is long enough, the momentum step is taken the other way.

    rho: length of the average of squares at this step
    rhomax: length that it tends to
    r: rectification; -1 until the denominator is used
    m: first moment; unit of g
    v: second moment; unit of g^2
    mhat: first moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g

    Departures: RAdam steps down in these steps (see radam); the package's own RAdam rests. With degenerated_to_sgd=True the
    package's Ranger steps down too.
    """
    rhomax[t] = 2 / (1 - beta2) - 1
    rho[t] = rhomax[t] - 2 * t * beta2**t / (1 - beta2**t)
    r[t] = where(
        rho[t] >= 5,
        sqrt((rho[t] - 4) * (rho[t] - 2) * rhomax[t] / ((rhomax[t] - 4) * (rhomax[t] - 2) * rho[t])),
        -1,
    )
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mhat[t] = m[t] / (1 - beta1**t)
    theta[t] = theta[t-1] - lr * r[t] * where(rho[t] >= 5, sqrt(1 - beta2**t) * mhat[t] / (sqrt(v[t]) + eps), mhat[t])


ranger = lookahead(backward_radam).with_defaults(k=6).titled("Ranger (pytorch_optimizer)", reference="wright2019ranger")


@schedule(title="Polynomial (pytorch_optimizer)")
def undivided_polynomial(t, value, *, power: Positive = 0.5, floor: NonNegative = 0.0):
    """From the value at k = 0 with k^power, without end; k = t - 1.

    power: exponent
    floor: what the power starts from, as a share of the value

    Departures: a polynomial schedule divides k by the number of steps, and falls (see polynomial). The package's docstring
    states the formula as it stands here, with the value at k = 0.
    """
    return value * where(eq(t, 1), 1, floor + (1 - floor) * (t - 1)**power)


polynomial = sgd.scheduled(lr=undivided_polynomial).titled("SGD under PolyScheduler (pytorch_optimizer)")
