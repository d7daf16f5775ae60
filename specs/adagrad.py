"""AdaGrad: each parameter's step shrinks with the gradients that it has seen."""

from symopt import NonNegative, Positive, optimizer, sqrt, t


@optimizer(title="AdaGrad", reference="duchi2011adaptive")
def adagrad(
    theta, g, s, *, lr: Positive = 1e-2, lr_decay: NonNegative = 0.0, initial: NonNegative = 0.0, eps: Positive = 1e-10
):
    """The step is divided by the root of the sum of all squared gradients.

    s: sum of squared gradients; unit of g^2
    lr: learning rate
    lr_decay: decay of the learning rate per step, as in torch; the paper has none
    initial: what the sum starts from
    eps: keeps the denominator away from zero; unit of g

    Departures: Keras and optax put eps = 1e-7 inside the root and start the sum at 0.1; torch starts at 0 with eps = 1e-10
    outside, which is what stands here.
    """
    s[0] = initial
    s[t] = s[t-1] + g[t]**2
    theta[t] = theta[t-1] - lr / (1 + (t - 1) * lr_decay) * g[t] / (sqrt(s[t]) + eps)


@optimizer(title="AdaGrad (eps inside)", reference="duchi2011adaptive")
def adagrad_inside(
    theta, g, s, *, lr: Positive = 1e-2, initial: NonNegative = 0.1, eps: Positive = 1e-7
):
    """AdaGrad with eps under the root, as Keras and optax compute it.

    s: sum of squared gradients; unit of g^2
    lr: learning rate
    initial: what the sum starts from
    eps: keeps the root away from zero; unit of g^2

    Departures: the paper and torch add eps to the root (see adagrad). optax leaves a parameter where it is while its sum is 0,
    which only initial = 0 makes possible.
    """
    s[0] = initial
    s[t] = s[t-1] + g[t]**2
    theta[t] = theta[t-1] - lr * g[t] / sqrt(s[t] + eps)
