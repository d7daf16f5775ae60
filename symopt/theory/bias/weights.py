"""What an average would be if its input had been 1 at every step, in closed form: guessed, then proved by induction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from symopt.dialect.debias import weight
from symopt.domains import Domain, NonNegativeInt
from symopt.expr import (
    ONE,
    ZERO,
    Call,
    Expr,
    Seq,
    T,
    add,
    divide,
    multiply,
    negate,
    sequences,
    substitute,
    symbols,
    text,
    walk,
)
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts, declared
from symopt.prove.invariants import inside
from symopt.recurrence import Equation, Optimizer
from symopt.theory.bias.averages import Average
from symopt.theory.ends.folding import FALSE, TRUE, fold
from symopt.theory.ends.growing import below_1, limits_of

BEFORE, _AFTER = Call("-", (T, ONE)), Call("+", (T, ONE))
_FIRST = Call("eq", (T, ONE))
_YES = Domain("", lower=Fraction(1))
KEPT = "kept"
"""The name of the product of all shares kept so far, where the spec has none for it."""


@dataclass(frozen=True)
class Weight:
    """The sum of the weights that an average gives its inputs.

    value: at step t, in t and new values; limit: what it tends to, None where that is not known
    steps: how it follows
    """

    value: Expr
    limit: Expr | None
    steps: tuple[str, ...]

    @property
    def before(self) -> Expr:
        """Its value at step t - 1, in old values; 0 where t = 1."""
        old: dict[Expr, Expr] = {seq: Seq(seq.name, -1) for seq in sequences(self.value)}
        return substitute(self.value, {**old, T: BEFORE})


def weight_of(optimizer: Optimizer, average: Average) -> Weight | None:
    """The sum of the weights of an average, where a closed form was found and proved."""
    if isinstance(average.kept, Call) and average.kept.op == "where" and average.kept.args[0] == _FIRST:
        return _after_first(optimizer, average)
    for value, limit in _guesses(optimizer, average):
        found = Weight(value, limit, _induction(average, value))
        if _follows(optimizer, average, found):
            return found
    return _product(optimizer, average)


def _guesses(optimizer: Optimizer, average: Average) -> Iterator[tuple[Expr, Expr | None]]:
    kept, taken = _part(average.kept), _part(average.taken)
    if kept is not None and taken is not None:
        gain, fades = _gain(optimizer, kept, taken), _fades(optimizer, kept)
        steps = [T, *(Seq(e.target, 0) for e in optimizer.equations if _counts(e))]
        yield from ((weight(kept, gain, step), gain if step == T and fades else None) for step in steps)
    for name in optimizer.states:
        if optimizer.levels[name] == "step" and optimizer.start_of(name) == ONE:
            yield Call("-", (ONE, Seq(name, 0))), ONE


def _part(expr: Expr) -> Expr | None:
    """The constant that a weight is where it is not 0 or 1, be it under a condition."""
    if isinstance(expr, Call) and expr.op == "where":
        parts = {part for part in map(_part, expr.args[1:]) if part is not None and part not in (ZERO, ONE)}
        return parts.pop() if len(parts) == 1 else None
    return expr if not sequences(expr) and "t" not in symbols(expr) else None


def _counts(equation: Equation) -> bool:
    """Whether a state counts: it starts at 0, and goes on by 1, rests or begins anew."""
    old = Seq(equation.target, -1)
    rhs = equation.rhs
    outcomes = rhs.args[1:] if isinstance(rhs, Call) and rhs.op == "where" else (rhs,)
    return old in sequences(rhs) and {*outcomes} <= {ZERO, old, Call("+", (old, ONE))}


def _fades(optimizer: Optimizer, kept: Expr) -> bool:
    """Whether what is kept of an input vanishes in the long run."""
    return below_1(kept, limits_of(optimizer, {}))


def _gain(optimizer: Optimizer, kept: Expr, taken: Expr) -> Expr:
    rest = Call("-", (ONE, kept))
    if isinstance(taken, Call) and taken.op == "neg":
        return fold(negate(_gain(optimizer, kept, taken.args[0])))
    return ONE if isinstance(decide(taken, rest, declared(optimizer)), Proved) else fold(divide(taken, rest))


def may_divide_by_0(optimizer: Optimizer, average: Average) -> Expr | None:
    """What is kept, where the closed form divides by 1 minus it and no domain keeps that from being 0."""
    kept, taken = (_part(_first_and_later(expr)[1]) for expr in (average.kept, average.taken))
    if kept is None or taken is None or _gain(optimizer, kept, taken) in (ONE, negate(ONE)):
        return None
    return None if inside(Call("ne", (kept, ONE)), _YES, declared(optimizer)) else kept


def known_at(optimizer: Optimizer, first: int = 1) -> Facts:
    """What is known from step `first` on."""
    counts = {e.target: NonNegativeInt for e in optimizer.equations if _counts(e)}
    return declared(optimizer).knowing({**counts, "t": Domain("", lower=Fraction(first), integer=True)})


def new_in_old(optimizer: Optimizer, expr: Expr) -> Expr:
    """An expression with the new values of the states that live below the elements written out."""
    for equation in reversed(optimizer.equations):
        if equation.target in optimizer.states and optimizer.levels[equation.target] != "element":
            expr = substitute(expr, {Seq(equation.target, 0): equation.rhs})
    return expr


def _follows(optimizer: Optimizer, average: Average, found: Weight) -> bool:
    """Whether 0 at the start and the recurrence give the value at every step."""
    starts: dict[Expr, Expr] = {s: optimizer.start_of(s.name) or ZERO for s in sequences(found.value)}
    if fold(substitute(found.value, {**starts, T: ZERO})) != ZERO:
        return False
    left = new_in_old(optimizer, found.value)
    right = new_in_old(optimizer, add(multiply(average.kept, found.before), average.taken))
    known = known_at(optimizer)
    return all(isinstance(decide(a, b, known), Proved) for a, b in _by_case(average.kept, left, right))


def _by_case(kept: Expr, left: Expr, right: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Two sides, once for each outcome of the condition that decides how much is kept."""
    outcomes: list[dict[Expr, Expr]] = [{}]
    if isinstance(kept, Call) and kept.op == "where":
        outcomes = [{kept.args[0]: TRUE}, {kept.args[0]: FALSE}]
    for outcome in outcomes:
        yield fold(substitute(left, outcome)), fold(substitute(right, outcome))


def _induction(average: Average, value: Expr) -> tuple[str, ...]:
    recurrence = add(multiply(average.kept, Seq("w", -1)), average.taken)
    return (
        f"With w[t] for what {average.name}[t] is if {text(average.u)} is 1 at every step: "
        f"w[0] = 0, w[t] = {text(recurrence)}",
        f"Claim: w[t] = {text(value)}, which is 0 at t = 0",
        "Put in for w[t-1], the claim gives the claim for w[t]: both sides have one normal form",
    )


def _product(optimizer: Optimizer, average: Average) -> Weight | None:
    """1 minus the product of all shares kept so far, where each input gets what the old value gives up."""
    if not isinstance(decide(average.taken, Call("-", (ONE, average.kept)), declared(optimizer)), Proved):
        return None
    product = f"{KEPT}[t] = {text(multiply(average.kept, Seq(KEPT, -1)))} with {KEPT}[0] = 1"
    value = Call("-", (ONE, Seq(KEPT, 0)))
    return Weight(value, None, (product, *_induction(average, value)))


def _after_first(optimizer: Optimizer, average: Average) -> Weight | None:
    """An average whose first input enters in another way: where(eq(t, 1), a, b) is a at first, then b."""
    (forgotten, kept), (first, taken) = _first_and_later(average.kept), _first_and_later(average.taken)
    if forgotten != ZERO or None in map(_part, (kept, first, taken)):
        return None
    gain = _gain(optimizer, kept, taken)
    rest = multiply(Call("-", (first, gain)), Call("**", (kept, BEFORE)))
    value, known = add(gain, rest), known_at(optimizer)
    later = add(multiply(kept, value), taken)
    at_first = decide(substitute(value, {T: ONE}), first, known)
    if not all(isinstance(v, Proved) for v in (at_first, decide(substitute(value, {T: _AFTER}), later, known))):
        return None
    steps = (
        f"With w[t] for what {average.name}[t] is if {text(average.u)} is 1 at every step: "
        f"w[1] = {text(first)}, then w[t] = {text(add(multiply(kept, Seq('w', -1)), taken))}",
        f"Claim: w[t] = {text(value)}, which is {text(first)} at t = 1",
        "Put in for w[t], the claim gives the claim for w[t+1]: both sides have one normal form",
    )
    return Weight(value, gain if _fades(optimizer, kept) else None, steps)


def _first_and_later(expr: Expr) -> tuple[Expr, Expr]:
    if isinstance(expr, Call) and expr.op == "where" and expr.args[0] == _FIRST:
        return expr.args[1], expr.args[2]
    return expr, expr


def reads_only_gradient(optimizer: Optimizer, expr: Expr) -> bool:
    """Whether an expression is constant while the gradient and the hyperparameters are."""
    for equation in reversed(optimizer.equations):
        expr = substitute(expr, {Seq(equation.target, 0): equation.rhs})
    return sequences(expr) <= {Seq("g", 0)} and not any(node == T for node in walk(expr))
