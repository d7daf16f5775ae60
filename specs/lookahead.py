"""Lookahead: slow weights that follow the fast ones of any optimizer; three ways to treat what the fast ones remember."""

from symopt import PositiveInt, Share, every, optimizer, t, where
from symopt.specs.momentum import momentum


def lookahead(inner):
    """`inner` as the fast weights; its states are kept when they return to the slow ones."""

    @optimizer(title=f"Lookahead over {inner.title}", reference="zhang2019lookahead")
    def lookahead(theta, slow, fast, *, k: PositiveInt = 5, alpha: Share = 0.5):
        """Every k steps the slow weights take a share of the way to the fast ones, which go on from there.

        slow: slow weights; unit of theta
        fast: weights after inner's step; unit of theta
        k: steps of the fast weights per step of the slow ones
        alpha: share of the way that the slow weights take

        Departures: the paper deploys the slow weights; the point that is trained, deployed here as in its published code, equals
        them every k steps.
        """
        slow[0] = theta[0]
        fast[t] = inner(theta[t-1])
        slow[t] = where(every(k), slow[t-1] + alpha * (fast[t] - slow[t-1]), slow[t-1])
        theta[t] = where(every(k), slow[t], fast[t])

    return lookahead


def lookahead_reset(inner):
    """`inner` as the fast weights, starting anew each time that they return to the slow ones."""

    @optimizer(title=f"Lookahead over {inner.title}, reset", reference="zhang2019lookahead")
    def lookahead_reset(theta, slow, fast, *, k: PositiveInt = 5, alpha: Share = 0.5):
        """Lookahead whose fast weights forget all they remember every k steps, their step count included.

        slow: slow weights; unit of theta
        fast: weights after inner's step; unit of theta
        k: steps of the fast weights per step of the slow ones
        alpha: share of the way that the slow weights take

        Departures: published code clears the momentum only; here every state of the inner optimizer starts anew.
        """
        slow[0] = theta[0]
        fast[t] = inner(theta[t-1], restart=every(k))
        slow[t] = where(every(k), slow[t-1] + alpha * (fast[t] - slow[t-1]), slow[t-1])
        theta[t] = where(every(k), slow[t], fast[t])

    return lookahead_reset


def lookahead_pulled(inner):
    """`inner` as the fast weights, whose states go back like the weights each time that they return to the slow ones."""

    @optimizer(title=f"Lookahead over {inner.title}, pulled back", reference="zhang2019lookahead")
    def lookahead_pulled(theta, slow, fast, *, k: PositiveInt = 5, alpha: Share = 0.5):
        """Lookahead whose fast weights' states are interpolated every k steps, with the share of the weights.

        slow: slow weights; unit of theta
        fast: weights after inner's step; unit of theta
        k: steps of the fast weights per step of the slow ones
        alpha: share of the way that the slow weights take

        Departures: published code interpolates the momentum only; here every state of the inner optimizer per element is.
        """
        slow[0] = theta[0]
        fast[t] = inner(theta[t-1], pull_back=(every(k), alpha))
        slow[t] = where(every(k), slow[t-1] + alpha * (fast[t] - slow[t-1]), slow[t-1])
        theta[t] = where(every(k), slow[t], fast[t])

    return lookahead_pulled


lookahead_momentum = lookahead(momentum).titled("Lookahead")
