"""symopt: optimizers declared once as equations; kernels, pages and proofs derived from them.

Every name is loaded when it is first used, so that `import symopt` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symopt.catalogue import load as load
    from symopt.checks.theory import facts as facts
    from symopt.derive.sensitivity import sensitivity as sensitivity
    from symopt.dialect import erratum as erratum
    from symopt.dialect import optimizer as optimizer
    from symopt.dialect import schedule as schedule
    from symopt.equivalence import compare as compare
    from symopt.errors import DialectError as DialectError
    from symopt.errors import SymoptError as SymoptError
    from symopt.notation import *  # noqa: F403
    from symopt.recurrence import Optimizer as Optimizer

_HOMES = {
    "load": "symopt.catalogue", "facts": "symopt.checks.theory", "compare": "symopt.equivalence",
    "optimizer": "symopt.dialect", "erratum": "symopt.dialect", "schedule": "symopt.dialect",
    "Schedule": "symopt.dialect", "DialectError": "symopt.errors", "SymoptError": "symopt.errors",
    "Optimizer": "symopt.recurrence", "sensitivity": "symopt.derive.sensitivity",
}  # fmt: skip


def __dir__() -> list[str]:
    return sorted({*_HOMES, *import_module("symopt.notation").__all__})


def __getattr__(name: str) -> Any:
    if name == "__all__":  # what `from symopt import *` brings
        return __dir__()
    if name.startswith("__"):
        raise AttributeError(name)
    home = import_module(_HOMES.get(name, "symopt.notation"))
    try:
        return getattr(home, name)
    except AttributeError:
        raise AttributeError(f"symopt has no {name}") from None
