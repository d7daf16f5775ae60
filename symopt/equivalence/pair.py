"""Two optimizers whose hyperparameters of one name are the same, whatever they were called before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symopt.equivalence.effort import Effort
from symopt.equivalence.replacing import replaced
from symopt.equivalence.scenario import OUTPUTS, THETA
from symopt.errors import SymoptError, suggest
from symopt.expr import Reduction, Seq, walk
from symopt.prove.ranges import is_empty, meet
from symopt.recurrence import Hyperparameter, Optimizer

_NICE = [Fraction(n, d) for n, d in [(1, 2), (1, 1), (2, 1), (3, 1), (1, 10), (0, 1), (-1, 1)]]


@dataclass(frozen=True)
class Pair:
    """Two optimizers, A and B, over the same hyperparameters.

    hypers: those of either, with the domain and the default that both allow
    constant: those that keep their value from the first step on
    replaced: what was put in the place of hyperparameters, as it was given
    effort: what the question about them may cost
    """

    a: Optimizer
    b: Optimizer
    hypers: tuple[Hyperparameter, ...]
    constant: frozenset[str]
    replaced: Mapping[str, str] = field(default_factory=dict[str, str])
    effort: Effort = field(default_factory=Effort, compare=False)

    def holding(self, names: Collection[str]) -> Pair:
        """The same with these hyperparameters constant too."""
        return replace(self, constant=self.constant | frozenset(names))

    @property
    def changing(self) -> list[str]:
        """The hyperparameters that may change at any step."""
        return [hyper.name for hyper in self.hypers if hyper.name not in self.constant]

    @property
    def inputs(self) -> list[str]:
        """What comes from outside, the gradient apart."""
        return list(dict(self.a.inputs) | dict(self.b.inputs))

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is asked about; where both take their gradients at theta, that says it all."""
        plain = all(optimizer.gradient_point == Seq("theta", -1) for optimizer in (self.a, self.b))
        return (THETA,) if plain else OUTPUTS

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The smallest tensors on which all reductions show."""
        both = (self.a, self.b)
        exprs = [
            rhs for o in both for rhs in (*(e.rhs for e in o.equations), *dict(o.starts).values(), o.gradient_point)
        ]
        nodes = [node for expr in exprs for node in walk(expr) if isinstance(node, Reduction)]
        scopes = {"row" if node.op == "axes" else node.over for node in nodes}
        first = (2, 2) if "row" in scopes else (2,) if scopes else (1,)
        if any(node.op == "axes" for node in nodes):
            return first, (2,)
        return (first, (1,)) if "all" in scopes else (first,)


def paired(a: Optimizer, b: Optimizer, constant: Collection[str], hyper: Mapping[str, str]) -> Pair:
    """Two optimizers with hyperparameters replaced: "A.eps" -> an expression of B's, "k" -> a number or inf."""
    levels = dict(a.inputs)
    for name, level in b.inputs:
        if levels.get(name, level) != level:
            raise SymoptError(
                f"{name} is one number per step on one side and an array on the other; rename one of them"
            )
    for one, other in ((a, b), (b, a)):
        for name in sorted(dict(one.inputs).keys() & {hyper.name for hyper in other.hyperparameters}):
            raise SymoptError(
                f"{name} comes from outside in {one.name} and is a hyperparameter of {other.name}; rename one of them"
            )
    both, given = {"A": a, "B": b}, {"A": a, "B": b}
    general_first = sorted(hyper.items(), key=lambda item: "." in item[0])
    meant = [(*owner, text) for key, text in general_first for owner in _meant(key, given)]
    for side, other in ("AB", "BA"):
        both[side] = replaced(given[side], given[other], {name: text for own, name, text in meant if own == side})
    hypers = joined(both["A"], both["B"])
    _check_names(constant, [each.name for each in hypers])
    fixed = {each.name for each in hypers if each.domain.lower is not None and each.domain.lower == each.domain.upper}
    return Pair(both["A"], both["B"], hypers, frozenset(constant) | fixed, dict(hyper))


def _meant(key: str, both: Mapping[str, Optimizer]) -> list[tuple[str, str]]:
    """(side, name) of each hyperparameter that is replaced; a name without a side means both that have it."""
    side, dot, name = key.rpartition(".")
    if dot and side not in both:
        remedy = f"A.{name} is the first optimizer's, B.{name} the second's"
        raise SymoptError(f"{key}: there is no optimizer {side!r} here; {remedy}")
    wanted = [side] if dot else list(both)
    owners = [(one, name) for one in wanted if any(h.name == name for h in both[one].hyperparameters)]
    if not owners:
        _check_names([name], sorted({h.name for one in wanted for h in both[one].hyperparameters}))
    return owners


def _check_names(names: Collection[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            has = f"; there is {', '.join(known) or 'none'}"
            raise SymoptError(f"there is no hyperparameter {name}{suggest(name, known) or has}")


def joined(a: Optimizer, b: Optimizer) -> tuple[Hyperparameter, ...]:
    """Every hyperparameter once; one that both have keeps to both domains."""
    found = {hyper.name: hyper for hyper in a.hyperparameters}
    for hyper in b.hyperparameters:
        own = found.get(hyper.name)
        domain = hyper.domain if own is None or own.domain == hyper.domain else meet(own.domain, hyper.domain)
        if is_empty(domain):
            raise SymoptError(f"{hyper.name} has no value that both {a.name} and {b.name} allow; map it with --hyper")
        values = [each.default for each in (own, hyper) if each is not None and each.default is not None]
        default = next((value for value in (*values, *_NICE) if value in domain), domain.lower)
        found[hyper.name] = replace(own or hyper, domain=domain, default=default)
    return tuple(hyper if hyper.default is not None else _with_value(hyper) for hyper in found.values())


def _with_value(hyper: Hyperparameter) -> Hyperparameter:
    """One that must be given gets a simple value, to try."""
    nice = next((value for value in (Fraction(2), *_NICE) if value in hyper.domain), hyper.domain.lower)
    return replace(hyper, default=nice)
