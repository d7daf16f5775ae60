"""Averages of the weights, deployed instead of the weights that are trained."""

from symopt import Unit, optimizer, t


def ema(inner):
    """`inner`, with an exponential moving average of its parameter as what is deployed."""

    @optimizer(title=f"EMA of {inner.title}", reference="polyak1992acceleration")
    def ema(theta, x, *, decay: Unit = 0.999):
        """An exponential moving average of the trained parameter is deployed; training does not notice it.

        x: the parameter that is trained
        decay: decay of the average
        """
        x[0] = theta[0]
        x[t] = inner(x[t-1])
        theta[t] = decay * theta[t-1] + (1 - decay) * x[t]

    return ema
