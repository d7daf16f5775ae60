"""Finding specs: by a name of the catalogue, by a path, or as `path.py:name`."""

from __future__ import annotations

from pathlib import Path

from symopt.catalogue.advice import choice, instead
from symopt.catalogue.files import Contents, contents, declared
from symopt.catalogue.fingerprint import recurrence_hash, spec_hash
from symopt.catalogue.running import parse
from symopt.errors import SymoptError, suggest
from symopt.paths import specs_dir
from symopt.recurrence import Optimizer

__all__ = [
    "Contents", "contents", "load", "load_all", "load_contents", "load_file", "names", "recurrence_hash", "spec_hash",
]  # fmt: skip

ERRATA = "errata"
"""The folder of formulas as they were published, faults included."""


def load(spec: str | Path) -> Optimizer:
    """The optimizer that `spec` names: a name of the catalogue, a path with one optimizer in it, or `path.py:name`.

    raises SymoptError where there is no such optimizer, DialectError where its file breaks a rule
    """
    given = str(spec)
    path, name = _split(given)
    if path is None:
        return _from_catalogue(given)
    found = contents(path)
    if name:
        if name in {other for other, _, _ in declared(parse(path))} - {*found.optimizers}:
            raise SymoptError(instead(name, found, str(path)))
        if name not in found.optimizers:
            raise SymoptError(f"{path} has no optimizer {name}{suggest(name, found.optimizers) or choice(path, found)}")
        return found.optimizers[name]
    if len(found.optimizers) != 1:
        raise SymoptError(f"{path} does not say which optimizer is meant{choice(path, found)}")
    return next(iter(found.optimizers.values()))


def names() -> list[str]:
    """The optimizers of the catalogue, in alphabetical order."""
    return sorted(load_all())


def load_all() -> dict[str, Optimizer]:
    """Every optimizer of the catalogue by its name, file after file."""
    found: dict[str, Optimizer] = {}
    for declares in load_contents().values():
        for name, optimizer in declares.optimizers.items():
            if name in found:
                homes = f"{_home(found[name])} and in {_home(optimizer)}"
                raise SymoptError(f"the catalogue has two optimizers named {name}: in {homes}")
            found[name] = optimizer
    return found


def load_contents() -> dict[str, Contents]:
    """What each file of the catalogue declares, by the module that it is imported from, `symopt.specs.clipping`."""
    return {_module(path): contents(path) for path in _files()}


def load_file(path: str | Path) -> dict[str, Optimizer]:
    """The optimizers of a spec file by their names; what the file imports is not among them."""
    return contents(Path(path)).optimizers


def _split(spec: str) -> tuple[Path | None, str]:
    """(path, name) of `path.py:name`; no path where `spec` can only be a name of the catalogue."""
    head, colon, name = spec.rpartition(":")
    path = Path(head if colon and name.isidentifier() else spec)
    is_path = path.suffix == ".py" or len(path.parts) != 1 or (path.exists() and not spec.isidentifier())
    return (path if is_path else None), (name if path == Path(head) else "")


def _files() -> list[Path]:
    """The spec files of the catalogue; published formulas with their faults are reached by their path only."""
    folder = specs_dir()
    found = [path.relative_to(folder) for path in sorted(folder.rglob("*.py"))]
    return [folder / path for path in found if not path.name.startswith("_") and ERRATA not in path.parts]


def _from_catalogue(name: str) -> Optimizer:
    """Only files that declare the name are run: the one that is called like it, or else all that have it."""
    own = specs_dir() / f"{name}.py"
    homes = [own] if own.is_file() and _has(own, name) else [path for path in _files() if _has(path, name)]
    found = [optimizers[name] for optimizers in map(load_file, homes) if name in optimizers]
    if len(found) > 1:
        raise SymoptError(f"the catalogue has two optimizers named {name}: in {' and in '.join(map(_home, found))}")
    if not found:
        for path in homes:
            raise SymoptError(instead(name, contents(path), _module(path)))
        known = {other for path in _files() for other, _, combines in declared(parse(path)) if not combines}
        if Path(f"{name}.py").is_file():
            raise SymoptError(f"the catalogue has no optimizer {name}; for the file here, write {name}.py")
        remedy = "; `symopt list` shows the names, and a spec of your own is named by its path, as in my_specs/mine.py"
        raise SymoptError(f"the catalogue has no optimizer {name}{suggest(name, known) or remedy}")
    return found[0]


def _module(path: Path) -> str:
    return ".".join(["symopt.specs", *path.relative_to(specs_dir()).with_suffix("").parts])


def _has(path: Path, name: str) -> bool:
    return any(name == declared for declared, _, _ in declared(parse(path)))


def _home(optimizer: Optimizer) -> str:
    return Path(optimizer.origin.file).name if optimizer.origin else "?"
