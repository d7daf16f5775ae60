"""Adam: step sizes from bias-corrected estimates of the first and second moments of the gradient."""

from symopt import Positive, Unit, optimizer, sqrt, t


@optimizer(title="Adam", reference="kingma2015adam")
def adam(theta, g, m, v, mhat, vhat, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8):
    """Adaptive moment estimation: the average gradient, divided by the root of the average squared gradient.

    m: first moment; unit of g
    v: second moment; unit of g^2
    mhat: first moment, its start-up bias divided out
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g

    Departures: none; eps stands outside the root, as in the paper's Algorithm 1, torch and optax. Keras and TensorFlow divide
    by sqrt(v) + eps before the correction, which is an eps larger by 1/sqrt(1 - beta2^t): 31.6 times at t = 1.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mhat[t] = m[t] / (1 - beta1**t)
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t-1] - lr * mhat[t] / (sqrt(vhat[t]) + eps)


@optimizer(title="Adam (eps inside)", reference="kingma2015adam")
def adam_inner(
    theta, g, m, v, mhat, vhat, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    """Adam with eps under the root.

    m: first moment; unit of g
    v: second moment; unit of g^2
    mhat: first moment, its start-up bias divided out
    vhat: second moment, its start-up bias divided out
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the root away from zero; unit of g^2

    Departures: the paper has eps outside (see adam). This is optax with its eps = 0 and eps_root = eps; the same number under
    the root weighs as much as its own root outside.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    mhat[t] = m[t] / (1 - beta1**t)
    vhat[t] = v[t] / (1 - beta2**t)
    theta[t] = theta[t-1] - lr * mhat[t] / sqrt(vhat[t] + eps)


@optimizer(title="Adam (eps hat)", reference="kingma2015adam")
def adam_hat(theta, g, m, v, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-7):
    """Adam with both corrections in the learning rate, the order that the paper gives for efficiency.

    m: first moment; unit of g
    v: second moment; unit of g^2
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero, added before the correction; unit of g

    Departures: eps here is what adam would have with eps/sqrt(1 - beta2^t), 31.6 times larger at t = 1. TensorFlow, Keras (with
    1e-7, the default here) and torch's SparseAdam (with 1e-8) compute this form.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    theta[t] = theta[t-1] - lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m[t] / (sqrt(v[t]) + eps)


@optimizer(title="Adam without correction", reference="kingma2015adam")
def adam_uncorrected(
    theta, g, m, v, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    """The two averages as they are, which start near zero: the first steps are too long.

    m: first moment; unit of g
    v: second moment; unit of g^2
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g

    Departures: the paper divides the bias of both averages out (see adam); at t = 1 this form's step is
    (1 - beta1)/sqrt(1 - beta2) times as long, 3.16 times at the defaults.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    theta[t] = theta[t-1] - lr * m[t] / (sqrt(v[t]) + eps)
