"""Ranger: Lookahead over RAdam, as it was published and as its public code goes on from there."""

from symopt.specs.centralization import centralize
from symopt.specs.lookahead import lookahead
from symopt.specs.radam import radam

ranger = lookahead(radam).with_defaults(k=6).titled("Ranger", reference="wright2019ranger")
ranger_centralized = (
    lookahead(centralize(radam))
    .with_defaults(k=6)
    .titled("Ranger with gradient centralization", reference="wright2019ranger")
)
