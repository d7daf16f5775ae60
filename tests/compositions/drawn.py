"""Random compositions of the catalogue's wrappers, schedules and optimizers, and what they are run on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import prod

import numpy as np
from hypothesis import strategies as st

from symopt.catalogue import contents
from symopt.errors import SymoptError
from symopt.paths import specs_dir
from symopt.specs.joins import chained, held, joined, warmed_up

FOUND = [contents(path) for path in sorted(specs_dir().glob("*.py"))]
OPTIMIZERS = {name: value for found in FOUND for name, value in found.optimizers.items()}
WRAPPERS = {name: value for found in FOUND for name, value in found.combinators.items()}
SCHEDULES = {name: value for found in FOUND for name, value in found.schedules.items()}
REMEDY = re.compile(r'\.renamed\((\w+)="(\w+)"\)')
"""What a refusal proposes where two hyperparameters have one name."""


@dataclass(frozen=True)
class Refusal:
    """A layer that was refused. layer, around: its text and that of what it was put around; said: the sentence."""

    layer: str
    around: str
    said: str


@dataclass(repr=False)
class Composition:
    """An optimizer under layers, written as it would be typed."""

    text: str
    optimizer: object
    refusals: list[Refusal] = field(default_factory=list)

    def __repr__(self):
        return self.text

    def put(self, template, change):
        """Put a layer around, with the remedy of its refusal if that says one; else the optimizer stays as it is."""
        for _ in range(8):
            said = self._try(template, change)
            remedy = REMEDY.search(said)
            if not remedy:
                return
            old, new = remedy.groups()
            if self._try(f'{{}}.renamed({old}="{new}")', lambda inner, o=old, n=new: inner.renamed(**{o: n})):
                return

    def _try(self, template, change):
        """What was said against a layer, nothing if it was put around."""
        try:
            self.optimizer = change(self.optimizer)
        except SymoptError as error:
            self.refusals.append(Refusal(template.format("..."), self.text, str(error)))
            return str(error)
        self.text = template.format(self.text)
        return ""


@st.composite
def compositions(draw, fewest=0, most=4, bases=tuple(OPTIMIZERS)):
    """The catalogue's optimizers, or some of them, under so many layers."""
    base = draw(st.sampled_from(sorted(bases)))
    made = Composition(base, OPTIMIZERS[base])
    for _ in range(draw(st.integers(fewest, most))):
        hypers = [hyper.name for hyper in made.optimizer.hyperparameters]
        if hypers and draw(st.integers(0, 3)) == 3:
            name, (text, schedule) = draw(st.sampled_from(hypers)), draw(schedules())
            made.put(f"{{}}.scheduled({name}={text})", lambda inner, n=name, s=schedule: inner.scheduled(**{n: s}))
        else:
            name = draw(st.sampled_from(sorted(WRAPPERS)))
            made.put(f"{name}({{}})", WRAPPERS[name])
    return made


JOINS = {
    "held({})": held,
    "warmed_up({})": warmed_up,
    "joined(constant, {})": lambda then: joined(SCHEDULES["constant"], then),
    "chained(constant, {})": lambda then: chained(SCHEDULES["constant"], then),
    "joined({}, linear)": lambda first: joined(first, SCHEDULES["linear"]),
    "chained(step_decay, {})": lambda then: chained(SCHEDULES["step_decay"], then),
}


@st.composite
def schedules(draw):
    """(text, schedule), at times one that is made of others; two that have names in common stay apart."""
    text = draw(st.sampled_from(sorted(SCHEDULES)))
    schedule = SCHEDULES[text]
    for join in draw(st.lists(st.sampled_from(sorted(JOINS)), max_size=2)):
        renamed = schedule.renamed(**{h.name: f"its_{h.name}" for h in schedule.hyperparameters})
        text, schedule = join.format(f"{text}.renamed(...)"), JOINS[join](renamed)
    return text, schedule


# ---- what they are run on ----

TENSORS = ((), (1,), (3,), (0,), (5,), (2, 3), (7,))
CHUNK = 16384
MILD = (1.5, -0.25, 0.3, -2.0, 0.001)
QUIET = (*MILD, 0.0, -0.0, "denormal", 1e-12)
HUGE = (*QUIET, "huge", "-huge")
RARE = (*MILD * 3, float("inf"), float("-inf"), float("nan"), "huge", 0.0)
ODD = (*HUGE, float("inf"), float("-inf"), float("nan"))


@dataclass
class Case:
    """Everything that a run needs.

    params: an array per tensor; groups: the group of each; gradients: per step an array per tensor
    settings: per step the hyperparameters, a list with one per group each; inputs_of: per step what comes from outside
    start: steps that count as taken before the first
    """

    dtype: type
    params: list
    groups: list[int]
    gradients: list
    settings: list[dict]
    inputs_of: list[dict]
    start: int = 0

    @property
    def steps(self):
        return len(self.gradients)

    def hypers(self, step):
        return self.settings[step - 1]

    def inputs(self, step):
        return self.inputs_of[step - 1]


@st.composite
def cases(draw, optimizer, dtype=None, large=False, palette=None):
    """A case for an optimizer; large: with a tensor of more than one chunk; palette: what its gradients are made of."""
    dtype = dtype or draw(st.sampled_from([np.float32, np.float64]))
    shapes = draw(st.lists(st.sampled_from(TENSORS), min_size=1, max_size=3))
    shapes = [(CHUNK + 3,), *shapes[:1]] if large else shapes
    groups = [0, *draw(st.lists(st.integers(0, 1), min_size=len(shapes) - 1, max_size=len(shapes) - 1))]
    palette = palette or draw(st.sampled_from([MILD, QUIET, HUGE, ODD, RARE]))
    steps = draw(st.integers(1, 2 if large else 4))
    params = [draw(filled(shape, dtype, MILD if palette in (ODD, RARE) else palette)) for shape in shapes]
    gradients = [[draw(filled(shape, dtype, palette)) for shape in shapes] for _ in range(steps)]
    first = draw(hyperparameters(optimizer, max(groups) + 1))
    later = draw(hyperparameters(optimizer, max(groups) + 1)) if draw(st.integers(0, 3)) == 3 else first
    settings = [first if step <= (steps + 1) // 2 else later for step in range(1, steps + 1)]
    metrics = [0.5, 1.0, 0.25, 0.0, float("inf"), float("nan")]
    inputs = [
        {name: draw(filled_all(shapes, dtype)) if level == "element" else draw(st.sampled_from(metrics))
         for name, level in optimizer.inputs}
        for _ in range(steps)
    ]  # fmt: skip
    start = draw(st.sampled_from([0, 0, 0, 1, 1_000_003]))
    return Case(dtype, params, groups, gradients, settings, inputs, start)


def filled_all(shapes, dtype):
    return st.tuples(*(filled(shape, dtype, MILD) for shape in shapes)).map(list)


def filled(shape, dtype, palette):
    """An array of numbers of the palette; a long one has a few of them, over and over."""
    count = min(prod(shape), 11)
    return st.lists(st.sampled_from(palette), min_size=count, max_size=count).map(
        lambda names: np.resize(np.array([number(x, dtype) for x in names], dtype), shape)
    )


def number(x, dtype):
    wide = dtype is np.float64
    known = {"denormal": 1e-310 if wide else 1e-40, "huge": 1e300 if wide else 1e30}
    known["-huge"] = -known["huge"]
    return dtype(known.get(x, x))


@st.composite
def hyperparameters(draw, optimizer, groups):
    """Values in the domains: usual ones most of the time, else near or at the ends; one per group, or one for all."""
    extreme = draw(st.integers(0, 2)) == 2
    found = {}
    for hyper in optimizer.hyperparameters:
        one = st.sampled_from(values(hyper, extreme))
        found[hyper.name] = [draw(one)] * groups if draw(st.booleans()) else [draw(one) for _ in range(groups)]
    return found


def values(hyper, extreme):
    domain, usual = hyper.domain, [] if hyper.default is None else [float(hyper.default)]
    if domain.integer:
        found = [1, 2, 3, 5, 4, 0, *map(int, usual), *([10**6] if extreme else [])]
    else:
        found = [*usual * 4, 0.5, 0.9, 0.1, 1.0, 3.0]
        found += [0.0, 1e-8, 1e-30, 1e-300, 1 - 2.0**-20, 1e10, -1.0, 4.0] if extreme else []
    inside = [value for value in found if value in domain]
    return inside or [float(domain.lower) + (1 if domain.open_lower else 0)]
