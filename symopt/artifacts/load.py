"""A generated module, loaded from a folder where Numba finds its compiled code again.

Numba's cache stores the name of the module beside the path of the file, so both follow from the content alone.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from functools import cache
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Lock
from types import ModuleType

from symopt.artifacts.files import write_file
from symopt.artifacts.make import Artifact
from symopt.errors import SymoptError
from symopt.paths import cache_dir, forget_oldest, used

MOST = 256
"""Kernels that the cache keeps, of all optimizers and versions; compiled code is up to half a megabyte each."""

_ENTRY = "[0-9a-f]" * 16 + "*"
_IMPORTING = Lock()  # two threads must not run one file twice


def load_module(artifact: Artifact) -> ModuleType:
    """Import a generated Python file, from the user's cache folder or from the one that SYMOPT_CACHE_DIR names.

    Where that folder cannot be written, a temporary one serves until the process ends, and the next process compiles
    again. Raises SymoptError where Numba finds no place for compiled code.
    """
    digest = sha256(artifact.text.encode()).hexdigest()[:16]
    name = f"symopt_{artifact.target}_{artifact.name}_{digest}"
    with _IMPORTING:
        return sys.modules[name] if name in sys.modules else _imported(name, _stored(artifact, digest))


def _stored(artifact: Artifact, digest: str) -> Path:
    path = cache_dir() / digest / f"{artifact.name}.py"
    try:
        if write_file(path, artifact.text.encode()):
            forget_oldest(cache_dir().glob(_ENTRY), MOST)
        used(path.parent)
        with tempfile.TemporaryFile(dir=path.parent):  # Numba will want to write there too
            return path
    except (SymoptError, OSError):
        path = _temporary_folder() / digest / path.name
        write_file(path, artifact.text.encode())
        return path


@cache
def _temporary_folder() -> Path:
    """A folder of this process: one with a known name could hold code that somebody else put there."""
    folder = Path(tempfile.mkdtemp(prefix="symopt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _imported(name: str, path: Path) -> ModuleType:
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, RuntimeError) and "cannot cache function" in str(error):
            remedy = "let NUMBA_CACHE_DIR name a folder that can be written, or unset it"
            raise SymoptError(f"Numba finds no place for the compiled code of {path}; {remedy}") from error
        raise
    return module
