"""Formulas of document 000 (and its copy, 001) as they stand there."""

from symopt import NonNegative, Positive, Unit, erratum, sqrt, t


@erratum(title="Adam (document 000)")
def adam(theta, g, m, v, mhat, vhat, *, lr: Positive = 1e-3, beta1: Unit = 0.995, eps: Positive = 1e-8):
    """The value meant for beta2 stands under the name beta1, so that one decay serves both averages.

    m: first moment; unit of g
    v: second moment; unit of g^2
    mhat: first moment, its start-up bias divided out
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of both moments
    eps: keeps the root away from zero; unit of g^2

    Departures: the paper has two decays, 0.9 and 0.999.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta1 * v[t-1] + (1 - beta1) * g[t]**2
    mhat[t] = m[t] / (1 - beta1**t)
    vhat[t] = v[t] / (1 - beta1**t)
    theta[t] = theta[t-1] - lr * mhat[t] / sqrt(vhat[t] + eps)


@erratum(title="Schedule-Free AdamW (document 000)")
def schedule_free(
    theta, g, m, v, update, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8,
    weight_decay: NonNegative = 1e-2,
):
    """The pseudocode given for Schedule-Free: the decay has the wrong sign, and nothing is averaged.

    m: first moment; unit of g
    v: second moment; unit of g^2
    update: change of the parameter; unit of theta
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g
    weight_decay: share of the parameter that is added per step

    Departures: Schedule-Free takes its gradient between the steps and their average, and deploys the average (see
    schedule_free_adamw); weight decay shrinks the parameter.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    update[t] = -lr * m[t] / (sqrt(v[t]) + eps) + weight_decay * theta[t-1]
    theta[t] = theta[t-1] + update[t]
