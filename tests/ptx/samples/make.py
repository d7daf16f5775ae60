"""The kernels behind the samples, as numba-cuda compiles them. `python make.py` writes `*.ptx` beside this file.

No GPU is needed: the compiler makes PTX for compute capability 9.0. The mangled name of a kernel, which repeats in each
of its parameters, is replaced by its own name; nothing else is changed. Made with numba-cuda 0.30.4 and CUDA 13.5.
"""

import math
import re
from pathlib import Path

import numpy as np
from llvmlite import ir
from numba import cuda
from numba.cuda import types
from numba.cuda.extending import intrinsic

BLOCK = 256
F32, F64, I64 = types.float32[::1], types.float64[::1], types.int64[::1]
TABLES = (types.int64[:, ::1], types.int64[:, ::1], types.float32[:, ::1])
ELEMENTS = {types.float32: ir.FloatType(), types.float16: ir.HalfType(), types.uint16: ir.IntType(16)}
WORD = ir.IntType(32)


def _vector(builder, address, element):
    array = ir.VectorType(ELEMENTS[element], 4)
    return builder.inttoptr(address, ir.PointerType(array, addrspace=1)), array


def _to_float(builder, value, element):
    if element == types.uint16:  # bfloat16 is the upper half of a float32
        return builder.bitcast(builder.shl(builder.zext(value, WORD), WORD(16)), ir.FloatType())
    return value if element == types.float32 else builder.fpext(value, ir.FloatType())


def _from_float(builder, value, element):
    if element == types.float16:
        return builder.fptrunc(value, ir.HalfType())
    if element == types.float32:
        return value
    bits = builder.bitcast(value, WORD)
    last = builder.and_(builder.lshr(bits, WORD(16)), WORD(1))
    nearest = builder.add(bits, builder.add(WORD(0x7FFF), last))
    nan = builder.fcmp_unordered("uno", value, value)
    chosen = builder.select(nan, builder.or_(bits, WORD(0x400000)), nearest)
    return builder.trunc(builder.lshr(chosen, WORD(16)), ir.IntType(16))


@intrinsic
def load4(typing, address, like):
    """Four numbers by one access, as float32."""
    element = like.dtype

    def build(context, builder, signature, arguments):
        pointer, _ = _vector(builder, arguments[0], element)
        size = 4 if element == types.float32 else 2
        loaded = builder.load(pointer, align=4 * size)
        values = [_to_float(builder, builder.extract_element(loaded, WORD(k)), element) for k in range(4)]
        return context.make_tuple(builder, signature.return_type, values)

    return types.UniTuple(types.float32, 4)(types.int64, like), build


@intrinsic
def store4(typing, address, like, values):
    """Four float32 stored by one access, each rounded to the element's type."""
    element = like.dtype

    def build(context, builder, signature, arguments):
        pointer, array = _vector(builder, arguments[0], element)
        packed = ir.Constant(array, ir.Undefined)
        for k in range(4):
            value = _from_float(builder, builder.extract_value(arguments[2], k), element)
            packed = builder.insert_element(packed, value, WORD(k))
        builder.store(packed, pointer, align=4 * (4 if element == types.float32 else 2))
        return context.get_dummy_value()

    return types.void(types.int64, like, values), build


def add(x, y, z):
    """z = x + y."""
    i = cuda.grid(1)
    if i < x.shape[0]:
        z[i] = x[i] + y[i]


def total(x, sums):
    """The sum of each block's share of x, by a tree in shared memory."""
    shared = cuda.shared.array(BLOCK, types.float64)
    t = cuda.threadIdx.x
    mine = 0.0
    i = t + cuda.blockIdx.x * cuda.blockDim.x
    while i < x.shape[0]:
        mine += x[i]
        i += cuda.gridDim.x * cuda.blockDim.x
    shared[t] = mine
    cuda.syncthreads()
    width = cuda.blockDim.x // 2
    while width > 0:
        if t < width:
            shared[t] += shared[t + width]
        cuda.syncthreads()
        width //= 2
    if t == 0:
        sums[cuda.blockIdx.x] = shared[0]


def numbers(x, out):
    """Functions of float64 as the numbers of a step need them, one row each."""
    i = cuda.grid(1)
    n = x.shape[0]
    if i < n:
        v = x[i]
        out[i] = math.log(v)
        out[n + i] = math.exp(v)
        out[2 * n + i] = math.expm1(v)
        out[3 * n + i] = math.log1p(v)
        out[4 * n + i] = math.tanh(v)
        out[5 * n + i] = math.cos(v)
        out[6 * n + i] = math.sin(v)
        out[7 * n + i] = v**1.7
        out[8 * n + i] = math.sqrt(v) / (v + 3.0)
        out[9 * n + i] = min(max(v, 0.5), 2.0)


def elements(x, out):
    """Functions of float32."""
    i = cuda.grid(1)
    n = x.shape[0]
    if i < n:
        v = x[i]
        out[i] = math.log(v)
        out[n + i] = math.exp(v)
        out[2 * n + i] = math.tanh(v)
        out[3 * n + i] = v ** np.float32(1.7)
        out[4 * n + i] = math.copysign(abs(v), np.float32(2) - v)
        out[5 * n + i] = i % 7 + (i // 3) * np.float32(0.5)


def adamw(parameter, gradient):
    """AdamW over chunks of a table of tensors, four elements at a time."""
    state = np.float32
    size_p, size_g = np.dtype(parameter).itemsize, np.dtype(gradient).itemsize

    def update(work, table, rows):
        chunk = cuda.blockIdx.x
        while chunk < work.shape[0]:
            tensor, start, n, group = work[chunk, 0], work[chunk, 1], work[chunk, 2], work[chunk, 3]
            row = rows[group]
            lr, eps, b1h, b1l, one_b1 = row[0], row[1], row[2], row[3], row[4]
            b2h, b2l, one_b2, scale_m, scale_v, lw = row[5], row[6], row[7], row[8], row[9], row[10]
            k = cuda.threadIdx.x
            while k < n // 4:
                at = start + 4 * k
                to_theta, to_g = table[tensor, 0] + at * size_p, table[tensor, 1] + at * size_g
                to_m, to_v = table[tensor, 2] + at * 4, table[tensor, 3] + at * 4
                theta, g, m, v = (
                    load4(to_theta, parameter),
                    load4(to_g, gradient),
                    load4(to_m, state),
                    load4(to_v, state),
                )
                m0, v0 = b1h * m[0] + (b1l * m[0] + one_b1 * g[0]), b2h * v[0] + (b2l * v[0] + one_b2 * g[0] * g[0])
                m1, v1 = b1h * m[1] + (b1l * m[1] + one_b1 * g[1]), b2h * v[1] + (b2l * v[1] + one_b2 * g[1] * g[1])
                m2, v2 = b1h * m[2] + (b1l * m[2] + one_b1 * g[2]), b2h * v[2] + (b2l * v[2] + one_b2 * g[2] * g[2])
                m3, v3 = b1h * m[3] + (b1l * m[3] + one_b1 * g[3]), b2h * v[3] + (b2l * v[3] + one_b2 * g[3] * g[3])
                t0 = theta[0] + (-lw * theta[0] - lr * (scale_m * m0) / (math.sqrt(scale_v * v0) + eps))
                t1 = theta[1] + (-lw * theta[1] - lr * (scale_m * m1) / (math.sqrt(scale_v * v1) + eps))
                t2 = theta[2] + (-lw * theta[2] - lr * (scale_m * m2) / (math.sqrt(scale_v * v2) + eps))
                t3 = theta[3] + (-lw * theta[3] - lr * (scale_m * m3) / (math.sqrt(scale_v * v3) + eps))
                store4(to_theta, parameter, (t0, t1, t2, t3))
                store4(to_m, state, (m0, m1, m2, m3))
                store4(to_v, state, (v0, v1, v2, v3))
                k += cuda.blockDim.x
            chunk += cuda.gridDim.x

    return update


KERNELS = {
    "add": (add, (F32, F32, F32)),
    "total": (total, (F32, F64)),
    "numbers": (numbers, (F64, F64)),
    "elements": (elements, (F32, F32)),
    "adamw_float32": (adamw(np.float32, np.float32), TABLES),
    "adamw_float16": (adamw(np.float16, np.float16), TABLES),
    "adamw_bfloat16": (adamw(np.uint16, np.float32), TABLES),
}


def compiled(name):
    """The PTX of a kernel, under its own name."""
    text, _ = cuda.compile_ptx(*KERNELS[name], cc=(9, 0))
    mangled = re.search(r"\.entry (\w+)\(", text)[1]
    return text.replace(mangled, name)


if __name__ == "__main__":
    for chosen in KERNELS:
        (Path(__file__).parent / f"{chosen}.ptx").write_text(compiled(chosen))
