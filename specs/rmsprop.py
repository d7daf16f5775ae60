"""RMSProp: steps divided by a running root mean square of the gradient; plain, centered, and with momentum."""

from symopt import Positive, Unit, optimizer, sqrt, t


@optimizer(title="RMSProp", reference="tieleman2012rmsprop")
def rmsprop(theta, g, v, *, lr: Positive = 1e-2, alpha: Unit = 0.99, eps: Positive = 1e-8):
    """The step is divided by the root of an exponential average of squared gradients.

    v: average of squared gradients; unit of g^2
    lr: learning rate
    alpha: decay of the average
    eps: keeps the denominator away from zero; unit of g

    Departures: the lecture has alpha = 0.9; torch has 0.99 and eps = 1e-8 outside the root, which is what stands here.
    Keras, TensorFlow and optax put eps inside the root.
    """
    v[t] = alpha * v[t-1] + (1 - alpha) * g[t]**2
    theta[t] = theta[t-1] - lr * g[t] / (sqrt(v[t]) + eps)


@optimizer(title="Centered RMSProp", reference="graves2013generating")
def rmsprop_centered(theta, g, v, gbar, *, lr: Positive = 1e-2, alpha: Unit = 0.99, eps: Positive = 1e-8):
    """The average of squares is centered by the square of the average, which estimates the variance of the gradient.

    v: average of squared gradients; unit of g^2
    gbar: average of gradients; unit of g
    lr: learning rate
    alpha: decay of both averages
    eps: keeps the denominator away from zero; unit of g

    Departures: the difference under the root can round below zero where the gradient hardly changes; the result is then NaN,
    here as in torch (there at t = 331 for alpha = 0.9 and g = 0.05). Graves puts eps = 1e-4 inside the root, which hides this.
    """
    v[t] = alpha * v[t-1] + (1 - alpha) * g[t]**2
    gbar[t] = alpha * gbar[t-1] + (1 - alpha) * g[t]
    theta[t] = theta[t-1] - lr * g[t] / (sqrt(v[t] - gbar[t]**2) + eps)


@optimizer(title="RMSProp with momentum", reference="tieleman2012rmsprop")
def rmsprop_momentum(theta, g, v, b, *, lr: Positive = 1e-2, alpha: Unit = 0.99, mu: Unit = 0.9, eps: Positive = 1e-8):
    """Momentum over the scaled gradients.

    v: average of squared gradients; unit of g^2
    b: sum of past scaled gradients
    lr: learning rate
    alpha: decay of the average of squares
    mu: share of the buffer that is kept
    eps: keeps the denominator away from zero; unit of g

    Departures: torch's form, with the learning rate outside the buffer. TensorFlow, Keras and optax have it inside; the two
    agree while lr is constant.
    """
    v[t] = alpha * v[t-1] + (1 - alpha) * g[t]**2
    b[t] = mu * b[t-1] + g[t] / (sqrt(v[t]) + eps)
    theta[t] = theta[t-1] - lr * b[t]


@optimizer(title="RMSProp (eps inside)", reference="tieleman2012rmsprop")
def rmsprop_inside(theta, g, v, *, lr: Positive = 1e-3, alpha: Unit = 0.9, eps: Positive = 1e-7):
    """RMSProp with eps under the root, as TensorFlow, Keras and optax compute it.

    v: average of squared gradients; unit of g^2
    lr: learning rate
    alpha: decay of the average
    eps: keeps the root away from zero; unit of g^2

    Departures: torch adds eps to the root (see rmsprop). The defaults are those of Keras; optax has eps = 1e-8.
    """
    v[t] = alpha * v[t-1] + (1 - alpha) * g[t]**2
    theta[t] = theta[t-1] - lr * g[t] / sqrt(v[t] + eps)


@optimizer(title="RMSProp with momentum over steps", reference="tieleman2012rmsprop")
def rmsprop_momentum_inside(
    theta, g, v, b, *, lr: Positive = 1e-3, alpha: Unit = 0.9, mu: Unit = 0.9, eps: Positive = 1e-7
):
    """Momentum over the steps themselves: each scaled gradient keeps the learning rate of its own step.

    v: average of squared gradients; unit of g^2
    b: velocity; unit of theta
    lr: learning rate
    alpha: decay of the average of squares
    mu: share of the velocity that is kept
    eps: keeps the root away from zero; unit of g^2

    Departures: TensorFlow's, Keras' and optax's form, with eps under the root. torch has the learning rate outside the buffer
    and eps outside the root (see rmsprop_momentum).
    """
    v[t] = alpha * v[t-1] + (1 - alpha) * g[t]**2
    b[t] = mu * b[t-1] + lr * g[t] / sqrt(v[t] + eps)
    theta[t] = theta[t-1] - b[t]
