"""What an emitted file computes, operation by operation, with the places where it rounds to the dtype of the arrays.

The proof knows real numbers only. Here the tree of each stored number is kept as it was computed: two files with the
same trees do the same floating-point operations, and a tree tells which numbers enter the element loop unrounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from symopt.derive.training import Training
from symopt.expr import BOOLEAN, ZERO, Call, Expr, Num, Sym, children, rebuild
from symopt.prove.rounding import ROUNDED
from symopt.prove.targets import HOST, Target
from symopt.prove.values import Results, explore

TRUE, FALSE = Sym("true"), Sym("false")
_EXACT: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip
_WEAKER = {"<": "<=", ">": ">="}

Known = tuple[tuple[int, bool], ...]
"""Conditions, by what `_Cut.number` calls them, and whether they hold."""


def operations(training: Training, text: str, target: Target = HOST) -> Results:
    """The operations behind each number that a file stores or deploys, branches that are never taken cut away."""
    code = target.compiled(text)
    found = explore(lambda path: target.stepped(training, code, target.rounding(path)))
    cut = _Cut()
    return {key: cut(tree) for key, tree in found.items()}


def rounding_faults(training: Training, found: Results) -> Iterator[str]:
    """Where a float32 loop would compute in float64, or a number of the step is rounded before it is stored."""
    for (when, name, tensor, i), tree in found.items():
        if when != "step" or name not in (training.param, *training.states):
            continue
        if training.levels.get(name, "element") == "element":
            wide = next((leaf.name for leaf in _unrounded(tree) if _of_group(leaf)), None)
            if wide is not None:
                yield f"{name} of tensor {tensor}, element {i} is computed with {wide} in float64"
        elif _is_rounded(tree):
            yield f"{name} of tensor {tensor} is rounded to the dtype of the arrays"


def _unrounded(tree: Expr) -> Iterator[Sym]:
    """The names whose numbers a tree computes with, no rounding between; what is only compared is none."""
    match tree:
        case Sym():
            yield tree
        case Call(op) if op == ROUNDED or op in BOOLEAN:
            return
        case Call("where", (_, yes, no)):
            yield from (*_unrounded(yes), *_unrounded(no))
        case _:
            for arg in children(tree):
                yield from _unrounded(arg)


def _of_group(leaf: Sym) -> bool:
    return ".g" in leaf.name


def _is_rounded(tree: Expr) -> bool:
    """Whether a number of the step is rounded; what was summed over elements was."""
    if isinstance(tree, Sym) and tree.name.count(".") == 2:
        return False
    parts = [_is_rounded(arg) for arg in children(tree)]
    return (isinstance(tree, Call) and tree.op == ROUNDED and _has_no_elements(tree)) or any(parts)


def _has_no_elements(tree: Expr) -> bool:
    if isinstance(tree, Sym):
        return tree.name.count(".") < 2
    return all(map(_has_no_elements, children(tree)))


class _Cut:
    """Trees without the branches that their conditions exclude. All rules hold in floating point, NaN included."""

    def __init__(self) -> None:
        self.done: dict[tuple[int, Known], tuple[Expr, Expr]] = {}
        self.seen: dict[int, tuple[Expr, int]] = {}
        self.kinds: dict[tuple[Expr, tuple[int, ...]], int] = {}

    def __call__(self, tree: Expr, known: Known = ()) -> Expr:
        if not isinstance(tree, Call):
            return tree
        key = id(tree), known
        if key not in self.done:
            self.done[key] = tree, self._cut(tree, known)  # a tree that is kept keeps its id
        return self.done[key][1]

    def _cut(self, tree: Call, known: Known) -> Expr:
        if tree.op == "where":
            return self._chosen(tree, known)
        made = rebuild(tree, tuple(self(arg, known) for arg in tree.args))
        assert isinstance(made, Call)
        outcome = dict(known).get(self.number(made)) if known and made.op in BOOLEAN else None
        if outcome is not None:
            return TRUE if outcome else FALSE
        return self._compared(made, known) if made.op in _EXACT or made.op == "not" else made

    def _chosen(self, tree: Call, known: Known) -> Expr:
        condition = self(tree.args[0], known)
        if condition in (TRUE, FALSE):
            return self(tree.args[1 if condition == TRUE else 2], known)
        yes, no = (
            self(branch, (*known, *((self.number(fact), true) for fact, true in _follows(condition, holds))))
            for branch, holds in ((tree.args[1], True), (tree.args[2], False))
        )
        if (yes, no) == (TRUE, FALSE):
            return condition
        return yes if yes == no else Call("where", (condition, yes, no))

    def number(self, tree: Expr) -> int:
        """A number that equal trees share. To hash a tree would visit what it shares once for each way there."""
        if id(tree) not in self.seen:
            kind = rebuild(tree, ()), tuple(self.number(arg) for arg in children(tree))
            self.seen[id(tree)] = tree, self.kinds.setdefault(kind, len(self.kinds))
        return self.seen[id(tree)][1]

    def _compared(self, made: Call, known: Known) -> Expr:
        """A comparison of constants, or one with a choice: then a choice of comparisons."""
        match made.args:
            case (Num(a), Num(b)):
                return TRUE if _EXACT[made.op](a, b) else FALSE
            case (Call(op="rounded", args=(Call(op="where", args=(c, x, y)),)), Num() as b):
                return self(Call("where", (c, Call(made.op, (_number(x), b)), Call(made.op, (_number(y), b)))), known)
            case (Call(op="where", args=(c, x, y)), Num() as b):
                return self(Call("where", (c, Call(made.op, (x, b)), Call(made.op, (y, b)))), known)
            case (Sym() as only,) if only in (TRUE, FALSE):
                return FALSE if only == TRUE else TRUE
            case _:
                return made


def _number(node: Expr) -> Expr:
    """A rounded number; small whole ones are exact."""
    exact = isinstance(node, Num) and node.value.denominator == 1 and abs(node.value) < 2**24
    return node if exact or node == ZERO else Call(ROUNDED, (node,))


def _follows(condition: Expr, holds: bool) -> list[tuple[Expr, bool]]:
    """What is known where a condition holds, or where it does not."""
    found = [(condition, holds)]
    if isinstance(condition, Call) and condition.op in _WEAKER and holds:
        found.append((Call(_WEAKER[condition.op], condition.args), True))
    if isinstance(condition, Call) and condition.op == "not":
        found += _follows(condition.args[0], not holds)
    return found
