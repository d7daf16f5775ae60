"""AdamW: Adam with decoupled weight decay, as libraries compute it and as published."""

from symopt import NonNegative, Positive, Unit, optimizer, sqrt, t
from symopt.specs.adam import adam
from symopt.specs.weight_decay import decoupled_weight_decay

adamw = decoupled_weight_decay(adam).titled("AdamW", reference="loshchilov2019decoupled")


@optimizer(title="AdamW (paper)", reference="loshchilov2019decoupled")
def adamw_paper(
    theta, g, m, v, mhat, vhat, *, lr: Positive = 1e-3, multiplier: NonNegative = 1.0, beta1: Unit = 0.9,
    beta2: Unit = 0.999, eps: Positive = 1e-8, weight_decay: NonNegative = 1e-5,
):
    """Adam's step and the decay of the parameter beside each other, both under one schedule, the decay without learning rate.

    m: first moment; unit of g
    v: second moment; unit of g^2
    mhat: first moment, its start-up bias divided out
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    multiplier: factor of the whole step, which is what a schedule moves
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g
    weight_decay: share of the parameter that is taken off per step, before the multiplier

    Departures: torch and optax multiply the decay with the learning rate (see adamw); their number is this one divided by it.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mhat[t] = m[t] / (1 - beta1**t)
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t-1] - multiplier * (lr * mhat[t] / (sqrt(vhat[t]) + eps) + weight_decay * theta[t-1])
