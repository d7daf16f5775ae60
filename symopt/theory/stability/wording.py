"""How a bound reads: the curvature with what scales it on the left, numbers of the method on the right."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symopt.canonical import STEP
from symopt.expr import ONE, Call, Expr, Num, Seq, Sym, add, divide, multiply, negate, number, substitute, text
from symopt.recurrence import Optimizer
from symopt.theory.first_step.printed import size
from symopt.theory.stability.matrix import Model
from symopt.theory.stability.ordered import written
from symopt.theory.stability.signs import GAIN, NEGATIVE, POSITIVE, Scalars, Z


def name_for(name: str, other: str, optimizer: Optimizer) -> Sym:
    """A name, or another one where the spec has it already."""
    return Sym(other if name in optimizer.names else name)


class Wording:
    """Texts about one model: `curvature` is h, `root` the z of a polynomial, `scaled` its q, `margin` is above 0."""

    def __init__(self, model: Model, scalars: Scalars):
        self.model, self.scalars = model, scalars
        self.curvature = name_for("h", "curvature", scalars.optimizer)
        self.root = name_for("z", "root", scalars.optimizer)
        self.scaled = name_for("q", "scaled", scalars.optimizer)
        self.margin = name_for("margin", "least", scalars.optimizer)

    def expr(self, value: Any) -> Expr:
        """A value in factors, none of them negative where that is known; q and z under their names."""
        factored = sp.factor(value)
        forms = [self._in_factors(factored), *(add(*map(self._in_factors, terms)) for terms in _apart(factored))]
        return min(forms, key=size)

    def _in_factors(self, value: Any, turn_sums: bool = False) -> Expr:
        if value.is_Add and not turn_sums:
            return self._plain(value)
        above: list[Expr] = []
        below: list[Expr] = []
        positive = True
        for factor in sp.Mul.make_args(value):
            base, exponent = factor.as_base_exp()
            turned = self._is_negative(base)
            positive ^= turned and exponent.is_odd is not False
            inverse = bool(exponent.is_number and exponent < 0)
            plain = self._plain(sp.Pow(-base if turned else base, -exponent if inverse else exponent))
            (below if inverse else above).append(plain)
        found = divide(_product(above), _product(below))
        return found if positive else negate(found)

    def _plain(self, value: Any) -> Expr:
        return substitute(written(value), {Sym(Z.name): self.root, Sym(GAIN.name): self.scaled})

    def _is_negative(self, factor: Any) -> bool:
        """On the whole domain, or at the defaults and q = 0."""
        if factor.is_number:
            return bool(factor < 0)
        if not factor.is_Add:
            return False
        value = self.scalars.at_defaults(factor.subs(GAIN, 0))
        return self.scalars.sign(factor) == NEGATIVE if value is None else bool(value < 0)

    def text(self, value: Any) -> str:
        """The text of a value."""
        return text(self.expr(value))

    def polynomial(self, factor: Any) -> str:
        """A polynomial in z, highest power first."""
        degree = factor.degree()
        coefficients = (self._in_factors(c, turn_sums=True) for c in factor.all_coeffs())
        terms = [self._times(coefficient, degree - i) for i, coefficient in enumerate(coefficients)]
        return text(add(*terms))

    def _times(self, coefficient: Expr, power: int) -> Expr:
        match coefficient:
            case Call("neg", (plain,)):
                return negate(multiply(plain, _power(self.root, power)))
            case _:
                return multiply(coefficient, _power(self.root, power))

    def in_full(self, value: Any) -> str:
        """A value in which q is written out."""
        gain = self.expr(self.model.gain)
        return text(substitute(self.expr(value), {self.scaled: self._beside(gain)}))

    def _beside(self, gain: Expr) -> Expr:
        """A gain times the curvature."""
        curvature: Expr = self.curvature
        if self.model.added != 0:
            curvature = Call("+", (curvature, self.expr(self.model.added)))
        if isinstance(gain, Call) and gain.op == "/":
            return divide(multiply(gain.args[0], curvature), gain.args[1])
        return multiply(gain, curvature)

    def of_gain(self, bound: Any) -> tuple[Expr, Any]:
        """q < bound as left < right: what is made of the method's own numbers, as 1 - beta1, joins the bound."""
        stays: list[Any] = []
        goes: list[Any] = []
        for factor in sp.Mul.make_args(sp.factor(self.model.gain)):
            shown = -factor if self._is_negative(factor) else factor
            (goes if self._joins(shown, bound) else stays).append(shown)
        kept = sp.Mul(*(f for f in stays if f != -1), evaluate=False)
        return self._beside(self.expr(kept)), sp.factor(bound / sp.Mul(*goes))

    def own_gain(self) -> tuple[str, Any]:
        """q without its factors like 1 - beta1, and their product at the defaults; None where there are none."""
        factors = sp.Mul.make_args(sp.factor(self.model.gain))
        goes = [factor for factor in factors if self._is_constant(factor)]
        value = self.scalars.at_defaults(sp.Mul(*goes))
        if not goes or value is None or not value.is_positive:
            return "", None
        kept = sp.Mul(*(factor for factor in factors if factor not in goes))
        return text(self._beside(self.expr(kept))), value

    def _is_constant(self, factor: Any) -> bool:
        """Whether a factor is a sum of hyperparameters, or a number."""
        return bool(factor.is_number or factor.as_base_exp()[0].is_Add) and not self._is_moving(factor)

    def _joins(self, factor: Any, bound: Any) -> bool:
        symbols = factor.free_symbols
        shared = bool(symbols) and symbols <= bound.free_symbols and not factor.is_Symbol
        return shared and not self._is_moving(factor) and self.scalars.sign(factor) == POSITIVE

    @staticmethod
    def _is_moving(factor: Any) -> bool:
        symbols = factor.free_symbols
        return bool(factor.atoms(sp.Function)) or STEP in symbols or any("[" in symbol.name for symbol in symbols)


def _apart(value: Any) -> list[tuple[Any, ...]]:
    """The terms of partial fractions in one name, where a factor is long."""
    if all(len(factor.args) < 3 for factor in sp.Mul.make_args(value)) or not value.is_rational_function():
        return []
    symbols = sorted(sp.fraction(value)[1].free_symbols, key=str)
    return [sp.Add.make_args(sp.apart(value, symbol)) for symbol in symbols]


def _power(base: Expr, exponent: int) -> Expr:
    return ONE if exponent == 0 else base if exponent == 1 else Call("**", (base, number(exponent)))


def _product(factors: list[Expr]) -> Expr:
    """Numbers first, then names, then sums."""
    return multiply(*sorted(factors, key=_rank))


def _rank(factor: Expr) -> tuple[int, str]:
    kind = 0 if isinstance(factor, Num) else 1 if isinstance(factor, Sym | Seq) else 2
    return kind, text(factor) if kind == 1 else ""
