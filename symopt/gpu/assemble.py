"""From PTX to machine code, by ptxas, and what it says of a kernel's use of a multiprocessor. Kept by content."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from symopt.checks import cache
from symopt.errors import SymoptError
from symopt.gpu.compile import NEEDED
from symopt.gpu.hardware import Architecture

_KIND = "sass"
_USED = re.compile(r"Used (\d+) registers(?:, used (\d+) barriers)?")
_FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_SHARED = re.compile(r"(\d+) bytes smem")


@dataclass(frozen=True)
class Resources:
    """What a kernel takes. registers, stack: of a thread, stack in bytes; spilled: bytes that it stores and loads

    shared: bytes of a block; barriers: how many a block uses
    """

    registers: int
    stack: int
    spilled: int
    shared: int
    barriers: int


def assembled(ptx: str, architecture: Architecture) -> Resources:
    """What ptxas makes of a PTX text with one kernel."""
    program = assembler()
    status = program.stat()
    key = cache.digest(ptx, architecture.name, f"{program} {status.st_size} {status.st_mtime_ns}")
    found = cache.read(_KIND, key)
    if isinstance(found, dict):
        return Resources(**found)
    resources = resources_of(_said(program, ptx, architecture))
    cache.store(_KIND, key, asdict(resources))
    return resources


def assembler() -> Path:
    """ptxas of the package that symopt asks for, else the one on the path."""
    package = find_spec("nvidia")
    folders = package.submodule_search_locations or [] if package else []
    inside = sorted(path for folder in folders for path in Path(folder).glob("*/bin/ptxas*") if path.is_file())
    found = inside[-1] if inside else shutil.which("ptxas")
    if found is None:
        raise SymoptError(f"ptxas, the assembler of CUDA, is missing; {NEEDED}")
    return Path(found)


def _said(program: Path, ptx: str, architecture: Architecture) -> str:
    with TemporaryDirectory(prefix="symopt-") as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx, encoding="utf-8")
        command = [program, "-v", f"-arch={architecture.name}", source, "-o", Path(folder) / "kernel.cubin"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        reason = " ".join((run.stderr or run.stdout).split())[:300]
        raise SymoptError(f"ptxas refuses a kernel for {architecture.name}: {reason}")
    return run.stderr


def resources_of(said: str) -> Resources:
    """The numbers in what `ptxas -v` says; the frames and the spills of a kernel and of what it calls are added up."""
    used = _USED.search(said)
    if used is None:
        raise SymoptError("ptxas does not say how many registers a kernel uses; `ptxas -v` of CUDA 13 does")
    frames = [tuple(map(int, found)) for found in _FRAME.findall(said)]
    shared = _SHARED.search(said)
    return Resources(
        registers=int(used[1]),
        stack=sum(stack for stack, _, _ in frames),
        spilled=sum(stores + loads for _, stores, loads in frames),
        shared=int(shared[1]) if shared else 0,
        barriers=int(used[2] or 0),
    )
