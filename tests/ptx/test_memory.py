"""Addresses, accesses and arguments."""

import struct

import numpy as np
import pytest

from symopt.errors import SymoptError
from symopt.ptx import Memory, parse, run

HEAD = ".version 8.0\n.target sm_90\n.address_size 64\n"


def started(lines, arguments, memory, params=".param .u64 p0, .param .u64 p1", outside="", threads=1):
    registers = ".reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<9>; .reg .f64 %fd<9>; .reg .b16 %rs<9>;"
    text = f"{HEAD}{outside}\n.entry k({params}) {{\n{registers}\n{lines}\nret; }}"
    return run(parse(text).kernel, 1, threads, arguments, memory)


COPY = "ld.param.u64 %rd0, [p0]; ld.param.u64 %rd1, [p1];"


@pytest.mark.parametrize(
    ("move", "dtype", "count"),
    [
        (
            "ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd0]; st.global.v4.f32 [%rd1], {%f0, %f1, %f2, %f3};",
            np.float32,
            4,
        ),
        ("ld.global.nc.v2.f64 {%fd0, %fd1}, [%rd0]; st.global.v2.f64 [%rd1], {%fd0, %fd1};", np.float64, 2),
        (
            "ld.global.v4.u16 {%rs0, %rs1, %rs2, %rs3}, [%rd0]; st.global.v4.b16 [%rd1], {%rs0, %rs1, %rs2, %rs3};",
            np.float16,
            4,
        ),
        ("ld.global.v2.b32 {%r0, %r1}, [%rd0]; st.v2.b32 [%rd1], {%r0, %r1};", np.float16, 4),
        ("ld.f64 %fd0, [%rd0]; st.volatile.global.f64 [%rd1], %fd0;", np.float64, 1),
    ],
)
def test_loads_and_stores(move, dtype, count):
    source, target, memory = np.arange(1, 6).astype(dtype), np.zeros(5, dtype), Memory()
    started(COPY + move, [memory.place(source), memory.place(target)], memory)
    assert target.tolist() == [*range(1, count + 1), *[0] * (5 - count)]


def test_narrow_numbers_are_extended():
    source, target, memory = np.array([-3], np.int8), np.zeros(2, np.int32), Memory()
    lines = "ld.global.s8 %r0, [%rd0]; ld.global.u8 %r1, [%rd0]; st.global.v2.u32 [%rd1], {%r0, %r1};"
    started(COPY + lines, [memory.place(source), memory.place(target)], memory)
    assert target.tolist() == [-3, 253]


def test_a_narrow_store_leaves_its_neighbour():
    target, memory = np.full(4, 7, np.uint8), Memory()
    started(COPY + "mov.u32 %r0, 511; st.global.u8 [%rd0+1], %r0;", [memory.place(target), 0], memory)
    assert target.tolist() == [7, 255, 7, 7]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd0+4];",
            "16 bytes at address 0x7f0000000004, 4 bytes into theta of 40 are not aligned to 16",
        ),
        ("ld.global.f64 %fd0, [%rd0+4];", "not aligned to 8"),
        ("ld.global.f32 %f0, [%rd0+40];", "4 bytes at address 0x7f0000000028, 40 bytes into theta of 40 are outside"),
        ("ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd0+32];", "16 bytes at .* are outside of what is allocated"),
        ("ld.global.f32 %f0, [%rd0+-4];", "outside of what is allocated"),
        ("mov.u64 %rd2, 0; ld.global.f32 %f0, [%rd2];", "4 bytes at address 0x0 are outside"),
        ("mov.u64 %rd2, 0; st.f32 [%rd2], 0f00000000;", "4 bytes at address 0x0 are outside"),
        ("mov.f32 %f0, 0f00000000; st.global.f32 [%rd1], %f0;", "fixed is read-only"),
        ("mov.u64 %rd2, room; ld.shared.f32 %f0, [%rd2];", "memory is read that nothing was written to"),
        ("mov.u64 %rd2, room; ld.shared.f32 %f0, [%rd2+16];", "16 bytes into room of 16 are outside"),
        ("mov.u64 %rd2, room; ld.global.f32 %f0, [%rd2];", "outside of what is allocated"),
        ("ld.param.u64 %rd2, [p0+8];", "there is no parameter p0 of 16 bytes"),
        ("ld.param.u32 %r0, [p0+2];", "by its name and an aligned offset"),
    ],
)
def test_accesses_that_the_device_refuses(lines, message):
    theta, fixed, memory = np.zeros(10, np.float32), np.zeros(4, np.float32), Memory()
    fixed.flags.writeable = False
    arguments = [memory.place(theta, "theta"), memory.place(fixed, "fixed")]
    with pytest.raises(SymoptError, match=rf"PTX line 8: .*{message}"):
        started(f"{COPY}\n{lines}", arguments, memory, outside=".shared .align 4 .b8 room[16];")


def test_nothing_is_written_by_a_kernel_that_was_stopped():
    target, memory = np.zeros(2, np.float32), Memory()
    lines = "st.global.f32 [%rd0], 0f3F800000; ld.global.f32 %f0, [%rd0+8];"
    with pytest.raises(SymoptError):
        started(COPY + lines, [memory.place(target), 0], memory)
    assert not target.any()


def test_tables_and_generic_addresses():
    target, memory = np.zeros(3, np.float64), Memory()
    lines = """
        mov.u64 %rd2, table; ld.global.f64 %fd0, [%rd2+8]; ld.const.f64 %fd1, [other];
        cvta.global.u64 %rd3, %rd2; ld.f64 %fd2, [%rd3];
        mov.u64 %rd4, room; cvta.shared.u64 %rd5, %rd4; st.f64 [%rd5], %fd2; ld.shared.f64 %fd3, [room];
        add.f64 %fd3, %fd3, %fd3;
        st.global.f64 [%rd0], %fd0; st.global.f64 [%rd0+8], %fd1; st.global.f64 [%rd0+16], %fd3;"""
    tables = (
        ".global .f64 table[2] = {0d3FF0000000000000, 0d4000000000000000}; .const .f64 other[1] = {0d4008000000000000};"
    )
    outside = f"{tables} .shared .align 8 .b8 room[8];"
    started(COPY + lines, [memory.place(target), 0], memory, outside=outside)
    assert target.tolist() == [2, 3, 2]


def test_arguments():
    target, memory = np.zeros(4, np.float64), Memory()
    params = (
        ".param .u64 p0, .param .u64 p1, .param .f32 x, .param .s32 n, .param .align 8 .b8 pair[16], .param .b64 raw"
    )
    lines = """
        ld.param.f32 %f0, [x]; cvt.f64.f32 %fd0, %f0; ld.param.s32 %r0, [n]; cvt.rn.f64.s32 %fd1, %r0;
        ld.param.v2.f64 {%fd4, %fd2}, [pair]; ld.param.f64 %fd3, [raw];
        st.global.v2.f64 [%rd0], {%fd0, %fd1}; st.global.v2.f64 [%rd0+16], {%fd2, %fd3};"""
    arguments = [memory.place(target), 0, np.float32(0.1), -7, struct.pack("dd", 1.5, 2.5), 3.25]
    started(COPY + lines, arguments, memory, params)
    assert target.tolist() == [np.float32(0.1), -7, 2.5, 3.25]


def test_numba_passes_arrays_in_parts():
    memory, array = Memory(), np.zeros((3, 5), np.float32)
    assert memory.pass_array(array) == (0, 0, 15, 4, memory.regions[0].start, 3, 5, 20, 4)


@pytest.mark.parametrize(
    ("grid", "block", "arguments", "message"),
    [
        (0, 1, [0, 0], "a grid has one to three lengths of at least 1, not 0"),
        (1, (1, 2, 3, 4), [0, 0], "a block has one to three lengths"),
        (1, 2048, [0, 0], "at most 1024 threads, not 2048"),
        (1, 1, [0], "the kernel has 2 parameters, and 1 arguments are given"),
        (1, 1, [0, b"abc"], "the parameter b has 8 bytes, and its argument 3"),
    ],
)
def test_launches_that_are_refused(grid, block, arguments, message):
    kernel = parse(f"{HEAD}.entry k(.param .u64 a, .param .u64 b) {{ ret; }}").kernel
    with pytest.raises(SymoptError, match=message):
        run(kernel, grid, block, arguments, Memory())


def test_arrays_that_have_no_place():
    memory, array = Memory(), np.zeros((4, 4))
    with pytest.raises(SymoptError, match="weights is not contiguous"):
        memory.place(array.T[1:], "weights")
    memory.place(array)
    with pytest.raises(SymoptError, match="shares memory with an array that is placed already"):
        memory.place(array[1:])
