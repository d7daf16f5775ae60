"""The decorators `@optimizer` and `@erratum`: from a function to an `Optimizer`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from symopt import naming
from symopt.dialect.check import check_source
from symopt.dialect.constants import suspicious
from symopt.dialect.finish import finish
from symopt.dialect.lint import Lint
from symopt.dialect.proposals import choose
from symopt.dialect.signature import read_signature
from symopt.dialect.source import Source, read_source
from symopt.dialect.trace import Trace
from symopt.domains import Real
from symopt.errors import DialectError, SymoptError
from symopt.expr import Sym
from symopt.notation import t
from symopt.recurrence import Hyperparameter, Optimizer
from symopt.terms import Sequence, Term, as_term, need_number

Declare = Callable[[Callable[..., None]], Optimizer]


def optimizer(*misplaced: Any, title: str = "", reference: str | None = None) -> Declare:
    """Declare an optimizer: positional arguments are sequences, keyword-only ones hyperparameters with their domains.

    title: what a page calls it; the function's name where not given
    reference: a key of the catalogue's references.bib, or of one beside the file of the spec
    raises DialectError, with file, line and symbol, where the body breaks a rule of the dialect
    """
    refuse_misplaced("optimizer", misplaced)
    return lambda function: _declare(function, title, reference, lenient=False)


def erratum(*misplaced: Any, title: str = "", reference: str | None = None) -> Declare:
    """Declare a published formula as it stands, faults included: what would be an error becomes one of `.findings`."""
    refuse_misplaced("erratum", misplaced)
    return lambda function: _declare(function, title, reference, lenient=True)


def refuse_misplaced(decorator: str, misplaced: tuple[Any, ...]) -> None:
    """Say how a decorator is written that stands without parentheses or with a bare title."""
    for found in misplaced:
        code = found.__code__ if isinstance(found, FunctionType) else None
        place = ("", 0) if code is None else (code.co_filename, code.co_firstlineno)
        raise DialectError(f'write @{decorator}(title="...") above the function', f"@{decorator}", *place)


def _declare(function: Callable[..., None], title: str, reference: str | None, lenient: bool) -> Optimizer:
    source = read_source(function)
    check_name(source)
    signature = read_signature(source)
    trace = Trace(source.tree.name, signature, Lint(source, lenient))
    run_body(source, trace, {})
    return finish(trace, source, signature, title or source.tree.name, reference)


def check_name(source: Source) -> None:
    """The name of a declaration goes in front of others, as in `adam_m`."""
    name = source.tree.name
    reason = naming.unusable(f"{name}_m")
    if reason:
        remedy = choose(name, lambda other: naming.unusable(f"{other}_m"))
        raise source.error(f"a spec cannot have this name: {reason}; {remedy}", name, source.line(source.tree))


def run_body(source: Source, trace: Trace, given: Mapping[str, Any]) -> Any:
    """Check the text of a body, then run it once on symbols; errors get their file and line here."""
    sequences = {name: Sequence(name, trace) for name in trace.sequences}
    hypers = {hyper.name: Term(Sym(hyper.name), trace) for hyper in trace.hyperparameters}
    steps = {name for name, value in source.visible.items() if value is t}
    literals = check_source(trace.lint, {*sequences, *hypers, *given, *steps}, returns=bool(given))
    trace.hyperparameters += [Hyperparameter(name, Real, None) for name in trace.lint.unbound]
    function = _function(source, {name: Term(Sym(name), trace) for name in trace.lint.unbound})
    try:
        result = function(*given.values(), *sequences.values(), **hypers)
        expressions = [] if result is None else [as_term(result).node]
        for node in expressions:
            need_number(node)
    except DialectError as error:
        if not error.file:
            error.file, error.line = source.file, _line_of(error, source)
        raise
    except SymoptError as error:
        raise source.error(str(error), trace.name, _line_of(error, source)) from error
    except (TypeError, AttributeError, NameError, ValueError, ArithmeticError, LookupError, RuntimeError) as error:
        raise source.error(_what_failed(error), trace.name, _line_of(error, source)) from error
    _check_constants(source, trace, expressions, literals)
    return result


def _function(source: Source, names: Mapping[str, Any]) -> FunctionType:
    """The function of a body, with further names beside those of its module."""
    function: Any = source.function
    known = {**function.__globals__, **names}
    copy = FunctionType(function.__code__, known, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _what_failed(error: Exception) -> str:
    if isinstance(error, AttributeError) and isinstance(error.obj, Optimizer):
        remedy = "; use an optimizer that has it, or rename the hyperparameter that means the same"
        return f"it needs {error.name}, but {error}{'' if str(error).endswith('?') else remedy}"
    return f"the body cannot run on symbols: {error}"


def _check_constants(source: Source, trace: Trace, returned: list[Any], literals: set[Any]) -> None:
    """Refuse numbers that a computation in Python rounded before the body saw them."""
    known = literals | trace.inherited
    places = {e.target: e.rhs for e in trace.equations if e.target not in trace.internal}
    places |= {"g": trace.gradient_point} if trace.gradient_point is not None else {}
    for name, expr in [*places.items(), *trace.starts.items(), *((trace.name, expr) for expr in returned)]:
        found = suspicious([expr], known)
        if found:
            message = f"this looks like a number that Python has rounded; constants are exact, so write {found[1]}"
            raise source.error(message, found[0], source.line_of(name))


def _line_of(error: BaseException, source: Source) -> int:
    """The last line of the spec's file that an error passed through: in the body, or in a function that it calls."""
    line, traceback = source.line(source.tree.body[-1]), error.__traceback__  # of `return`, where none is passed
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == source.file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
