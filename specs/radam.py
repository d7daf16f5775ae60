"""RAdam: Adam that steps without its denominator until enough gradients were seen to trust it."""

from fractions import Fraction

from symopt import Domain, Positive, Unit, optimizer, sqrt, t, where

AtLeast4 = Domain("AtLeast4", lower=Fraction(4))


@optimizer(title="RAdam", reference="liu2020variance")
def radam(
    theta, g, rho, rhomax, r, m, v, mhat, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999,
    threshold: AtLeast4 = 4, eps: Positive = 1e-8,
):
    """A momentum step at first; Adam's step, rectified by r, once the variance of its denominator is finite.

    rho: length of the average of squares at this step
    rhomax: length that it tends to
    r: rectification, which tends to 1
    m: first moment; unit of g
    v: second moment; unit of g^2
    mhat: first moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    threshold: length of the average beyond which the denominator is used
    eps: keeps the denominator away from zero; unit of g

    Departures: the paper has no eps. torch has threshold = 5 and eps where it stands here, before the correction; optax and the
    authors' code begin at 5 exactly (radam_optax). At beta2 = 0.999 that is t = 6 for 5, and t = 5 for 4.
    """
    rhomax[t] = 2 / (1 - beta2) - 1
    rho[t] = rhomax[t] - 2 * t * beta2**t / (1 - beta2**t)
    r[t] = where(
        rho[t] > threshold,
        sqrt((rho[t] - 4) * (rho[t] - 2) * rhomax[t] / ((rhomax[t] - 4) * (rhomax[t] - 2) * rho[t])),
        1,
    )
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mhat[t] = m[t] / (1 - beta1**t)
    theta[t] = theta[t-1] - lr * where(
        rho[t] > threshold, r[t] * sqrt(1 - beta2**t) * mhat[t] / (sqrt(v[t]) + eps), mhat[t]
    )


@optimizer(title="RAdam (optax)", reference="liu2020variance")
def radam_optax(
    theta, g, rho, rhomax, r, m, v, mhat, vhat, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999,
    threshold: AtLeast4 = 5, eps: Positive = 1e-8,
):
    """RAdam with the threshold included and eps beside the corrected root.

    rho: length of the average of squares at this step
    rhomax: length that it tends to
    r: rectification, which tends to 1
    m: first moment; unit of g
    v: second moment; unit of g^2
    mhat: first moment, its start-up bias divided out
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    threshold: length of the average from which on the denominator is used
    eps: keeps the denominator away from zero; unit of g

    Departures: the paper uses the denominator beyond 4 (see radam). With threshold = 4 and beta2 <= 0.6 both lengths can be 4,
    where r is 0/0.
    """
    rhomax[t] = 2 / (1 - beta2) - 1
    rho[t] = rhomax[t] - 2 * t * beta2**t / (1 - beta2**t)
    r[t] = where(
        rho[t] >= threshold,
        sqrt((rho[t] - 4) * (rho[t] - 2) * rhomax[t] / ((rhomax[t] - 4) * (rhomax[t] - 2) * rho[t])),
        1,
    )
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mhat[t] = m[t] / (1 - beta1**t)
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t-1] - lr * where(rho[t] >= threshold, r[t] * mhat[t] / (sqrt(vhat[t]) + eps), mhat[t])
