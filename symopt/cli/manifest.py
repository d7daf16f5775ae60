"""What the whole catalogue generates, in short: a second run with nothing changed only has to compare.

Only the standard library is loaded here.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from symopt.checks import cache

_KIND = "generated"


def unchanged(targets: str, out: Path) -> int:
    """How many files a folder holds, all as these specs generate them; 0 where that is not known, or not so."""
    known = cache.read(_KIND, _key(targets))
    same = isinstance(known, dict) and all(_digest(out / path) == wanted for path, wanted in known.items())
    return len(known) if same else 0


def remember(targets: str, out: Path, paths: Iterable[str]) -> None:
    """Keep what the specs as they are now have generated in a folder."""
    cache.store(_KIND, _key(targets), {path: _digest(out / path) for path in paths})


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _key(targets: str) -> str:
    return cache.digest(targets, cache.catalogue(), cache.engine(), cache.commands(), cache.bibliography())
