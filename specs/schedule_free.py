"""Schedule-Free: an average of the weights takes the place of the learning rate's schedule."""

from symopt import Max, NonNegative, OpenUnit, Positive, Unit, grad, optimizer, sqrt, t, where


@optimizer(title="Schedule-Free SGD", reference="defazio2024road")
def schedule_free_sgd(
    theta, g, y, z, top, weight, mass, c, *, lr: Positive = 1.0, beta: OpenUnit = 0.9, weight_decay: NonNegative = 0.0,
    r: NonNegative = 0.0, p: NonNegative = 2.0,
):
    """Steps are taken at z, gradients between z and its weighted average, and the average is deployed.

    y: point between average and z, where the gradient is taken; unit of theta
    z: point that takes the steps; unit of theta
    top: largest learning rate so far
    weight: weight of this step in the average
    mass: sum of the weights
    c: share of this step in the average
    lr: learning rate; a warm-up is a schedule of it
    beta: share of the average in the point where the gradient is taken
    weight_decay: decay at the point where the gradient is taken
    r: power of the step count in the weights
    p: power of the largest learning rate in the weights

    Departures: the authors' package, whose weights are t^r times the largest learning rate so far to the power p = 2; the paper
    states equal weights, which a constant learning rate gives. optax' z and weights use neighbouring learning rates where
    these change.
    """
    z[0] = theta[0]
    g[t] = grad((1 - beta) * z[t-1] + beta * theta[t-1])
    y[t] = (1 - beta) * z[t-1] + beta * theta[t-1]
    top[t] = Max(top[t-1], lr)
    weight[t] = t**r * top[t]**p
    mass[t] = mass[t-1] + weight[t]
    c[t] = where(mass[t] > 0, weight[t] / mass[t], 0)
    z[t] = z[t-1] - lr * (g[t] + weight_decay * y[t])
    theta[t] = (1 - c[t]) * theta[t-1] + c[t] * z[t]


@optimizer(title="Schedule-Free AdamW", reference="defazio2024road")
def schedule_free_adamw(
    theta, g, y, z, v, top, weight, mass, c, *, lr: Positive = 2.5e-3, beta1: OpenUnit = 0.9, beta2: Unit = 0.999,
    weight_decay: NonNegative = 0.0, r: NonNegative = 0.0, p: NonNegative = 2.0, eps: Positive = 1e-8,
):
    """Schedule-Free over gradients that are divided by the root of their second moment.

    y: point between average and z, where the gradient is taken; unit of theta
    z: point that takes the steps; unit of theta
    v: second moment; unit of g^2
    top: largest learning rate so far
    weight: weight of this step in the average
    mass: sum of the weights
    c: share of this step in the average
    lr: learning rate; a warm-up is a schedule of it
    beta1: share of the average in the point where the gradient is taken
    beta2: decay of the second moment
    weight_decay: decay at the point where the gradient is taken
    r: power of the step count in the weights
    p: power of the largest learning rate in the weights
    eps: keeps the denominator away from zero; unit of g

    Departures: the authors' package, as for schedule_free_sgd. The paper puts the warm-up and the correction of v into the
    learning rate; here, as in the package, v is corrected where it divides.
    """
    z[0] = theta[0]
    g[t] = grad((1 - beta1) * z[t-1] + beta1 * theta[t-1])
    y[t] = (1 - beta1) * z[t-1] + beta1 * theta[t-1]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    top[t] = Max(top[t-1], lr)
    weight[t] = t**r * top[t]**p
    mass[t] = mass[t-1] + weight[t]
    c[t] = where(mass[t] > 0, weight[t] / mass[t], 0)
    z[t] = z[t-1] - lr * (g[t] / (sqrt(v[t] / (1 - beta2**t)) + eps) + weight_decay * y[t])
    theta[t] = (1 - c[t]) * theta[t-1] + c[t] * z[t]
