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


def pieces(builder, address, i, like, count):
    """Pointers to `count` elements from element i on, 16 bytes at most each, and how many elements each has.

    Halves are taken two at a time, as whole numbers of 32 bits: the compiler would split a vector of them.
    """
    form, size = LLVM[like.instance_type]
    each = min(count, 16 // size)
    first = beyond(builder, address, i, like)
    word, words = (I32, each // 2) if size == 2 and each > 1 else (form, each)
    kind = ir.PointerType(ir.VectorType(word, words) if each > 1 else form, addrspace=1)
    places = [builder.add(first, first.type(at * size)) if at else first for at in range(0, count, each)]
    return [builder.inttoptr(place, kind) for place in places], each, each * size


def halves(builder, word, like):
    """The two elements of 16 bits in a word."""
    parts = (builder.trunc(part, ir.IntType(16)) for part in (word, builder.lshr(word, I32(16))))
    return [builder.bitcast(part, LLVM[like.instance_type][0]) for part in parts]


def loaded(builder, address, i, like, count):
    """`count` elements from element i on."""
    found = []
    places, each, width = pieces(builder, address, i, like, count)
    for place in places:
        whole = builder.load(place, align=width)
        words = [builder.extract_element(whole, I32(k)) for k in range(whole.type.count)] if each > 1 else [whole]
        found += words if len(words) == each else [half for word in words for half in halves(builder, word, like)]
    return [widened(builder, x) for x in found]


def stored(builder, address, i, like, values):
    """Put values where element i and those after it lie."""
    places, each, width = pieces(builder, address, i, like, len(values))
    form = LLVM[like.instance_type][0]
    values = [narrowed(builder, x, form) for x in values]
    for k, place in enumerate(places):
        whole = values[k]
        if each > 1:
            whole = ir.VectorType(form, each)(ir.Undefined)
            for at in range(each):
                whole = builder.insert_element(whole, values[k * each + at], I32(at))
            whole = builder.bitcast(whole, place.type.pointee)
        builder.store(whole, place, align=width)


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
def load4(typing, address, i, like):
    """Four elements from element i on, 16 bytes at a time."""

    def build(context, builder, signature, arguments):
        return context.make_tuple(builder, signature.return_type, loaded(builder, *arguments[:2], like, 4))

    return types.UniTuple(number(like), 4)(types.int64, types.int64, like), build


@intrinsic
def store(typing, address, i, like, value):
    """Put a value in the place of element i; `like` None: nowhere."""

    def build(context, builder, signature, arguments):
        if like != types.none:
            stored(builder, *arguments[:2], like, arguments[3:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, like, value), build


@intrinsic
def store4(typing, address, i, like, values):
    """Put four values in the place of element i and those after it; `like` None: nowhere."""

    def build(context, builder, signature, arguments):
        if like != types.none:
            stored(builder, *arguments[:2], like, [builder.extract_value(arguments[3], k) for k in range(4)])
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
    """How many elements from i on come before the first from which four can be loaded at a time; `like` None: 0."""

    def build(context, builder, signature, arguments):
        if like == types.none:
            return arguments[0].type(0)
        size = LLVM[like.instance_type][1]
        first = beyond(builder, *arguments[:2], like)
        over = builder.and_(builder.neg(first), first.type(min(16, 4 * size) - 1))
        return builder.udiv(over, over.type(size))

    return types.int64(types.int64, types.int64, like), build
