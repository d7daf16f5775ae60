"""The least time of a step, against numbers worked out by hand."""

import pytest

from symopt.artifacts import build
from symopt.artifacts.cost import cost_of
from symopt.catalogue import load, names
from symopt.gpu import times
from symopt.gpu.hardware import GPUS, LAUNCH
from symopt.gpu.kinds import KINDS
from symopt.gpu.roofline import SHOWN, SIZES, launch_count, microseconds, step_bytes


@pytest.fixture(scope="module")
def adamw():
    return build(load("adamw"))[1]


def test_adamw_moves_28_bytes_in_two_launches(adamw):
    moved = cost_of(adamw).bytes_per_parameter * 10**9
    found = {gpu.name: microseconds(moved, launch_count(adamw), gpu) for gpu in GPUS}
    assert launch_count(adamw) == 2
    for name, terabytes in {"A100": 2.039, "H100": 3.35, "H200": 4.8, "B200": 8.0}.items():
        assert found[name] == pytest.approx(28e3 / terabytes + 2e6 * LAUNCH)


def test_each_dtype_moves_its_own_bytes(adamw):
    """theta is read and written, g read, two states read and written; a master has a copy that is written."""
    found = {dtype: step_bytes(adamw, kinds) for dtype, kinds in KINDS.items()}
    assert found == {"float32": 28, "float64": 56, "float16": 22, "bfloat16": 22, "masters": 28}
    assert times(adamw, "float64")["H100"][SHOWN] == round(56 * 25.6 / 3.35 + 2e6 * LAUNCH, 1)


@pytest.mark.parametrize("name", names())
def test_in_float32_it_is_what_the_page_says(name):
    program = build(load(name))[1]
    assert step_bytes(program, KINDS["float32"]) == cost_of(program).bytes_per_parameter


def test_launches_are_what_a_small_model_costs():
    clipped = build(load("adamw_clipped"))[1]
    assert launch_count(clipped) == 5  # numbers, sums over chunks, over tensors, numbers, update
    assert microseconds(0, launch_count(clipped), GPUS[0]) == pytest.approx(5e6 * LAUNCH)


def test_every_gpu_and_model_has_its_time(adamw):
    found = times(adamw)
    assert list(found) == [gpu.name for gpu in GPUS]
    assert all(list(sizes) == list(SIZES) for sizes in found.values())
    assert found["H100"][SHOWN] == round(28 * 25.6 / 3.35 + 2e6 * LAUNCH, 1)
