"""The direction of imports: each layer knows only the layers before it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Lowest first. Modules and packages on one line do not know each other; modules within one package may.
LAYERS = (
    ("errors", "paths", "wording"),
    ("expr", "ptx", "specs"),
    ("domains", "naming", "reading"),
    ("reach", "terms"),
    ("notation",),
    ("recurrence",),
    ("canonical", "latex"),
    ("dialect",),
    ("catalogue", "derive", "interpret"),
    ("ir",),
    ("verify",),
    ("lower", "passes"),
    ("backends",),
    ("artifacts",),
    ("prove",),
    ("equivalence",),
    ("errata", "theory"),
    ("runtime",),
    ("checks",),
    ("gpu",),
    ("cli",),
    ("__init__", "__main__"),
)

# Who may load what when it is first needed, so that `import symopt` and `symopt --help` stay light.
LATE = {
    "symopt": "symopt",
    "symopt.cli": "symopt",
    "symopt.cli.app": "symopt.cli",
    "symopt.cli.listing": "symopt",  # what it shows is in the cache, as a rule
    "symopt.checks": "symopt.checks.run",  # SymPy and Numba are behind it
    "symopt.checks.theory": "symopt.theory.answers",
    "symopt.terms": "symopt.canonical",  # SymPy is behind it
    "symopt.dialect.debias": "symopt.canonical",
    "symopt.derive.equal": "symopt.canonical",
    "symopt.recurrence": "symopt.runtime",  # Numba is behind it
}

LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}


@dataclass(frozen=True)
class Import:
    """One name that a module imports; late if inside a function."""

    target: str
    line: int
    late: bool


def modules() -> dict[str, Path]:
    """Every module of the package with its file."""
    found = {}
    for path in sorted((ROOT / "symopt").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(node: ast.AST, late: bool = False) -> Iterator[Import]:
    """Every import below a syntax node, those by `import_module("...")` included."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names):
                yield from (Import(name.name, child.lineno, late) for name in names)
            case ast.ImportFrom(module, names):
                yield from (Import(f"{module}.{name.name}", child.lineno, late) for name in names)
            case ast.Call(ast.Name("import_module") | ast.Attribute(attr="import_module"), [ast.Constant(str(target))]):
                yield Import(target, child.lineno, late)
        yield from imports(child, late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def own_imports(source: str, known: set[str]) -> Iterator[Import]:
    """The imports of symopt's own modules, each target cut down to a known module."""
    for found in imports(ast.parse(source)):
        target = found.target
        while target and target not in known:
            target = target.rpartition(".")[0]
        if target:
            yield Import(target, found.line, found.late)


def unit(module: str) -> str:
    """The name in LAYERS that a module belongs to."""
    return [*module.split("."), "__init__"][1]


def faults(module: str, source: str, known: set[str]) -> list[str]:
    """What is wrong with the imports of one module."""
    found = []
    for own in own_imports(source, known):
        if own.late and module in LATE and f"{own.target}.".startswith(f"{LATE[module]}."):
            continue
        if own.late:
            found.append(f"line {own.line}: imports {own.target} inside a function")
        if unit(own.target) != unit(module) and LEVEL[unit(own.target)] >= LEVEL[unit(module)]:
            found.append(f"line {own.line}: {unit(module)} must not know {unit(own.target)}")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_module_knows_only_lower_layers(module):
    assert unit(module) in LEVEL, f"{module} has no place in LAYERS"
    assert not faults(module, MODULES[module].read_text(), set(MODULES))


def test_no_cycles():
    graph = {
        module: {own.target for own in own_imports(path.read_text(), set(MODULES)) if not own.late}
        for module, path in MODULES.items()
        if module != "symopt"  # its imports are for the type checker only
    }
    TopologicalSorter(graph).prepare()  # raises CycleError and names the cycle


@pytest.mark.parametrize(
    ("module", "source", "count"),
    [
        ("symopt.expr", "from symopt.errors import SymoptError", 0),
        ("symopt.expr", "import symopt.cli", 1),
        ("symopt.expr", "from symopt import cli", 1),
        ("symopt.expr", "from symopt import load", 1),
        ("symopt.errors", "from symopt.paths import specs_dir", 1),
        ("symopt.cli", "def main():\n    from symopt.expr import Expr", 0),
        ("symopt.expr", "def text():\n    from symopt.errors import SymoptError", 1),
        ("symopt.expr", "def text():\n    import_module('symopt.cli')", 2),
        ("symopt.expr", "class A:\n    def text(self):\n        importlib.import_module('symopt.cli')", 2),
        ("symopt.expr", "def text():\n    import sympy", 0),
    ],
)
def test_the_rule_bites(module, source, count):
    known = {"symopt", "symopt.errors", "symopt.paths", "symopt.expr", "symopt.cli"}
    assert len(faults(module, source, known)) == count


def test_import_symopt_is_light():
    code = "import sys, symopt; print(*{'sympy', 'numba', 'numpy'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.split() == []
