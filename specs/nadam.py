"""NAdam: Adam with Nesterov's look-ahead built into the first moment; as published, and as libraries compute it."""

from symopt import NonNegative, Positive, Unit, optimizer, sqrt, t


@optimizer(title="NAdam", reference="dozat2016incorporating")
def nadam(
    theta, g, mu, ahead, product, m, v, mbar, vhat, *, lr: Positive = 2e-3, beta1: Unit = 0.9, beta2: Unit = 0.999,
    psi: NonNegative = 0.004, eps: Positive = 1e-8,
):
    """The momentum of the coming step is applied already, with the current gradient in it; the decay of the momentum grows.

    mu: decay of the first moment in this step
    ahead: decay of the first moment in the next step
    product: product of the decays so far
    m: first moment; unit of g
    v: second moment; unit of g^2
    mbar: first moment of the next step, as far as it is known, its bias divided out
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment in the long run
    beta2: decay of the second moment
    psi: speed at which the decay of the first moment grows
    eps: keeps the denominator away from zero; unit of g

    Departures: torch and Keras average the first moment with beta1 and correct it with the product of the mu (nadam_torch),
    which do not fit each other; optax keeps mu constant (nadam_constant). Keras has psi = 1.
    """
    product[0] = 1
    mu[t] = beta1 * (1 - 0.5 * 0.96**(t * psi))
    ahead[t] = beta1 * (1 - 0.5 * 0.96**((t + 1) * psi))
    product[t] = product[t-1] * mu[t]
    m[t] = mu[t] * m[t-1] + (1 - mu[t]) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mbar[t] = ahead[t] * m[t] / (1 - product[t] * ahead[t]) + (1 - mu[t]) * g[t] / (1 - product[t])
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t-1] - lr * mbar[t] / (sqrt(vhat[t]) + eps)


@optimizer(title="NAdam (torch)", reference="dozat2016incorporating")
def nadam_torch(
    theta, g, mu, ahead, product, m, v, mbar, vhat, *, lr: Positive = 2e-3, beta1: Unit = 0.9, beta2: Unit = 0.999,
    psi: NonNegative = 0.004, eps: Positive = 1e-8,
):
    """The first moment decays with beta1 throughout, while its correction follows the growing decays.

    mu: decay that the correction assumes for this step
    ahead: decay that the correction assumes for the next step
    product: product of the assumed decays so far
    m: first moment; unit of g
    v: second moment; unit of g^2
    mbar: weighted sum of the first moment and the gradient
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    psi: speed at which the assumed decay grows
    eps: keeps the denominator away from zero; unit of g

    Departures: torch's and Keras' form; Keras has psi = 1. On a constant gradient g its mbar is 1.056, .784, .732, .731, .746
    times g in the first five steps, Dozat's (see nadam) 1.310, 1.085, 1.032, 1.013, 1.006 times g. torch keeps the product in
    float32 unless the default dtype is float64.
    """
    product[0] = 1
    mu[t] = beta1 * (1 - 0.5 * 0.96**(t * psi))
    ahead[t] = beta1 * (1 - 0.5 * 0.96**((t + 1) * psi))
    product[t] = product[t-1] * mu[t]
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mbar[t] = ahead[t] * m[t] / (1 - product[t] * ahead[t]) + (1 - mu[t]) * g[t] / (1 - product[t])
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t-1] - lr * mbar[t] / (sqrt(vhat[t]) + eps)


@optimizer(title="NAdam (constant decay)", reference="dozat2016incorporating")
def nadam_constant(
    theta, g, m, v, mbar, vhat, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    """NAdam with one decay of the first moment for all steps.

    m: first moment; unit of g
    v: second moment; unit of g^2
    mbar: first moment of the next step, as far as it is known, its bias divided out
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g

    Departures: optax' form; the paper lets the decay grow (see nadam).
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mbar[t] = beta1 * m[t] / (1 - beta1**(t + 1)) + (1 - beta1) * g[t] / (1 - beta1**t)
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t-1] - lr * mbar[t] / (sqrt(vhat[t]) + eps)
