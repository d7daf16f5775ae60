"""`symopt new`: a spec to start from."""

from __future__ import annotations

import keyword
from pathlib import Path

from symopt.errors import SymoptError
from symopt.naming import unusable

TEMPLATE = '''\
"""{title}: what the method does, in one sentence."""

from symopt import Positive, Unit, optimizer, t


# Arguments before the * are sequences: theta is what the user deploys, g its gradient, the others are yours.
# Arguments after it are hyperparameters, with their domain and default. The title is what pages print; a
# reference="key" beside it names an entry of the catalogue's references.bib.
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
"""Names that the template uses itself, and one that would hide the package."""


def run(name: str) -> None:
    """Write NAME.py into the current folder."""
    if name.endswith(".py"):
        raise SymoptError(f"{name} is a file name; give the optimizer's name, {name.removesuffix('.py')}")
    reason = "the file itself uses it" if name in TAKEN else unusable(name)
    if reason or not name.isidentifier() or keyword.iskeyword(name):
        raise SymoptError(f"{name!r} cannot name an optimizer: {reason or 'it is no name in Python'}")
    path = Path(f"{name}.py")
    title = name.replace("_", " ").capitalize()
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.format(name=name, title=title))
    except FileExistsError:
        raise SymoptError(f"{path} exists already, and `symopt new` overwrites nothing") from None
    print(f"Wrote {path}. See it with `symopt show {path}`, test it with `symopt check {path}`.")
