"""What every emitted CUDA file carries: how kernels read and write the memory of arrays."""

# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportIndexIssue=false, reportMissingImports=false
import numpy as np
from llvmlite import ir
from numba import cuda, types
from numba.cuda.extending import intrinsic

# --- from here on part of every emitted file ---

CHUNK = 2048  # elements of a tensor that a block of threads takes at a time
THREADS = 256  # of a block; a power of two
ALIGNED = 64  # elements; where the states of each tensor begin
ONE = np.float64(1)  # what is multiplied by it is float64 from there on, in Python too
STORED = {"float32": np.float32, "float64": np.float64, "float16": np.float16, "bfloat16": np.uint16}  # its bits

device = cuda.jit(device=True, inline="always")  # a part of the kernels that call it
LLVM = {
    types.float32: (ir.FloatType(), 4), types.float64: (ir.DoubleType(), 8), types.float16: (ir.HalfType(), 2),
    types.uint16: (ir.IntType(16), 2),
}  # fmt: skip
I32 = ir.IntType(32)


def widened(builder, x):
    """A number as it is computed with: in float32 at least."""
    if x.type == ir.HalfType():
        return builder.fpext(x, ir.FloatType())
    if x.type == ir.IntType(16):
        return builder.bitcast(builder.shl(builder.zext(x, I32), I32(16)), ir.FloatType())
    return x


def narrowed(builder, x, form):
    """A number as it is stored, rounded to the nearest, ties to even."""
    if form == ir.HalfType():
        return builder.fptrunc(x, form)
    if form == ir.IntType(16):
        bits = builder.bitcast(x, I32)
        even = builder.and_(builder.lshr(bits, I32(16)), I32(1))
        rounded = builder.add(bits, builder.add(even, I32(0x7FFF)))
        kept = builder.select(builder.fcmp_unordered("uno", x, x), builder.or_(bits, I32(0x400000)), rounded)
        return builder.trunc(builder.lshr(kept, I32(16)), form)
    return x


def beyond(builder, address, i, like):
    """The address of element i."""
    return builder.add(address, builder.mul(i, i.type(LLVM[like.instance_type][1])))


def pointer(builder, address, i, like, count):
    """A pointer to `count` elements from element i on, 16 bytes at most, and how many bytes they are.

    Halves are taken two at a time, as whole numbers of 32 bits: the compiler would split a vector of them.
    """
    form, size = LLVM[like.instance_type]
    if count > 1:
        form = ir.VectorType(I32, count // 2) if size == 2 else ir.VectorType(form, count)
    return builder.inttoptr(beyond(builder, address, i, like), ir.PointerType(form, addrspace=1)), count * size


def halves(builder, word, like):
    """The two elements of 16 bits in a word."""
    parts = (builder.trunc(part, ir.IntType(16)) for part in (word, builder.lshr(word, I32(16))))
    return [builder.bitcast(part, LLVM[like.instance_type][0]) for part in parts]


def loaded(builder, address, i, like, count):
    """`count` elements from element i on."""
    place, width = pointer(builder, address, i, like, count)
    found = [builder.load(place, align=width)]
    if count > 1:
        found = [builder.extract_element(found[0], I32(k)) for k in range(found[0].type.count)]
    if len(found) < count:
        found = [half for word in found for half in halves(builder, word, like)]
    return [widened(builder, x) for x in found]


def stored(builder, address, i, like, values):
    """Put values where element i and those after it lie."""
    form, count = LLVM[like.instance_type][0], len(values)
    place, width = pointer(builder, address, i, like, count)
    values = [narrowed(builder, x, form) for x in values]
    whole = values[0] if count == 1 else ir.VectorType(form, count)(ir.Undefined)
    for k in range(count if count > 1 else 0):
        whole = builder.insert_element(whole, values[k], I32(k))
    builder.store(builder.bitcast(whole, place.type.pointee), place, align=width)


def number(like):
    """The type in which elements stored like that are computed with."""
    return types.float64 if like.instance_type == types.float64 else types.float32


@intrinsic
def load(typing, address, i, like):
    """Element i of the array at an address."""

    def build(context, builder, signature, arguments):
        return loaded(builder, *arguments[:2], like, 1)[0]

    return number(like)(types.int64, types.int64, like), build


@intrinsic
def load_wide(typing, address, i, like):
    """The elements from element i on that one access takes: 16 bytes of them, four at most."""
    count = min(4, 16 // LLVM[like.instance_type][1])

    def build(context, builder, signature, arguments):
        return context.make_tuple(builder, signature.return_type, loaded(builder, *arguments[:2], like, count))

    return types.UniTuple(number(like), count)(types.int64, types.int64, like), build


@intrinsic
def store(typing, address, i, like, value):
    """Put a value in the place of element i; `like` None: nowhere."""

    def build(context, builder, signature, arguments):
        if like != types.none:
            stored(builder, *arguments[:2], like, arguments[3:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, like, value), build


@intrinsic
def store_wide(typing, address, i, like, values):
    """Put values in the place of element i and those after it; `like` None: nowhere."""

    def build(context, builder, signature, arguments):
        if like != types.none:
            stored(builder, *arguments[:2], like, [builder.extract_value(arguments[3], k) for k in range(len(values))])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, like, values), build


@intrinsic
def place(typing, address, i, like):
    """The address of element i of the array at an address; `like` None: as it is."""

    def build(context, builder, signature, arguments):
        return arguments[0] if like == types.none else beyond(builder, *arguments[:2], like)

    return types.int64(types.int64, types.int64, like), build


@intrinsic
def skipped(typing, address, i, like):
    """How many elements from i on come before the first from which several can be loaded at a time; `like` None: 0."""

    def build(context, builder, signature, arguments):
        if like == types.none:
            return arguments[0].type(0)
        size = LLVM[like.instance_type][1]
        first = beyond(builder, *arguments[:2], like)
        over = builder.and_(builder.neg(first), first.type(min(16, 4 * size) - 1))
        return builder.udiv(over, over.type(size))

    return types.int64(types.int64, types.int64, like), build
