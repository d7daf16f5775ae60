"""What torch computes or prints where it parts from what it names; version 2.13."""

from fractions import Fraction

from symopt import (
    Domain,
    Max,
    Min,
    NonNegative,
    OpenUnit,
    Positive,
    PositiveInt,
    Real,
    Unit,
    erratum,
    mean,
    norm,
    optimizer,
    schedule,
    sqrt,
    t,
    where,
)
from symopt.specs.adam import adam_hat
from symopt.specs.sgd import sgd

AtLeast1 = Domain("AtLeast1", lower=Fraction(1))

sparse_adam = adam_hat.with_defaults(eps=1e-8).titled("SparseAdam (torch)")


@erratum(title="Adafactor (docstring of torch)", reference="shazeer2018adafactor")
def adafactor_documented(
    theta, g, rho, alpha, v, u, uhat, *, lr: Positive = 1e-2, tau: Real = -0.8, eps1: Positive = 1e-8, eps2: Positive = 1e-3,
    d: AtLeast1 = 1.0, weight_decay: NonNegative = 0.0,
):
    """The line after the weight decay starts again from the old parameter, so that nothing decays.

    Written out for vectors, for which the algorithm does not factor the second moment.

    rho: relative step size
    alpha: step size; unit of theta
    v: second moment; unit of g^2
    u: scaled gradient
    uhat: scaled gradient, clipped
    lr: learning rate
    tau: power of the step count in the weight of a new gradient
    eps1: keeps the denominator away from zero; unit of g
    eps2: smallest scale of a parameter; unit of theta
    d: largest root mean square of the scaled gradient
    weight_decay: share of the parameter that is meant to be taken off per unit of learning rate

    Departures: the code goes on from the decayed parameter (see adafactor).
    """
    rho[t] = Min(lr, 1 / sqrt(t))
    alpha[t] = Max(eps2, sqrt(mean(theta[t-1]**2))) * rho[t]
    theta[t] = theta[t-1] - lr * weight_decay * theta[t-1]
    v[t] = (1 - t**tau) * v[t-1] + t**tau * g[t]**2
    u[t] = g[t] / Max(sqrt(v[t]), eps1)
    uhat[t] = u[t] / Max(1, sqrt(mean(u[t]**2)) / d)
    theta[t] = theta[t-1] - alpha[t] * uhat[t]


@optimizer(title="Adafactor for vectors (torch)", reference="shazeer2018adafactor")
def adafactor(
    theta, g, rho, alpha, v, u, uhat, *, lr: Positive = 1e-2, tau: Real = -0.8, eps1: Positive = 1e-8, eps2: Positive = 1e-3,
    d: AtLeast1 = 1.0, weight_decay: NonNegative = 0.0,
):
    """What torch's code computes for vectors: the step starts from the decayed parameter.

    rho: relative step size
    alpha: step size; unit of theta
    v: second moment; unit of g^2
    u: scaled gradient
    uhat: scaled gradient, clipped
    lr: learning rate
    tau: power of the step count in the weight of a new gradient
    eps1: keeps the denominator away from zero; unit of g
    eps2: smallest scale of a parameter; unit of theta
    d: largest root mean square of the scaled gradient
    weight_decay: share of the parameter that is taken off per unit of learning rate

    Departures: torch's eps1 is the rounding unit of the parameter's type by default.
    """
    rho[t] = Min(lr, 1 / sqrt(t))
    alpha[t] = Max(eps2, sqrt(mean(theta[t-1]**2))) * rho[t]
    v[t] = (1 - t**tau) * v[t-1] + t**tau * g[t]**2
    u[t] = g[t] / Max(sqrt(v[t]), eps1)
    uhat[t] = u[t] / Max(1, sqrt(mean(u[t]**2)) / d)
    theta[t] = (1 - lr * weight_decay) * theta[t-1] - alpha[t] * uhat[t]


@erratum(title="Muon (docstring of torch)", reference="jordan2024muon")
def muon_documented(
    theta, g, gamma, b, ahead, o, *, lr: Positive = 1e-3, weight_decay: NonNegative = 0.1, mu: Unit = 0.95,
    ratio: AtLeast1 = 2.0,
):
    """The learning rate is adjusted to the shape of the matrix at each step, starting from what the last step left.

    Written out for a matrix of one column, whose orthogonal factor is the matrix divided by its norm.

    gamma: learning rate, adjusted again and again
    b: sum of past gradients; unit of g
    ahead: sum of past gradients as Nesterov's form wants it; unit of g
    o: direction of the step
    lr: learning rate before any adjustment
    weight_decay: share of the parameter that is taken off per unit of learning rate
    mu: share of the buffer that is kept
    ratio: adjustment for the shape of the matrix, the root of rows per column

    Departures: the code adjusts a copy, so that the learning rate of the next step is the user's again (see muon).
    """
    gamma[0] = lr
    b[t] = mu * b[t-1] + g[t]
    ahead[t] = g[t] + mu * b[t]
    o[t] = ahead[t] / norm(ahead[t])
    theta[t] = theta[t-1] - gamma[t] * weight_decay * theta[t-1]
    gamma[t] = gamma[t] * ratio
    theta[t] = theta[t] - gamma[t] * o[t]


@optimizer(title="Muon for one column (torch)", reference="jordan2024muon")
def muon(
    theta, g, b, ahead, o, *, lr: Positive = 1e-3, weight_decay: NonNegative = 0.1, mu: Unit = 0.95, ratio: AtLeast1 = 2.0
):
    """What torch's code computes for a matrix of one column, with the exact orthogonal factor.

    b: sum of past gradients; unit of g
    ahead: sum of past gradients as Nesterov's form wants it; unit of g
    o: direction of the step
    lr: learning rate
    weight_decay: share of the parameter that is taken off per unit of learning rate
    mu: share of the buffer that is kept
    ratio: adjustment for the shape of the matrix, the root of rows per column

    Departures: torch approaches the orthogonal factor with five Newton-Schulz iterations in bfloat16, which for one column
    give 0.7 times it.
    """
    b[t] = mu * b[t-1] + g[t]
    ahead[t] = g[t] + mu * b[t]
    o[t] = ahead[t] / norm(ahead[t])
    theta[t] = (1 - lr * weight_decay) * theta[t-1] - lr * ratio * o[t]


@schedule(title="One cycle of straight lines (torch)", reference="smith2017superconvergence")
def straight_cycle(
    t, value, peak, *, total: PositiveInt, rise: OpenUnit = 0.3, div: AtLeast1 = 25.0, final_div: AtLeast1 = 10000.0
):
    """Straight lines from value/div up to the value at k = rise total - 1, and down through value/(div final_div) at k =
    total - 1; the second goes on. k = t - 1.

    peak: how many updates are done where the value is reached
    total: number of steps of the cycle
    rise: share of the steps in which it rises
    div: how many times lower than the value it starts
    final_div: how many times lower than the start it passes at k = total - 1

    Departures: torch's OneCycleLR with anneal_strategy="linear", which takes k = total and raises an error from total + 1 on.
    """
    start, end = 1 / div, 1 / (div * final_div)
    peak[t] = rise * total - 1
    up = start + (1 - start) * (t - 1) / peak[t]
    down = 1 + (end - 1) * (t - 1 - peak[t]) / (total - 1 - peak[t])
    return value * where(t - 1 <= peak[t], up, down)


one_cycle_linear = sgd.scheduled(lr=straight_cycle).titled("SGD under OneCycleLR, linear (torch)")
