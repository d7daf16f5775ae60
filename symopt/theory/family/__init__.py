"""The family of all methods: which of them is another one's special case, limit, twin or wrapper."""

from symopt.theory.family.graph import Edge, Family, Node, family, to_json
from symopt.theory.family.picture import picture
from symopt.theory.family.svg import svg
from symopt.theory.family.tikz import tikz

__all__ = ["Edge", "Family", "Node", "family", "picture", "svg", "tikz", "to_json"]
