"""What every emitted CPU file carries: addresses, chunks, checks.

This module is the one place where that text is written; emitted files hold a copy, so that they need no symopt.
"""

# pyright: basic
# pyright: reportIndexIssue=false, reportGeneralTypeIssues=false, reportCallIssue=false, reportPrivateImportUsage=false
# ruff: noqa: D103, F401, N812
# --- from here on part of every emitted file ---
from math import inf, isfinite, prod
from operator import is_

import numpy as np
from numba import carray, njit, types
from numba.core.compiler_lock import global_compiler_lock as LOCK  # the one lock that all such files share
from numba.extending import intrinsic, register_jitable

CHUNK = 16384  # elements; constant, so that sums have the same bits on every machine
BLOCKS = 1024  # shares of about equal work that the threads divide among themselves
LANES = 64  # partial sums of a chunk
NUMBER = (int, float, np.integer, np.floating)
COUNT = {"t": ("a whole number, 0 or more", lambda x: 0 <= x == int(x))}

# The public heads of a NumPy array and of a dtype (numpy/ndarraytypes.h), in words of 8 bytes.
DATA = object.__basicsize__ // 8
NDIM, SHAPE, DTYPE, FLAGS, KIND = DATA + 1, DATA + 2, DATA + 5, DATA + 6, DATA + 1
INT = 0xFFFFFFFF
C_CONTIGUOUS, ALIGNED, WRITEABLE = 0x001, 0x100, 0x400


@intrinsic
def pointer(typing, address, like):
    """The address as a pointer to elements of the dtype of the array `like`."""

    def build(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(like.dtype)(types.int64, like), build


@njit(cache=True)
def read_heads(ids, shapes, dtype, flags, table):
    """Read where each array lies; count the arrays unlike `shapes`, `dtype` and `flags`, and those that moved."""
    odd = moved = 0
    for k, column in np.ndindex(ids.shape):
        head = carray(pointer(ids[k, column], ids), FLAGS + 1)
        kind = carray(pointer(head[DTYPE], ids), KIND + 1)[KIND]
        same = kind == carray(pointer(dtype, ids), KIND + 1)[KIND]
        same = same and head[NDIM] & INT == shapes[k, 0] and head[FLAGS] & flags[column] == flags[column]
        if same:
            shape = carray(pointer(head[SHAPE], ids), shapes[k, 0])
            for axis in range(shapes[k, 0]):
                same = same and shape[axis] == shapes[k, axis + 1]
        odd += not same
        moved += table[k, column] != head[DATA]
        table[k, column] = head[DATA]
    return odd, moved


@njit(cache=True)
def find_overlap(order, table, extents, written):
    """Two cells of `table`, given in the order of their addresses, that overlap and are not both only read."""
    reach, owner = np.zeros(2, np.int64), np.zeros(2, np.int64)  # of all buffers, of the written ones
    for cell in order:
        tensor, column = divmod(cell, len(written))
        start, end = table[tensor, column], table[tensor, column] + extents[tensor]
        against = 0 if written[column] else 1
        if start < end and start < reach[against]:
            return owner[against], cell
        for kind in range(1 + written[column]):
            if end > reach[kind] and start < end:
                reach[kind], owner[kind] = end, cell
    return 0, 0


@register_jitable
def begin(given, numbers, rows):
    """Begin a step: count it and take the numbers that it was given."""
    if numbers.shape != rows.shape:
        raise ValueError("state.numbers has another shape than the one that init made.")
    for group in range(len(numbers)):
        numbers[group, 0] += 1
        for column in range(given.shape[1]):
            numbers[group, 1 + column] = given[group, column]


@register_jitable
def store(row, values):
    """Put a tuple of float64 numbers into a row; an assignment would take seconds to compile."""
    for column in range(len(values)):
        row[column] = values[column]


@register_jitable
def rounded(numbers, rows):
    """Copy a table of float64 numbers to one in the dtype of the arrays; each number is rounded once."""
    for k in range(len(numbers)):
        for column in range(numbers.shape[1]):
            rows[k, column] = numbers[k, column]


def check_array(label, array, dtype, shape, written):
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{label} must be a NumPy array, not {type(array).__name__}.")
    if array.dtype != dtype:
        raise TypeError(f"{label} must be {dtype}, not {array.dtype}.")
    if array.shape != shape:
        raise ValueError(f"{label} must have shape {shape}, not {array.shape}.")
    if not array.flags.c_contiguous or not array.flags.aligned:
        raise ValueError(f"{label} must be C-contiguous and aligned; np.ascontiguousarray makes such a copy.")
    if written and not array.flags.writeable:
        raise ValueError(f"{label} must be writable.")


def check_apart(names, table, sizes, written):
    """No written buffer may share memory with any other; a column of `table` holds the addresses of one buffer."""
    clash = find_overlap(np.argsort(table, axis=None, kind="stable"), table, sizes, written)
    if clash != (0, 0):
        first, second = (f"{names[cell % len(names)]}[{cell // len(names)}]" for cell in sorted(clash))
        raise ValueError(f"{first} and {second} share memory.")


def check_number(name, words, inside, value):
    if not isinstance(value, NUMBER) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, not {value!r}.")
    try:
        number = float(value)
    except OverflowError:  # a whole number of more than 308 digits
        number = inf
    if inside is not None and not (isfinite(number) and inside(number)):
        raise ValueError(f"{name} must be {words}, not {value}.")
    return number


def per_group(name, value, count):
    """One value for each of `count` groups."""
    if not isinstance(value, (list, tuple, np.ndarray)) or np.ndim(value) == 0:
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name} has {len(value)} values for {count} groups.")
    return value


class Plan:
    """The chunks of all tensors, the addresses of all buffers, and room for the numbers of a step.

    layout: each buffer with whether it is written, then the widths of `given`, `rows`, `tensor_rows` and `part`
    """

    def __init__(self, layout, dtype, shapes, groups):
        self.arguments = layout, dtype, shapes, groups
        names, given, columns, tensor_columns, sums = layout
        self.names = ["params", "grads", *list(names)[2:]]  # as `step` calls them
        self.written, self.dtype, self.shapes = np.array([*names.values()]), dtype, shapes
        sizes = [prod(shape) for shape in shapes]
        pieces = [(k, at, min(CHUNK, n - at), groups[k]) for k, n in enumerate(sizes) for at in range(0, n, CHUNK)]
        self.work = np.array(pieces, np.int64).reshape(-1, 4)
        until = np.cumsum([0, *self.work[:, 2]])
        self.blocks = np.unique(np.searchsorted(until, np.arange(BLOCKS + 1) * until[-1] // BLOCKS))
        self.groups = np.array(groups, np.int64)
        self.group_count = max(groups, default=0) + 1
        self.sizes = np.array(sizes, np.int64)
        self.held = [()] * len(names)
        self.ids = np.zeros((len(shapes), len(names)), np.int64)
        self.table = np.zeros((len(shapes), len(names)), np.int64)
        self.checked = False
        self.flags = np.array([C_CONTIGUOUS | ALIGNED | WRITEABLE * w for w in names.values()], np.int64)
        self.dims = np.array([(len(s), *s, *[0] * (64 - len(s))) for s in shapes], np.int64).reshape(-1, 65)
        self.values = None
        self.given = np.zeros((self.group_count, given))
        self.rows = np.zeros((self.group_count, columns), dtype)
        self.tensor_rows = np.zeros((len(shapes), tensor_columns), dtype)
        self.part = np.zeros((len(self.work), sums))

    def __reduce__(self):
        return Plan, self.arguments  # addresses mean nothing in a copy

    def zeros(self):
        return tuple(np.zeros(shape, self.dtype) for shape in self.shapes)

    def hyper(self, tests, values):
        """The checked hyperparameters, a row per group."""
        count = self.group_count
        columns = [
            [check_number(name, words, inside, number) for number in per_group(name, value, count)]
            for (name, (words, inside)), value in zip(tests.items(), values, strict=True)
        ]
        return np.array(columns).reshape(len(tests), count).T

    def take(self, tests, *values):
        """Take the numbers of a step, after every check; the very same ones as before are not looked at again."""
        if self.values is not None and all(map(is_, values, self.values)):
            return
        self.values = None
        self.given[:, : len(tests)] = self.hyper(tests, values)
        if all(isinstance(value, NUMBER) for value in values):  # a list may change under our hands
            self.values = values

    def take_inputs(self, first, /, **inputs):
        """Take the numbers that come from outside; NaN and infinities are for the equations to judge."""
        for column, (name, value) in enumerate(inputs.items(), first):
            numbers = per_group(name, value, self.group_count)
            self.given[:, column] = [check_number(name, "", None, number) for number in numbers]

    def bind(self, *buffers):
        """Take the arrays of a step, after every check."""
        for column, arrays in enumerate(buffers):
            held = self.held[column]
            if arrays is not held and not (len(arrays) == len(held) and all(map(is_, arrays, held))):
                self.hold(column, tuple(arrays))
        odd, moved = read_heads(self.ids, self.dims, id(self.dtype), self.flags, self.table)
        if odd or moved or not self.checked:
            self.checked = False
            if odd:
                self.check_arrays()
            self.check_overlap()
            self.checked = True

    def hold(self, column, arrays):
        name = self.names[column]
        if len(arrays) != len(self.shapes):
            raise ValueError(f"{name} has {len(arrays)} arrays for {len(self.shapes)} tensors.")
        if not all(issubclass(kind, np.ndarray) for kind in set(map(type, arrays))):
            for k, (array, shape) in enumerate(zip(arrays, self.shapes, strict=True)):
                check_array(f"{name}[{k}]", array, self.dtype, shape, self.written[column])
        self.ids[:, column] = np.fromiter(map(id, arrays), np.int64, len(arrays))
        self.held[column] = arrays

    def check_arrays(self):
        for name, written, arrays in zip(self.names, self.written, self.held, strict=True):
            for k, (array, shape) in enumerate(zip(arrays, self.shapes, strict=True)):
                check_array(f"{name}[{k}]", array, self.dtype, shape, written)

    def check_overlap(self):
        if self.table.size and self.table[0, 0] != self.held[0][0].ctypes.data:
            raise RuntimeError("This NumPy lays out its arrays in a way that this file does not know.")
        check_apart(self.names, self.table, self.sizes * self.dtype.itemsize, self.written)


def plan_for(params, groups, layout):
    """The plan of these parameters, all of one floating dtype."""
    if hasattr(params, "shape"):
        raise TypeError("params must be a list of arrays, not one array; put it into a list.")
    groups = [0] * len(params) if groups is None else [int(k) for k in groups]
    if len(groups) != len(params) or min(groups, default=0) < 0:
        raise ValueError("groups must give one number, 0 or more, for each tensor.")
    dtype = getattr(params[0], "dtype", None) if len(params) else np.dtype(np.float32)
    check_params(dtype, [getattr(array, "shape", ()) for array in params], params=params)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"params[0] must be float32 or float64, not {dtype}.")
    return Plan(layout, dtype, [array.shape for array in params], groups)


def addresses(*buffers):
    """Where each array lies: a row per tensor, a column per buffer."""
    return np.array([[array.ctypes.data for array in arrays] for arrays in buffers], np.int64).T.copy()


def check_params(dtype, shapes, /, **buffers):
    """Refuse what cannot be written in place: each array must be sound, and no two may share memory. Addresses."""
    for name, arrays in buffers.items():
        if len(arrays) != len(shapes):
            raise ValueError(f"{name} has {len(arrays)} arrays for {len(shapes)} tensors.")
        for k, (array, shape) in enumerate(zip(arrays, shapes, strict=True)):
            check_array(f"{name}[{k}]", array, dtype, shape, written=True)
    table = addresses(*buffers.values())
    extents = np.array([prod(shape) * dtype.itemsize for shape in shapes], np.int64)
    check_apart(tuple(buffers), table, extents, np.ones(len(buffers), bool))
    return table
