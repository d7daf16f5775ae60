"""Weight decay around any optimizer: decoupled from the gradient, or added to it (L2)."""

from symopt import NonNegative, grad, optimizer, t


def decoupled_weight_decay(inner):
    """`inner`, with the parameter shrunk by lr*weight_decay at each step, beside inner's own step."""

    @optimizer(title=f"{inner.title} with decoupled weight decay", reference="loshchilov2019decoupled")
    def decoupled_weight_decay(theta, *, weight_decay: NonNegative = 1e-2):
        """Weight decay beside the step of the inner optimizer, in proportion to the learning rate in force.

        weight_decay: share of the parameter that is taken off per unit of learning rate

        Departures: torch's and optax's form. The paper scales the decay with the schedule's multiplier only, not with the
        learning rate itself; its default in torch is 1e-2, in optax 1e-4. What shrinks is the parameter that is deployed:
        around an averaging method that is the average, not the point that steps.
        """
        theta[t] = inner(theta[t-1]) - inner.lr * weight_decay * theta[t-1]

    return decoupled_weight_decay


def scheduled_weight_decay(inner):
    """`inner`, with the parameter shrunk by weight_decay times the multiplier of the learning rate's schedule."""

    @optimizer(title=f"{inner.title} with scheduled weight decay", reference="loshchilov2019decoupled")
    def scheduled_weight_decay(theta, *, weight_decay: NonNegative = 1e-5):
        """Weight decay beside the step of the inner optimizer, which follows its schedule but not its learning rate.

        weight_decay: share of the parameter that is taken off per step, before the schedule

        Departures: the paper's form, where the schedule scales learning rate and decay alike. torch and optax multiply with the
        learning rate itself (decoupled_weight_decay): their number is this one divided by the learning rate.
        """
        theta[t] = inner(theta[t-1]) - inner.lr / inner.base.lr * weight_decay * theta[t-1]

    return scheduled_weight_decay


def fixed_weight_decay(inner):
    """`inner`, with the parameter shrunk by weight_decay at each step, whatever the learning rate does."""

    @optimizer(title=f"{inner.title} with fixed weight decay", reference="loshchilov2019decoupled")
    def fixed_weight_decay(theta, *, weight_decay: NonNegative = 1e-5):
        """Weight decay beside the step of the inner optimizer, the same at each step.

        weight_decay: share of the parameter that is taken off per step
        """
        theta[t] = inner(theta[t-1]) - weight_decay * theta[t-1]

    return fixed_weight_decay


def proximal_weight_decay(inner):
    """`inner`, with the parameter divided by 1 + lr*weight_decay after each step."""

    @optimizer(title=f"{inner.title} with proximal weight decay", reference="zhuang2022understanding")
    def proximal_weight_decay(theta, *, weight_decay: NonNegative = 1e-2):
        """The penalty weight_decay/2*|theta|^2 is minimized exactly after each step, not followed by its gradient.

        weight_decay: weight of the penalty

        Departures: decoupled_weight_decay is its first order in lr*weight_decay, applied before the step.
        """
        theta[t] = inner(theta[t-1]) / (1 + inner.lr * weight_decay)

    return proximal_weight_decay


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
