"""Nesterov's accelerated gradient: the look-ahead form, the transformed form, and the form that torch computes."""

from symopt import Positive, Unit, grad, optimizer, t


@optimizer(title="Nesterov momentum", reference="sutskever2013importance")
def nesterov(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    """The gradient is taken where the velocity is about to carry the parameter.

    v: velocity; unit of theta
    lr: learning rate
    mu: share of the velocity that is kept
    """
    g[t] = grad(theta[t-1] + mu * v[t-1])
    v[t] = mu * v[t-1] - lr * g[t]
    theta[t] = theta[t-1] + v[t]


@optimizer(title="Nesterov momentum (transformed)", reference="bengio2013advances")
def nesterov_transformed(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    """Nesterov's method rewritten in the point where the gradient is taken, which here is what one trains and deploys.

    v: velocity; unit of theta
    lr: learning rate
    mu: share of the velocity that is kept

    Departures: theta is the look-ahead point of the original form, theta + mu*v there; the two deploy different parameters.
    """
    v[t] = mu * v[t-1] - lr * g[t]
    theta[t] = theta[t-1] - mu * v[t-1] + (1 + mu) * v[t]


@optimizer(title="Nesterov momentum (torch)", reference="sutskever2013importance")
def nesterov_torch(theta, g, b, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    """The transformed form with the learning rate outside the buffer, as torch and optax compute it.

    b: sum of past gradients; unit of g
    lr: learning rate
    mu: share of the buffer that is kept

    Departures: equal to the transformed form while lr is constant, with v = -lr*b.
    """
    b[t] = mu * b[t-1] + g[t]
    theta[t] = theta[t-1] - lr * (g[t] + mu * b[t])


def nesterov_form(inner):
    """`inner`, with the gradient taken where its last step, shortened by its `mu`, would lead once more."""

    @optimizer(title=f"{inner.title} in Nesterov's form", reference="sutskever2013importance")
    def nesterov_form(theta, g, move):
        """The inner optimizer sees the gradient at the point to which the step before is about to carry the parameter.

        move: the last step taken; unit of theta

        Departures: nesterov_form(momentum) is nesterov, step for step and byte for byte.
        """
        g[t] = grad(theta[t-1] + inner.mu * move[t-1])
        theta[t] = inner(theta[t-1], g[t])
        move[t] = theta[t] - theta[t-1]

    return nesterov_form
