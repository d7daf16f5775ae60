"""Each check finds what it looks for, in a kernel that is right but for that."""

import pytest

from symopt.gpu.faults import faults
from symopt.gpu.hardware import LATENCY

LOAD_G = "ld.global.v4.f32 {%f4, %f5, %f6, %f7}, [%rd1];"
HALVES = "ld.global.v2.f32 {%f4, %f5}, [%rd1]; ld.global.v2.f32 {%f6, %f7}, [%rd1+8];"
STORE = "st.global.v4.f32 [%rd0], {%f0, %f1, %f2, %f3};"
DOUBLE = "cvt.f64.f32 %fd0, %f0; add.f64 %fd0, %fd0, %fd0; cvt.rn.f32.f64 %f0, %fd0;"


def names(made):
    return [fault.partition(":")[0] for fault in faults(made)]


def test_nothing_is_wrong_with_the_kernel_itself(made):
    assert faults(made()) == ()
    assert faults(made(sm="sm_100", registers=64)) == ()


@pytest.mark.parametrize("kind", ["update", "reduce", "numbers"])
def test_spills(made, kind):
    assert "spills: 8 bytes of registers are stored in memory and loaded again" in faults(made(kind=kind, spilled=8))


def test_a_stack_frame(made):
    assert faults(made(stack=16)) == ("local memory: each thread keeps 16 bytes there",)
    assert names(made(stack=16, calls=("cos",))) == []  # its large angles are reduced with a table there
    assert names(made(stack=16, kind="numbers")) == []  # one block, with functions of float64


def test_local_memory_that_no_frame_shows(made):
    assert names(made(declared=".local .align 4 .b8 own[64];")) == ["local memory"]


def test_float64(made, body):
    wrong = made(body.replace(STORE, DOUBLE + STORE))
    assert faults(wrong) == ("float64: 3 instructions compute in float64 in a kernel of float32",)
    assert names(made(body.replace(STORE, DOUBLE + STORE), kind="numbers")) == []


@pytest.mark.parametrize(
    ("line", "calls", "wrong"),
    [
        ("div.rn.f32 %f0, %f0, %f1;", (), False),
        ("sqrt.rn.f32 %f0, %f0;", (), False),
        ("div.approx.ftz.f32 %f0, %f0, %f1;", (), True),
        ("div.full.f32 %f0, %f0, %f1;", (), True),
        ("sqrt.approx.ftz.f32 %f0, %f0;", (), True),
        ("rcp.approx.ftz.f32 %f0, %f0;", (), True),
        ("rcp.approx.ftz.f32 %f0, %f0;", ("tanh",), False),
        ("ex2.approx.ftz.f32 %f0, %f0;", (), True),
        ("ex2.approx.ftz.f32 %f0, %f0;", ("exp",), False),
        ("lg2.approx.ftz.f32 %f0, %f0;", ("log", "exp", "**"), True),
        ("div.approx.ftz.f32 %f0, %f0, %f1;", ("tanh", "exp", "**"), True),
    ],
)
def test_approximations(made, body, line, calls, wrong):
    opcode = line.split()[0]
    expected = (f"approximation: 1 of {opcode}, where the emitted text asks for a correctly rounded result",)
    assert faults(made(body.replace(STORE, line + STORE), calls=calls)) == (expected if wrong else ())


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (LOAD_G, LOAD_G + LOAD_G, "12 + 4"),
        (STORE, STORE + STORE, "8 + 8"),
        (LOAD_G, "", "4 + 4"),
        (LOAD_G, "ld.global.f32 %f4, [%rd1];", "5 + 4"),
        ("v4", "v2", None),
    ],
)
def test_bytes(made, body, old, new, found):
    changed = body.replace(old, new)
    if found is None:  # nothing is loaded four at a time any more
        changed = "ld.global.f32 %f0, [%rd0]; st.global.f32 [%rd0], %f0;"
    expected = f"traffic: the loops over four elements at a time load and store {found or 'nothing'} bytes per element"
    assert faults(made(changed)) == (f"{expected}, and those of the program 8 + 4",)


def test_narrow_accesses(made, body):
    expected = ("narrow accesses: four elements take 4 loads and stores, where 3 do",)
    assert faults(made(body.replace(LOAD_G, HALVES))) == expected


def test_few_threads_are_a_fault_only_where_memory_is_idle(made):
    """512 threads of 2048 wait for 32 bytes each; of what an H200's 4.8 TB/s need, two thirds are loads."""
    needed = round(4.8e12 * 2 / 3 * LATENCY / 132)
    assert needed > 512 * 32
    expected = f"idle memory: 512 of 2048 threads fit on a multiprocessor, and wait for {512 * 32} bytes at a time"
    assert faults(made(registers=70)) == (f"{expected}, where the H200 needs {needed}",)
    assert faults(made(registers=64)) == ()  # half of the threads, which is enough
    assert faults(made(registers=70, sm="sm_80")) == ()  # an A100 is slower
    assert names(made(registers=70, kind="numbers")) == []
