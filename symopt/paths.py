"""Where things lie: specs and templates, inside an installed package or beside it in a checkout; the user's cache."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def specs_dir() -> Path:
    """The folder of the catalogue: one file per method or close family."""
    return _folder("specs")


def templates_dir() -> Path:
    """The folder of the Jinja templates that backends and pages print through."""
    return _folder("templates")


def cache_dir() -> Path:
    """Where symopt keeps what it computed: the user's cache folder, or the one that SYMOPT_CACHE_DIR names."""
    from platformdirs import user_cache_path  # not needed where the variable is set

    chosen = os.environ.get("SYMOPT_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else user_cache_path("symopt", appauthor=False)
