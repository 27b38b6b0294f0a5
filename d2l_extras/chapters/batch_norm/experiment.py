"""Chapter 6: what batch normalization buys on Digits, and which part of it does so.

Reckoned in float64, so that other processors come to the same accuracies. Not so where training is
chaotic (batches of two, the highest rates): there only means are used.
"""

import itertools

from mxnet import autograd, gluon, init, np
from mxnet.gluon import nn

from ...evidence.experiment import Experiment
from ...nets import training
from ...nets.data import Digits, InMemory
from ...nets.seeding import seed as reseed

KINDS = {
    "plain": "no batch normalization",
    "bn": "batch normalization",
    "start": "none, but initial weights rescaled once: every unit has mean 0, deviation 1",
    "pinned": "batch normalization, weights before it set back to their first length",
    "shaken": "batch normalization, then a random stretch and shift, new at every update",
}
SEEDS = range(8)
CHECKED = (25, 50, 100, 200, 400, 800, 1600)  # updates after which the accuracy is measured
RATES = (0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 5.0)  # close together where the best ones are
FEWER_RATES = (0.03, 0.1, 0.3, 0.5, 1.0)
SIGMAS = (0.0001, 0.001, 0.01, 1.0)  # besides the usual 0.1
BATCH_SIZES = (2, 4, 8, 16, 32, 128)  # besides the usual 64
USUAL = {"learning_rate": 0.1, "sigma": 0.1, "batch_size": 64, "updates": 200}


class Shake(gluon.Block):
    """In train mode: stretch and shift every unit at random, alike for the whole batch."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        if not autograd.is_training():
            return x
        stretch = np.exp(np.random.normal(0, 0.5, x.shape[1:], dtype=x.dtype))
        return x * stretch + np.random.normal(0, 1, x.shape[1:], dtype=x.dtype)


def network(kind: str, sigma: float, x: np.ndarray) -> nn.Sequential:
    """Return a perceptron 64-32-32-10 with weights Normal(sigma), of one of `KINDS`.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    sigma : float
        Standard deviation of the initial weights.
    x : array
        Images as float64, for "start": on them its units are standardized.
    """
    normalized = kind not in ("plain", "start")
    net = nn.Sequential() if kind == "shaken" else nn.HybridSequential()
    net.add(nn.Flatten())
    for inputs in (64, 32):
        net.add(nn.Dense(32, in_units=inputs, use_bias=not normalized))
        if normalized:
            net.add(nn.BatchNorm(in_channels=32))
        if kind == "shaken":
            net.add(Shake())
        net.add(nn.Activation("relu"))
    net.add(nn.Dense(10, in_units=32))
    net.initialize(init.Normal(sigma))
    net.cast("float64")
    if kind == "start":
        _standardize(net, x)
    return net


def _standardize(net, x):
    for layer in net:
        y = layer(x)
        if layer in hidden(net):
            deviation = y.std(axis=0)
            layer.weight.set_data(layer.weight.data() / deviation.reshape(-1, 1))
            layer.bias.set_data(-y.mean(axis=0) / deviation)
            y = layer(x)
        x = y


def hidden(net: nn.Sequential) -> list[nn.Dense]:
    """Return the `Dense` layers but for the last one."""
    return [layer for layer in net if isinstance(layer, nn.Dense)][:-1]


def lengths(layer: nn.Dense) -> np.ndarray:
    """Return how long the weight vector of each unit is, shape (units, 1)."""
    return np.sqrt((layer.weight.data() ** 2).sum(axis=1, keepdims=True))


def run(
    seed: int, kind: str, learning_rate: float, sigma: float, batch_size: int, updates: int
) -> list[dict]:
    """Train by SGD; return a row of accuracies, in predict mode, for each of `CHECKED`.

    `growth` is how many times as long as at first the weights before the activations are.
    """
    digits = Digits()
    parts = {
        name: (pair[0].astype("float64"), pair[1])
        for name, pair in (("train", digits.train), ("val", digits.val), ("test", digits.test))
    }
    net = network(kind, sigma, parts["train"][0])
    data = InMemory(**parts, batch_size=batch_size)
    first, rows = [lengths(layer) for layer in hidden(net)], []
    reseed(seed)  # the same minibatches for every kind
    steps = training.training_steps(net, data, epochs=updates, learning_rate=learning_rate)
    for update, _ in enumerate(itertools.islice(steps, updates), 1):
        if kind == "pinned":
            for layer, length in zip(hidden(net), first, strict=True):
                layer.weight.set_data(layer.weight.data() * (length / lengths(layer)))
        if update in CHECKED:
            scores = {f"{n}_accuracy": training.evaluate(net, p).accuracy for n, p in parts.items()}
            now = [lengths(layer) for layer in hidden(net)]
            growth = sum(float((a / b).mean()) for a, b in zip(now, first, strict=True)) / len(now)
            rows.append({"after": update, **scores, "growth": growth})
    return rows


def configurations() -> list[dict]:
    """Return all settings, each once."""
    rates = [
        {"kind": kind, **USUAL, "learning_rate": rate, "updates": updates}
        for kinds, updates in ((("plain", "bn", "start"), 1600), (("pinned", "shaken"), 200))
        for kind in kinds
        for rate in RATES
    ]
    sizes = [
        {"kind": kind, **USUAL, "batch_size": size, "learning_rate": rate}
        for kind in ("plain", "bn")
        for size in BATCH_SIZES
        for rate in FEWER_RATES
    ]
    sigmas = [
        {"kind": kind, **USUAL, "sigma": sigma}
        for kind in ("plain", "start", "bn")
        for sigma in SIGMAS
    ]
    return rates + sizes + sigmas


experiment = Experiment(
    "batch-norm",
    run,
    configurations(),
    SEEDS,
    tolerances={"train_accuracy": 0.005, "val_accuracy": 0.005, "test_accuracy": 0.005,
                "growth": 0.01},
    description="Accuracy of a perceptron on Digits with batch normalization and parts of it.",
)  # fmt: skip
