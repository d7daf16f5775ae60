"""Stabilise: forms that keep their digits.

`1 - b**t` loses them for b near 1; it is computed as -expm1(t*log(b)), with b = 0 apart. A coefficient c of an old
value, as in `m = beta1*m + ...`, is rounded once per step, and the error adds up over 1/(1 - c) steps; it is held in
two words, `hi` strictly below c in the storage type and `lo = c - hi`, of the same sign, so that hi*m + (lo*m + r) is
rounded once and an infinite m stays infinite. The same holds for an intermediate that is then carried over as it is.
Where x itself is a term beside d*x, as in weight decay, it stays: x + (d*x + r) is rounded once as well, and an
infinite x less a share of it is NaN, as the equation has it.
"""

from __future__ import annotations

from collections.abc import Callable

from symopt.domains import Domain
from symopt.expr import ONE, ZERO, Call, Expr, Num, Sym, add, divide, multiply, negate, summands, symbols, transform
from symopt.ir import Assign, Loop, Program, Reduce, Scalars, Stage, Update, fold, new
from symopt.passes.products import factors
from symopt.recurrence import level_of


def stabilise(program: Program) -> Program:
    """Complements of powers through expm1, coefficients of old values in two words."""
    domains = {hyper.name: hyper.domain for hyper in program.hyperparameters}
    carried = _carried(program)

    def rewrite(assign: Assign) -> Assign:
        value = assign.value
        for old in carried.get(assign.name, ()):
            value = _two_words(value, old, program.levels)
        return Assign(assign.name, transform(value, lambda node: _complement(node, domains)))

    return program.with_stages(map_assigns(stage, rewrite) for stage in program.stages)


def _carried(program: Program) -> dict[str, list[str]]:
    """Name -> the stored values that it becomes a summand of, or is one branch of, with the coefficient 1."""
    found: dict[str, list[str]] = {}
    for buffer in program.buffers:
        if buffer.level != "element" or buffer.role not in ("param", "state"):
            continue
        names = {new(buffer.name)}
        for assign in reversed(program.update.loops[0].assigns):
            if assign.name in names:
                names |= _copies(assign.value)
                found.setdefault(assign.name, []).append(buffer.name)
    return found


def _copies(expr: Expr) -> set[str]:
    """The names that are a value of an expression, or a summand of one, as they are."""
    match expr:
        case Call("where", (_, a, b)):
            return _copies(a) | _copies(b)
        case _:
            return {term.name for term in summands(expr) if isinstance(term, Sym)}


def map_assigns(stage: Stage, rewrite: Callable[[Assign], Assign]) -> Stage:
    """A stage with each of its assignments rewritten."""
    match stage:
        case Scalars(level, assigns, after):
            return Scalars(level, tuple(map(rewrite, assigns)), after)
        case Reduce(assigns, partials, reads):
            return Reduce(tuple(map(rewrite, assigns)), partials, reads)
        case Update(loops, conditions):
            loops = tuple(Loop(x.outcome, tuple(map(rewrite, x.assigns)), x.reads, x.writes) for x in loops)
            return Update(loops, conditions)


def _complement(node: Expr, domains: dict[str, Domain]) -> Expr:
    match node:
        case Call("-", (one, Call("**", (Sym(b), exponent)))) if one == ONE and "t" in symbols(exponent):
            lower = domains[b].lower if b in domains else None
            if lower is None or lower < 0:
                return node
            positive = Call(">", (Sym(b), ZERO))
            product = Call("*", (exponent, Call("log", (Call("where", (positive, Sym(b), ONE)),))))
            return Call("where", (positive, negate(Call("expm1", (product,))), ONE))
        case _:
            return node


def _two_words(value: Expr, old: str, levels: dict[str, str]) -> Expr:
    """c*old + rest as hi*old + (lo*old + rest), unless c is exactly 1; old + d*old + rest as old + (d*old + rest)."""
    if isinstance(value, Call) and value.op == "where":
        condition, a, b = value.args
        return Call("where", (condition, _two_words(a, old, levels), _two_words(b, old, levels)))
    coefficients: list[Expr] = []
    rest: list[Expr] = []
    for term in summands(value):
        coefficient = _coefficient(term, old, levels)
        (rest if coefficient is None else coefficients).append(term if coefficient is None else coefficient)
    c = fold(add(*coefficients))
    if not coefficients or _exact(c):
        return value
    if ONE in coefficients:
        coefficients.remove(ONE)
        return Call("+", (Sym(old), add(multiply(fold(add(*coefficients)), Sym(old)), *rest)))
    low = multiply(Call("-", (c, Call("below", (c,)))), Sym(old))
    return Call("+", (multiply(Call("below", (c,)), Sym(old)), add(low, *rest)))


def _exact(c: Expr) -> bool:
    """Whether a coefficient is a constant that every storage type holds."""
    return isinstance(c, Num) and c.value.numerator.bit_length() <= 24 and c.value.denominator in (1, 2, 4, 8, 16)


def _coefficient(term: Expr, old: str, levels: dict[str, str]) -> Expr | None:
    """c where the term is c*old with c below element level, else None."""
    up, down, negated = factors(term)
    if up.count(Sym(old)) != 1:
        return None
    up.remove(Sym(old))
    if any(level_of(factor, levels) == "element" for factor in up + down):
        return None
    c = divide(multiply(*up), multiply(*down))
    return negate(c) if negated else c
