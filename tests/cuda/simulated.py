"""A process in which emitted CUDA files run in the simulator.

It reads one request per line, the name of a check and what it takes, and answers each with what went wrong, or null.
"""

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from traceback import format_exc

import simulator
from checks import CHECKS, World, imported

from symopt.artifacts import load_module

FOLDER = Path(tempfile.mkdtemp())


def read(name, text):
    """A module in the simulator; its file is there for tracebacks."""
    path = FOLDER / f"{name}.py"
    path.write_text(simulator.typed(text))
    return simulator.prepared(imported(f"simulated_{name}", path))


def load(artifact):
    """The file of a target for `bind`: that of a device runs in the simulator."""
    return WORLD.small(artifact.name, artifact.text) if artifact.target == "cuda" else load_module(artifact)


LIBRARIES = {"numba": simulator.buffer, "torch": simulator.Torch, "cupy": simulator.Cupy, "dlpack": simulator.Exported}
WORLD = World(read, LIBRARIES, simulator.Torch)

if __name__ == "__main__":
    known = {check.__name__: check for check in CHECKS}
    import_module("symopt.runtime.bind").load_module = load
    for line in sys.stdin:
        name, *given = json.loads(line)
        try:
            known[name](WORLD, *given)
            answer = None
        except Exception:  # whatever it is, the test that asked fails with it, and the next one is answered
            answer = format_exc()
        print(json.dumps(answer), flush=True)
