"""How units are written: in g or theta where that does, else in theta and f, the unit of the objective."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symopt.expr import Call, Expr, Num, Sym, divide, multiply, text
from symopt.theory.units.read import Reading
from symopt.theory.units.solve import Unit, combined
from symopt.wording import listed

PLAIN_TEXT = "1"
_ONE = Fraction(1)


def shown(reading: Reading, unit: Unit) -> str:
    """A unit as a text in the dialect's syntax; a plain number is 1."""
    known = {name.partition("@")[0]: exponent for name, exponent in unit.items()}
    if "theta" in known and "g" in known and "f" not in reading.optimizer.names:
        g = known.pop("g")
        known = dict(combined(known, {"f": _ONE, "theta": -_ONE}, g))
    above = [_raised(name, exponent) for name, exponent in known.items() if exponent > 0]
    below = [_raised(name, -exponent) for name, exponent in known.items() if exponent < 0]
    return text(divide(multiply(*above), multiply(*below)))


def _raised(name: str, exponent: Fraction) -> Expr:
    return Sym(name) if exponent == 1 else Call("**", (Sym(name), Num(exponent)))


def objective(reading: Reading, *texts: str) -> tuple[str, ...]:
    """f, where a text has it."""
    words = {word.strip("()") for unit in texts for word in unit.replace("**", " ").split()}
    return ("f",) if "f" in words - reading.optimizer.names else ()


def which(unit: str) -> str:
    """A unit inside a sentence."""
    return "a plain number" if unit == PLAIN_TEXT else f"in {unit}"


def grouped(units: Mapping[str, str]) -> str:
    """lr in theta; eps and m in g; beta1 and beta2 plain numbers."""
    groups: dict[str, list[str]] = {}
    for name, unit in sorted(units.items(), key=lambda item: item[1] == PLAIN_TEXT):
        groups.setdefault(unit, []).append(name)
    return "; ".join(f"{listed(names)} {_what(unit, len(names))}" for unit, names in groups.items())


def _what(unit: str, count: int) -> str:
    return "plain numbers" if unit == PLAIN_TEXT and count > 1 else which(unit)
