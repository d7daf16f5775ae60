"""What ptxas says is read, kept by content, and missed in one sentence."""

import pytest

from symopt.errors import SymoptError
from symopt.gpu import assemble
from symopt.gpu.assemble import Resources, assembled, resources_of
from symopt.gpu.hardware import architecture

SAID = """ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'k' for 'sm_90'
ptxas info    : Function properties for k
    16 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 64 registers, used 1 barriers, 16 bytes cumulative stack size, 2048 bytes smem
"""
CALLED = """ptxas info    : Function properties for f
    40 bytes stack frame, 4 bytes spill stores, 0 bytes spill loads
"""
SM = architecture("sm_90")


def test_all_numbers_are_read():
    assert resources_of(SAID) == Resources(registers=64, stack=16, spilled=20, shared=2048, barriers=1)


def test_what_a_kernel_calls_is_added():
    assert resources_of(CALLED + SAID) == Resources(registers=64, stack=56, spilled=24, shared=2048, barriers=1)


def test_an_assembler_that_says_nothing_is_refused():
    with pytest.raises(SymoptError, match="ptxas does not say how many registers"):
        resources_of("")


def test_a_kernel_by_hand(assembler, written):
    found = assembled(written(), SM)
    assert 8 <= found.registers <= 40
    assert (found.spilled, found.stack, found.shared, found.barriers) == (0, 0, 0, 0)


def test_shared_memory_and_barriers_are_seen(assembler, written):
    after = "st.shared.f32 [buffer], %f0; bar.sync 0; ld.shared.f32 %f1, [buffer]; st.global.f32 [%rd0], %f1;"
    found = assembled(written(after=after, declared=".shared .align 4 .b8 buffer[2048];"), SM)
    assert (found.shared, found.barriers) == (2048, 1)


def test_real_spills_are_seen(assembler, written):
    """60 numbers that are all needed at the end, in a kernel of 24 registers."""
    loads = "".join(f"ld.global.f32 %f{k}, [%rd0+{4 * k}];" for k in range(60))
    stores = "".join(f"st.global.f32 [%rd1+{4 * k}], %f{59 - k};" for k in range(60))
    found = assembled(written(after=loads + stores).replace(".param .u64 n)", ".param .u64 n) .maxnreg 24"), SM)
    assert found.registers <= 24
    assert found.spilled > 0
    assert found.stack > 0


def test_what_was_assembled_is_known(assembler, written, monkeypatch):
    text = written(after="add.f32 %f0, %f1, %f2;")
    found = assembled(text, SM)
    monkeypatch.setattr(assemble, "_said", lambda *_: pytest.fail("assembled again"))
    assert assembled(text, SM) == found


def test_a_text_that_it_refuses(assembler, written):
    with pytest.raises(SymoptError, match=r"ptxas refuses a kernel for sm_90: .*nonsense"):
        assembled(written("nonsense.f32 %f0;"), SM)


def test_without_ptxas_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(assemble, "find_spec", lambda name: None)
    monkeypatch.setattr(assemble.shutil, "which", lambda name: None)
    with pytest.raises(
        SymoptError, match=r"ptxas, the assembler of CUDA, is missing; pip install 'symopt-codegen\[cuda"
    ):
        assembled("", SM)
