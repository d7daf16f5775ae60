"""An expression of step t at other moments: before the first step, and after the step before."""

from __future__ import annotations

from symopt.errors import SymoptError
from symopt.expr import ONE, START, ZERO, Call, Expr, Reduction, Seq, T, add, multiply, rebuild, sequences, substitute
from symopt.recurrence import Optimizer
from symopt.recurrence.parts import written_out


def shifted(expr: Expr, optimizer: Optimizer) -> Expr:
    """An expression of step t as it will be at step t+1, in terms of new values."""
    expr = _known_ahead(expr, optimizer)
    table: dict[Expr, Expr] = {seq: Seq(seq.name, 0) for seq in sequences(expr) if seq.shift == -1}
    return substitute(expr, {**table, T: Call("+", (T, ONE))})


def at_start(expr: Expr, optimizer: Optimizer) -> Expr:
    """The value of an expression in old values at the first step, which is t + 1 where t count as taken."""
    expr = _known_ahead(expr, optimizer)
    starts = {"theta": Seq("theta", START), **dict(optimizer.starts)}
    table: dict[Expr, Expr] = {s: starts.get(s.name, ZERO) for s in sequences(expr) if s.shift == -1}
    return _tidy(substitute(expr, {**table, T: Call("+", (T, ONE))}))


def _known_ahead(expr: Expr, optimizer: Optimizer) -> Expr:
    """An expression with its new values written out; what only the next step brings must not be among the rest."""
    expr = written_out(expr, optimizer.equations)
    for seq in sequences(expr):
        if seq.shift == 0:
            reason = f"it depends on {seq.name}[t], which is not known until then"
            message = f"the next gradient point must be known after a step, but {reason}; keep {seq.name} out of it"
            raise SymoptError(f"{optimizer.name}: {message}")
    return expr


def _tidy(expr: Expr) -> Expr:
    """Products with zero and reductions of zeros gone, so that `theta[0] + mu*0` is `theta[0]`."""
    match expr:
        case Call("*", (a, b)):
            return multiply(_tidy(a), _tidy(b))
        case Call("+", (a, b)):
            return add(_tidy(a), _tidy(b))
        case Call("-", (a, b)):
            right = _tidy(b)
            return _tidy(a) if right == ZERO else Call("-", (_tidy(a), right))
        case Call("neg", (a,)) if _tidy(a) == ZERO:
            return ZERO
        case Call("/", (a, b)):
            left, right = _tidy(a), _tidy(b)
            return ZERO if left == ZERO and right != ZERO else Call("/", (left, right))
        case Reduction(op, args) if op != "axes" and ZERO in map(_tidy, args):
            return ZERO
        case Call(_, args) | Reduction(_, args):
            return rebuild(expr, tuple(map(_tidy, args)))
        case _:
            return expr
