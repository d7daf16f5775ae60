"""AdaMax: Adam with the maximum norm in the place of the root mean square."""

from symopt import Abs, Max, NonNegative, Positive, Unit, optimizer, t


@optimizer(title="AdaMax", reference="kingma2015adam")
def adamax(theta, g, m, u, *, lr: Positive = 2e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: NonNegative = 1e-8):
    """The average gradient is divided by a maximum of past gradients that decays.

    m: first moment; unit of g
    u: decaying maximum of the absolute gradient; unit of g
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the maximum
    eps: keeps the maximum away from zero; unit of g

    Departures: the paper's Algorithm 2 has no eps, which is eps = 0; there a parameter without a gradient so far becomes 0/0.
    torch and optax add eps to the absolute gradient, as here; Keras adds it to the maximum (adamax_keras).
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    u[t] = Max(beta2 * u[t-1], Abs(g[t]) + eps)
    theta[t] = theta[t-1] - lr / (1 - beta1**t) * m[t] / u[t]


@optimizer(title="AdaMax (Keras)", reference="kingma2015adam")
def adamax_keras(theta, g, m, u, *, lr: Positive = 1e-3, beta1: Unit = 0.9, beta2: Unit = 0.999, eps: Positive = 1e-7):
    """AdaMax with eps beside the maximum.

    m: first moment; unit of g
    u: decaying maximum of the absolute gradient; unit of g
    lr: learning rate
    beta1: decay of the first moment
    beta2: decay of the maximum
    eps: keeps the denominator away from zero; unit of g

    Departures: Keras' form; torch and optax have eps inside the maximum (see adamax).
    """
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    u[t] = Max(beta2 * u[t-1], Abs(g[t]))
    theta[t] = theta[t-1] - lr / (1 - beta1**t) * m[t] / (u[t] + eps)
