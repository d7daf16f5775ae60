"""Train a small network on handwritten digits with every optimizer of the catalogue, and compare them.

The network and its gradients are plain NumPy. Each optimizer is one spec, and symopt turns it into the kernel
that trains here. All of them start from the same weights and see the same mini-batches in the same order. The
run ends with a table, and with a plot of the losses in `build/digits.png`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import symopt
from symopt import catalogue
from symopt.checks import facts

HIDDEN = 64
EPOCHS = 30
BATCH = 64
PLOT = Path("build/digits.png")

# Found by doubling and halving, judged by the training loss alone: the test images had no say. A variant that is
# not named here takes the rate of the method whose name its own begins with, `adam` for `adam_inner`; what fits no
# name runs with the default of its spec. (Rprop adapts its own rates and is made for the gradient of all images at
# once: on mini-batches it fails, as it should.)
LEARNING_RATES = {
    "sgd": 1.0,
    "asgd": 1.0,
    "momentum": 0.1,
    "momentum_ema": 1.0,
    "nesterov": 0.1,
    "adagrad": 0.05,
    "adagrad_inside": 0.2,
    "rmsprop": 0.005,
    "rmsprop_momentum": 0.001,
    "adadelta": 5.0,
    "adam": 0.005,
    "adam_accumulated": 0.02,
    "adamw": 0.005,
    "amsgrad": 0.005,
    "amsbound": 0.005,
    "adamax": 0.02,
    "nadam": 0.005,
    "radam": 0.01,
    "adabound": 0.005,
    "lookahead_adam": 0.01,
    "lookahead_momentum": 0.2,
    "ranger": 0.02,
    "schedule_free_sgd": 2.0,
    "schedule_free_adamw": 0.01,
}

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Images:
    """Rows of 64 grey values from 0 to 1, and the digit that each row shows."""

    pixels: np.ndarray
    digits: np.ndarray

    def batches(self, rng: np.random.Generator) -> Iterator["Images"]:
        """One epoch in random order; what is left over and fills no batch is skipped."""
        order = rng.permutation(len(self.digits))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            yield Images(self.pixels[chosen], self.digits[chosen])


@dataclass(frozen=True)
class Run:
    """What one training run left behind."""

    name: str
    title: str
    losses: list[float]
    accuracy: float
    microseconds: float


def read_images() -> tuple[Images, Images]:
    """1437 images to train on and 360 to test on, the same ones every time."""
    pixels, digits = load_digits(return_X_y=True)
    split = train_test_split((pixels / 16).astype(np.float32), digits, test_size=360, stratify=digits, random_state=0)
    return Images(split[0], split[2]), Images(split[1], split[3])


def new_network() -> Arrays:
    """The weights and biases that every optimizer starts from."""
    rng = np.random.default_rng(seed=0)

    def weights(inputs: int, outputs: int) -> np.ndarray:
        return (rng.standard_normal((inputs, outputs)) * np.sqrt(2 / inputs)).astype(np.float32)

    return {
        "W1": weights(64, HIDDEN),
        "b1": np.zeros(HIDDEN, np.float32),
        "W2": weights(HIDDEN, 10),
        "b2": np.zeros(10, np.float32),
    }


def forward(net: Arrays, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hidden layer, and one score per digit."""
    hidden = np.maximum(pixels @ net["W1"] + net["b1"], 0)
    return hidden, hidden @ net["W2"] + net["b2"]


def backward(net: Arrays, batch: Images) -> tuple[float, Arrays]:
    """The mean cross-entropy of a batch, and its gradient for every array of the network."""
    hidden, scores = forward(net, batch.pixels)
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    sums = powers.sum(axis=1, keepdims=True)
    right = np.arange(len(batch.digits)), batch.digits
    loss = np.mean(np.log(sums[:, 0]) - scores[right])

    d_scores = powers / sums
    d_scores[right] -= 1
    d_scores /= len(batch.digits)
    d_hidden = (d_scores @ net["W2"].T) * (hidden > 0)
    return float(loss), {
        "W1": batch.pixels.T @ d_hidden,
        "b1": d_hidden.sum(axis=0),
        "W2": hidden.T @ d_scores,
        "b2": d_scores.sum(axis=0),
    }


def accuracy(net: Arrays, images: Images) -> float:
    """The share of images whose digit gets the highest score."""
    return float(np.mean(forward(net, images.pixels)[1].argmax(axis=1) == images.digits))


def learning_rate(name: str) -> dict[str, float]:
    """What `bind` is given: the rate of the longest name that this one begins with."""
    words = name.split("_")
    prefixes = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    return next(({"lr": LEARNING_RATES[prefix]} for prefix in prefixes if prefix in LEARNING_RATES), {})


def train(name: str, images: Images, test: Images) -> Run:
    """Train a new network with one optimizer and test what that optimizer deploys."""
    optimizer = symopt.load(name)
    net = new_network()
    opt = optimizer.bind(net, **learning_rate(name))
    rng = np.random.default_rng(seed=1)
    losses, seconds = [], []
    for _ in range(EPOCHS):
        epoch = []
        for batch in images.batches(rng):
            loss, gradient = backward(net, batch)
            epoch.append(loss)
            start = perf_counter()
            opt.step(gradient)  # the whole optimizer: `net` now holds the next point to train on
            seconds.append(perf_counter() - start)
        losses.append(float(np.mean(epoch)))
    opt.to_eval()  # averaging and look-ahead methods deploy another point than they train on
    # The median leaves out the first step, which compiles.
    return Run(name, optimizer.title, losses, accuracy(net, test), 1e6 * float(np.median(seconds)))


def known_facts(name: str) -> tuple[str, str, str]:
    """What symopt knew before this run: proof, bytes per parameter, largest error against the oracle."""
    found = facts(name)
    return found.proof, f"{found.bytes_per_parameter}", f"{found.oracle_ulp:.1f}"


def table_of(runs: list[Run]) -> Table:
    """The runs, best test accuracy first."""
    table = Table(title=f"Handwritten digits: {EPOCHS} epochs from the same start")
    table.add_column("optimizer", no_wrap=True)
    table.add_column("proof")
    for heading in ("bytes per\nparameter", "error\n(ulp)", "last\nloss", "test\naccuracy", "µs per\nstep"):
        table.add_column(heading, justify="right")
    for run in sorted(runs, key=lambda run: -run.accuracy):
        measured = f"{run.losses[-1]:.1g}", f"{run.accuracy:.1%}", f"{run.microseconds:.0f}"
        table.add_row(run.name, *known_facts(run.name), *measured)
    return table


def plot(runs: list[Run], path: Path) -> None:
    """One small panel per optimizer, with all the others in grey behind it."""
    columns = min(5, len(runs))
    rows = ceil(len(runs) / columns)
    figure = Figure(figsize=(2.4 * columns, 1.9 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat
    for run, panel in zip(runs, panels, strict=False):
        for other in runs:
            panel.semilogy(range(1, EPOCHS + 1), other.losses, color="0.85", linewidth=0.7)
        panel.semilogy(range(1, EPOCHS + 1), run.losses, color="C0", linewidth=1.8)
        panel.set_title(run.title, fontsize=9)
    for panel in panels:  # the ones that `zip` left over
        panel.set_axis_off()
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel("training loss", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without matplotlib's version inside, equal losses give equal bytes.
    figure.savefig(path, dpi=120, metadata={"Software": None})


def main() -> None:
    """Train with the whole catalogue, then print the table and draw the plot."""
    start = perf_counter()
    images, test = read_images()
    runs = [train(name, images, test) for name in track(catalogue.names(), "Training", transient=True)]
    Console().print(table_of(runs))
    plot(runs, PLOT)
    print(f"Trained with {len(runs)} optimizers in {perf_counter() - start:.0f} s; the losses are in {PLOT}.")


if __name__ == "__main__":
    main()
