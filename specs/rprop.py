"""Rprop: a step size per parameter, which grows while the sign of the gradient stays and shrinks when it changes."""

from symopt import OpenUnit, Positive, clip, optimizer, sign, t, where


@optimizer(title="Rprop", reference="igel2003empirical")
def rprop(
    theta, g, h, delta, last, *, lr: Positive = 1e-2, grow: Positive = 1.2, shrink: OpenUnit = 0.5, smallest: Positive = 1e-6,
    largest: Positive = 50,
):
    """iRprop-: after a change of sign the step size shrinks and the gradient is forgotten, so that nothing moves.

    h: gradient, 0 where its sign has changed; unit of g
    delta: step size; unit of theta
    last: what stood for the gradient in the last step; unit of g
    lr: first step size
    grow: factor of the step size while the sign stays
    shrink: factor of the step size after a change of sign
    smallest: smallest step size
    largest: largest step size

    Departures: this is the variant that torch implements; Riedmiller and Braun's first one is rprop_plus. The bounds hold from
    the first step on, as in torch: lr = 100 moves 50.
    """
    delta[0] = lr
    agreement = g[t] * last[t-1]
    delta[t] = clip(delta[t-1] * where(agreement > 0, grow, where(agreement < 0, shrink, 1)), smallest, largest)
    h[t] = where(agreement < 0, 0, g[t])
    last[t] = h[t]
    theta[t] = theta[t-1] - delta[t] * sign(h[t])


@optimizer(title="Rprop+", reference="riedmiller1993direct")
def rprop_plus(
    theta, g, delta, last, move, *, lr: Positive = 1e-2, grow: Positive = 1.2, shrink: OpenUnit = 0.5,
    smallest: Positive = 1e-6, largest: Positive = 50,
):
    """Rprop with weight backtracking: after a change of sign the last move is taken back.

    delta: step size; unit of theta
    last: gradient of the last step, 0 where its sign had changed; unit of g
    move: last move; unit of theta
    lr: first step size
    grow: factor of the step size while the sign stays
    shrink: factor of the step size after a change of sign
    smallest: smallest step size
    largest: largest step size

    Departures: torch implements rprop, which forgets the gradient and takes nothing back.
    """
    delta[0] = lr
    agreement = g[t] * last[t-1]
    delta[t] = clip(delta[t-1] * where(agreement > 0, grow, where(agreement < 0, shrink, 1)), smallest, largest)
    last[t] = where(agreement < 0, 0, g[t])
    move[t] = where(agreement < 0, -move[t-1], -delta[t] * sign(g[t]))
    theta[t] = theta[t-1] + move[t]


@optimizer(title="Rprop-", reference="igel2003empirical")
def rprop_minus(
    theta, g, delta, last, *, lr: Positive = 1e-2, grow: Positive = 1.2, shrink: OpenUnit = 0.5, smallest: Positive = 1e-6,
    largest: Positive = 50,
):
    """Rprop without backtracking: after a change of sign the step size shrinks, and the step is taken all the same.

    delta: step size; unit of theta
    last: gradient of the last step; unit of g
    lr: first step size
    grow: factor of the step size while the sign stays
    shrink: factor of the step size after a change of sign
    smallest: smallest step size
    largest: largest step size
    """
    delta[0] = lr
    agreement = g[t] * last[t-1]
    delta[t] = clip(delta[t-1] * where(agreement > 0, grow, where(agreement < 0, shrink, 1)), smallest, largest)
    last[t] = g[t]
    theta[t] = theta[t-1] - delta[t] * sign(g[t])
