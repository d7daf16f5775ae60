"""Where control flows from each instruction, and which instructions a loop repeats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from symopt.ptx.model import Function, Symbol


def successors(function: Function, at: int) -> tuple[int, ...]:
    """The instructions that may run right after one."""
    instruction = function.code[at]
    following = (at + 1,) if instruction.guard or instruction.root not in ("bra", "ret", "exit") else ()
    match instruction.root, instruction.operands:
        case "bra", (Symbol(label),):
            return (*following, function.labels[label])
        case _:
            return following


def _reached(edges: Mapping[int, Iterable[int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting.extend(edges.get(at, ()))
    return found


def looped(function: Function) -> set[int]:
    """The instructions that may run again after they ran."""
    after = {at: successors(function, at) for at in range(len(function.code))}
    before: dict[int, list[int]] = defaultdict(list)
    for at, following in after.items():
        for to in following:
            before[to].append(at)
    heads = {to for at, following in after.items() for to in following if to <= at}
    around = [_reached(after, head) & _reached(before, head) for head in heads]
    return set[int]().union(*(found for found in around if len(found) > 1))


def back_edges(function: Function) -> int:
    """The jumps that close a loop: those to an instruction that is on the way from the start to them."""
    count = 0
    state: dict[int, str] = {0: "open"}
    path = [(0, list(successors(function, 0)))]
    while path:
        at, left = path[-1]
        if not left:
            state[at] = "done"
            path.pop()
            continue
        to = left.pop()
        count += state.get(to) == "open"
        if to not in state:
            state[to] = "open"
            path.append((to, list(successors(function, to))))
    return count
