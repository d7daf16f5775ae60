"""The loops that take several elements at a time, found in kernels written by hand."""

import pytest

from symopt.gpu.loops import natural_loops, vector_loops
from symopt.ptx import parse

LOAD = "ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd0];"
STORE = "st.global.v4.f32 [%rd1], {%f0, %f1, %f2, %f3};"
SINGLE = "ld.global.f32 %f4, [%rd0]; st.global.f32 [%rd1], %f4;"


@pytest.fixture
def loops(written):
    return lambda *args, stride=512, **more: vector_loops(parse(written(*args, **more)).kernel, stride)


def test_what_one_round_moves(loops):
    (found,) = loops(LOAD + LOAD + STORE)
    assert found.elements == 4
    assert found.moved == (8, 4)
    assert found.accesses == 3
    assert found.ahead == 32


def test_an_unrolled_loop_takes_more_elements(loops):
    (found,) = loops(LOAD + STORE + LOAD + STORE, step=1024)
    assert found.elements == 8
    assert found.moved == (4, 4)
    assert found.accesses == 2
    assert found.ahead == 16  # the second load may read what the first store wrote


def test_the_counter_may_be_copied_before_it_goes_on(written):
    text = written(LOAD + LOAD, step=1024)
    copied = text.replace("add.s64 %rd3, %rd3, 1024;", "mov.b64 %rd4, %rd3; add.s64 %rd3, %rd4, 1024;")
    assert copied != text
    (found,) = vector_loops(parse(copied).kernel, 512)
    assert found.elements == 8


def test_the_counter_may_count_elements(loops):
    (found,) = loops(LOAD, step=2048, stride=2048)
    assert found.elements == 4


def test_a_loop_over_single_elements_is_none(loops):
    assert loops(SINGLE) == ()


def test_single_elements_in_a_vector_loop_count(loops):
    (found,) = loops(LOAD + STORE + SINGLE)
    assert found.moved == (5, 5)


EITHER = "setp.lt.s64 %p1, %rd3, 7; @%p1 bra $other; {} bra.uni $on; $other: {} $on:"


def test_a_loop_that_branches_moves_what_one_branch_moves(loops):
    """Two that move the same are one, and one that moves nothing is none."""
    (found,) = loops(LOAD + EITHER.format(STORE, STORE))
    assert found.moved == (4, 4)
    assert [one.moved for one in loops(LOAD + EITHER.format(STORE, LOAD + STORE))] == [(4, 4), (8, 4)]
    (found,) = loops(EITHER.format("", LOAD + STORE))
    assert found.moved == (4, 4)
    assert [one.ahead for one in loops(LOAD + EITHER.format(STORE, LOAD + STORE))] == [16, 32]


def test_what_lies_outside_of_loops_is_none(loops):
    assert loops(SINGLE, after=LOAD + STORE) == ()


def test_only_the_inner_loop_counts(loops):
    again = "mov.u64 %rd4, 0; $inner: " + LOAD + STORE + "add.s64 %rd4, %rd4, 512; setp.lt.s64 %p1, %rd4, %rd2;"
    (found,) = loops(f"{SINGLE} {again} @%p1 bra $inner;")
    assert found.moved == (4, 4)


def test_shared_memory_is_not_counted(loops):
    (found,) = loops(LOAD + STORE + "st.shared.f32 [buffer], %f0;", declared=".shared .align 4 .b8 buffer[4];")
    assert found.moved == (4, 4)


def test_loops_that_share_a_head_are_one(written):
    twice = "setp.lt.s64 %p1, %rd3, 7; @%p1 bra $loop;"
    found = natural_loops(parse(written(LOAD + twice + STORE)).kernel.entry)
    assert len(found) == 1
    (body,) = found.values()
    assert len(body) == len(parse(written(LOAD + twice + STORE)).kernel.entry.code) - 8  # the start and the return


def test_a_jump_forward_is_no_loop(written):
    kernel = parse(written(LOAD + "setp.lt.s64 %p1, %rd3, 7; @%p1 bra $on; " + STORE + " $on:")).kernel
    assert len(natural_loops(kernel.entry)) == 1


def test_the_text_for_newer_devices_is_read(written):
    """Parameters say what they point to, elements are moved as bits, and halves that nobody wants go to `_`."""
    body = (LOAD + STORE + "mov.b64 {_, %r1}, %rd3;").replace("v4.f32", "v4.b32")
    text = written(body).replace(".param .u64 g", ".param .u64 .ptr .global .align 1 g")
    kernel = parse(text).kernel
    assert [(one.name, one.offset) for one in kernel.params] == [("theta", 0), ("g", 8), ("n", 16)]
    (found,) = vector_loops(kernel, 512)
    assert found.moved == (4, 4)
