"""The command line: `main` is what `symopt` and `python -m symopt` run."""

from __future__ import annotations

import sys
from types import TracebackType


def main() -> None:
    """Run the command line of this process."""
    sys.excepthook = _unforeseen  # before anything else is loaded: Ctrl-C can come at any time
    from symopt.cli.app import run_line

    run_line()


def _unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell in a sentence what no command caught: an interrupt while modules load, or a mistake of symopt's own."""
    if "--debug" in sys.argv:
        sys.__excepthook__(kind, error, trace)
    elif issubclass(kind, KeyboardInterrupt):
        print("symopt: interrupted", file=sys.stderr)
    else:
        what = f"{kind.__name__}: {error}"
        print(f"symopt: this is a bug in symopt ({what}); run it again with --debug to see where", file=sys.stderr)
