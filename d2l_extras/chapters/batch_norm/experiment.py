"""Chapter 6: what batch normalization tolerates, on Digits, beside the same network without it.

Reckoned in float64, so that other processors come to the same accuracies. Not so where training is
chaotic (batches of two, rates from 1 without batch normalization): there only means are used.
"""

import itertools

from mxnet import init
from mxnet.gluon import nn

from ...evidence.experiment import Experiment
from ...nets import training
from ...nets.data import Digits, InMemory
from ...nets.seeding import seed as reseed

SEEDS = range(8)
USUAL = {"updates": 200, "learning_rate": 0.1, "sigma": 0.1, "batch_size": 64}
TRIED = {
    "updates": (25, 50, 100, 200, 400, 800, 1600),
    "learning_rate": (0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 5.0),
    "sigma": (0.0001, 0.001, 0.01, 0.1, 1.0),
    "batch_size": (2, 4, 8, 16, 32, 64, 128),
}


def network(batch_norm, sigma):
    """Return a perceptron 64-32-32-10 whose weights are Normal(sigma), with or without BN."""
    net = nn.HybridSequential()
    net.add(nn.Flatten())
    for inputs in (64, 32):
        net.add(nn.Dense(32, in_units=inputs, use_bias=not batch_norm))
        if batch_norm:
            net.add(nn.BatchNorm(in_channels=32))
        net.add(nn.Activation("relu"))
    net.add(nn.Dense(10, in_units=32))
    net.initialize(init.Normal(sigma))
    net.cast("float64")
    return net


def run(seed, batch_norm, updates, learning_rate, sigma, batch_size):
    """Train for a number of updates; return the accuracies in predict mode."""
    net = network(batch_norm, sigma)
    digits = Digits()
    parts = {
        name: (pair[0].astype("float64"), pair[1])
        for name, pair in (("train", digits.train), ("val", digits.val), ("test", digits.test))
    }
    data = InMemory(**parts, batch_size=batch_size)
    reseed(seed)  # the same minibatches with and without batch normalization
    steps = training.training_steps(net, data, epochs=updates, learning_rate=learning_rate)
    for _ in itertools.islice(steps, updates):
        pass
    return {name: training.evaluate(net, pair).accuracy for name, pair in parts.items()}


def varied(name):
    """Return the settings in which one of the four takes its values, the others the usual ones."""
    return [{**USUAL, name: value} for value in TRIED[name]]


def configurations():
    """Return all settings, each once, without and with batch normalization."""
    settings = [setting for name in TRIED for setting in varied(name)]
    once = [setting for n, setting in enumerate(settings) if setting not in settings[:n]]
    return [{"batch_norm": flag, **setting} for setting in once for flag in (False, True)]


experiment = Experiment(
    "batch-norm",
    run,
    configurations(),
    SEEDS,
    tolerances={"train": 0.005, "val": 0.005, "test": 0.005},
    description="Accuracy of a perceptron on Digits without and with batch normalization.",
)
