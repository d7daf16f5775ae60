"""The facts about cancellation: where equations as they are written lose digits, and how the kernels keep them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import log10

import numpy as np

from symopt.expr import Call, Expr, Seq, Sym, decimal, sequences, symbols, text
from symopt.interpret import EXACT, FLOAT, Reader, interpret
from symopt.ir import Program, Scalars, new
from symopt.recurrence import Optimizer
from symopt.theory.fact import Fact
from symopt.theory.floating.cancel import (
    Cancels,
    as_it_stands,
    complements,
    of_elements,
    of_scalars,
    scalars_apart,
    two_words,
)
from symopt.theory.floating.types import FLOAT32
from symopt.wording import listed

KIND = "floating point"
DIGITS = FLOAT32.digits * log10(2)
_MOST = 3
_LONG, _LATE = 1000, 10**6
_ALL = 2.0**53  # what float64 can tell at most
_LEAST_SHIFT = Fraction(1, 2**20)  # sixteen roundings: less than that does not matter to anybody


def cancelled(optimizer: Optimizer, program: Program) -> Iterator[Fact]:
    """Numbers per step that lose digits as they are written, and how the kernels compute them."""
    hyper = {hyper.name: float(hyper.default or 0) for hyper in optimizer.hyperparameters}
    found = of_scalars(optimizer, hyper)[:_MOST]
    if not found:
        return
    told = listed([_told(one, f" of {DIGITS:.1f} digits" * (one is found[0])) for one in found])
    said = f"Written out in float32 at the defaults, {told}"
    how = _kernels(program, found)
    data = {
        "lost": {text(one.node): {"digits": round(log10(one.loss), 2), "t": one.t} for one in found},
        "kernels": how,
    }
    yield Fact(KIND, "theta", "proved", f"{said}. {how}".strip(), steps=tuple(map(_why, found)), data=data)


def _told(one: Cancels, of: str) -> str:
    return f"{text(one.node)} loses {log10(one.loss):.1f}{of}{f' at t = {one.t}' if one.t else ''}"


def _why(one: Cancels) -> str:
    return f"{text(one.node)} is {one.loss:.4g} times smaller than the larger of its terms, which is rounded first"


def _kernels(program: Program, found: list[Cancels]) -> str:
    """What the program shows of them."""
    known = complements(program)
    through: list[str] = []
    for one in found:
        match one.node:
            case Call("-", (_, Call("**", (Sym(base), exponent)))) if (base, exponent) in known:
                through.append(f"{text(one.node)} through expm1")
            case _:
                pass
    ways = ["numbers per step in float64"] * scalars_apart(program) + through
    return f"The kernels compute {', '.join(ways)}." if ways else ""


# ---- differences per element ----


def centred(optimizer: Optimizer, program: Program) -> Iterator[Fact]:
    """Differences under a root or in a denominator, under the gradient that makes them cancel: one that stays."""
    for node in of_elements(optimizer):
        loss = _under_constant_gradient(optimizer, node)
        if loss < 10:
            continue
        lost = "all" if log10(loss) >= DIGITS else f"{log10(loss):.1f}"
        digits = f"{lost} of float32's {DIGITS:.1f} digits are lost"
        said = f"Under a constant gradient {text(node)} cancels: at t = {_LONG}, {digits}"
        names = {name: new(name) for name in optimizer.states}
        how = " The kernels subtract it as it stands." if as_it_stands(program, node, names) else ""
        data = {"difference": text(node), "digits": round(log10(loss), 2), "t": _LONG}
        yield Fact(KIND, _subject(node), "proved", f"{said}.{how}", data=data)


def _subject(node: Expr) -> str:
    """The sequence that a difference starts with."""
    return text(node).partition("[")[0]


def _under_constant_gradient(optimizer: Optimizer, node: Expr) -> float:
    """How many times smaller than its terms a difference of states is after many steps with the gradient 1."""
    assert isinstance(node, Call)
    if any(seq.shift != 0 or seq.name not in optimizer.states for seq in sequences(node)):
        return 1.0
    gradients, inputs = [[np.ones(1)]] * _LONG, {name: [1.0] for name, _ in optimizer.inputs}
    *_, last = interpret(optimizer, [np.ones(1)], gradients, numbers=FLOAT, inputs=lambda _: inputs)
    values = {Seq(name, 0): value for name, value in last.states.items()}
    plain = {hyper.name: float(hyper.default or 0) for hyper in optimizer.hyperparameters}
    reader = Reader(FLOAT, [(1,)], [0], values, [{**plain, "t": float(_LONG)}])
    a, b = (float(np.ravel(reader.value(arg, 0))[0]) for arg in node.args)
    return min(max(abs(a), abs(b)) / abs(a - b), _ALL) if a != b else _ALL


# ---- coefficients ----


def words(program: Program, known: Mapping[str, Fraction]) -> Iterator[Fact]:
    """Coefficients of old values that the kernels hold in two words, and what one word would do to a long average."""
    values = {text(c): (value, t) for c, (value, t) in _coefficients(program, known).items() if 0 < value < 1}
    shifts = {name: shift for name, (value, _) in values.items() if abs(shift := _shift(value)) > _LEAST_SHIFT}
    if not shifts:
        return
    worst = max(shifts, key=lambda name: abs(shifts[name]))
    (value, t), size = values[worst], abs(float(shifts[worst]))
    said = f"{listed(list(values))} {'are' if len(values) > 1 else 'is'} held in two words of the storage type"
    where, left = (f" at t = {t}", "its distance from 1") if t else (f" = {decimal(value)}", f"1 - {worst}")
    long = "" if t else ", and in the long run the sum that it makes is off by as much"
    coefficients = "As coefficients" if len(values) > 1 else "As a coefficient"
    statement = (
        f"{coefficients} of old values, {said}; one float32 for {worst}{where} is off by {size:.2g} of {left}{long}."
    )
    data = {"held": list(values), "shift": {name: f"{float(shift):.3g}" for name, shift in shifts.items()}}
    yield Fact(KIND, worst if not t else "theta", "proved", statement, data=data)


def _coefficients(program: Program, known: Mapping[str, Fraction]) -> dict[Expr, tuple[Fraction, int]]:
    """Each coefficient in two words with its value, at a late t where it depends on t; 0 for a constant one."""
    scalars = {a.name: a.value for stage in program.stages if isinstance(stage, Scalars) for a in stage.assigns}
    found: dict[Expr, tuple[Fraction, int]] = {}
    for name in two_words(program):
        made: Expr = scalars.get(name, Sym(name))
        if symbols(made) <= known.keys() | {"t"}:
            late = _LATE if "t" in symbols(made) else 0
            plain = {**known, "t": Fraction(late or 1)}
            value = Reader(EXACT, [()], [0], {}, [plain]).value(made, 0)
            if isinstance(value, Fraction):
                found[made] = (value, late)
    return found


def _shift(coefficient: Fraction) -> Fraction:
    """By which share of itself x = c*x + y is off where c is rounded to float32: (c' - c)/(1 - c')."""
    found = FLOAT32.rounded(coefficient)
    return Fraction(0) if found is None or found == 1 else (found - coefficient) / (1 - found)
