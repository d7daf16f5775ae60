"""The function of a CUDA file that adds up a piece of a tensor, as lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symopt.backends.device_functions import added
from symopt.backends.kernel import Function, Sum
from symopt.backends.text import filled, local, targets


@dataclass(frozen=True)
class Summed:
    """What a reducing pass adds up, under the names that the file uses.

    number: of the pass; buffers: (name, how its elements are stored) of those that are read
    scale: what squares are scaled by, if there are any; given: numbers; sums: the results
    """

    number: int
    buffers: tuple[tuple[str, str], ...]
    scale: tuple[str, ...]
    given: tuple[str, ...]
    sums: tuple[Sum, ...]

    @property
    def types(self) -> list[str]:
        """What the function takes first: of what type numbers are, and how elements are stored."""
        used = {kind for _, kind in self.buffers}
        return ["f", "wide", *(kind for kind in ("stored", "passed") if kind in used), "lanes"]

    @property
    def places(self) -> list[str]:
        """What it takes last: which elements, where they lie, and the numbers."""
        return ["start", "n", "whole", *(f"{local(name)}_at" for name, _ in self.buffers), *self.given]

    def function(self) -> Function:
        """The elements go to threads by fours, and are added one by one, so that the bits are those at any address."""
        body = [
            *(f"{total.name} = f(0)" for total in self.sums),
            "lane = np.int32(4 * cuda.threadIdx.x)",
            *(self._two_at_a_time() if len(self.buffers) == 1 else []),
            "while whole and lane + 4 <= n:",
            "    for part in range(0, 4, wide):",
            "        i = start + lane + part",
            *_indented(8, [*self._loaded("i", "wide"), *self._each("wide")]),
            "    lane = np.int32(lane + 4 * THREADS)",
            "while lane < n:",
            "    i = start + lane",
            "    while i < start + n and i < start + lane + 4:",
            *_indented(8, self._added(f"load({local(name)}_at, i, {kind})" for name, kind in self.buffers)),
            "        i += 1",
            "    lane = np.int32(lane + 4 * THREADS)",
        ]
        head = filled(f"def sums_{self.number}(", [*self.types, *self.scale, *self.places], "):")
        back = [f"{'largest' if total.largest else 'added'}(lanes, {total.name})" for total in self.sums]
        doc = "The sums over a piece of a tensor; the same in every thread of the block."
        return Function(tuple(head), doc, tuple(body), (f"return {', '.join(back)}",))

    def _two_at_a_time(self) -> list[str]:
        """Of one array alone a thread loads eight elements before it adds; in float64 four are as many bytes."""
        loads = [*self._loaded("i", "wide"), *self._loaded("i + 4 * THREADS", "ahead")]
        return [
            "while whole and wide == 4 and lane + 4 * THREADS + 4 <= n:",
            "    i = start + lane",
            *_indented(4, [*loads, *self._each("wide"), *self._each("ahead")]),
            "    lane = np.int32(lane + 8 * THREADS)",
        ]

    def _loaded(self, i: str, end: str) -> list[str]:
        """As many elements of each array as one access takes."""
        loads = [f"load_wide({local(name)}_at, {i}, {kind})" for name, kind in self.buffers]
        return targets([f"{local(name)}_{end}" for name, _ in self.buffers], ", ".join(loads), 12)

    def _each(self, end: str) -> list[str]:
        lines = self._added(f"{local(name)}_{end}[at]" for name, _ in self.buffers)
        return ["for at in range(wide):", *_indented(4, lines)]

    def _added(self, elements: Iterable[str]) -> list[str]:
        own = [f"{total.name}_" for total in self.sums]
        return added(own, f"terms_{self.number}", ["f", *self.scale, *elements, *self.given], self.sums)


def _indented(by: int, lines: Iterable[str]) -> list[str]:
    return [" " * by + line for line in lines]
