"""Products and sums fused as the assembler may fuse them, and no others."""

import numpy as np
import pytest

from symopt.ptx import Memory, contracted, counts, parse, run

HEAD = ".version 8.0\n.target sm_90\n.address_size 64\n"
START = "ld.param.u64 %rd, [p]; ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd];"
NUMBERS = np.array([1 + 3 * 2.0**-23, 1 + 5 * 2.0**-23, -1 - 7 * 2.0**-23, 1 + 9 * 2.0**-23], np.float32)


def kernel(lines):
    registers = ".reg .f32 %f<9>; .reg .b64 %rd; .reg .pred %p;"
    return parse(
        f"{HEAD}.entry k(.param .u64 p) {{ {registers} {START} {lines} st.global.f32 [%rd], %f6; ret; }}"
    ).kernel


def result(kernel):
    memory, data = Memory(), NUMBERS.copy()
    run(kernel, 1, 1, [memory.place(data)], memory)
    return data[0]


def opcodes(kernel):
    return [one.opcode for one in kernel.entry.code if one.root in ("fma", "add", "sub")]


A, B, C, D = (np.float64(x) for x in NUMBERS)  # every product of two and its sum with a third are exact in float64 here


@pytest.mark.parametrize(
    ("lines", "exact"),
    [
        ("mul.f32 %f5, %f1, %f2; add.f32 %f6, %f5, %f3;", A * B + C),
        ("mul.f32 %f5, %f1, %f2; add.f32 %f6, %f3, %f5;", A * B + C),
        ("mul.f32 %f5, %f1, %f2; sub.f32 %f6, %f5, %f4;", A * B - D),
        ("mul.f32 %f5, %f1, %f2; sub.f32 %f6, %f4, %f5;", D - A * B),
        ("mul.f32 %f5, %f1, %f2; neg.f32 %f7, %f5; add.f32 %f6, %f7, %f4;", D - A * B),
        ("mul.f32 %f5, %f1, %f2; neg.f32 %f7, %f5; sub.f32 %f6, %f7, %f3;", -A * B - C),
        ("mul.f32 %f5, 0f3F800003, %f2; neg.f32 %f7, %f5; add.f32 %f6, %f7, %f4;", D - A * B),
        ("mul.ftz.f32 %f5, %f1, %f2; add.ftz.f32 %f6, %f5, %f3;", A * B + C),
        ("mul.f32 %f5, %f1, %f2; @%p bra A; add.f32 %f6, %f5, %f3; A:", A * B + C),
    ],
)
def test_what_is_fused(lines, exact):
    lines = "setp.ne.f32 %p, %f1, %f1; mov.f32 %f6, %f1;" + lines
    plain, fused = kernel(lines), contracted(kernel(lines))
    assert result(fused) == np.float32(exact) != result(plain)
    assert opcodes(fused)[0].startswith("fma.rn")
    assert counts(plain).fusible - counts(fused).fusible == 1


@pytest.mark.parametrize(
    "lines",
    [
        "mul.rn.f32 %f5, %f1, %f2; add.f32 %f6, %f5, %f3;",
        "mul.f32 %f5, %f1, %f2; add.rn.f32 %f6, %f5, %f3;",
        "mul.ftz.f32 %f5, %f1, %f2; add.f32 %f6, %f5, %f3;",
        "mul.f32 %f5, %f1, %f2; mov.f32 %f1, %f3; add.f32 %f6, %f5, %f3;",
        "mul.f32 %f5, %f1, %f2; mov.f32 %f5, %f4; add.f32 %f6, %f5, %f3;",
        "mul.f32 %f1, %f1, %f2; add.f32 %f6, %f1, %f3;",
        "mul.f32 %f5, %f1, %f2; A: add.f32 %f6, %f5, %f3;",
        "mov.f32 %f5, %f1; @!%p mul.f32 %f5, %f1, %f2; add.f32 %f6, %f5, %f3;",
    ],
)
def test_what_is_not_fused(lines):
    plain = kernel(f"setp.ne.f32 %p, %f1, %f1; {lines}")
    assert contracted(plain).entry.code == plain.entry.code


def test_a_fused_sum_is_no_product_any_more():
    lines = "mul.f32 %f5, %f1, %f2; add.f32 %f5, %f5, %f3; add.f32 %f6, %f5, %f4;"
    assert opcodes(contracted(kernel(lines))) == ["fma.rn.f32", "add.f32"]


def test_jumps_lead_to_the_same_places():
    lines = """
        mov.f32 %f6, 0f00000000; mov.f32 %f7, 0f00000000;
        A: add.rn.f32 %f7, %f7, 0f3F800000; mul.f32 %f5, %f1, %f2; sub.f32 %f6, %f5, %f4;
        setp.lt.f32 %p, %f7, 0f40400000; @%p bra A;"""
    assert result(contracted(kernel(lines))) == np.float32(A * B - D)
