"""What every emitted CUDA file carries: the list of work on the device, and the arrays and numbers of a step."""

# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportIndexIssue=false, reportMissingImports=false
from math import prod
from operator import is_

import numpy as np
from numba import cuda

from symopt.backends.device import ALIGNED, CHUNK, STORED
from symopt.backends.device_arrays import (
    check_apart,
    check_arrays,
    copy_all,
    fields,
    reader,
    room,
    stored_as,
)
from symopt.backends.support import NUMBER, check_number, per_group

# --- from here on part of every emitted file ---


class Plan:
    """The chunks of all tensors and room for the numbers of a step, on the device; the addresses of all buffers.

    layout: the role of each buffer, then the widths of `given`, `rows`, `tensor_rows` and `part`
    kind: how params are stored; kept: whether params are copies of arrays in float32 that are kept and stepped
    """

    def __init__(self, layout, kind, shapes, groups, kept=False):
        self.arguments = layout, kind, shapes, groups, kept
        roles, given, columns, tensor_columns, sums = layout
        self.kind, self.kept, self.shapes, self.roles = kind, kept, shapes, (*roles.values(), "copy")
        self.dtype = np.dtype(np.float64 if kind == "float64" else np.float32)
        first = ["masters" if kept else "params", "grads"]
        self.names = [*first, *list(roles)[2:], "params" if kept else "copy"]  # as `step` calls them
        self.written = np.array([role in ("param", "state") for role in roles.values()] + [kept])
        self.sizes = np.array([prod(shape) for shape in shapes], np.int64)
        self.group_of = np.array(groups, np.int64)
        self.group_count = max(groups, default=0) + 1
        counts = -(-self.sizes // CHUNK)
        tensors = np.repeat(np.arange(len(shapes)), counts)
        starts = (np.arange(len(tensors)) - np.repeat(np.cumsum(counts) - counts, counts)) * CHUNK
        lengths = np.minimum(CHUNK, self.sizes[tensors] - starts)
        self.blocks = len(tensors)
        self.work = cuda.to_device(np.stack([tensors, starts, lengths, self.group_of[tensors]], axis=1))
        self.until = cuda.to_device(np.cumsum([0, *counts]))
        self.groups = cuda.to_device(self.group_of)
        self.held, self.readers, self.known = ([None] * len(self.names) for _ in range(3))
        self.addresses = np.zeros((len(shapes), len(self.names)), np.int64)
        self.passed = [kind if role == "param" and not kept else str(self.dtype) for role in self.roles]
        self.table, self.table_sent = cuda.to_device(self.addresses), False
        self.values = None
        self.hypers = np.zeros((self.group_count, given))
        self.given, self.given_sent = cuda.to_device(self.hypers), False
        self.rows = room((self.group_count, columns), self.dtype)
        self.tensor_rows = room((len(shapes), tensor_columns), self.dtype)
        self.part = room((len(tensors), 2 * sums), self.dtype)

    def zeros(self):
        """An array of zeros for each tensor, all in one piece of memory."""
        places = np.cumsum([0, *(-(-self.sizes // ALIGNED) * ALIGNED)])
        whole = room((int(places[-1]) + 1,), self.dtype)  # Numba takes no empty slice at the end of an array
        found = zip(places[:-1], self.sizes, self.shapes, strict=True)
        return tuple(whole[at : at + size].reshape(shape) for at, size, shape in found)

    def host_zeros(self):
        """The same in the memory of the host, for start values."""
        return tuple(np.zeros(shape, self.dtype) for shape in self.shapes)

    def sent(self, arrays):
        """Arrays of the host on the device."""
        found = self.zeros()
        for array, host in zip(found, arrays, strict=True):
            if host.size:
                array.copy_to_device(np.ascontiguousarray(host))
        return found

    def widened(self, params):
        """Copies of params in the dtype that is computed with."""
        found = self.zeros()
        copy_all(params, found, self.sizes)
        return found

    def on_host(self, arrays):
        """Copies of device arrays in the memory of the host."""
        return [array.copy_to_host() for array in self.widened(arrays)]

    def put(self, params, arrays):
        """Write arrays of the host into params."""
        copy_all(self.sent(arrays), params, self.sizes)

    def hyper(self, tests, values):
        """The checked hyperparameters, a row per group."""
        count = self.group_count
        columns = [
            [check_number(name, words, inside, number) for number in per_group(name, value, count)]
            for (name, (words, inside)), value in zip(tests.items(), values, strict=True)
        ]
        return np.array(columns).reshape(len(tests), count).T

    def take(self, tests, *values):
        """Take the hyperparameters of a step, after every check; the very same ones are not looked at again."""
        if self.values is not None and all(map(is_, values, self.values)):
            return
        self.values, self.given_sent = None, False
        self.hypers[:, : len(tests)] = self.hyper(tests, values)
        if all(isinstance(value, NUMBER) for value in values):  # a list may change under our hands
            self.values = values

    def take_inputs(self, first, /, **inputs):
        """Take the numbers that come from outside; NaN and infinities are for the equations to judge."""
        self.given_sent = False
        for column, (name, value) in enumerate(inputs.items(), first):
            numbers = per_group(name, value, self.group_count)
            self.hypers[:, column] = [check_number(name, "", None, number) for number in numbers]

    def bind(self, *buffers):
        """Take the arrays of a step, after every check."""
        changed = {column for column, arrays in enumerate(buffers) if not self.in_place(column, arrays)}
        if self.roles.index("grad") in changed:  # whose dtype is that of the inputs
            changed |= {column for column, role in enumerate(self.roles) if role == "input"}
        if changed:
            table, self.table_sent = self.addresses.copy(), False
            for column in sorted(changed):
                self.held[column] = None
                table[:, column] = self.check(column, buffers[column])
            check_apart(self.names, table, self.extents(), self.written)
            self.addresses[...] = table
            for column in changed:
                self.held[column], self.known[column] = tuple(buffers[column]), table[:, column].tolist()

    def in_place(self, column, arrays):
        """Whether these are the arrays that were checked before, and lie where they lay."""
        held, read = self.held[column], self.readers[column]
        if held is None:
            return False
        if arrays is not held and not (len(arrays) == len(held) and all(map(is_, arrays, held))):
            return False
        own = self.roles[column] == "state"  # memory of our own, which nobody moves
        return own or [*map(read, held)] == self.known[column]

    def check(self, column, arrays):
        """The addresses of the arrays of one buffer, after every check."""
        single = ("float64",) if self.kind == "float64" else ("float32", "float16", "bfloat16")
        kinds = {"param": (self.kind,), "copy": (self.kind,), "grad": single}
        kinds["input"] = (self.passed[self.roles.index("grad")],)
        own = (str(self.dtype),) if self.kept and self.roles[column] == "param" else kinds.get(self.roles[column])
        allowed = own or (str(self.dtype),)
        addresses, kind = check_arrays(self.names[column], arrays, self.shapes, allowed, self.written[column])
        self.passed[column] = kind or allowed[0]
        self.readers[column] = reader(arrays)
        return addresses

    def extents(self):
        """How many bytes each array takes, a row per tensor and a column per buffer."""
        sizes = [np.dtype(STORED[kind]).itemsize for kind in self.passed[:-1]]
        return self.sizes[:, None] * np.array([*sizes, 2 if self.kept else 0])

    def check_params(self, params, others=None):
        """Refuse arrays that are not of the shapes and the dtype of params, or that share memory."""
        columns = {"params": (params, (self.kind,)), "others": (others, (*STORED, "uint16"))}
        columns = {name: given for name, given in columns.items() if given[0] is not None}
        found = [check_arrays(name, arrays, self.shapes, kinds, True) for name, (arrays, kinds) in columns.items()]
        sizes = [np.dtype(STORED.get(kind, np.uint16)).itemsize for _, kind in found]
        table = np.array([addresses for addresses, _ in found], np.int64).T
        check_apart(tuple(columns), table, self.sizes[:, None] * np.array(sizes), np.ones(len(found), bool))

    def copies(self, arrays):
        """New arrays on the device with the same numbers."""
        kind = stored_as(arrays[0]) if len(arrays) else self.dtype
        found = [room(shape, kind) for shape in self.shapes]
        copy_all(arrays, found, self.sizes)
        return found

    def round_masters(self, masters, params):
        """Round the arrays that are stepped into params, if params are copies."""
        if masters:
            copy_all(masters, params, self.sizes)

    def send(self, stream):
        """Put what has changed on the device, behind what runs there."""
        stream = stream or cuda.default_stream()  # without a stream Numba would wait for the copies
        if not self.table_sent:
            self.table.copy_to_device(self.addresses, stream=stream)
            self.table_sent = True
        if not self.given_sent:
            self.given.copy_to_device(self.hypers, stream=stream)
            self.given_sent = True

    def kinds(self):
        """How numbers are computed with, and how params, gradients and the copies of params are stored."""
        column = self.roles.index("grad")
        copied = STORED[self.kind] if self.kept else None
        return self.dtype.type, STORED[self.passed[self.roles.index("param")]], STORED[self.passed[column]], copied


def plan_for(params, groups, layout, kept):
    """The plan of these parameters, all of one floating dtype."""
    if hasattr(params, "shape"):
        raise TypeError("params must be a list of arrays, not one array; put it into a list.")
    groups = [0] * len(params) if groups is None else [int(k) for k in groups]
    if len(groups) != len(params) or min(groups, default=0) < 0:
        raise ValueError("groups must give one number, 0 or more, for each tensor.")
    try:
        shapes = [fields(array)[1] for array in params]
    except TypeError:
        shapes = [()] * len(params)  # which of them is wrong is found below
    addresses, kind = check_arrays("params", params, shapes, STORED, True)
    kind = kind or "float32"
    if kept and kind not in ("float16", "bfloat16"):
        raise TypeError(f"params are {kind}; only copies of float16 and bfloat16 are kept in float32.")
    plan = Plan(layout, kind, shapes, groups, kept)
    extents = plan.sizes[:, None] * np.dtype(STORED[kind]).itemsize
    check_apart(("params",), np.array(addresses, np.int64).reshape(-1, 1), extents, np.array([True]))
    return plan
