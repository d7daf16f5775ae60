"""What an expression tends to as one of its names grows without bound, by the rules for sums, products and powers.

There is no search in it: an expression that the rules do not cover has an unknown limit. Names other than the one that
grows stay where they are; their domains tell signs and what is below 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from symopt.expr import COMPARISONS, Call, Expr, Reduction, rebuild, text, walk
from symopt.theory.ends.folding import FALSE, TRUE, decided, fold
from symopt.theory.ends.tails import RULES, Ground, Tail


class UnknownLimitError(Exception):
    """The rules say nothing; its text says about what."""


@dataclass
class Limits:
    """Limits as some names grow. known: what grows, and other sequences and names whose limits were found"""

    known: dict[Expr, Tail]
    ground: Ground

    def of(self, expr: Expr) -> Tail:
        """The limit of an expression."""
        if expr in self.known:
            return self.known[expr]
        if not any(node in self.known for node in walk(expr)):
            return Tail(fold(expr))
        match expr:
            case Call("where", (condition, a, b)):
                return self._where(condition, a, b)
            case Call(op, args):
                return self._operation(op, [self.of(arg) for arg in args])
            case Reduction(_, args):
                return Tail(rebuild(expr, tuple(_finite(self.of(arg), "a reduction") for arg in args)))
            case _:
                return Tail(expr)

    def _operation(self, op: str, args: list[Tail]) -> Tail:
        if op in RULES:
            found = RULES[op](self.ground, *args)
            if found is None:
                raise UnknownLimitError(op)
            return found
        if op in COMPARISONS:
            return Tail(self._compared(op, *args))
        if op == "every":  # of a step that grows, or by a period that does: then it never comes
            if args[0].value is not None and args[1].value is None:
                return Tail(FALSE)
            raise UnknownLimitError(op)
        return Tail(fold(Call(op, tuple(_finite(arg, op) for arg in args))))

    def _where(self, condition: Expr, a: Expr, b: Expr) -> Tail:
        outcome = _finite(self.of(condition), "where")
        known = decided(outcome)
        if known is not None:
            return self.of(a if known else b)
        first, second = self.of(a), self.of(b)
        if first == second:
            return first
        return Tail(fold(Call("where", (outcome, *(_finite(x, "where") for x in (first, second))))))

    def _compared(self, op: str, a: Tail, b: Tail) -> Expr:
        """A comparison of limits; where only hyperparameters decide it, as the defaults do, which is then assumed."""
        if a.value is None or b.value is None:
            return _beyond(op, a, b)
        if not a.moves and not b.moves:
            return fold(Call(op, (a.value, b.value)))
        holds = self.ground.holds(Call(op, (a.value, b.value)))
        equal = self.ground.holds(Call("eq", (a.value, b.value)))
        if holds is None or equal is not False:  # at equality the approach decides, not the limit
            raise UnknownLimitError(op)
        strict = "ne" if op in ("eq", "ne") else ">" if holds == (op in (">", ">=")) else "<"
        condition = Call(strict, (a.value, b.value))
        if decided(fold(condition)) is None:
            self.ground.assume(text(condition))
        return TRUE if holds else FALSE


def _finite(tail: Tail, op: str) -> Expr:
    if tail.value is None:
        raise UnknownLimitError(op)
    return tail.value


def _beyond(op: str, a: Tail, b: Tail) -> Expr:
    """A comparison with what has no bound."""
    if a.sign == b.sign:
        raise UnknownLimitError(op)
    if op in ("eq", "ne"):
        return TRUE if op == "ne" else FALSE
    return TRUE if (a.sign < b.sign) == (op in ("<", "<=")) else FALSE
