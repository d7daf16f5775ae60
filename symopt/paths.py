"""Where specs and templates lie: inside an installed package, beside it in a checkout."""

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
