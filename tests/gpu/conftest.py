"""A cache of these tests' own, the compiler and the assembler, and kernels written by hand."""

from collections.abc import Callable

import pytest

from symopt.gpu.assemble import Resources
from symopt.gpu.faults import Declared, Made
from symopt.gpu.hardware import architecture
from symopt.gpu.loops import vector_loops
from symopt.ptx import counts, parse

THREADS = 512


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMOPT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def assembler(peer):
    """ptxas."""
    peer("nvidia.cu13")


@pytest.fixture(scope="session")
def compiler(peer, assembler):
    """numba-cuda, and ptxas behind it."""
    peer("numba_cuda")


LOOP = """
    ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd0];
    ld.global.v4.f32 {%f4, %f5, %f6, %f7}, [%rd1];
    sub.f32 %f0, %f0, %f4;
    sub.f32 %f1, %f1, %f5;
    sub.f32 %f2, %f2, %f6;
    sub.f32 %f3, %f3, %f7;
    st.global.v4.f32 [%rd0], {%f0, %f1, %f2, %f3};
"""
"""theta - g of four elements: 8 bytes loaded and 4 stored for each."""


def text(body: str = LOOP, step: int = THREADS, after: str = "", declared: str = "") -> str:
    """A kernel (theta, g, n) with a loop over four elements at a time."""
    return f"""
.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 theta, .param .u64 g, .param .u64 n)
{{
    .reg .pred %p<9>;
    .reg .b32 %r<9>;
    .reg .f32 %f<99>;
    .reg .f64 %fd<9>;
    .reg .b64 %rd<9>;
    {declared}
    ld.param.u64 %rd0, [theta];
    ld.param.u64 %rd1, [g];
    ld.param.u64 %rd2, [n];
    mov.u32 %r0, %tid.x;
    cvt.u64.u32 %rd3, %r0;
    mad.lo.s64 %rd0, %rd3, 16, %rd0;
    mad.lo.s64 %rd1, %rd3, 16, %rd1;
$loop:
    {body}
    add.s64 %rd0, %rd0, {16 * step};
    add.s64 %rd1, %rd1, {16 * step};
    add.s64 %rd3, %rd3, {step};
    setp.lt.s64 %p0, %rd3, %rd2;
    @%p0 bra $loop;
    {after}
    ret;
}}
"""


@pytest.fixture(scope="session")
def body() -> str:
    """What the kernel's loop does where nothing else is said."""
    return LOOP


@pytest.fixture(scope="session")
def written() -> Callable[..., str]:
    """`written(body)` is the text of a kernel whose loop has that body."""
    return text


@pytest.fixture(scope="session")
def made() -> Callable[..., Made]:
    """`made(body)` is such a kernel as it is examined; `registers` and the like are what the assembler said of it."""

    def make(
        body: str = LOOP, kind: str = "update", calls: tuple[str, ...] = (), sm: str = "sm_90", **more: object
    ) -> Made:
        resources = {"registers": 32, "stack": 0, "spilled": 0, "shared": 0, "barriers": 0}
        resources |= {name: more.pop(name) for name in resources if name in more}
        kernel = parse(text(body, **more)).kernel
        return Made(
            kind=kind,
            threads=THREADS,
            double=False,
            architecture=architecture(sm),
            calls=frozenset(calls),
            declared=(Declared((8, 4), 3),),
            resources=Resources(**resources),
            counts=counts(kernel),
            loops=vector_loops(kernel, THREADS),
        )

    return make
