"""AMSGrad: Adam whose denominator never shrinks; as published, and as two libraries compute it."""

from symopt import Max, NonNegative, Positive, Unit, optimizer, sqrt, t


@optimizer(title="AMSGrad", reference="reddi2018convergence")
def amsgrad(
    theta, g, m, v, vmax, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: NonNegative = 1e-8
):
    """The running maximum of the second moment divides the step, and the learning rate falls as 1/sqrt(t).

    m: first moment; unit of g
    v: second moment; unit of g^2
    vmax: largest second moment so far; unit of g^2
    lr: learning rate of the first step
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g

    Departures: the paper has no eps, which is eps = 0; there a parameter without a gradient so far becomes 0/0. The paper
    corrects no bias; torch and Keras correct after the maximum (amsgrad_torch), optax before it (amsgrad_optax).
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    vmax[t] = Max(vmax[t-1], v[t])
    theta[t] = theta[t-1] - lr / sqrt(t) * m[t] / (sqrt(vmax[t]) + eps)


@optimizer(title="AMSGrad (torch)", reference="reddi2018convergence")
def amsgrad_torch(
    theta, g, m, v, vmax, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    """The maximum is taken of the second moment as it is, and corrected afterwards.

    m: first moment; unit of g
    v: second moment; unit of g^2
    vmax: largest second moment so far; unit of g^2
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g

    Departures: torch's and Keras' form. For g = 1, .1, .1, .1, .1 the corrected maximum is 0.208 at t = 5, against 1.0 in
    optax's (amsgrad_optax).
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    vmax[t] = Max(vmax[t-1], v[t])
    theta[t] = theta[t-1] - lr / (1 - beta1**t) * m[t] / (sqrt(vmax[t] / (1 - beta2**t)) + eps)


@optimizer(title="AMSGrad (optax)", reference="reddi2018convergence")
def amsgrad_optax(
    theta, g, m, v, vhat, vmax, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-8
):
    """The second moment is corrected first, and the maximum taken of that.

    m: first moment; unit of g
    v: second moment; unit of g^2
    vhat: second moment, its start-up bias divided out
    vmax: largest corrected second moment so far; unit of g^2
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the second moment
    eps: keeps the denominator away from zero; unit of g

    Departures: optax's form; the large first gradients, corrected, stay in the maximum for good. See amsgrad_torch.
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    vhat[t] = v[t] / (1 - beta2**t)
    vmax[t] = Max(vmax[t-1], vhat[t])
    theta[t] = theta[t-1] - lr / (1 - beta1**t) * m[t] / (sqrt(vmax[t]) + eps)
