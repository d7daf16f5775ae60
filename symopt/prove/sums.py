"""Reductions set apart: a sum over many elements is compared once, and then stands as one symbol on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field

from symopt.expr import Call, Expr, Sym, children, rebuild, symbols
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import Facts


@dataclass
class Sums:
    """The declared reductions of a model, each with its symbol, and where they were found in what a file computes."""

    facts: Facts
    declared: dict[Expr, Sym] = field(default_factory=dict[Expr, Sym])
    found: dict[int, tuple[Expr, Expr]] = field(default_factory=dict["int", "tuple[Expr, Expr]"])
    names: dict[int, tuple[Expr, frozenset[str]]] = field(default_factory=dict["int", "tuple[Expr, frozenset[str]]"])

    def symbol(self, expanded: Expr) -> Expr:
        """The symbol that stands for a declared reduction, written out."""
        return self.declared.setdefault(expanded, Sym(f"sum{len(self.declared) + 1}"))

    def abstracted(self, computed: Expr) -> Expr:
        """`computed` with every part that is proved to be a declared reduction replaced by its symbol."""
        key = id(computed)
        if key not in self.found:
            self.found[key] = computed, self._abstracted(computed)  # a node that is kept keeps its id
        return self.found[key][1]

    def _abstracted(self, node: Expr) -> Expr:
        if not isinstance(node, Call):
            return node
        rebuilt = rebuild(node, tuple(self.abstracted(arg) for arg in children(node)))
        return self._match(node) or self._match(rebuilt) or rebuilt

    def _match(self, node: Expr) -> Expr | None:
        """The symbol of the declared reduction that an expression is proved to be."""
        if isinstance(node, Call) and node.op in ("+", "max"):
            for expanded, symbol in self.declared.items():
                same = self._names(node) == self._names(expanded)
                if same and isinstance(decide(node, expanded, self.facts), Proved):
                    return symbol
        return None

    def _names(self, node: Expr) -> frozenset[str]:
        key = id(node)
        if key not in self.names:
            parts = [self._names(arg) for arg in children(node)]
            own = frozenset(symbols(node)) if not parts else frozenset[str]().union(*parts)
            self.names[key] = (node, own)
        return self.names[key][1]
