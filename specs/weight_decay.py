"""Weight decay around any optimizer: decoupled from the gradient, or added to it (L2)."""

from symopt import NonNegative, grad, optimizer, t


def decoupled_weight_decay(inner):
    """`inner`, with the parameter shrunk by lr*weight_decay at each step, beside inner's own step."""

    @optimizer(title=f"{inner.title} with decoupled weight decay", reference="loshchilov2019decoupled")
    def decoupled_weight_decay(theta, *, weight_decay: NonNegative = 1e-2):
        """Weight decay beside the step of the inner optimizer, in proportion to the learning rate in force.

        weight_decay: share of the parameter that is taken off per unit of learning rate

        Departures: torch's and optax's form. The paper scales the decay with the schedule's multiplier only, not with the
        learning rate itself; its default in torch is 1e-2, in optax 1e-4.
        """
        theta[t] = inner(theta[t-1]) - inner.lr * weight_decay * theta[t-1]

    return decoupled_weight_decay


def l2(inner):
    """`inner`, with the gradient of weight_decay/2*|theta|^2 added to its gradient."""

    @optimizer(title=f"{inner.title} with L2 regularization", reference=inner.reference)
    def l2(theta, g, h, *, weight_decay: NonNegative = 1e-2):
        """The inner optimizer sees the gradient of the objective plus weight_decay/2 times the squared norm of theta.

        h: gradient of the regularized objective; unit of g
        weight_decay: weight of the penalty
        """
        g[t] = grad(inner.point(theta[t-1]))
        h[t] = g[t] + weight_decay * inner.point(theta[t-1])
        theta[t] = inner(theta[t-1], h[t])

    return l2
