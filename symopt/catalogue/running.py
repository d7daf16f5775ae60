"""Running a spec file; whatever is in the way is said in one sentence, with its place."""

from __future__ import annotations

import ast
import builtins
import hashlib
import re
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

from symopt import notation
from symopt.dialect.proposals import misused_word, proposal
from symopt.errors import DialectError, SymoptError, suggest
from symopt.paths import specs_dir


def parse(path: Path) -> ast.Module:
    """The syntax tree of a spec file."""
    try:
        return ast.parse(_read(path), str(path))
    except SyntaxError as error:
        raise _not_python(error, path) from error
    except ValueError as error:  # null bytes
        raise DialectError(f"this is not Python: {error}", "", str(path), 1) from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SymoptError(f"cannot read {path}: {why}; make it readable, or name another file") from error


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise SymoptError(f"{path} is a folder; name one of the files in it")
    if not path.is_file():
        neighbours = [other.name for other in path.parent.glob("*.py")]
        remedy = suggest(path.name, neighbours) or "; `symopt new NAME` writes a spec to start from"
        raise SymoptError(f"there is no file {path}{remedy}")
    if path.suffix != ".py":
        raise SymoptError(f"{path} is no spec: a spec is a Python file, whose name ends with .py")
    return path.read_bytes()


def _not_python(error: SyntaxError, path: Path) -> DialectError:
    column = f" (column {error.offset})" if error.offset else ""
    text = (error.text or "").strip()
    file, line = Path(error.filename or path), error.lineno or 1
    word = misused_word(file.read_text("utf-8", "replace"), line) if file.is_file() else ""
    remedy = f"; {word} is a word of Python, which cannot be a name; write {proposal(word)}" if word else ""
    return DialectError(f"this is not Python: {error.msg}{column}{remedy}", text, str(file), line)


def run(path: Path) -> ModuleType:
    """The module of a spec file; those of the catalogue are modules of `symopt.specs`."""
    home, folder = path.resolve(), specs_dir().resolve()
    try:
        if home.is_relative_to(folder):
            return import_module(".".join(["symopt.specs", *home.relative_to(folder).with_suffix("").parts]))
        return _execute(home)
    except SymoptError as error:
        if isinstance(error, DialectError) and error.file:
            raise replace(error, file=str(path) if error.file == str(home) else error.file) from error
        raise DialectError(str(error), "", str(path), _line_in(home, error)) from error
    except ImportError as error:
        raise DialectError(_import_remedy(error), "", str(path), _line_in(home, error)) from error
    except NameError as error:
        raise DialectError(_name_remedy(error.name), error.name or "", str(path), _line_in(home, error)) from error
    except SyntaxError as error:  # of a file that this one imports
        raise _not_python(error, path) from error
    except Exception as error:  # the file is the author's own code: whatever it raises is reported with its place
        message = f"running the file raised {type(error).__name__}: {error}"
        raise DialectError(message, "", str(path), _line_in(home, error)) from error


def _import_remedy(error: ImportError) -> str:
    wanted = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", error.msg)
    if wanted and wanted[2] in sys.modules:
        known = {*vars(sys.modules[wanted[2]]), *(notation.__all__ if wanted[2] == "symopt" else ())}
        return f"{wanted[2]} has no {wanted[1]}{suggest(wanted[1], known) or '; take it out of the import'}"
    return f"{error.msg}; a spec imports from symopt, from symopt.specs and from installed packages"


def _name_remedy(name: str | None) -> str:
    if name in notation.__all__:
        return f"it is not imported; write from symopt import {name}"
    return f"nothing has this name; import or define it{suggest(name or '', {*vars(builtins), *notation.__all__})}"


def _execute(path: Path) -> ModuleType:
    """Run a file as a module that only this run can import, with no compiled copy left beside it."""
    module = ModuleType(f"symopt_spec_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # where dataclasses and inspect look for the module of what they are given
    try:
        exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), module.__dict__)
    finally:
        sys.modules.pop(module.__name__, None)
    return module


def _line_in(path: Path, error: BaseException) -> int:
    """The last line of a file that an error passed through."""
    line, traceback = 1, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
