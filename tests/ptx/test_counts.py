"""Static facts, of the samples and of texts whose names look like instructions."""

from pathlib import Path

import pytest

from symopt.ptx import counts, parse
from symopt.ptx.counts import Access

HEAD = ".version 8.0\n.target sm_90\n.address_size 64\n"


@pytest.fixture(scope="module")
def stored():
    folder = Path(__file__).parent / "samples"
    return lambda name: counts(parse((folder / f"{name}.ptx").read_text()).kernel)


def test_adamw_moves_each_element_once(stored):
    found = stored("adamw_float32")
    assert found.float64 == 0
    assert found.roots == {"div.rn.f32": 4, "sqrt.rn.f32": 4}
    assert found.in_loops[Access("ld", "global", 32, 4)] == 4
    assert found.in_loops[Access("st", "global", 32, 4)] == 3
    assert found.bits("st", "global") == 3 * 128
    assert (found.barriers, found.calls, found.loops, found.local) == (0, 0, 2, False)
    assert not found.approximate
    assert stored("adamw_float16").accesses[Access("st", "global", 16, 4)] == 1


def test_a_tree_has_barriers(stored):
    found = stored("total")
    assert (found.barriers, found.shared_bytes, found.local) == (2, 2048, False)
    assert found.in_loops[Access("st", "shared", 64, 1)] == 1
    assert found.accesses[Access("st", "shared", 64, 1)] == 2
    assert found.float64 > 0


def test_functions_called_and_approximations(stored):
    found = stored("numbers")
    assert found.calls == 3
    assert found.local
    assert found.roots["sqrt.rn.f64"] == 1
    assert set(found.approximate) == {"rcp.approx.ftz.f64", "ex2.approx.ftz.f32"}
    assert stored("add").float64 == 0
    assert stored("add").loops == 0


TEXT = (
    HEAD
    + """
.entry div_rn_f64_bar_sync(.param .u64 f64)
{
    .reg .f32 %f64, %f1; .reg .f64 %fd<3>; .reg .pred %p; .reg .b64 %rd; .reg .b32 %r;
    ld.param.u64 %rd, [f64];
    bra.uni LATER;
    EARLIER: ld.global.f32 %f64, [%rd];
    mul.f32 %f1, %f64, %f64; add.rn.f32 %f1, %f1, %f64; sub.f32 %f1, %f1, %f64; bra.uni END;
    LATER: mov.f32 %f1, 0f00000000; bra.uni EARLIER;
    END: mov.f64 %fd1, 0d3FF0000000000000; fma.rn.f64 %fd2, %fd1, %fd1, %fd1; cvt.rn.f32.f64 %f1, %fd2;
    div.full.f32 %f1, %f1, %f1; div.rn.f32 %f1, %f1, %f1; rcp.approx.ftz.f32 %f1, %f1; div.s32 %r, %r, 3;
    OUTER: st.global.f32 [%rd], %f1;
    INNER: ld.global.v2.f32 {%f1, %f64}, [%rd]; @%p bra INNER; @%p bra OUTER;
    st.global.f64 [%rd], %fd2;
    ret;
}
"""
)


def test_instructions_and_not_names():
    found = counts(parse(TEXT).kernel)
    assert found.float64 == 2  # the fma and the conversion
    assert found.roots == {"div.full.f32": 1, "div.rn.f32": 1, "rcp.approx.ftz.f32": 1}
    assert found.approximate == {"div.full.f32": 1, "rcp.approx.ftz.f32": 1}
    assert found.fusible == 2
    assert found.barriers == 0


def test_a_jump_back_is_a_loop_only_if_it_comes_round():
    found = counts(parse(TEXT).kernel)
    assert found.loops == 2
    assert found.in_loops == {Access("ld", "global", 32, 2): 1, Access("st", "global", 32, 1): 1}
    assert sum(found.accesses.values()) == 4


def test_a_function_that_nobody_calls_does_not_count():
    function = ".func other() { .reg .f64 %fd; add.f64 %fd, %fd, %fd; ret; }"
    assert counts(parse(f"{HEAD}{function}.entry k() {{ ret; }}").kernel).float64 == 0
    called = ".entry k() { call.uni other, (); ret; }"
    assert counts(parse(f"{HEAD}{function}{called}").kernel).float64 == 1
