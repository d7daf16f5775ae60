"""Where things lie: specs and templates, inside an installed package or beside it in a checkout; the user's cache."""

import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def specs_dir() -> Path:
    """The folder of the catalogue: one file per method or close family."""
    return _folder("specs")


def bibliographies(spec_file: str | Path | None = None) -> tuple[Path, ...]:
    """Where references are looked up: in a references.bib beside the spec's file, then in the catalogue's."""
    ours = specs_dir() / "references.bib"
    beside = ours if spec_file is None else Path(spec_file).resolve().with_name(ours.name)
    return (beside, ours) if beside != ours and beside.is_file() else (ours,)


def templates_dir() -> Path:
    """The folder of the Jinja templates that backends and pages print through."""
    return _folder("templates")


def cache_dir() -> Path:
    """Where symopt keeps what it computed: the user's cache folder, or the one that SYMOPT_CACHE_DIR names."""
    from platformdirs import user_cache_path  # not needed where the variable is set

    chosen = os.environ.get("SYMOPT_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else user_cache_path("symopt", appauthor=False)


def used(entry: Path) -> None:
    """Note that an entry of the cache was used now: its own time says so, not that of what is in it."""
    with suppress(OSError):
        os.utime(entry)


def forget_oldest(entries: Iterable[Path], most: int) -> None:
    """Keep only the entries of the cache that were used last. What cannot be removed stays, and is no error.

    An entry is renamed first, so that no process ever finds half of one; who uses it at that time makes it anew.
    """
    with suppress(OSError):
        for entry in sorted(entries, key=_last_use, reverse=True)[most:]:
            _forget(entry)


def _forget(entry: Path) -> None:
    gone = entry.with_name(f"{entry.name}.{secrets.token_hex(4)}.old")
    with suppress(OSError):
        os.replace(entry, gone)
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()


def _last_use(entry: Path) -> float:
    try:
        return 0.0 if entry.suffix == ".old" else entry.stat().st_mtime  # what a removal left behind goes first
    except OSError:
        return 0.0
