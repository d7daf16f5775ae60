"""signSGD and Signum: every parameter moves by the learning rate, only the direction is learned."""

from symopt import Positive, Unit, optimizer, sign, t


@optimizer(title="signSGD", reference="bernstein2018signsgd")
def signsgd(theta, g, *, lr: Positive = 1e-3):
    """The step is the sign of the gradient.

    lr: learning rate; unit of theta
    """
    theta[t] = theta[t-1] - lr * sign(g[t])


@optimizer(title="Signum", reference="bernstein2018signsgd")
def signum(theta, g, m, *, lr: Positive = 1e-3, beta: Unit = 0.9):
    """The step is the sign of an average of the gradients.

    m: average gradient; unit of g
    lr: learning rate; unit of theta
    beta: decay of the average
    """
    m[t] = beta * m[t-1] + (1 - beta) * g[t]
    theta[t] = theta[t-1] - lr * sign(m[t])
