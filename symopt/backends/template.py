"""Jinja as symopt uses it: undefined names are errors, templates are layout only."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from symopt.paths import templates_dir


@cache
def environment() -> Environment:
    """The one environment for the folder of templates."""
    return Environment(
        loader=FileSystemLoader(templates_dir()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is Python and LaTeX, not HTML
    )


def render(name: str, context: dict[str, Any]) -> str:
    """One template with everything filled in."""
    return environment().get_template(name).render(context)
