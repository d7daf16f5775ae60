"""What emitted CUDA files carry besides `device` where something is a number per row: chunks that know their rows."""

# pyright: basic, reportCallIssue=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportIndexIssue=false
import numpy as np
from numba import cuda

from symopt.backends.device import CHUNK, THREADS
from symopt.backends.device_arrays import room
from symopt.backends.device_plan import Plan
from symopt.backends.rows import row_chunks, rows_of

# --- from here on part of emitted files with rows ---


class RowPlan(Plan):
    """A plan with chunks that know their rows, and with room for the numbers of each row.

    row_work: as row_chunks gives them, then the number of the first piece; row_tensors: the tensor of each row
    until, row_until: at which piece each tensor and each row begins
    """

    def __init__(self, layout, kind, shapes, groups, kept, columns):
        super().__init__(layout, kind, shapes, groups, kept)
        chunks = np.array(list(row_chunks(shapes, groups)), np.int64).reshape(-1, 6)
        pieces = np.cumsum([0, *chunks[:, 5]])
        counts = np.array([rows_of(shape)[0] for shape in shapes], np.int64)
        each = np.array([-(-rows_of(shape)[1] // CHUNK) for shape in shapes], np.int64)
        self.row_work = cuda.to_device(np.concatenate([chunks, pieces[:-1, None]], axis=1))
        self.row_chunks = len(chunks)
        self.until = cuda.to_device(np.cumsum([0, *(counts * each)]))
        self.row_until = cuda.to_device(np.cumsum([0, *np.repeat(each, counts)]))
        self.row_tensors = cuda.to_device(np.repeat(np.arange(len(shapes)), counts))
        self.row_blocks = -(-int(counts.sum()) // THREADS)
        self.part = room((int(pieces[-1]), 2 * layout[-1]), self.dtype)
        self.row_numbers = room((int(counts.sum()), columns), np.float64)
        self.row_rows = room((int(counts.sum()), columns), self.dtype)
