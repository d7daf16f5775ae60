"""AdaBound: Adam whose step sizes are held between two bounds that close in on one learning rate."""

from symopt import Max, Positive, Unit, clip, optimizer, sqrt, t


@optimizer(title="AdaBound", reference="luo2019adaptive")
def adabound(
    theta, g, final, m, v, rate, *, lr: Positive = 1e-3, base_lr: Positive = 1e-3, final_lr: Positive = 0.1,
    beta1: Unit = 0.9, beta2: Unit = 0.999, gamma: Positive = 1e-3, eps: Positive = 1e-8,
):
    """Adam in the beginning, SGD with momentum in the end.

    final: learning rate that the bounds close in on
    m: first moment; unit of g
    v: second moment; unit of g^2
    rate: step size per parameter
    lr: learning rate
    base_lr: learning rate that final_lr belongs to; the bounds keep their ratio to lr
    final_lr: learning rate of the end
    beta1: decay of the first moment
    beta2: decay of the second moment
    gamma: speed at which the bounds close
    eps: keeps the denominator away from zero; unit of g

    Departures: the authors' package, which stands here, leaves out the 1/sqrt(t) of the paper's Algorithm 1, and has the eps and
    the bias corrections that the paper leaves out. pytorch_optimizer adds 1e-15 to v under the root.
    """
    final[t] = final_lr * lr / base_lr
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    rate[t] = clip(
        lr * sqrt(1 - beta2**t) / (1 - beta1**t) / (sqrt(v[t]) + eps),
        final[t] * (1 - 1 / (gamma * t + 1)),
        final[t] * (1 + 1 / (gamma * t)),
    )
    theta[t] = theta[t-1] - rate[t] * m[t]


@optimizer(title="AMSBound", reference="luo2019adaptive")
def amsbound(
    theta, g, final, m, v, vmax, rate, *, lr: Positive = 1e-3, base_lr: Positive = 1e-3, final_lr: Positive = 0.1,
    beta1: Unit = 0.9, beta2: Unit = 0.999, gamma: Positive = 1e-3, eps: Positive = 1e-8,
):
    """AdaBound with the running maximum of the second moment, as in AMSGrad.

    final: learning rate that the bounds close in on
    m: first moment; unit of g
    v: second moment; unit of g^2
    vmax: largest second moment so far; unit of g^2
    rate: step size per parameter
    lr: learning rate
    base_lr: learning rate that final_lr belongs to; the bounds keep their ratio to lr
    final_lr: learning rate of the end
    beta1: decay of the first moment
    beta2: decay of the second moment
    gamma: speed at which the bounds close
    eps: keeps the denominator away from zero; unit of g

    Departures: as for adabound; the authors' package calls it amsbound=True.
    """
    final[t] = final_lr * lr / base_lr
    m[t] = beta1 * m[t-1] + (1 - beta1) * g[t]
    v[t] = beta2 * v[t-1] + (1 - beta2) * g[t]**2
    vmax[t] = Max(vmax[t-1], v[t])
    rate[t] = clip(
        lr * sqrt(1 - beta2**t) / (1 - beta1**t) / (sqrt(vmax[t]) + eps),
        final[t] * (1 - 1 / (gamma * t + 1)),
        final[t] * (1 + 1 / (gamma * t)),
    )
    theta[t] = theta[t-1] - rate[t] * m[t]
