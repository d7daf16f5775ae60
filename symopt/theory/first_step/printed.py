"""A normal form as an expression that reads well."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce

from symopt.expr import ONE, Call, Expr, Num, Seq, Sym, add, divide, multiply, negate, sequences, text, walk
from symopt.prove.atoms import Atom
from symopt.prove.cases import Case
from symopt.prove.factors import factors, oriented
from symopt.prove.polynomials import Mono, Poly, as_constant


def size(expr: Expr) -> tuple[int, int]:
    """How long an expression is to read: signs cost nothing."""
    return sum(not (isinstance(node, Call) and node.op == "neg") for node in walk(expr)), len(text(expr))


def printed(case: Case, p: Poly) -> Expr | None:
    """A sum of atoms, or its factors, whichever is shorter; None where it holds conditions or sums over elements."""
    p = case.table.cancelled(p)
    if as_constant(p) is not None:
        return Num(Fraction(p.get((), 0)))
    found = [form for form in (_sum(case, p), _factored(case, p)) if form is not None]
    return min(found, key=size, default=None)


def _sum(case: Case, p: Poly) -> Expr | None:
    terms: list[Expr] = []
    for product, coefficient in sorted(p.items(), key=lambda term: term[1] < 0):
        term = _product(case, abs(Fraction(coefficient)), product)
        if term is None:
            return None
        terms.append(negate(term) if coefficient < 0 else term)
    return add(*terms)


def _factored(case: Case, p: Poly) -> Expr | None:
    number, parts = factors(case, p)
    found: list[tuple[Expr | None, Fraction]] = []
    for factor, exponent in parts:
        turned, factor = oriented(case, factor) if len(factor) > 1 else (1, factor)
        number *= turned if Fraction(exponent) % 2 == 1 else 1
        found.append((_sum(case, factor), Fraction(exponent)))
    return _fraction(Fraction(number), found)


def _product(case: Case, number: Fraction, product: Mono) -> Expr | None:
    return _fraction(number, [(_atom(case, case.table.atoms[atom]), Fraction(e)) for atom, e in product])


def _fraction(number: Fraction, factors: list[tuple[Expr | None, Fraction]]) -> Expr | None:
    """A number times powers: names of hyperparameters first, what varies with the gradient last."""
    above: list[Expr] = [Num(Fraction(abs(number.numerator)))]
    below: list[Expr] = [Num(Fraction(number.denominator))]
    for base, exponent in factors:
        if base is None:
            return None
        (above if exponent > 0 else below).append(_power(base, abs(exponent)))
    whole = divide(*(multiply(*sorted(side, key=_order)) for side in (above, below)))
    return negate(whole) if number < 0 else whole


def _order(factor: Expr) -> tuple[bool, bool]:
    return bool(sequences(factor)), not isinstance(factor, Num)


def _power(base: Expr, exponent: Fraction) -> Expr:
    if isinstance(base, Call) and base.op == "**" and exponent.denominator == 1:
        return Call("**", (base.args[0], multiply(Num(exponent), base.args[1])))
    if exponent.denominator == 2:
        base, exponent = Call("sqrt", (base,)), exponent * 2
    return base if exponent == 1 else Call("**", (base, Num(exponent)))


def _atom(case: Case, atom: Atom) -> Expr | None:
    rule = _ATOMS.get(atom.kind)
    args = [printed(case, arg) for arg in atom.args]
    known = [arg for arg in args if arg is not None]
    return None if rule is None or len(known) < len(args) else rule(atom, *known)


def _name(atom: Atom) -> Expr:
    name, shift = atom.head
    return Sym(name) if shift is None else Seq(name, shift)


def _of(op: str) -> Callable[..., Expr]:
    return lambda atom, *args: Call(op, args)


_ATOMS: dict[str, Callable[..., Expr]] = {
    "name": _name, "sum": lambda atom, inner: inner, "prime": lambda atom: Num(Fraction(atom.head)),
    "abs": _of("abs"), "sign": _of("sign"), "log": _of("log"), "floor": _of("floor"), "sin": _of("sin"),
    "cos": _of("cos"), "power": _of("**"), "pi": _of("pi"), "e": lambda atom: Call("exp", (ONE,)),
    "max": lambda atom, *args: reduce(lambda a, b: Call("max", (a, b)), args),
}  # fmt: skip
