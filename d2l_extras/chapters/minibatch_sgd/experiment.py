"""Each batch size at many learning rates: how much training until a network reads well."""

import time

import numpy
from mxnet import init, np
from mxnet.gluon import nn

from ...evidence.experiment import Experiment
from ...nets.data import Digits, InMemory
from ...nets.training import training_steps

BATCH_SIZES = (1, 8, 32, 128, 512, 1200)
RATES = tuple(0.0125 * 2**k for k in range(9))  # 0.0125 to 3.2
TARGETS = (0.85, 0.9)  # accuracies
MAX_UPDATES, MAX_EPOCHS = 2400, 60  # whichever comes first
EVERY = 40  # samples between two looks at the accuracy; one update where the batch is larger


def split(seed: int, batch_size: int) -> InMemory:
    """Return all of Digits, split anew by the seed: 1,200 for training, 297 and 300 held out.

    Examples
    --------
    >>> data = split(seed=0, batch_size=512)
    >>> [len(part[1]) for part in (data.train, data.val, data.test)]
    [1200, 297, 300]
    """
    digits = Digits()
    x, y = (
        numpy.concatenate([part[k].asnumpy() for part in (digits.train, digits.val, digits.test)])
        for k in (0, 1)
    )
    rows = numpy.random.RandomState(seed).permutation(len(y))
    train, val, test = (
        (np.array(x[part]), np.array(y[part], dtype="int32"))
        for part in numpy.split(rows, [1200, 1497])
    )
    return InMemory(train, val=val, test=test, batch_size=batch_size)


def network() -> nn.HybridSequential:
    """Return an initialized perceptron 64-64-10."""
    net = nn.HybridSequential()
    net.add(nn.Dense(64, activation="relu", in_units=64), nn.Dense(10, in_units=64))
    net.initialize(init.Xavier())
    return net


def run(seed: int, batch_size: int, learning_rate: float) -> list[dict]:
    """Train by plain SGD until all targets are reached; return when each was reached first.

    One row for each held-out set and target, with the number of `updates` and of `epochs`
    (samples seen / 1,200), None where the budget ended first or the loss was no longer finite.
    `processor_ms` is the processor time of an update in milliseconds, the looks at the accuracy
    left out: the median over the stretches between them.
    """
    data, net = split(seed, batch_size), network()
    held_out = {"val": data.val, "test": data.test}
    x = np.concatenate([images for images, _ in held_out.values()])
    labels = {name: y.asnumpy() for name, (_, y) in held_out.items()}
    reached, times = {}, []
    samples = updates = 0
    started, between = time.process_time(), max(1, EVERY // batch_size)
    for step in training_steps(net, data, epochs=MAX_EPOCHS, learning_rate=learning_rate):
        samples, updates = samples + step.size, updates + 1
        if updates % between:
            continue
        loss = float(step.loss)  # waits for the device
        if step.size == batch_size:
            times.append((time.process_time() - started) / between)
        guesses = numpy.split(net(x).asnumpy().argmax(axis=1), [len(labels["val"])])
        for guess, (name, y) in zip(guesses, labels.items(), strict=True):
            for target in TARGETS:
                if (guess == y).mean() >= target:
                    reached.setdefault((name, target), (updates, samples / len(data.train[1])))
        if len(reached) == 4 or updates >= MAX_UPDATES or not numpy.isfinite(loss):
            break
        started = time.process_time()
    return [
        {
            "held_out": name,
            "target": target,
            "updates": reached.get((name, target), (None, None))[0],
            "epochs": reached.get((name, target), (None, None))[1],
            "processor_ms": 1000 * float(numpy.median(times)),
        }
        for name in labels
        for target in TARGETS
    ]


experiment = Experiment(
    name="minibatch-sgd",
    run=run,
    configurations=[
        {"batch_size": size, "learning_rate": rate} for size in BATCH_SIZES for rate in RATES
    ],
    seeds=range(10),
    tolerances={"updates": EVERY, "epochs": 0.5, "processor_ms": None},
    description="Updates and epochs that a perceptron on digits needs, by batch size and rate.",
)  # fmt: skip
