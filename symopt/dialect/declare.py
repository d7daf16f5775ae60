"""The decorators `@optimizer` and `@erratum`: from a function to an `Optimizer`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NoReturn

from symopt import naming
from symopt.dialect.docstring import Docstring, read_docstring
from symopt.dialect.finish import finish
from symopt.dialect.source import Source, check_source, read_source
from symopt.dialect.trace import Sequence, Trace
from symopt.domains import Domain, Input, Real
from symopt.errors import DialectError
from symopt.expr import Sym
from symopt.notation import t
from symopt.recurrence import Hyperparameter, Optimizer
from symopt.terms import Term


def optimizer(*, title: str = "", reference: str | None = None) -> Callable[[Callable[..., None]], Optimizer]:
    """Declare an optimizer: positional arguments are sequences, keyword-only ones hyperparameters with their domains.

    title: what a page calls it; the function's name where not given
    reference: a key of references.bib
    raises DialectError, with file, line and symbol, where the body breaks a rule of the dialect
    """
    return lambda function: _declare(function, title, reference, lenient=False)


def erratum(*, title: str = "", reference: str | None = None) -> Callable[[Callable[..., None]], Optimizer]:
    """Declare a published formula as it stands, faults included: what would be an error becomes one of `.findings`."""
    return lambda function: _declare(function, title, reference, lenient=True)


def _declare(function: Callable[..., None], title: str, reference: str | None, lenient: bool) -> Optimizer:
    source = read_source(function)
    signature = read_signature(source)
    trace = signature.trace(source.tree.name)
    run_body(source, trace, {})
    return finish(trace, source, signature.doc, title or source.tree.name, reference, lenient)


class Signature:
    """The symbol table that a function's arguments declare."""

    def __init__(self, sequences: list[str], inputs: dict[str, str], hypers: list[Hyperparameter], doc: Docstring):
        self.sequences = sequences
        self.inputs = inputs
        self.hyperparameters = hypers
        self.doc = doc

    def trace(self, name: str) -> Trace:
        """A trace with these names."""
        return Trace(name, self.sequences, dict(self.inputs), self.hyperparameters)


def read_signature(source: Source, skip: Iterable[str] = ()) -> Signature:
    """The arguments of a body; `skip` are those with a meaning of their own, such as a schedule's t and value."""
    parameters = _parameters(source)
    names = {name for name in parameters if name not in skip}
    doc = read_docstring(source.function.__doc__, names)
    sequences: list[str] = []
    inputs: dict[str, str] = {}
    hypers: list[Hyperparameter] = []
    for parameter in parameters.values():
        if parameter.name in skip:
            continue
        _check_name(source, parameter.name, prefix="value_" if skip else "")
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            sequences.append(parameter.name)
            if isinstance(parameter.annotation, Input):
                inputs[parameter.name] = parameter.annotation.level
        elif parameter.kind is parameter.KEYWORD_ONLY:
            hypers.append(_hyperparameter(source, parameter, doc))
        else:
            _fail(source, parameter.name, "a spec lists its names; *args and **kwargs have none")
    _check_prints(source, [*sequences, *(h.name for h in hypers)])
    return Signature(sequences, inputs, hypers, doc)


def _parameters(source: Source) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(source.function, eval_str=True).parameters
    except NameError as error:
        remedy = "import the domain it names, for example from symopt import Positive"
        raise DialectError(
            f"an annotation cannot be read ({error}); {remedy}", source.tree.name, source.file, source.first_line
        ) from error


def _fail(source: Source, name: str, message: str) -> NoReturn:
    raise DialectError(message, name, source.file, source.line_of(name))


def _check_name(source: Source, name: str, prefix: str) -> None:
    """A schedule's names get a hyperparameter's in front, so only an optimizer's own must keep clear of kernels."""
    reason = naming.unusable(prefix + name)
    if reason:
        _fail(source, name, f"a spec cannot use this name: {reason}")


def _check_prints(source: Source, names: list[str]) -> None:
    printed: dict[str, str] = {}
    for name in names:
        other = printed.setdefault(naming.symbol(name), name)
        if other != name:
            _fail(source, name, f"a page would print it as it prints {other}; rename one")


def _hyperparameter(source: Source, parameter: inspect.Parameter, doc: Docstring) -> Hyperparameter:
    name = parameter.name
    if name in ("theta", "g"):
        _fail(source, name, "this is the name of a sequence; it goes before the *, or takes another name")
    domain = _domain(source, parameter)
    default = parameter.default
    if default is parameter.empty:
        return Hyperparameter(name, domain, None, doc.meanings.get(name, ""))
    exact = _exact_default(source, name, default)
    if exact not in domain:
        _fail(source, name, f"its default {default} is outside its domain {domain.name} = {domain}")
    return Hyperparameter(name, domain, exact, doc.meanings.get(name, ""))


def _exact_default(source: Source, name: str, default: Any) -> Fraction:
    if isinstance(default, bool) or not isinstance(default, int | float | Fraction) or default != default:
        _fail(source, name, f"a default is a number, not {default!r}")
    if default in (float("inf"), float("-inf")):
        _fail(source, name, "a default is finite")
    return Fraction(repr(default)) if isinstance(default, float) else Fraction(default)


def _domain(source: Source, parameter: inspect.Parameter) -> Domain:
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return Real
    if isinstance(annotation, Domain):
        return annotation
    if hasattr(annotation, "is_Interval"):
        return _from_sympy(source, parameter.name, annotation)
    _fail(
        source,
        parameter.name,
        "its annotation is a domain: Positive, NonNegative, Unit, OpenUnit, Real, PositiveInt, ...",
    )


def _from_sympy(source: Source, name: str, found: Any) -> Domain:
    integer = not found.is_Interval
    interval = found
    try:
        low, high = found.inf, found.sup
        open_low, open_high = bool(found.left_open), bool(found.right_open)
    except (AttributeError, NotImplementedError):
        low, high = interval.inf, interval.sup
        open_low = open_high = False
    if integer and not all(value.is_integer or value.is_infinite for value in (low, high)):
        _fail(source, name, f"the set {found} is neither an interval nor a range of integers")
    ends = [None if value.is_infinite else Fraction(str(value)) for value in (low, high)]
    return Domain(
        str(found), ends[0], ends[1], open_low and ends[0] is not None, open_high and ends[1] is not None, integer
    )


def run_body(source: Source, trace: Trace, given: Mapping[str, Any]) -> Any:
    """Check the text of a body, then run it once on symbols; errors get their file and line here."""
    sequences = {name: Sequence(name, trace) for name in trace.sequences}
    hypers = {hyper.name: Term(Sym(hyper.name), trace) for hyper in trace.hyperparameters}
    steps = {name for name, value in source.function.__globals__.items() if value is t}
    check_source(source, {*sequences, *hypers, *given, *steps})
    try:
        result = source.function(*given.values(), *sequences.values(), **hypers)
    except DialectError as error:
        if not error.file:
            error.file, error.line = source.file, _line_of(error, source)
        raise
    except (TypeError, AttributeError, NameError, ValueError, ZeroDivisionError) as error:
        raise DialectError(
            f"the body cannot run on symbols: {error}", trace.name, source.file, _line_of(error, source)
        ) from error
    return result


def _line_of(error: BaseException, source: Source) -> int:
    """The line of the body from which an error came."""
    line, traceback = source.first_line, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code is source.function.__code__:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
