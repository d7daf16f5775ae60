"""The sizes that keep a file readable in one sitting; all other rules are ruff's and pyright's."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "symopt").rglob("*.py"))
LONGEST_FILE = 300
LONGEST_FUNCTION = 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_sizes(path):
    source = path.read_text()
    length = len(source.splitlines())
    long_functions = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert length <= LONGEST_FILE
    assert not long_functions
