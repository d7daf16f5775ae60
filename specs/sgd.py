"""Gradient descent; with gradients of random mini-batches, stochastic gradient descent."""

from symopt import Positive, optimizer, t


@optimizer(title="SGD", reference="robbins1951stochastic")
def sgd(theta, g, *, lr: Positive = 1e-2):
    """The plain step against the gradient. The size of the mini-batch is the caller's.

    lr: learning rate
    """
    theta[t] = theta[t-1] - lr * g[t]
