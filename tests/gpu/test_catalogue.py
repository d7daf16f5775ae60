"""The catalogue through compiler and assembler: a third of it in the usual run, all with `SYMOPT_EVERY_KERNEL=1`."""

import os

import pytest

from symopt.catalogue import load, load_all, names
from symopt.gpu import reports


def chosen():
    """The optimizers with the most states and with the fewest, and one with a number over all tensors."""
    every = load_all()
    states = sorted(every, key=lambda name: (len(every[name].states), name))
    reducing = next(name for name, one in every.items() if "global" in one.levels.values())
    return [states[-1], states[0], reducing]


HANDFUL = chosen()
EVERY = 1 if os.environ.get("SYMOPT_EVERY_KERNEL") == "1" else 3


def faults(name, dtype, sm):
    found = reports(load(name), dtype, sm)
    assert found[0].kernel == "numbers_1"
    update = next(one for one in found if one.kernel == "update")
    assert update.found == update.declared or update.faults
    assert 0 < update.occupancy <= 1
    return [(one.kernel, fault) for one in found for fault in one.faults]


@pytest.mark.parametrize("name", [*names()][::EVERY])
def test_nothing_is_wrong_with_any_kernel(compiler, name):
    assert faults(name, "float32", "sm_90") == []


@pytest.mark.parametrize("sm", ["sm_80", "sm_100"])
@pytest.mark.parametrize("name", HANDFUL[:2])
def test_older_and_newer_devices(compiler, name, sm):
    assert faults(name, "float32", sm) == []


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@pytest.mark.parametrize("name", HANDFUL[1:])
def test_other_dtypes(compiler, name, dtype):
    assert faults(name, dtype, "sm_90") == []


@pytest.mark.parametrize("dtype", ["float16", "masters"])
def test_halves(compiler, dtype):
    """Four numbers of 16 bits are loaded together, which NVVM does not do by itself."""
    assert faults(HANDFUL[1], dtype, "sm_90") == []
