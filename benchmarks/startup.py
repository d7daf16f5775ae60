"""What is waited for before the first step: imports, the first step of a process, declaring an optimizer, `symopt list`.

    python benchmarks/startup.py [--rounds N] [--markdown]

Every line is the median over fresh processes, or over repetitions in one; processes to compare alternate.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from sympy.core.cache import clear_cache

from symopt.artifacts import artifact
from symopt.canonical import canonical
from symopt.catalogue import load
from symopt.paths import specs_dir
from symopt.recurrence import Optimizer

BARE = """
import numpy as np
from numba import njit, prange

@njit(parallel=True, cache=True)
def one(x):
    for i in prange(len(x)):
        x[i] += 1

one(np.ones(1000, np.float32))
"""
STEP = """
import numpy as np
import emitted

params = [np.ones(1000, np.float32)]
emitted.step(params, [np.ones(1000, np.float32)], emitted.init(params))
"""


@dataclass(frozen=True)
class Row:
    """One measurement: what, how long in seconds, against what, and the ratio or time it is to stay below."""

    title: str
    seconds: float
    against: str
    ratio: float | None
    goal: str


class Processes:
    """Fresh Python processes in a folder that holds an emitted file, with a cache of their own."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "emitted.py").write_text(artifact(load("adamw"), "cpu").text)
        (folder / "bare.py").write_text(BARE)
        (folder / "first.py").write_text(STEP)
        source = str(Path(__file__).resolve().parent.parent)
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])}

    def seconds(self, *arguments: str, cache: Path | None = None) -> float:
        """Wall time of one process from start to end."""
        environment = self.environment | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=self.folder, env=environment, check=True, capture_output=True)
        return time.perf_counter() - start

    def compared(self, rounds: int, *commands: tuple[str, ...]) -> list[float]:
        """The median of each command, the commands taking turns; one run of each goes ahead and fills the caches."""
        times: list[list[float]] = [[] for _ in commands]
        for turn in range(rounds + 1):
            for k, command in enumerate(commands):
                elapsed = self.seconds(*command)
                if turn:
                    times[k].append(elapsed)
        return [median(values) for values in times]


def processes(folder: Path, rounds: int) -> list[Row]:
    """What is measured over whole processes."""
    run = Processes(folder)
    numpy, symopt = run.compared(rounds, ("-c", "import numpy"), ("-c", "import symopt"))
    bare, first = run.compared(rounds, ("bare.py",), ("first.py",))
    with tempfile.TemporaryDirectory() as empty:
        uncached = run.seconds("first.py", cache=Path(empty))
    (listed,) = run.compared(max(rounds // 3, 1), ("-m", "symopt", "list"))
    return [
        Row("import symopt", symopt, "import numpy", symopt / numpy, "<= 1"),
        Row("process to first step, cached", first, "a bare one-line kernel, cached", first / bare, "<= 1.3"),
        Row("process to first step, compiling", uncached, "", None, "< 5 s"),
        Row("symopt list", listed, "", None, ""),
    ]


def declarations(rounds: int) -> list[Row]:
    """Declaring Adam, the mean over the forms of it in its file, and its canonical view, in this process."""
    path = specs_dir() / "adam.py"
    names = {"__name__": "adam", "__file__": str(path)}
    code = compile(path.read_bytes(), str(path), "exec")
    tracing, viewing = [], []
    for _ in range(10 * rounds):
        clear_cache()  # SymPy remembers what it has seen
        start = time.perf_counter()
        exec(code, names)
        middle = time.perf_counter()
        canonical(names["adam"])
        tracing.append((middle - start) / sum(isinstance(value, Optimizer) for value in names.values()))
        viewing.append(time.perf_counter() - middle)
    return [
        Row("tracing Adam", median(tracing), "", None, "<= 5 ms"),
        Row("canonical view of Adam", median(viewing), "", None, "<= 25 ms"),
    ]


def cells(row: Row) -> list[str]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return [row.title, f"{1000 * row.seconds:.3g}", row.against, ratio, row.goal]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time what is waited for before the first step.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--markdown", action="store_true", help="print a table for a README")
    options = parser.parse_args()
    console = Console(stderr=options.markdown)
    with console.status("starting processes"), tempfile.TemporaryDirectory() as folder:
        rows = [*processes(Path(folder), options.rounds), *declarations(options.rounds)]
    head = ["", "ms", "against", "ratio", "goal"]
    if options.markdown:
        lines = [head, ["---", "---:", "---", "---:", "---"], *map(cells, rows)]
        print("\n".join(f"| {' | '.join(line)} |" for line in lines))
    else:
        table = Table(*head, title="Before the first step")
        for row in rows:
            table.add_row(*cells(row))
        console.print(table)


if __name__ == "__main__":
    main()
