"""What a function's arguments declare: the sequences, the inputs and the hyperparameters with their domains."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import Any

from symopt import naming
from symopt.dialect.docstring import Docstring, misspelt, read_docstring
from symopt.dialect.proposals import choose
from symopt.dialect.sets import CHOICE, domain_of
from symopt.dialect.source import Source
from symopt.domains import Domain, Input, Output, Real
from symopt.expr import Num
from symopt.recurrence import RESERVED, Hyperparameter
from symopt.terms import Term


@dataclass(frozen=True)
class Signature:
    """The symbol table of a body; `inputs` maps a name to its level, `outputs` are kept for the user to read."""

    sequences: tuple[str, ...]
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    doc: Docstring


def read_signature(source: Source, skip: Iterable[str] = ()) -> Signature:
    """The arguments of a body; `skip` are positional ones with a meaning of their own (a schedule's t and value)."""
    every = _parameters(source)
    parameters = [p for p in every if p.name not in skip]
    doc = read_docstring(source.function.__doc__, {p.name for p in parameters})
    _check_meanings(source, {p.name for p in every})
    sequences: list[str] = []
    inputs: dict[str, str] = {}
    outputs: list[str] = []
    hypers: list[Hyperparameter] = []
    for parameter in parameters:
        _check_name(source, parameter, bool(skip), {p.name for p in every})
        if parameter.kind is parameter.KEYWORD_ONLY:
            hypers.append(_hyperparameter(source, parameter, doc))
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise source.error(
                "a spec names each of its symbols; write the names out",
                str(parameter),
                source.line_of_argument(parameter.name),
            )
        else:
            sequences.append(parameter.name)
            level = _input_level(source, parameter)
            inputs.update({} if level is None else {parameter.name: level})
            outputs += [parameter.name] if parameter.annotation is Output else []
    return Signature(tuple(sequences), inputs, tuple(outputs), tuple(hypers), doc)


def _parameters(source: Source) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(source.function, eval_str=True).parameters.values())
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        message = (
            f"an annotation cannot be read ({error}); annotations are {CHOICE}, each imported at the top of the file"
        )
        raise source.error(message, source.tree.name, source.line(source.tree)) from error


def _check_meanings(source: Source, names: Set[str]) -> None:
    """A meaning given to nothing is a misspelt name, and would be taken for prose."""
    for word, meant in misspelt(source.function.__doc__, names).items():
        message = f"the docstring gives a meaning to this name, which no argument has; did you mean {meant}?"
        raise source.error(message, word, source.line_of_meaning(word))


def _check_name(source: Source, parameter: inspect.Parameter, for_schedule: bool, taken: Set[str]) -> None:
    """Refuse a name, with another that could stand there."""
    printed = {naming.symbol(name) for name in taken - {parameter.name}}

    def refused(name: str) -> bool:
        reason = _reason(name, parameter.kind is parameter.KEYWORD_ONLY, for_schedule)
        return bool(reason) or name in taken or naming.symbol(name) in printed

    reason = _reason(parameter.name, parameter.kind is parameter.KEYWORD_ONLY, for_schedule)
    if reason:
        message = f"a spec cannot use this name here: {reason}; {choose(parameter.name, refused)}"
        raise source.error(message, parameter.name, source.line_of_argument(parameter.name))


def _reason(name: str, keyword_only: bool, for_schedule: bool) -> str | None:
    """A schedule's names get a hyperparameter's in front, so only an optimizer's own must keep clear of kernels."""
    if name == "t" and not for_schedule:
        return "t is the step, which is imported: from symopt import t"
    if keyword_only and not for_schedule and name in RESERVED:
        return f"on an optimizer, .{name} is something else"
    if name in ("theta", "g") and for_schedule:
        return "a schedule sees neither the parameter nor the gradient"
    if name in ("theta", "g") and keyword_only:
        return "it is the parameter or its gradient, a sequence, which stands before the *"
    return naming.unusable(f"value_{name}" if for_schedule else name)


def _input_level(source: Source, parameter: inspect.Parameter) -> str | None:
    """The level of a sequence that comes from outside, None of one that the equations write."""
    annotation, line = parameter.annotation, source.line_of_argument(parameter.name)
    if parameter.default is not parameter.empty or isinstance(domain_of(annotation), Domain):
        message = (
            "this looks like a hyperparameter; those stand behind a *, as in def adam(theta, g, *, lr: Positive = 0.1)"
        )
        raise source.error(message, parameter.name, line)
    if annotation is parameter.empty:
        return None
    level = "output" if annotation is Output else annotation.level if isinstance(annotation, Input) else ""
    if level not in ("step", "element", "output"):
        message = (
            'a sequence has no annotation, or Input(level="step") or Input(level="element") if it comes from outside, '
            "or Output if it is kept to be read"
        )
        raise source.error(message, parameter.name, line)
    if parameter.name in ("theta", "g"):
        raise source.error(
            "the parameter and its gradient are there without an annotation; take it out", parameter.name, line
        )
    return None if level == "output" else level


def _hyperparameter(source: Source, parameter: inspect.Parameter, doc: Docstring) -> Hyperparameter:
    name, default, line = parameter.name, parameter.default, source.line_of_argument(parameter.name)
    domain = Real if parameter.annotation is parameter.empty else domain_of(parameter.annotation)
    if isinstance(domain, str):
        raise source.error(domain, name, line)
    meaning = doc.meanings.get(name, "")
    if default is parameter.empty:
        return Hyperparameter(name, domain, None, meaning)
    exact = _exact(default)
    if exact is None:
        raise source.error(f"a default is a finite number, not {default!r}; leave it out if there is none", name, line)
    if exact not in domain:
        message = f"its default {default} is outside its domain {domain.name} = {domain}; change one of them"
        raise source.error(message, name, line)
    return Hyperparameter(name, domain, exact, meaning)


def _exact(default: Any) -> Fraction | None:
    """A default as an exact number: a float means the decimal that it prints as."""
    if isinstance(default, Term):
        return default.node.value if isinstance(default.node, Num) else None
    if isinstance(default, bool) or not isinstance(default, float | Rational):
        return None
    if isinstance(default, Rational):
        return Fraction(int(default.numerator), int(default.denominator))
    finite = float("-inf") < default < float("inf")
    return Fraction(repr(float(default))) if finite else None
