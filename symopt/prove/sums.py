"""Reductions set apart: a sum over many elements is compared once, and then stands as one symbol on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field

from symopt.domains import NonNegative
from symopt.expr import ZERO, Call, Expr, Sym, children, rebuild, symbols
from symopt.prove.algebra import Proved, Verdict, decide
from symopt.prove.facts import Facts
from symopt.prove.places import anywhere


@dataclass
class Sums:
    """The declared reductions of a model, each with its symbol, and where they were found in what a file computes.

    facts: what is known about the names, symbols of reductions included
    doubts: the verdict where reductions were not found, by which those are
    """

    facts: Facts
    declared: dict[Expr, Sym] = field(default_factory=dict[Expr, Sym])
    answers: dict[tuple[Expr, Expr], bool] = field(default_factory=dict["tuple[Expr, Expr]", bool])
    found: dict[int, tuple[Expr, Expr]] = field(default_factory=dict["int", "tuple[Expr, Expr]"])
    doubts: dict[frozenset[str], Verdict] = field(default_factory=dict["frozenset[str]", Verdict])
    names: dict[int, tuple[Expr, frozenset[str]]] = field(default_factory=dict["int", "tuple[Expr, frozenset[str]]"])

    def symbol(self, expanded: Expr, positive: bool) -> Expr:
        """The symbol that stands for a declared reduction, written out; positive: whether it is never below 0.

        Two that are equal, such as sums over a tensor of one row and over its row, have one.
        """
        if expanded not in self.declared:
            symbol = self._declared(expanded) or Sym(f"sum{len(self.declared) + 1}")
            self.declared[expanded] = symbol
            if positive:
                self.facts = self.facts.knowing({symbol.name: NonNegative})
        return self.declared[expanded]

    def abstracted(self, computed: Expr) -> Expr:
        """`computed` with every part that is proved to be a declared reduction replaced by its symbol."""
        key = id(computed)
        if key not in self.found:
            self.found[key] = computed, self._abstracted(computed)  # a node that is kept keeps its id
        return self.found[key][1]

    def missing(self, computed: Expr, declared: Expr) -> frozenset[str]:
        """The reductions that the equations read and that were not found in what a file computes."""
        return (self._names(declared) - self._names(computed)) & {symbol.name for symbol in self.declared.values()}

    def written_out(self, expr: Expr) -> Expr:
        """An expression with the declared reductions in the place of their symbols."""
        own = {symbol: expanded for expanded, symbol in reversed(self.declared.items())}
        done: dict[int, Expr] = {}

        def written(node: Expr) -> Expr:
            if id(node) not in done:
                known = own.get(node) if isinstance(node, Sym) else None
                done[id(node)] = written(known) if known else rebuild(node, tuple(map(written, children(node))))
            return done[id(node)]

        return written(expr)

    def _abstracted(self, node: Expr) -> Expr:
        if not isinstance(node, Call):
            return node
        found = self._match(node) or (self._match(self._of_terms(node, node.op)) if _from_zero(node) else None)
        if found is not None:
            return found
        rebuilt = rebuild(node, tuple(self.abstracted(arg) for arg in children(node)))
        return self._match(rebuilt) or rebuilt

    def _of_terms(self, node: Expr, op: str) -> Expr:
        """A sum with reductions replaced in its terms only: what it begins with may be a declared reduction, too."""
        match node:
            case Call(own, args) if own == op:
                return Call(op, tuple(self._of_terms(arg, op) for arg in args))
            case Call("/", (Call("+") as inside, by)) if op == "+":
                return Call("/", (self._of_terms(inside, op), by))
            case _:
                return self.abstracted(node)

    def _match(self, node: Expr) -> Expr | None:
        """The symbol of the declared reduction that an expression is proved to be."""
        return self._declared(node) if isinstance(node, Call) and _from_zero(node) else None

    def _declared(self, node: Expr) -> Sym | None:
        """The symbol of a declared reduction that equals an expression."""
        for expanded, symbol in self.declared.items():
            same = self._names(node) == self._names(expanded)
            if same and (self._term_by_term(node, expanded) or self._equal(node, expanded)):
                return symbol
        return None

    def _term_by_term(self, node: Expr, expanded: Expr) -> bool:
        """Whether both are made of equal terms, each of one element: a question that is the same for all elements."""
        if not isinstance(node, Call) or not isinstance(expanded, Call) or expanded.op != node.op:
            return False
        found, wanted = (sorted(_terms(x, node.op), key=lambda t: sorted(self._names(t))) for x in (node, expanded))
        return len(found) == len(wanted) and all(self._equal(*pair) for pair in zip(found, wanted, strict=True))

    def _equal(self, a: Expr, b: Expr) -> bool:
        question = anywhere(a, b)
        if question not in self.answers:
            self.answers[question] = isinstance(decide(*question, self.facts), Proved)
        return self.answers[question]

    def _names(self, node: Expr) -> frozenset[str]:
        key = id(node)
        if key not in self.names:
            parts = [self._names(arg) for arg in children(node)]
            own = frozenset(symbols(node)) if not parts else frozenset[str]().union(*parts)
            self.names[key] = (node, own)
        return self.names[key][1]


def _from_zero(node: Expr) -> bool:
    """Whether an expression adds up, or takes the largest of, what comes after a 0: as no formula of one element does.

    The sum of a tensor of one element may equal such a formula, which must stay as it is.
    """
    inside = False
    while isinstance(node, Call) and node.op in ("+", "max"):
        node, inside = node.args[0], True
    return inside and node == ZERO


def _terms(node: Expr, op: str) -> list[Expr]:
    """What is added up, or what the largest is taken of, zeros apart."""
    match node:
        case Call(own, args) if own == op:
            return [term for arg in args for term in _terms(arg, op)]
        case Call("/", (Call("+") as inside, by)) if op == "+":
            return [Call("/", (term, by)) for term in _terms(inside, op)]
        case _:
            return [] if node == ZERO else [node]
