"""Emitted files compiled: kept by content, missed in one sentence, and at fault when their text is changed."""

from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from symopt.artifacts import artifact, build
from symopt.backends.launches import launches
from symopt.backends.layout import columns
from symopt.catalogue import load, load_all
from symopt.errors import SymoptError
from symopt.gpu import compile as compiling
from symopt.gpu.compile import ARGUMENTS, compiled
from symopt.gpu.faults import faults
from symopt.gpu.hardware import architecture
from symopt.gpu.kinds import KINDS, kinds
from symopt.gpu.report import examined

SM = architecture("sm_90")
NAME = "adam_uncorrected"  # two states, a square root and a division


@pytest.fixture(scope="module")
def built():
    return build(load(NAME))


@pytest.fixture(scope="module")
def emitted(built):
    return artifact(load(NAME), "cuda", built=built)


@pytest.fixture
def wrong(compiler, built, emitted):
    """`wrong(old, new)`: the faults of the update kernel after a change of the emitted text."""
    launch = launches(built[1], columns(built[1])).launches[-1]

    def change(old, new):
        assert old in emitted.text
        changed = compiled(replace(emitted, text=emitted.text.replace(old, new)), KINDS["float32"], SM)
        update = changed.kernels["update"]
        return faults(examined(update, changed.threads, launch, built[1], KINDS["float32"], SM))

    return change


def test_what_was_compiled_is_known(compiler, emitted, monkeypatch):
    found = compiled(emitted, KINDS["float32"], SM)
    assert found.threads == 256
    assert list(found.kernels) == ["numbers_1", "update"]
    assert all(text.count(".visible .entry") == 1 for text in found.kernels.values())
    monkeypatch.setattr(compiling, "_compiled", lambda *_: pytest.fail("compiled again"))
    assert compiled(emitted, KINDS["float32"], SM) == found
    with pytest.raises(pytest.fail.Exception):
        compiled(replace(emitted, text=emitted.text + "\n"), KINDS["float32"], SM)


@pytest.mark.parametrize("more", [{"kinds": KINDS["float64"]}, {"architecture": architecture("sm_80")}])
def test_each_dtype_and_architecture_is_compiled_by_itself(compiler, emitted, monkeypatch, more):
    compiled(emitted, KINDS["float32"], SM)
    monkeypatch.setattr(compiling, "_compiled", lambda *_: pytest.fail("compiled again"))
    with pytest.raises(pytest.fail.Exception):
        compiled(emitted, **{"kinds": KINDS["float32"], "architecture": SM, **more})


def test_a_literal_of_python_computes_in_float64(wrong):
    (fault,) = wrong("v_new = ", "v = f(0.1 * v - 0.3)\n    v_new = ")
    assert fault.startswith("float64: ")


def test_a_store_that_is_left_out(wrong):
    (fault,) = wrong("store_wide(v_at, part, f, v_wide)", "pass")
    assert "load and store 16 + 8 bytes per element, and those of the program 16 + 12" in fault


def test_stores_of_single_elements(wrong):
    single = "; ".join(f"store(v_at, {k}, f, v_wide[{k}])" for k in range(4))
    expected = ("narrow accesses: four elements take 10 loads and stores, where 7 do",)
    assert wrong("store_wide(v_at, part, f, v_wide)", single) == expected


def test_memory_of_a_threads_own(wrong):
    found = wrong("chunk = cuda.blockIdx.x\n", "chunk = cuda.blockIdx.x\n        own = cuda.local.array(9, f)\n")
    assert found == ()  # never used, so the compiler leaves it out
    kept = "own = cuda.local.array(9, f)\n            own[n % 9] = lr\n            lr = own[start % 9]\n"
    found = wrong("offset = np.int32(min(", f"{kept}            offset = np.int32(min(")
    assert any(fault.startswith("local memory: ") for fault in found)


def test_text_that_does_not_compile_is_one_sentence(wrong):
    with pytest.raises(SymoptError, match=r"^numba-cuda cannot compile update for sm_90: .*nowhere") as raised:
        wrong("chunk = np.int32(chunk + cuda.gridDim.x)", "chunk += nowhere")
    assert "\n" not in str(raised.value)


def test_every_argument_has_a_type():
    """Those of all kernels of the catalogue; which exist is known without compiling."""
    for optimizer in load_all().values():
        program = build(optimizer)[1]
        for launch in launches(program, columns(program)).launches:
            assert set(launch.takes) <= ARGUMENTS.keys()


def test_without_numba_cuda_the_remedy_is_named(emitted, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(compiling, "version", missing)
    remedy = (
        r"^the package numba-cuda, which compiles for CUDA, is missing; pip install 'symopt-codegen\[cuda\]' brings it$"
    )
    with pytest.raises(SymoptError, match=remedy):
        compiled(emitted, KINDS["float32"], SM)
    with pytest.raises(SymoptError, match=remedy):
        compiling.require()


def test_an_unknown_dtype_is_named_with_a_remedy():
    with pytest.raises(SymoptError, match=r"'float23'; there is float32, float64, float16"):
        kinds("float23")
