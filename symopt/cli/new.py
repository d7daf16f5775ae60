"""`symopt new`: a spec to start from."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path

from symopt.errors import SymoptError
from symopt.naming import unusable

TEMPLATE = '''\
"""{title}: what the method does, in one sentence."""

from symopt import Positive, Unit, optimizer, t


# Arguments before the * are sequences: theta is what the user deploys, g its gradient, the others are yours.
# Arguments after it are hyperparameters, with their domain and default. The title is what pages print; a
# reference="key" beside it names an entry of a references.bib in this folder, or of the catalogue's.
@optimizer(title="{title}")
def {name}(theta, g, v, *, lr: Positive = 1e-2, mu: Unit = 0.9):
    """A velocity remembers the steps of the past. (This text goes on the method's page.)

    v: velocity; unit of theta
    lr: learning rate
    mu: share of the velocity that is kept

    Departures: none. (Where this differs from the paper or from a well-known library.)
    """
    # x[t] is a new value, x[t-1] the one before; what is read at t-1 is remembered between steps, and starts at 0
    # unless x[0] = ... says otherwise. Each x[t] is written once and before it is read, theta[t] among them.
    v[t] = mu * v[t-1] - lr * g[t]
    theta[t] = theta[t-1] + v[t]
'''
TAKEN = ("theta", "v", "lr", "mu", "optimizer", "Positive", "Unit", "symopt")
"""Names that the template uses itself, and that of the package."""


def run(name: str) -> None:
    """Write NAME.py into the current folder."""
    if name.endswith(".py"):
        raise SymoptError(f"{name} is a file name; give the optimizer's name, {name.removesuffix('.py')}")
    reason = _refused(name)
    if reason:
        raise SymoptError(f"{name!r} cannot name an optimizer: {reason}")
    path = Path(f"{name}.py")
    title = name.replace("_", " ").capitalize()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=name, title=title))
    except FileExistsError:
        raise SymoptError(f"{path} exists already and is not overwritten; take another name, or move it") from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SymoptError(f"cannot write {path}: {why}; run this in a folder that can be written") from error
    print(f"Wrote {path}. See it with `symopt show {path}`, test it with `symopt check {path}`.")


def _refused(name: str) -> str | None:
    """Why an optimizer, or its file, cannot have a name, and which one to take; None where it can."""
    if name in TAKEN:
        return f"the file itself uses it; take another name, such as my_{name}"
    reason = unusable(name)
    if reason:
        return f"{reason}; take another name"
    if _imported_elsewhere(name):
        return f"{name}.py would hide the module {name} from what runs in its folder; take another, such as my_{name}"
    return None


def _imported_elsewhere(name: str) -> bool:
    """Whether Python or an installed package has a module of that name; what lies in this folder does not count."""
    elsewhere = [place for place in sys.path if Path(place).resolve() != Path.cwd()]
    found = PathFinder.find_spec(name, elsewhere)
    return name in sys.stdlib_module_names or (found is not None and found.origin is not None)
