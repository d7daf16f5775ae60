"""What DeepSpeed computed where it parted from what it named; versions 0.19.6 and 0.19.7, mended in 0.19.8."""

from symopt import NonNegative, Positive, optimizer, sqrt, t
from symopt.specs.adagrad import adagrad
from symopt.specs.weight_decay import l2

adagrad_mended = l2(adagrad).with_defaults(weight_decay=0).titled("AdaGrad with L2 regularization (DeepSpeed 0.19.8)")


@optimizer(title="AdaGrad on the CPU (DeepSpeed 0.19.7)", reference="duchi2011adaptive")
def cpu_adagrad(
    theta, g, s, *, lr: Positive = 1e-2, eps: Positive = 1e-10, weight_decay: NonNegative = 0.0
):
    """The weight decay enters the sum of squares, but not the step.

    s: sum of squared regularized gradients; unit of g^2
    lr: learning rate
    eps: keeps the denominator away from zero; unit of g
    weight_decay: weight of the penalty

    Departures: the step is made of the regularized gradient too, as in torch and in DeepSpeed 0.19.8.
    """
    s[t] = s[t-1] + (g[t] + weight_decay * theta[t-1])**2
    theta[t] = theta[t-1] - lr * g[t] / (sqrt(s[t]) + eps)
