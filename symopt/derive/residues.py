"""Values of expressions modulo a prime, at a fixed point: equal expressions have equal ones, others hardly ever.

Sums, products, quotients and natural powers are computed exactly; any other operation gets a value that its name and
the values of its arguments alone decide. So different values mean that no rule of arithmetic makes two expressions
equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from symopt.expr import Call, Expr, Num, Reduction, Seq, Sym

PRIME = 2**61 - 1


def residues(equations: Iterable[tuple[str, Expr]]) -> dict[str, int]:
    """The values of new values; equations read only those that stand before them."""
    known: dict[Expr, int] = {}
    for name, rhs in equations:
        known[Seq(name, 0)] = residue(rhs, known)
    return {seq.name: value for seq, value in known.items() if isinstance(seq, Seq) and seq.shift == 0}


def residue(expr: Expr, known: dict[Expr, int]) -> int:
    """The value of an expression; `known` holds those of names and gets what is missing."""
    match expr:
        case Num(value):
            return _quotient(value.numerator, value.denominator)
        case Sym() | Seq():
            if expr not in known:
                known[expr] = _any(repr(expr))
            return known[expr]
        case Reduction(op, args, over):
            return _any(op, over, *(residue(arg, known) for arg in args))
        case Call("**", (base, Num(value))) if value.denominator == 1 and value >= 0:
            return pow(residue(base, known), value.numerator, PRIME)
        case Call(op, args):
            return _applied(op, [residue(arg, known) for arg in args])


def _applied(op: str, values: list[int]) -> int:
    match op, values:
        case "+", (a, b):
            return (a + b) % PRIME
        case "-", (a, b):
            return (a - b) % PRIME
        case "*", (a, b):
            return a * b % PRIME
        case "neg", (a,):
            return -a % PRIME
        case "/", (a, b) if b:
            return _quotient(a, b)
        case _:
            return _any(op, *values)


def _quotient(a: int, b: int) -> int:
    return a * pow(b, -1, PRIME) % PRIME


def _any(*parts: object) -> int:
    """A number that the parts decide, and that has nothing else to do with them."""
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=8).digest(), "big") % PRIME
