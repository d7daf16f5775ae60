"""ASGD: gradient descent with a falling learning rate, of which the average is deployed."""

from symopt import Max, NonNegative, Positive, grad, optimizer, t


@optimizer(title="ASGD", reference="polyak1992acceleration")
def asgd(
    theta, g, rate, x, *, lr: Positive = 1e-2, decay: NonNegative = 1e-4, power: NonNegative = 0.75,
    averaging_start: NonNegative = 1e6,
):
    """The point that is trained follows decayed steps; the running mean of these points is deployed.

    rate: learning rate of this step
    x: point that is trained; unit of theta
    lr: learning rate of the first step
    decay: decay of the learning rate, and of the point towards zero
    power: power of the learning rate's decay
    averaging_start: steps before the averaging begins; until then x is deployed

    Departures: torch's form, where decay is called lambd, power alpha and averaging_start t0. torch keeps the learning rate in
    float32 unless the default dtype is float64.
    """
    x[0] = theta[0]
    g[t] = grad(x[t-1])
    rate[t] = lr / (1 + decay * lr * (t - 1))**power
    x[t] = (1 - decay * rate[t]) * x[t-1] - rate[t] * g[t]
    theta[t] = theta[t-1] + (x[t] - theta[t-1]) / Max(1, t - 1 - averaging_start)
