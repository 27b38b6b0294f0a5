"""Dropout on few digits: what it saves when some labels are wrong, and when all are right."""

from typing import Any

import numpy
from mxnet import gluon, init, np
from mxnet.gluon import nn

from ...evidence.experiment import Experiment
from ...nets.data import Digits, InMemory
from ...nets.training import evaluate, fit

SAMPLES, LEARNING_RATE = 300, 0.1
RATES = (0.0, 0.2, 0.5, 0.7)
SEEDS = range(16)
EPOCHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150)


def few_digits(seed: int, wrong_labels: float) -> InMemory:
    """Return 300 training digits, chosen by the seed, a share of them with a wrong label.

    Parameters
    ----------
    seed : int
        Chooses the digits and which labels are wrong.
    wrong_labels : float
        The share of training labels that are replaced by another class, from 0 to 1. Validation
        and test set are those of `Digits`, whatever the seed, and their labels stay right.

    Returns
    -------
    InMemory
        In minibatches of 32, as float64: 150 epochs then end alike on every processor.

    Examples
    --------
    >>> data = few_digits(seed=0, wrong_labels=0.2)
    >>> data.train[0].shape, len(data.train_dataloader())
    ((300, 1, 8, 8), 10)
    """
    digits, random = Digits(), numpy.random.RandomState(seed)
    rows = random.permutation(len(digits.train[0]))[:SAMPLES]
    x, y = (array.asnumpy()[rows] for array in digits.train)
    wrong = random.permutation(SAMPLES)[: round(wrong_labels * SAMPLES)]
    y[wrong] = (y[wrong] + random.randint(1, 10, len(wrong))) % 10
    train = np.array(x, dtype="float64"), np.array(y, dtype=y.dtype)
    val, test = ((part[0].astype("float64"), part[1]) for part in (digits.val, digits.test))
    return InMemory(train, val=val, test=test, batch_size=32)


def network(rate: float, dropout: type[gluon.HybridBlock] = nn.Dropout) -> nn.HybridSequential:
    """Return an initialized perceptron 64-128-128-10 with dropout after both hidden layers."""
    net = nn.HybridSequential()
    for inputs in (64, 128):
        net.add(nn.Dense(128, activation="relu", in_units=inputs), dropout(rate))
    net.add(nn.Dense(10, in_units=128))
    net.initialize(init.Xavier())
    net.cast("float64")  # afterwards: Xavier draws float32
    return net


def run(
    seed: int, rate: float, wrong_labels: float, epochs: int = EPOCHS[-1]
) -> list[dict[str, Any]]:
    """Train by SGD; return one row for each of `EPOCHS`.

    `running_accuracy` is measured in train mode, while the weights move; everything else after
    the epoch, in predict mode. Training accuracy is agreement with the labels as given, wrong
    ones included.
    """
    data, net, rows = few_digits(seed, wrong_labels), network(rate), []

    def measure(history):
        last = history.rows[-1]
        if last["epoch"] in EPOCHS:
            train, test = evaluate(net, data.train), evaluate(net, data.test)
            rows.append({
                "epoch": last["epoch"],
                "running_accuracy": last["running_accuracy"],
                "train_loss": train.loss,
                "train_accuracy": train.accuracy,
                "val_loss": last["val_loss"],
                "val_accuracy": last["val_accuracy"],
                "test_loss": test.loss,
                "test_accuracy": test.accuracy,
            })  # fmt: skip

    fit(
        net,
        data,
        epochs=epochs,
        learning_rate=LEARNING_RATE,
        callbacks=[measure],
        progress=False,
    )
    return rows


experiment = Experiment(
    name="dropout",
    run=run,
    configurations=[
        {"wrong_labels": share, "rate": rate} for share in (0.0, 0.2) for rate in RATES
    ],
    seeds=SEEDS,
    tolerances={
        "running_accuracy": 0.005, "train_loss": 2e-3, "train_accuracy": 0.005,
        "val_loss": 2e-3, "val_accuracy": 0.005, "test_loss": 2e-3, "test_accuracy": 0.005,
    },
    description="Drop rates of a perceptron on 300 digits, with right labels and some wrong ones.",
)  # fmt: skip
