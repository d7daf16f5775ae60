"""Threads that part and meet again, that wait for each other, and that get into each other's way."""

import numpy as np
import pytest

from symopt.errors import SymoptError
from symopt.ptx import Memory, run

SHARED = ".shared .align 4 .b32 common[64];"
COMMON = "mov.u64 %rd2, common; add.s64 %rd3, %rd2, %rd0;"


def result(kernel, threads=64, blocks=1, dtype=np.uint32, limit=10_000):
    out, memory = np.zeros(threads * blocks, dtype), Memory()
    run(kernel, blocks, threads, [memory.place(out, "out")], memory, limit)
    return out


def test_odd_and_even_part_and_meet(thread):
    kernel = thread("""
        and.b32 %r1, %r0, 1; setp.eq.u32 %p1, %r1, 0; @%p1 bra EVEN;
        mov.u32 %r2, 100; bra.uni BOTH;
        EVEN: mov.u32 %r2, 200;
        BOTH: add.u32 %r2, %r2, %r0; st.global.u32 [%rd1], %r2;""")
    assert result(kernel).tolist() == [(100 if i % 2 else 200) + i for i in range(64)]


def test_loops_of_different_length(thread):
    kernel = thread("""
        mov.u32 %r1, 0; mov.u32 %r2, 0;
        AGAIN: add.u32 %r2, %r2, %r1; add.u32 %r1, %r1, 1; setp.le.u32 %p1, %r1, %r0; @%p1 bra AGAIN;
        st.global.u32 [%rd1], %r2;""")
    assert result(kernel).tolist() == [i * (i + 1) // 2 for i in range(64)]


def test_an_early_end(thread):
    kernel = thread("setp.gt.u32 %p1, %r0, 9; @%p1 ret; mov.u32 %r1, 7; st.global.u32 [%rd1], %r1;")
    assert result(kernel).tolist() == [7] * 10 + [0] * 54


def test_an_instruction_for_some_threads(thread):
    kernel = thread("mov.u32 %r1, 1; setp.lt.u32 %p1, %r0, 5; @!%p1 add.u32 %r1, %r1, 1; st.global.u32 [%rd1], %r1;")
    assert result(kernel).tolist() == [1] * 5 + [2] * 59


def test_special_registers(thread):
    kernel = thread("""
        mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %nctaid.x; mov.u32 %r4, %ctaid.y;
        mad.lo.u32 %r5, %r4, %r3, %r1; mad.lo.u32 %r6, %r5, %r2, %r0; mul.wide.u32 %rd2, %r6, 4;
        add.s64 %rd3, %out, %rd2; mad.lo.u32 %r7, %r3, 1000, %r6; st.global.u32 [%rd3], %r7;""")
    out, memory = np.zeros(24, np.uint32), Memory()
    run(kernel, (3, 2), 4, [memory.place(out)], memory)
    assert out.tolist() == [3000 + i for i in range(24)]


def test_many_blocks_of_which_some_run_after_others(thread):
    kernel = thread("""
        mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mad.lo.u32 %r3, %r1, %r2, %r0; mul.wide.u32 %rd2, %r3, 4;
        add.s64 %rd3, %out, %rd2; st.global.u32 [%rd3], %r3;""")
    assert np.array_equal(result(kernel, 1000, 20), np.arange(20000))


REVERSED = f"""
    {COMMON} st.shared.u32 [%rd3], %r0; bar.sync 0;
    mov.u32 %r1, 63; sub.u32 %r1, %r1, %r0; mul.wide.u32 %rd4, %r1, 4; add.s64 %rd5, %rd2, %rd4;
    ld.shared.u32 %r2, [%rd5]; st.global.u32 [%rd1], %r2;"""


def test_a_barrier_orders_shared_memory(thread):
    assert result(thread(REVERSED, SHARED)).tolist() == list(range(63, -1, -1))


def test_shared_memory_of_a_module(thread):
    assert result(thread(REVERSED, outside=f".visible {SHARED}")).tolist() == list(range(63, -1, -1))


def test_blocks_have_shared_memory_of_their_own(thread):
    """Blocks with different numbers of rounds, each with a barrier, run side by side."""
    kernel = thread(
        f"""
        {COMMON} mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mad.lo.u32 %r3, %r1, %r2, %r0; mul.wide.u32 %rd4, %r3, 4;
        add.s64 %rd5, %out, %rd4; mov.u32 %r4, 0; xor.b32 %r5, %r0, 1; mul.wide.u32 %rd6, %r5, 4;
        add.s64 %rd7, %rd2, %rd6; mov.u32 %r7, %r0;
        AGAIN: st.shared.u32 [%rd3], %r7; bar.sync 0; ld.shared.u32 %r6, [%rd7]; bar.sync 0; add.u32 %r7, %r6, 2;
        add.u32 %r4, %r4, 1; setp.le.u32 %p1, %r4, %r1; @%p1 bra AGAIN;
        st.global.u32 [%rd5], %r7;""",
        SHARED,
    )
    wanted = [i % 64 ^ (b + 1) % 2 for b in range(5) for i in range(64)]
    assert result(kernel, 64, 5).tolist() == [w + 2 * (b + 1) for b in range(5) for w in wanted[64 * b : 64 * b + 64]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("setp.gt.u32 %p1, %r0, 9; @%p1 ret; bar.sync 0;", "10 of the 64 threads of block 0 wait here for ever"),
        ("setp.gt.u32 %p1, %r0, 9; @%p1 bra B; bar.sync 0; bra C; B: bar.sync 0; C:", "54 wait at another barrier"),
        ("mov.u32 %r1, 0; A: bra A;", "stopped after 10000 instructions"),
        ("add.u32 %r2, %r1, 1;", "%r1 is read before it is written"),
        (
            "setp.eq.u32 %p1, %r0, 0; @%p1 mov.u32 %r1, 0; add.u32 %r2, %r1, 1;",
            "read before it is written, by 63 threads",
        ),
        ("mov.u32 %r1, 0; div.u32 %r1, %r0, %r1;", "divided by zero"),
    ],
)
def test_what_would_hang_or_is_undefined(thread, lines, message):
    with pytest.raises(SymoptError, match=f"(PTX line|the kernel) .*{message}"):
        result(thread(lines))


@pytest.mark.parametrize(
    "lines",
    [
        REVERSED.replace("bar.sync 0;", ""),
        f"""{COMMON} setp.eq.u32 %p1, %r0, 0; @%p1 st.shared.u32 [%rd2], %r0; bar.sync 0;
        ld.shared.u32 %r1, [%rd2]; setp.eq.u32 %p2, %r0, 63; @%p2 st.shared.u32 [%rd2], %r0;""",
        f"{COMMON} st.shared.u32 [%rd3], %r0; ld.shared.u32 %r1, [%rd2]; st.global.u32 [%rd1], %r1;",
        # one barrier too few in a loop: some threads may write the next round before all have read this one
        f"""{COMMON} mov.u32 %r4, 0; xor.b32 %r5, %r0, 1; mul.wide.u32 %rd6, %r5, 4; add.s64 %rd7, %rd2, %rd6;
        mov.u32 %r7, %r0; AGAIN: st.shared.u32 [%rd3], %r7; bar.sync 0; ld.shared.u32 %r6, [%rd7]; add.u32 %r7, %r6, 2;
        add.u32 %r4, %r4, 1; setp.lt.u32 %p1, %r4, 3; @%p1 bra AGAIN;""",
    ],
)
def test_a_missing_barrier(thread, lines):
    with pytest.raises(SymoptError, match="no barrier lies between"):
        result(thread(lines, SHARED))


def test_one_thread_after_the_other(thread):
    """Each reads and writes what those before it read and wrote, a barrier apart."""
    kernel = thread(
        f"""
        {COMMON} mov.u32 %r1, 0; setp.eq.u32 %p1, %r0, 0; @%p1 st.shared.u32 [%rd2], %r1;
        AGAIN: bar.sync 0; setp.eq.u32 %p1, %r0, %r1; @!%p1 bra NEXT;
        ld.shared.u32 %r2, [%rd2]; add.u32 %r2, %r2, %r0; st.shared.u32 [%rd2], %r2; st.global.u32 [%rd1], %r2;
        NEXT: add.u32 %r1, %r1, 1; setp.lt.u32 %p2, %r1, 64; @%p2 bra AGAIN;""",
        SHARED,
    )
    assert result(kernel).tolist() == np.cumsum(np.arange(64)).tolist()


def test_a_barrier_does_not_order_blocks(thread):
    lines = """
        mov.u32 %r1, %ctaid.x; mov.u32 %r2, 3; setp.eq.u32 %p1, %r1, 0; @%p1 st.global.u32 [%rd1], %r2;
        bar.sync 0; @!%p1 ld.global.u32 %r3, [%rd1];"""
    assert result(thread(lines), 8)[0] == 3
    with pytest.raises(SymoptError, match="a thread reads what another one wrote"):
        result(thread(lines), 8, 2)


def test_two_threads_write_to_one_place(thread):
    with pytest.raises(SymoptError, match="different values to the same address"):
        result(thread("st.global.u32 [%out], %r0;"))
    same = thread("mov.u32 %r1, 5; st.global.u32 [%out], %r1;")
    assert result(same)[0] == 5
    assert result(same, 1000, 20)[0] == 5  # later blocks change nothing
    with pytest.raises(SymoptError, match="a thread writes where another one read or wrote"):
        result(
            thread("""
            add.u32 %r1, %r0, 1; setp.eq.u32 %p1, %r0, 0; setp.eq.u32 %p2, %r0, 1;
            @%p1 st.global.u32 [%out], %r1; @%p2 st.global.u32 [%out], %r1;""")
        )


CALLED = """
.func (.param .align 8 .b8 back[16]) twice(.param .b64 given, .param .b32 more)
{
    .local .align 8 .b8 own[16];
    .reg .b64 %rd<4>; .reg .b32 %r<4>; .reg .pred %p<2>;
    ld.param.u64 %rd0, [given]; ld.param.u32 %r0, [more];
    mov.u64 %rd1, own; st.local.u64 [%rd1+8], %rd0; ld.local.u64 %rd2, [%rd1+8];
    setp.gt.u64 %p1, %rd2, 20; @%p1 bra BIG;
    add.u64 %rd2, %rd2, %rd2;
    BIG: st.param.b64 [back+0], %rd2; st.param.b32 [back+8], %r0; ret;
}
"""


def test_calls(thread):
    kernel = thread(
        """
        setp.lt.u32 %p1, %r0, 4; @%p1 bra END;
        cvt.u64.u32 %rd2, %r0; add.u32 %r1, %r0, 5;
        { .reg .b32 temp; .param .b64 first; st.param.b64 [first+0], %rd2;
          .param .b32 second; st.param.b32 [second], %r1;
          .param .align 8 .b8 result[16]; call.uni (result), twice, (first, second);
          ld.param.b64 %rd3, [result+0]; ld.param.b32 %r2, [result+8]; }
        cvt.u32.u64 %r3, %rd3; mad.lo.u32 %r3, %r2, 1000, %r3; st.global.u32 [%rd1], %r3;
        END:""",
        outside=CALLED,
    )
    assert result(kernel).tolist() == [0] * 4 + [(i + 5) * 1000 + (i if i > 20 else 2 * i) for i in range(4, 64)]
