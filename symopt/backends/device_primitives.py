"""The functions of scalars that emitted CUDA kernels may call, where they are not those of `primitives`."""

# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportIndexIssue=false
from math import isfinite

from numba import cuda
from numba.cuda.extending import intrinsic

from symopt.backends.device import ONE, THREADS, device
from symopt.backends.primitives import maximum

# --- each emitted file carries those that it uses ---


def unary(name):
    """A function that LLVM knows, in the type of its argument."""

    @intrinsic
    def apply(typing, x):
        def build(context, builder, signature, arguments):
            function = builder.module.declare_intrinsic(name, [arguments[0].type])
            return builder.call(function, arguments)

        return x(x), build

    return apply


floor = unary("llvm.floor")
ceil = unary("llvm.ceil")


@intrinsic
def sign(typing, x):
    """-1, 0 or 1 in the type of x; NaN stays."""

    def build(context, builder, signature, arguments):
        (value,) = arguments
        zero, one = value.type(0), value.type(1)
        up = builder.fcmp_ordered(">", value, zero)
        down = builder.fcmp_ordered("<", value, zero)
        return builder.select(up, one, builder.select(down, value.type(-1), value))

    return x(x), build


@device
def in_range(f, total):
    """What to multiply numbers by so that the sum of their squares, `total` so far, fits into float32; 1 if it does.

    A sum of at most 2**14 squares that is 2**-100 or more has lost no digits to underflow; with the scale, squares of
    all float32 numbers lie between 2**-102 and 2**116. In float64 they overflow from 1e154 on.
    """
    if isfinite(f(1e39)):
        return f(1)
    if not isfinite(total):
        return f(2.0**-70)
    return f(1) if abs(total) >= f(2.0**-100) else f(2.0**98)


@device
def unscaled(total, scale):
    """A sum of squares, in float64, of numbers that were scaled."""
    return ONE * total / (ONE * scale * scale)


@device
def added(lanes, value):
    """The sum of the values of all threads of a block, in a fixed order; every thread gets it."""
    lanes[cuda.threadIdx.x] = value
    cuda.syncthreads()
    width = THREADS // 2
    while width > 0:
        if cuda.threadIdx.x < width:
            lanes[cuda.threadIdx.x] += lanes[cuda.threadIdx.x + width]
        cuda.syncthreads()
        width //= 2
    result = lanes[0]
    cuda.syncthreads()
    return result


@device
def largest(lanes, value):
    """The largest of the values of all threads of a block, none of them negative; NaN wins."""
    lanes[cuda.threadIdx.x] = value
    cuda.syncthreads()
    width = THREADS // 2
    while width > 0:
        if cuda.threadIdx.x < width:
            lanes[cuda.threadIdx.x] = maximum(lanes[cuda.threadIdx.x], lanes[cuda.threadIdx.x + width])
        cuda.syncthreads()
        width //= 2
    result = lanes[0]
    cuda.syncthreads()
    return result
