"""Which optimizers of a catalogue an optimizer may equal: those that a run on numbers does not tell apart.

A run proves nothing. It leaves the few candidates for which a proof is worth its time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.domains import Domain
from symopt.errors import SymoptError
from symopt.interpret import FLOAT, interpret
from symopt.recurrence import Hyperparameter, Optimizer

_ALIKE = (
    ("beta1", "mu", "beta", "decay", "momentum"), ("beta2", "alpha", "rho"), ("lr", "eta", "learning_rate"),
    ("eps", "epsilon"),
)  # fmt: skip
"""Names that papers give to the same thing."""

_DECAYS = ("beta1", "beta2")
"""What a share that has a name of its own may be, in the order in which they are declared."""

_VALUES = {"beta1": 0.6, "beta2": 0.8, "lr": 0.13, "eps": 0.2}
_THETA = ([[0.5, -1.5], [2.0, 0.75]], [1.25, -0.25])
_STEPS = 8
_SIZE, _SPOILED = sum(np.size(x) for x in _THETA), 3
_ORDINARY = 2 * _STEPS * _SIZE  # values of a run on ordinary gradients, theta's before those of the gradient point
_POINTS = np.r_[_STEPS * _SIZE : _ORDINARY, _ORDINARY + _SPOILED * _SIZE : _ORDINARY + 2 * _SPOILED * _SIZE]
_MANY = 100  # what a default beyond it counts would never come to pass in so short a run
_CLOSE = 1e-10  # relative: the rounding of a few hundred operations in float64 stays far below it


@dataclass(frozen=True)
class Candidate:
    """hyper: each of its hyperparameters -> the one of the other optimizer; scale: of lr, as the run showed it."""

    optimizer: Optimizer
    hyper: Mapping[str, str]
    scale: float


def trace(optimizer: Optimizer) -> Any:
    """The way of the parameter, then that of the gradient point, on fixed gradients; None where it breaks off.

    One row per way and kind of gradients.
    """
    meanings = _meanings(optimizer)
    values = {hyper.name: _value(hyper, meanings[hyper.name]) for hyper in optimizer.hyperparameters}
    rows: list[Any] = []
    try:
        for spoiled in (False, True):
            params, gradients = [np.array(x) for x in _THETA], _gradients(spoiled)
            run = interpret(optimizer, params, gradients, hyper=values, numbers=FLOAT, inputs=_inputs(optimizer))
            ways = [(snapshot.theta, snapshot.point) for snapshot in run]
            rows += [[_moved(way[i]) for way in ways] for i in (0, 1)]
    except (SymoptError, OverflowError, ValueError):
        return None
    return np.concatenate([np.concatenate(row) for row in rows])


def _inputs(optimizer: Optimizer) -> Callable[[int], Mapping[str, Any]]:
    """What comes from outside: the step count, or the start of the parameter."""
    return lambda step: {name: _THETA if level == "element" else [step, step] for name, level in optimizer.inputs}


def _moved(arrays: list[Any]) -> Any:
    return np.concatenate([np.ravel(x - np.array(start)) for x, start in zip(arrays, _THETA, strict=True)])


def _gradients(spoiled: bool) -> list[list[Any]]:
    """Of all sizes and signs; a spoiled sequence has one that is not a number, for rules that look at that."""
    draw = np.random.default_rng(5)
    found = [[draw.normal(0, 1.5, np.shape(x)) for x in _THETA] for _ in range(_SPOILED if spoiled else _STEPS)]
    if spoiled:
        found[1][1][0] = np.nan
    return found


def moves(found: Any) -> bool:
    """Whether the parameter of a run moved, and stayed finite on ordinary gradients."""
    if found is None:
        return False
    ordinary = found[:_ORDINARY]
    return bool(np.isfinite(ordinary).all() and np.ptp(ordinary) > 0)


def _value(hyper: Hyperparameter, meaning: str) -> Any:
    """A value in the domain, the same for names that mean the same, and no special one."""
    known = _VALUES.get(meaning)
    if known is not None and known in hyper.domain:
        return known
    seed = zlib.crc32(hyper.name.encode()) / 2**32
    usual = float(hyper.default or 0) * (0.8 + seed / 5)
    if 0 < usual < _MANY and usual in hyper.domain and not hyper.domain.integer:
        return usual
    return 2 + int(2 * seed) if hyper.domain.integer else _inside(hyper.domain, seed)


def _inside(domain: Domain, seed: float) -> float:
    low = 0.0 if domain.lower is None else float(domain.lower)
    high = low + 1 if domain.upper is None else float(domain.upper)
    return low + (high - low) * (0.25 + seed / 2)


def _meanings(optimizer: Optimizer) -> dict[str, str]:
    """What each hyperparameter is called elsewhere; other names of shares take what is left of the usual ones."""
    hypers = optimizer.hyperparameters
    found = {hyper.name: next((names[0] for names in _ALIKE if hyper.name in names), hyper.name) for hyper in hypers}
    left = [meaning for meaning in _DECAYS if meaning not in found.values()]
    shares = [h.name for h in hypers if found[h.name] == h.name not in _DECAYS and _is_share(h.domain)]
    return found | dict(zip(shares, left, strict=False))


def _is_share(domain: Domain) -> bool:
    return (domain.lower, domain.upper) == (0, 1) and not domain.integer


@dataclass(frozen=True)
class Known:
    """Optimizers with what a run made of them."""

    optimizers: tuple[Optimizer, ...]
    traces: Any

    def candidates(self, optimizer: Optimizer, found: Any, itself: Optimizer, points: bool = False) -> list[Candidate]:
        """Those that do the same on numbers as the run of an optimizer shows, but for a factor of lr.

        itself: what is left out; points: whether only the gradient points count, and what is deployed must differ
        """
        if not moves(found) or not len(self.optimizers):
            return []
        scales = self._scales(found, np.arange(len(found)))
        if points:
            scales = np.where(np.isnan(scales), self._scales(found, _POINTS), np.nan)
        return [
            Candidate(other, hyper, 1.0 if abs(scale - 1) < _CLOSE else float(scale))
            for other, scale in zip(self.optimizers, scales, strict=True)
            if scale > 0 and other.equations != itself.equations
            if (hyper := _assigned(optimizer, other)) is not None
        ]

    def _scales(self, found: Any, places: Any) -> Any:
        """The factor by which a run is each known one, at some places; NaN where it is none."""
        found, traces = found[places], self.traces[:, places]
        start = int(np.argmax(np.abs(np.where(places < _ORDINARY, found, 0))))
        with np.errstate(all="ignore"):
            scales = found[start] / traces[:, start]
            gaps = np.abs(found - scales[:, None] * traces)
        near = np.isnan(gaps) | (gaps <= _CLOSE * np.nanmax(np.abs(found)))
        alike = (near & (np.isnan(found) == np.isnan(traces))).all(axis=1)
        return np.where(alike & np.isfinite(scales), scales, np.nan)


def known(optimizers: Iterable[Optimizer]) -> Known:
    """Optimizers ready to be compared with."""
    runs = [(optimizer, trace(optimizer)) for optimizer in optimizers]
    kept = [(optimizer, run) for optimizer, run in runs if run is not None]
    return Known(tuple(optimizer for optimizer, _ in kept), np.array([run for _, run in kept]))


def _assigned(optimizer: Optimizer, other: Optimizer) -> dict[str, str] | None:
    """Each hyperparameter of the other with the one that takes its place: of the same name, or of the same meaning."""
    mine, theirs = _meanings(optimizer), _meanings(other)
    found: dict[str, str] = {}
    for hyper in other.hyperparameters:
        alike = [name for name in mine if mine[name] == theirs[hyper.name] and name not in found.values()]
        name = hyper.name if hyper.name in mine else next(iter(alike), None)
        if name is None:
            return None
        found[hyper.name] = name
    return found
