"""Jinja for LaTeX: `<< >>` and `<% %>` instead of braces, undefined names are errors, templates are layout only."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from symopt.paths import templates_dir


@cache
def environment() -> Environment:
    """The one environment for the folder of LaTeX templates."""
    return Environment(
        loader=FileSystemLoader(templates_dir() / "latex"),
        undefined=StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(name: str, context: dict[str, Any]) -> str:
    """One template with everything filled in."""
    return environment().get_template(name).render(context)
