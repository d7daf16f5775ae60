"""How many threads fit on a multiprocessor, against numbers worked out by hand, and what they must wait for."""

import pytest

from symopt.errors import SymoptError
from symopt.gpu.assemble import Resources
from symopt.gpu.hardware import ARCHITECTURES, GPUS, LATENCY, architecture
from symopt.gpu.occupancy import needed, occupancy, resident


def of(registers=1, shared=0):
    return Resources(registers, 0, 0, shared, 0)


@pytest.mark.parametrize(
    ("registers", "shared", "threads", "sm", "fit"),
    [
        (32, 0, 512, "sm_90", 2048),  # 64 warps of 1024 registers: all there are
        (33, 0, 512, "sm_90", 1536),  # 1280 a warp, 12 in each of four parts: 48 warps, 3 blocks of 16
        (62, 0, 512, "sm_90", 1024),  # 2048 a warp, 32 warps
        (64, 0, 512, "sm_80", 1024),
        (65, 0, 512, "sm_90", 512),  # 2304 a warp, 7 in each part: 28 warps hold one block of 16
        (65, 0, 256, "sm_90", 768),  # ... three of 8
        (95, 0, 512, "sm_100", 512),  # 3072 a warp, 20 warps
        (255, 0, 1024, "sm_90", 0),  # 8192 a warp, 8 warps: no block of 32
        (32, 0, 512, "sm_86", 1536),  # 48 warps at most
        (16, 0, 32, "sm_90", 1024),  # 32 blocks at most
        (16, 0, 32, "sm_86", 512),  # 16
        (16, 100 * 1024, 128, "sm_90", 256),  # 101 of 228 kB, with what the system takes
        (16, 100 * 1024, 128, "sm_80", 128),  # of 164 kB
        (16, 56 * 1024, 128, "sm_90", 512),  # 57 of 228 kB: exactly four
    ],
)
def test_threads_that_fit(registers, shared, threads, sm, fit):
    assert resident(of(registers, shared), threads, architecture(sm)) == fit


def test_occupancy_is_a_share():
    assert occupancy(of(64), 512, architecture("sm_90")) == 0.5
    assert occupancy(of(32), 512, architecture("sm_86")) == 1


def test_littles_law():
    """An H200 moves 4.8 TB/s on 132 multiprocessors; where as much is stored as loaded, loads are half of it."""
    assert needed(4, 0, architecture("sm_90")) == pytest.approx(4.8e12 * LATENCY / 132)
    assert needed(4, 4, architecture("sm_90")) == pytest.approx(2.4e12 * LATENCY / 132)


def test_every_architecture_has_a_gpu_and_a_capability():
    assert {gpu.architecture for gpu in GPUS} <= ARCHITECTURES.keys()
    for place in ARCHITECTURES.values():
        assert place.gpu.architecture == place.name
        assert "sm_{}{}".format(*place.capability) == place.name
    assert architecture("sm_90").gpu.name == "H200"
    assert architecture("sm_100").capability == (10, 0)


def test_an_unknown_architecture_is_named_with_a_remedy():
    with pytest.raises(SymoptError, match=r"'sm_91'; there is sm_80, sm_86, sm_89, sm_90"):
        architecture("sm_91")
    with pytest.raises(SymoptError, match="'volta'; there is sm_80, sm_86"):
        architecture("volta")
