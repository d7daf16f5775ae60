"""What is known already, on disk: JSON by content, so that nothing in it can be out of date.

Only the standard library is loaded here, since `symopt list` answers from the cache in a fraction of a second.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from symopt.paths import bibliographies, cache_dir, forget_oldest, specs_dir, templates_dir, used

_PACKAGE = Path(__file__).resolve().parent.parent
_LIBRARIES = ("mpmath", "numba", "numpy", "sympy")

MOST = 1024
"""Results that are kept of each kind."""


def read(kind: str, key: str) -> Any:
    """What was stored, or None; a damaged file counts as none."""
    path = cache_dir() / kind / f"{key}.json"
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    used(path)
    return found


def store(kind: str, key: str, value: Any) -> None:
    """Keep a value, replacing its file as a whole; a folder that cannot be written costs time and is no error."""
    path = cache_dir() / kind / f"{key}.json"
    temporary = path.with_name(f".{key}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_text(json.dumps(value), encoding="utf-8")
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError:
        return
    forget_oldest(path.parent.glob("*.json*"), MOST)


def digest(*parts: str) -> str:
    """A short name for a content."""
    return sha256("\0".join(parts).encode()).hexdigest()[:32]


@cache
def engine() -> str:
    """The content of symopt itself, its command line apart: what every result depends on besides the spec."""
    sources = (p for p in sorted(_PACKAGE.rglob("*.py")) if not p.is_relative_to(_PACKAGE / "cli"))
    return _content([*sources, *sorted(templates_dir().rglob("*.j2"))])


@cache
def commands() -> str:
    """The content of the command line, which decides what is generated of an optimizer."""
    return _content(sorted((_PACKAGE / "cli").rglob("*.py")))


def catalogue() -> str:
    """The content of all specs."""
    return _content(sorted(specs_dir().rglob("*.py")))


def bibliography(spec_file: str | None = None) -> str:
    """The content of the references that a spec may name."""
    return _content(bibliographies(spec_file))


@cache
def surroundings() -> str:
    """The versions of Python and of the libraries that compile and calculate."""
    from importlib.metadata import PackageNotFoundError, version

    found: list[str] = []
    for name in _LIBRARIES:
        try:
            found.append(version(name))
        except PackageNotFoundError:  # found on the path, without metadata
            found.append("?")
    return " ".join([sys.version, *found])


def _content(files: Iterable[Path]) -> str:
    whole = sha256()
    for path in files:
        text = path.read_bytes()
        whole.update(f"{path.name} {len(text)}\n".encode() + text)
    return whole.hexdigest()
