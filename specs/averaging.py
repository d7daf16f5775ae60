"""Averages of the weights, deployed instead of the weights that are trained."""

from symopt import Unit, optimizer, t


def ema(inner):
    """`inner`, with an exponential moving average of its parameter as what is deployed."""

    @optimizer(title=f"EMA of {inner.title}", reference="polyak1992acceleration")
    def ema(theta, x, *, decay: Unit = 0.999):
        """An exponential moving average of the trained parameter is deployed; training does not notice it.

        x: the parameter that is trained
        decay: decay of the average

        Departures: torch's AveragedModel starts from the first parameters that it is given, which are theta[0] only where
        it is called before the first step too.
        """
        x[0] = theta[0]
        x[t] = inner(x[t-1])
        theta[t] = decay * theta[t-1] + (1 - decay) * x[t]

    return ema


def running_mean(inner):
    """`inner`, with the mean of all values of its parameter as what is deployed."""

    @optimizer(title=f"Running mean of {inner.title}", reference="polyak1992acceleration")
    def running_mean(theta, x):
        """The mean of the trained parameter over all steps is deployed; training does not notice it.

        x: the parameter that is trained
        """
        x[0] = theta[0]
        x[t] = inner(x[t-1])
        theta[t] = theta[t-1] + (x[t] - theta[t-1]) / t

    return running_mean
