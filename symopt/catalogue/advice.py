"""What is said of a name or a file that is no optimizer: what it is instead, and how that is used."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

from symopt.catalogue.files import Contents


def instead(name: str, found: Contents, home: str) -> str:
    """What a name is that `home` declares, a file or a module, and how it is used."""
    if name in found.schedules:
        return f"{name} of {home} is a schedule; use it in a spec of your own as adam.scheduled(lr={name})"
    if name in found.combinators:
        used = applied(name, found.combinators[name])
        return f"{name} of {home} is a wrapper; use it in a spec of your own as {used}"
    return f"{name} of {home} is no optimizer by itself; import it in a spec of your own"


def applied(name: str, wrapper: Callable[..., Any]) -> str:
    """A call of a wrapper: around Adam, or of its arguments where it takes several."""
    wanted = [part.name for part in signature(wrapper).parameters.values() if part.default is Parameter.empty]
    return f"{name}({'adam' if len(wanted) == 1 else ', '.join(wanted)})"


def choice(path: Path, found: Contents) -> str:
    """Which optimizers a file has, or what it has where there are none."""
    if found.optimizers:
        first = next(iter(found.optimizers))
        return f"; it has {', '.join(found.optimizers)}: name one, as in {path}:{first}"
    source = "with adam from symopt.specs.adam"
    for name, wrapper in found.combinators.items():
        return f"; it has none, but {name} makes one of another: mine = {applied(name, wrapper)}, {source}"
    for name in found.schedules:
        return f"; it has none, but {name} is a schedule: mine = adam.scheduled(lr={name}), {source}"
    return "; it has none: an optimizer is a function below @optimizer(title=...)"
