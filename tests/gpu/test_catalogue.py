"""The catalogue through compiler and assembler: a third of it in the usual run, all with `SYMOPT_EVERY_KERNEL=1`."""

import os

import pytest

from symopt.artifacts import build
from symopt.catalogue import load, load_all, names
from symopt.gpu import reports
from symopt.gpu.faults import ENOUGH


def chosen():
    """The optimizers with the most states and with the fewest, and one with a number over all tensors."""
    every = load_all()
    states = sorted(every, key=lambda name: (len(every[name].states), name))
    reducing = next(name for name, one in every.items() if "global" in one.levels.values())
    return [states[-1], states[0], reducing]


HANDFUL = chosen()
EVERYWHERE = [
    *(("float32", sm) for sm in ("sm_80", "sm_90", "sm_100")),
    *((dtype, "sm_90") for dtype in ("float64", "float16", "bfloat16", "masters")),
]
"""Four numbers of 16 bits are loaded together, which NVVM does not do by itself; float64 is loaded by twos."""
MOST_LOOPS = max(names(), key=lambda name: (len(build(load(name))[1].update.loops), name))
CASES = {
    **dict.fromkeys((name, "float32", "sm_90") for name in names()[::3]),
    **dict.fromkeys((HANDFUL[0], "float32", sm) for sm in ("sm_80", "sm_100")),
    **dict.fromkeys((name, *where) for name in HANDFUL[1:] for where in EVERYWHERE),
    (MOST_LOOPS, "float64", "sm_90"): None,
}
if os.environ.get("SYMOPT_EVERY_KERNEL") == "1":
    CASES = dict.fromkeys((name, *where) for name in names() for where in EVERYWHERE)


@pytest.mark.parametrize(("name", "dtype", "sm"), CASES)
def test_nothing_is_wrong_with_any_kernel(compiler, name, dtype, sm):
    """Those over elements keep half of a multiprocessor's threads busy, and memory, and move what the program moves."""
    found = reports(load(name), dtype, sm)
    assert found[0].kernel == "numbers_1"
    assert [(one.kernel, fault) for one in found for fault in one.faults] == []
    for one in found:
        if one.kernel.startswith(("update", "reduce")):
            assert one.occupancy >= ENOUGH, one
            assert one.in_flight >= one.needed, one
            assert one.found == one.declared, one
