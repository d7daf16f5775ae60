"""A proof in words: the claim, why it holds at first, why each step keeps it, and what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symopt.equivalence.product import Product
from symopt.equivalence.relate import Proof, shown
from symopt.expr import Expr, Seq, substitute, text

_LONGEST = 100


def equations(proofs: Mapping[str, Proof]) -> dict[str, str]:
    """State -> what it equals after each step."""
    return {name: shown(rhs) for proof in proofs.values() for name, rhs in proof.relation.items()}


def steps(product: Product, proofs: Mapping[str, Proof]) -> tuple[str, ...]:
    """The proofs line by line, one that serves both outputs told once."""
    told: list[str] = []
    for proof in {id(proof): proof for proof in proofs.values()}.values():
        told += _steps(product, proof, [what for what in proofs if proofs[what] is proof])
    return tuple(told)


def _steps(product: Product, proof: Proof, outputs: list[str]) -> Iterator[str]:
    claim = ", ".join(f"{name} = {shown(rhs)}" for name, rhs in proof.relation.items())
    when = f"after step {proof.first} and every later one" if proof.first else "before the first step and after each"
    if claim:
        yield f"Claim: {when}, {claim}."
    if proof.first:
        yield f"Up to step {proof.first} the steps are written out: they agree, and the claim holds."
    elif claim:
        yield "Before the first step all are at their starts: the claim holds."
    for name, rhs in proof.relation.items():
        yield _kept(product, proof, name, rhs)
    yield f"So {' and '.join(map(_same, outputs))} at every step."


def _kept(product: Product, proof: Proof, name: str, rhs: Expr) -> str:
    old: dict[Expr, Expr] = {Seq(state, -1): product.before(value) for state, value in proof.relation.items()}
    new: dict[Expr, Expr] = {Seq(state, 0): value for state, value in product.new.items()}
    left, right = (text(substitute(substitute(side, new), old)) for side in (Seq(name, 0), rhs))
    if max(len(left), len(right)) > _LONGEST:
        return f"A step keeps {name} = {shown(rhs)}: both sides have one normal form."
    return f"A step keeps {name} = {shown(rhs)}: {left} = {right}."


def _same(what: str) -> str:
    return "the gradient points are the same" if what != "theta" else "the same theta is deployed"
