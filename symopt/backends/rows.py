"""What emitted files carry besides `support` where something is a number per row: chunks that know their rows."""

# pyright: basic
import numpy as np

from symopt.backends.support import BLOCKS, CHUNK, Plan, prod

# --- from here on part of emitted files with rows ---


def rows_of(shape):
    """How many rows a tensor has, and of how many elements: slices along its first axis; a vector is a single row."""
    return (shape[0], prod(shape[1:])) if len(shape) > 1 else (1, prod(shape))


def row_chunks(shapes, groups):
    """Chunks of whole rows, and of pieces of the rows that are longer.

    tensor, first element, elements of each piece, group, first row, count of pieces; each piece lies in one row

    A row costs some 20 ns however short it is: Adam with the mean of each row taken out needs 29 us for 1000 rows of 16
    that lie in the cache, without it 11 us, and a memory that moves 20 GB/s needs 26 us for their bytes.
    """
    first = 0
    for k, (count, columns) in enumerate(map(rows_of, shapes)):
        together = max(1, CHUNK // max(1, columns))
        for row in range(0, count, together):
            for at in range(0, columns, CHUNK):
                pieces = min(together, count - row)
                yield k, row * columns + at, min(CHUNK, columns - at), groups[k], first + row, pieces
        first += count


class RowPlan(Plan):
    """A plan with chunks that know their rows, and with room for the numbers of each row.

    row_work: as row_chunks gives them, then the number of the first piece; row_tensors: the tensor of each row
    """

    def __init__(self, layout, dtype, shapes, groups, columns):
        super().__init__(layout, dtype, shapes, groups)
        self.arguments = layout, dtype, shapes, groups, columns
        chunks = np.array(list(row_chunks(shapes, groups)), np.int64).reshape(-1, 6)
        until, pieces = (np.cumsum([0, *sizes]) for sizes in (chunks[:, 2] * chunks[:, 5], chunks[:, 5]))
        self.row_work = np.concatenate([chunks, pieces[:-1, None]], axis=1)
        self.row_blocks = np.unique(np.searchsorted(until, np.arange(BLOCKS + 1) * until[-1] // BLOCKS))
        self.part = np.zeros((pieces[-1], layout[-1]))
        self.row_tensors = np.repeat(np.arange(len(shapes)), np.array([rows_of(s)[0] for s in shapes], np.int64))
        self.row_numbers = np.zeros((len(self.row_tensors), columns))
        self.row_rows = np.zeros((len(self.row_tensors), columns), dtype)

    def __reduce__(self):
        return RowPlan, self.arguments  # addresses mean nothing in a copy
