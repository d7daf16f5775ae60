"""Finding optimizers: the catalogue by name, and spec files anywhere by path."""

from __future__ import annotations

import ast
import hashlib
import linecache
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType, TracebackType

from symopt.dialect.trace import suggest
from symopt.errors import DialectError, SymoptError
from symopt.expr import text
from symopt.paths import specs_dir
from symopt.recurrence import Optimizer


def load(spec: str) -> Optimizer:
    """The optimizer that `spec` names: a name of the catalogue, a path, or `path.py:name`.

    Raises SymoptError where there is none, DialectError, with file and line, where the file breaks a rule.
    """
    if _is_path(spec):
        path, _, name = spec.partition(".py:")
        return _chosen(Path(f"{path}.py") if name else Path(spec), name)
    for found, path in _catalogue():
        if found == spec:
            return load_file(path)[spec]
    known = names()
    if Path(f"{spec}.py").is_file():
        raise SymoptError(f"the catalogue has no {spec}; for the file here, write ./{spec}.py")
    raise SymoptError(f"the catalogue has no {spec}{suggest(spec, known) or '; `symopt list` shows what it has'}")


def names() -> list[str]:
    """The names of the catalogue, in alphabetical order."""
    return sorted(name for name, _ in _catalogue())


def load_file(path: Path | str) -> dict[str, Optimizer]:
    """The optimizers that a spec file declares, by name, in their order; imported ones are not among them."""
    path = Path(path).resolve()
    source = _read(path)
    declared = _declared(source, path)
    module = _import(path)
    found: dict[str, Optimizer] = {}
    for name in declared:
        value = getattr(module, name, None)
        if isinstance(value, Optimizer):
            found[name] = value if value.name == name else replace(value, name=name)
    return found


def spec_hash(optimizer: Optimizer) -> str:
    """A digest of everything that an optimizer declares; where its file lies does not count."""
    parts = [
        optimizer.name,
        optimizer.title,
        optimizer.reference or "",
        optimizer.summary,
        optimizer.departures,
        text(optimizer.gradient_point),
        *map(str, optimizer.equations),
        *(f"{name}[0] = {text(rhs)}" for name, rhs in optimizer.starts),
        *(f"{h.name}: {h.domain} = {h.default} {h.meaning}" for h in optimizer.hyperparameters),
        *(f"{name}: {level}" for name, level in optimizer.inputs),
        *(f"{name}: {meaning}" for name, meaning in optimizer.meanings),
        *(f"{name} is {text(expr)}" for name, expr in optimizer.in_force),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _is_path(spec: str) -> bool:
    return "/" in spec or "\\" in spec or spec.endswith(".py") or ".py:" in spec


def _chosen(path: Path, name: str) -> Optimizer:
    found = load_file(path)
    if not found:
        message = "it declares no optimizer; decorate a function with @optimizer, or assign a composition to a name"
        raise SymoptError(f"{path}: {message}")
    if name:
        if name not in found:
            listed = ", ".join(found)
            raise SymoptError(f"{path} declares no {name}{suggest(name, found) or f'; it has {listed}'}")
        return found[name]
    if len(found) > 1:
        raise SymoptError(f"{path} declares {', '.join(found)}; say which, as in {path}:{next(iter(found))}")
    return next(iter(found.values()))


def _catalogue() -> list[tuple[str, Path]]:
    """(name, file) of every top-level optimizer in the folder of specs, read from the files' text alone."""
    result: dict[str, Path] = {}
    for path in sorted(specs_dir().glob("*.py")):
        source = _read(path)
        for name in _optimizers(source, path):
            if name in result:
                raise SymoptError(f"{name} is declared twice, in {result[name].name} and in {path.name}; rename one")
            result[name] = path
    return list(result.items())


def _optimizers(source: str, path: Path) -> Iterator[str]:
    """The catalogue's own convention: what is decorated with @optimizer, or assigned from a composition."""
    for node in _parse(source, path).body:
        match node:
            case ast.FunctionDef(name, decorator_list=[ast.Call(ast.Name("optimizer")), *_]):
                yield name
            case ast.Assign([ast.Name(name)], ast.Call()) if not name.startswith("_"):
                yield name
            case _:
                pass


def _declared(source: str, path: Path) -> list[str]:
    """The names that a file defines at its top level, in their order."""
    found: dict[str, None] = {}
    for node in _parse(source, path).body:
        match node:
            case ast.FunctionDef(name):
                found.setdefault(name)
            case ast.Assign(targets):
                found.update({n.id: None for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)})
            case ast.AnnAssign(ast.Name(name)):
                found.setdefault(name)
            case _:
                pass
    return [name for name in found if not name.startswith("_")]


def _read(path: Path) -> str:
    if path.is_dir():
        raise SymoptError(f"{path} is a folder; name one of its spec files")
    if path.suffix != ".py":
        raise SymoptError(f"{path} is not a spec file; its name ends in .py")
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SymoptError(f"{path} does not exist{suggest(path.name, _siblings(path))}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SymoptError(f"{path} cannot be read: {error}") from error


def _siblings(path: Path) -> list[str]:
    return [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []


def _parse(source: str, path: Path) -> ast.Module:
    try:
        return ast.parse(source, str(path))
    except SyntaxError as error:
        raise _syntax(error, path) from error


def _syntax(error: SyntaxError, path: Path) -> DialectError:
    shown = (error.text or "").strip()
    return DialectError(f"a syntax error: {error.msg}, at column {error.offset}", shown, str(path), error.lineno or 1)


def _import(path: Path) -> ModuleType:
    """Run a spec file; one of the catalogue is the module that other specs import."""
    try:
        if path.parent == specs_dir().resolve():
            return import_module(f"symopt.specs.{path.stem}")
        return _run(path)
    except SymoptError:
        raise
    except SyntaxError as error:  # of a file that this one imports
        raise _syntax(error, Path(error.filename or path)) from error
    except Exception as error:  # a spec is a program of the user's: whatever it raises is told with its place
        line = _line_in(error.__traceback__, path)
        raise DialectError(f"the file cannot run: {error}", type(error).__name__, str(path), line) from error


def _run(path: Path) -> ModuleType:
    linecache.checkcache(str(path))  # the file may have changed since it was loaded last
    module = ModuleType(f"symopt_spec_{path.stem}")
    module.__file__ = str(path)
    exec(
        compile(_parse(_read(path), path), str(path), "exec"), vars(module)
    )  # no bytecode is left beside a user's file
    return module


def _line_in(traceback: TracebackType | None, path: Path) -> int:
    line = 1
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
