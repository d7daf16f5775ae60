"""What a function's arguments declare: the sequences, the inputs and the hyperparameters with their domains."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import Any

from symopt import naming
from symopt.dialect.docstring import Docstring, read_docstring
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
    parameters = [p for p in _parameters(source) if p.name not in skip]
    doc = read_docstring(source.function.__doc__, {p.name for p in parameters})
    sequences: list[str] = []
    inputs: dict[str, str] = {}
    outputs: list[str] = []
    hypers: list[Hyperparameter] = []
    for parameter in parameters:
        _check_name(source, parameter, for_schedule=bool(skip))
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


def _check_name(source: Source, parameter: inspect.Parameter, for_schedule: bool) -> None:
    """A schedule's names get a hyperparameter's in front, so only an optimizer's own must keep clear of kernels."""
    name = parameter.name
    reason = naming.unusable(f"value_{name}" if for_schedule else name)
    if name == "t" and not for_schedule:
        reason = "t is the step, which is imported: from symopt import t"
    elif parameter.kind is parameter.KEYWORD_ONLY and not for_schedule and name in RESERVED:
        reason = f"on an optimizer, .{name} is something else"
    elif name in ("theta", "g") and for_schedule:
        reason = "a schedule sees neither the parameter nor the gradient"
    elif name in ("theta", "g") and parameter.kind is parameter.KEYWORD_ONLY:
        reason = "it is the parameter or its gradient, a sequence, which stands before the *"
    if reason:
        raise source.error(
            f"a spec cannot use this name here: {reason}; choose another", name, source.line_of_argument(parameter.name)
        )


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
