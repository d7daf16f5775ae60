"""What a user did wrong, said in the names that the user knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from numpy.lib.array_utils import byte_bounds
from numpy.typing import NDArray

from symopt.errors import SymoptError
from symopt.runtime.structure import Structure, Wrong


def sentence(error: Exception, labels: Mapping[str, Sequence[str]]) -> str:
    """The text of an error of an emitted file, where `grads[1]` becomes what `labels` calls the second gradient."""

    def label(match: re.Match[str]) -> str:
        known = labels.get(match[1], ())
        return known[int(match[2])] if int(match[2]) < len(known) else match[0]

    return re.sub(r"\b(\w+)\[(\d+)\]", label, str(error)).rstrip(".")


def wrong_leaf(leaves: Iterable[Any], labels: Sequence[str], wrong: Wrong) -> str | None:
    """What is wrong with the first value that is no array; None where all are."""
    found = (wrong(label, leaf) for label, leaf in zip(labels, leaves, strict=True))
    return next((fault for fault in found if fault), None)


def refuse_shared(arrays: Sequence[NDArray[Any]], structure: Structure) -> None:
    """Refuse parameters that overlap in memory: each would be stepped twice."""
    labels = structure.labels("params")
    solid = [
        (*byte_bounds(array), label) for array, label in zip(arrays, labels, strict=True) if array.flags.c_contiguous
    ]
    spans = sorted(span for span in solid if span[0] < span[1])
    for (_, end, first), (start, _, second) in pairwise(spans):
        if start < end:
            a, b = sorted((first, second), key=labels.index)
            raise SymoptError(f"{a} and {b} share memory")
