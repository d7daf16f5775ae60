"""Small kernels around single instructions, and the samples that a compiler made."""

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from symopt.ptx import Memory, parse, run

HERE = Path(__file__).parent
HEADER = ".version 8.0\n.target sm_90\n.address_size 64\n"
LETTERS = "abcdef"


def kind(dtype):
    """The type of PTX that has the bits of a NumPy type."""
    dtype = np.dtype(dtype)
    return "pred" if dtype.kind == "b" else f"{dtype.kind.replace('i', 's')}{8 * dtype.itemsize}"


def around(lines, operands, results):
    """A kernel in which each thread loads its operands %a, %b, ..., runs some lines, and stores %x, %y, ..."""
    arrays = [*zip("xyz", results, strict=False), *zip(LETTERS, operands, strict=False)]
    params = ", ".join(f".param .u64 p{name}" for name, _ in arrays)
    text = [HEADER, f".visible .entry k({params})\n{{"]
    text += [f".reg .{kind(dtype)} %{name};\n.reg .u64 %at_{name};" for name, dtype in arrays]
    text += [".reg .u32 %tid, %ntid, %block; .reg .pred %p, %q; .reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<9>;"]
    text += [
        "mov.u32 %tid, %tid.x; mov.u32 %ntid, %ntid.x; mov.u32 %block, %ctaid.x;\nmad.lo.u32 %tid, %block, %ntid, %tid;"
    ]
    for name, dtype in arrays:
        size = np.dtype(dtype).itemsize
        text += [f"ld.param.u64 %at_{name}, [p{name}];\nmad.wide.u32 %at_{name}, %tid, {size}, %at_{name};"]
    for name, array in zip(LETTERS, operands, strict=False):
        text += [f"ld.global.{kind(array)} %{name}, [%at_{name}];"]
    text += [lines]
    for name, dtype in zip("xyz", results, strict=False):
        text += [f"st.global.{kind(dtype)} [%at_{name}], %{name};"]
    return "\n".join([*text, "ret;\n}"])


@pytest.fixture(scope="session")
def apply():
    """`apply("add.f32 %x, %a, %b;", [np.float32], a, b)` runs lines on each element; one result alone is no list."""

    def launch(lines, results, *operands):
        memory, count = Memory(), len(operands[0])
        block = max(size for size in range(1, 257) if count % size == 0)
        found = [np.zeros(count, dtype) for dtype in results]
        addresses = [memory.place(np.ascontiguousarray(array)) for array in (*found, *operands)]
        module = parse(around(lines, [array.dtype for array in operands], results))
        run(module.kernel, count // block, block, addresses, memory)
        return found[0] if len(found) == 1 else found

    return launch


@pytest.fixture(scope="session")
def thread():
    """`thread(lines)` is a kernel of those lines with a parameter `out`, whose address %out holds, and registers."""

    def make(lines, declared="", outside=""):
        registers = ".reg .pred %p<9>; .reg .b32 %r<9>; .reg .b64 %rd<9>, %out; .reg .f32 %f<9>; .reg .f64 %fd<9>;"
        start = "ld.param.u64 %out, [out];\nmov.u32 %r0, %tid.x;\nmul.wide.u32 %rd0, %r0, 4;\nadd.s64 %rd1, %out, %rd0;"
        body = f"{{\n{registers}\n{declared}\n{start}\n{lines}\nret;\n}}"
        return parse(f"{HEADER}{outside}\n.visible .entry k(.param .u64 out)\n{body}").kernel

    return make


def imported(path):
    """A Python file as a module."""
    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def exactly():
    """Arithmetic by fractions."""
    return imported(HERE / "exactly.py")


@pytest.fixture(scope="session", params=["stored", "compiled"])
def sample(request, peer):
    """`sample("add")` is a kernel of `samples/make.py`: as stored there, and as an installed compiler makes it."""
    if request.param == "stored":
        return lambda name: parse((HERE / "samples" / f"{name}.ptx").read_text()).kernel
    peer("numba_cuda")
    make = imported(HERE / "samples" / "make.py")
    return cache(lambda name: parse(make.compiled(name)).kernel)
