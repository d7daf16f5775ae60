"""The device functions of a CUDA file, and calls of them, as lines."""

from __future__ import annotations

from collections.abc import Iterable

from symopt.backends.kernel import Function, Sum
from symopt.backends.text import filled, lines
from symopt.ir import Scalars

WORDS = {
    "step": "The numbers of this step, in float64.", "global": "The numbers that follow from all tensors, in float64.",
    "tensor": "The numbers of one tensor, in float64.", "row": "The numbers of one row, in float64.",
}  # fmt: skip
TERMS, ELEMENT = "What one element adds to the sums.", "One element of one step."
"""What the docstring of each function of a CUDA file says."""


def function(
    name: str, doc: str, arguments: Iterable[str], block: Scalars, results: Iterable[str], wrap: bool = False
) -> Function:
    """A function of numbers: f, what it takes, the assignments, what it returns."""
    results = list(results)
    head = filled(f"def {name}(", ["f", *arguments], "):")
    back = f"return {', '.join(results)}"
    result = [back] if len(back) <= 116 else filled("return (", results, ")", 4)
    return Function(tuple(head), doc, tuple(lines(block.assigns, wrap)), tuple(result))


def wide(name: str, buffers: list[str], given: list[str], results: int) -> Function:
    """The function of as many elements as one access takes, two or four."""
    head = filled(f"def {name}_wide(", ["f", "wide", *buffers, *given], "):")
    body: list[str] = []
    for k, letter in enumerate("abcd"):
        at = ["f", *(f"{b}[{k}]" for b in buffers), *given]
        body += ["if wide == 2:", *(f"    {line}" for line in _gathered("ab", results, 8))] if k == 2 else []
        body += filled(f"{letter}_ = {name}(", at, ")", 4)
    doc = "As many elements of one step as one access takes."
    return Function(tuple(head), doc, tuple(body), _gathered("abcd", results, 4))


def _gathered(elements: str, results: int, indent: int) -> tuple[str, ...]:
    """Return each result of all elements."""
    if results == 1:
        return (f"return {', '.join(f'{x}_' for x in elements)}",)
    each = [f"({', '.join(f'{x}_[{j}]' for x in elements)})" for j in range(results)]
    return tuple(filled("return (", each, ")", indent))


def added(own: list[str], name: str, arguments: list[str], sums: tuple[Sum, ...]) -> list[str]:
    """Lines that compute what one element adds, and add it."""
    found = filled(f"{', '.join(own)} = {name}(", arguments, ")", 16)
    for one, total in zip(own, sums, strict=True):
        grown = f"maximum({total.name}, {one})" if total.largest else f"{total.name} + {one}"
        found.append(f"{total.name} = {grown}")
    return found


def assigned(places: list[str], call: list[str]) -> list[str]:
    """The lines of a call whose results go to the places."""
    first = [f"{place}, " for place in places]
    head = "".join(first).removesuffix(", ") + " = "
    if len(head) + len(call[0]) <= 108:
        return [head + call[0], *call[1:]]
    return [*filled("(", places, f") = {call[0]}", 12), *call[1:]]
