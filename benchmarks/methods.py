"""The methods of the catalogue that other libraries have too, with the settings that make them the same method.

Not here, for no other library has an optimizer that computes the same: the forms that Keras and optax compute, those of
the papers where torch departs from them, and compositions that take several calls elsewhere (see compose.py).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

Settings = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """An optimizer of another library. wraps: the optimizer that it is given in the place of the parameters, if any"""

    module: str
    kind: str
    settings: Settings
    wraps: Peer | None = None

    def load(self) -> type:
        return getattr(import_module(self.module), self.kind)

    def ways(self) -> Iterator[tuple[str, Settings]]:
        """The implementations that it offers, by name, with the settings that choose them."""
        chosen = self.wraps or self
        offered = inspect.signature(chosen.load()).parameters
        name = f"{self.module.partition('.')[0]} {self.kind}"
        others = {way: False for way in ("fused", "foreach") if way in offered}
        if not others:
            yield name, {}
            return
        for way in others:
            yield f"{name}, {way}", {**others, way: True}
        yield f"{name}, loop", others

    def make(self, params: list[Any], way: Settings) -> Any:
        if self.wraps is None:
            return self.load()(params, **self.settings, **way)
        return self.load()(self.wraps.make(params, way), **self.settings)


@dataclass(frozen=True)
class Method:
    """An optimizer of the catalogue and those of other libraries that compute the same. hyper: where not the default"""

    name: str
    peers: tuple[Peer, ...]
    hyper: Settings = field(default_factory=dict[str, Any])


def torch(kind: str, **settings: Any) -> Peer:
    return Peer("torch.optim", kind, settings)


def collection(kind: str, wraps: Peer | None = None, **settings: Any) -> Peer:
    return Peer("pytorch_optimizer", kind, settings, wraps)


def schedulefree(kind: str, **settings: Any) -> Peer:
    return Peer("schedulefree", kind, settings)


HEAVY_BALL = torch("SGD", lr=1e-2, momentum=0.9)
NESTEROV = torch("SGD", lr=1e-2, momentum=0.9, nesterov=True)
ADAM = torch("Adam", lr=1e-3)
RANGER: Settings = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "degenerated_to_sgd": True}

METHODS = (
    Method("sgd", (torch("SGD", lr=1e-2), collection("SGDW", lr=1e-2))),
    Method("sgd_decayed", (collection("SGDW", lr=1e-2, weight_decay=1e-3),), {"weight_decay": 1e-5}),
    Method("momentum", (HEAVY_BALL,)),
    Method("momentum_torch", (HEAVY_BALL, collection("SGDW", lr=1e-2, momentum=0.9))),
    Method("nesterov", (NESTEROV,)),
    Method("nesterov_transformed", (NESTEROV,)),
    Method("nesterov_torch", (NESTEROV,)),
    Method("signsgd", (collection("SignSGD", lr=1e-3, momentum=0.0),)),
    Method("signum", (collection("SignSGD", lr=1e-3, momentum=0.9),)),
    Method("rprop", (torch("Rprop", lr=1e-2),)),
    Method("asgd", (torch("ASGD", lr=1e-2),)),
    Method("adagrad", (torch("Adagrad", lr=1e-2),)),
    Method("adadelta", (torch("Adadelta", lr=1.0), collection("AdaDelta", lr=1.0))),
    Method("rmsprop", (torch("RMSprop", lr=1e-2),)),
    Method("rmsprop_centered", (torch("RMSprop", lr=1e-2, centered=True),)),
    Method("rmsprop_momentum", (torch("RMSprop", lr=1e-2, momentum=0.9),)),
    Method("adam", (ADAM,)),
    Method("adam_l2", (torch("Adam", lr=1e-3, weight_decay=1e-2),)),
    Method("adam_maximizing", (torch("Adam", lr=1e-3, maximize=True),)),
    Method("adamw", (torch("AdamW", lr=1e-3, weight_decay=1e-2),)),
    Method("amsgrad_torch", (torch("Adam", lr=1e-3, amsgrad=True),)),
    Method("adamax", (torch("Adamax", lr=2e-3), collection("AdaMax", lr=2e-3))),
    Method("nadam_torch", (torch("NAdam", lr=2e-3),)),
    Method("radam", (torch("RAdam", lr=1e-3),), {"threshold": 5.0}),
    Method("radam_optax", (collection("RAdam", lr=1e-3, degenerated_to_sgd=True),)),
    Method("adabound", (collection("AdaBound", lr=1e-3),)),
    Method("amsbound", (collection("AdaBound", lr=1e-3, ams_bound=True),)),
    Method("lookahead_momentum", (collection("Lookahead", HEAVY_BALL),)),
    Method("lookahead_momentum_pulled", (collection("Lookahead", HEAVY_BALL, pullback_momentum="pullback"),)),
    Method("lookahead_adam", (collection("Lookahead", ADAM),)),
    Method("ranger", (collection("Ranger", **RANGER, use_gc=False),), {"threshold": 5.0}),
    Method("ranger_centralized", (collection("Ranger", **RANGER),), {"threshold": 5.0}),
    Method(
        "schedule_free_sgd", (schedulefree("SGDScheduleFree", lr=1.0), collection("ScheduleFreeSGD", lr=1.0))
    ),
    Method(
        "schedule_free_adamw",
        (schedulefree("AdamWScheduleFree", lr=2.5e-3), collection("ScheduleFreeAdamW", lr=2.5e-3)),
    ),
)  # fmt: skip
