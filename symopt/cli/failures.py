"""Where every failure ends: one sentence on stderr and an exit code; the traceback only with --debug."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from typer import TyperException
from typer.core import TyperGroup

from symopt.errors import SymoptError

INTERRUPTED, UNREAD = 130, 141
"""Exit codes of what was stopped by Ctrl-C, and by a reader that closed the pipe, as shells have them."""


class Commands(TyperGroup):
    """The commands; `--debug` is taken from anywhere on the line."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **__: Any) -> Any:
        """Run one command line, and leave with its exit code."""
        given = list(sys.argv[1:] if args is None else args)
        debug, given = _without_debug(given)
        try:
            code = super().main(given, prog_name="symopt", standalone_mode=False)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            _silence()
            code = UNREAD
        except (SymoptError, TyperException, OSError) as error:
            _tell(error, debug)
            code = error.exit_code if isinstance(error, TyperException) else 1
        if code == INTERRUPTED:
            complain("interrupted")
        sys.exit(code if isinstance(code, int) else 0)


def _tell(error: Exception, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    else:
        complain(sentence(error))


def complain(message: str) -> None:
    """Say on stderr what went wrong."""
    from rich.console import Console

    Console(stderr=True, highlight=False).print(f"[bold red]symopt:[/] {_escaped(message)}", soft_wrap=True)


def sentence(error: Exception) -> str:
    """What an error says, on one line; files that cannot be used are named."""
    match error:
        case OSError(strerror=str(reason), filename=name) if name is not None:
            return f"cannot use {os.fspath(name)}: {reason.lower()}; check the path and its permissions"
        case OSError(strerror=str(reason)):  # of stdout, as a rule
            return f"cannot write what was found: {reason.lower()}; send it to another place"
        case TyperException():
            text = error.format_message()
            text = text[:1].lower() + text[1:]
        case _:
            text = str(error)
    return " ".join(text.split())


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _without_debug(args: list[str]) -> tuple[bool, list[str]]:
    """Whether --debug stands before a `--`, and the arguments without it."""
    end = args.index("--") if "--" in args else len(args)
    kept = [arg for arg in args[:end] if arg != "--debug"]
    return len(kept) < end, kept + args[end:]


def _silence() -> None:
    """Point stdout at nothing, so that the interpreter's last flush cannot fail either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
