"""Generated files on disk: written whole or not at all, and compared."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from symopt.artifacts.make import Artifact
from symopt.errors import SymoptError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Comparison:
    """How an output folder differs from what would be generated; paths below the folder, sorted.

    missing: not there; different: another content; stale: there, but nothing generates it
    """

    missing: tuple[str, ...]
    different: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.missing or self.different or self.stale)


def write(artifacts: Iterable[Artifact], out: Path | str) -> tuple[str, ...]:
    """Write each artifact below `out` and return the paths of those that changed.

    A file is replaced as a whole, so that a killed process leaves the old or the new one. A file whose content is the
    same is not touched: Numba's cache is keyed by its time. Raises SymoptError if a file cannot be written.
    """
    by_path = _by_path(artifacts)
    return tuple(path for path, content in by_path.items() if write_file(Path(out) / path, content))


def compare(artifacts: Iterable[Artifact], out: Path | str, complete: bool = True) -> Comparison:
    """What `write` would change, and the stale files in the artifacts' folders.

    complete: whether the artifacts are all that their folders should hold; otherwise nothing is stale
    """
    out = Path(out)
    by_path = _by_path(artifacts)
    found = {path: _content(out / path) for path in by_path}
    stale = sorted(set(_files(out, {path.split("/")[0] for path in by_path if "/" in path})) - set(by_path))
    return Comparison(
        missing=tuple(sorted(path for path in by_path if found[path] is None)),
        different=tuple(sorted(path for path in by_path if found[path] not in (None, by_path[path]))),
        stale=tuple(stale) if complete else (),
    )


def write_file(path: Path, content: bytes) -> bool:
    """Replace one file as a whole; False if it had that content. Raises SymoptError if it cannot be written."""
    if _content(path) == content:
        return False
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)  # gone already after a success
    except OSError as error:
        raise SymoptError(f"cannot write {path}: {_reason(error, path)}; {_remedy(error)}") from error
    return True


def _by_path(artifacts: Iterable[Artifact]) -> dict[str, bytes]:
    result: dict[str, bytes] = {}
    for artifact in artifacts:
        path = PurePosixPath(artifact.path)
        if path.is_absolute() or ".." in path.parts:
            raise SymoptError(f"{artifact.path} does not lie below the output folder")
        if artifact.path in result:
            raise SymoptError(f"two artifacts would be written to {artifact.path}; give one of them another name")
        result[artifact.path] = artifact.text.encode()
    return result


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SymoptError(f"cannot read {path}: {_reason(error, path)}; {_remedy(error)}") from error


def _files(out: Path, folders: set[str]) -> Iterable[str]:
    """The files in folders of `out`; what Python and editors leave there does not count."""
    for folder in folders:
        for path in (out / folder).rglob("*"):
            parts = path.relative_to(out).parts
            if path.is_file() and "__pycache__" not in parts and not path.name.startswith("."):
                yield "/".join(parts)


def _reason(error: OSError, path: Path) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        place = next((p for p in path.parents if p.exists() and not p.is_dir()), path.parent)
        return f"{place} is a file where a folder must be"
    if isinstance(error, IsADirectoryError):
        return "there is a folder of that name"
    if isinstance(error, PermissionError):
        return "permission denied"
    return "the disk is full" if error.errno in _FULL else (error.strerror or str(error)).lower()


def _remedy(error: OSError) -> str:
    return "make room on it" if error.errno in _FULL else "choose another folder with --out"
