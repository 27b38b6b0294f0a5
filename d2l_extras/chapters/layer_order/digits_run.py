"""One run of chapter 7: a network trained on digits of a seed's own draw, measured in three arms.

Its runs are stored, and void as soon as this module changes: nothing else belongs here.
"""

import numpy
from mxnet import init, np, npx

from ...nets import layers
from ...nets.data import Digits, InMemory
from ...nets.seeding import seed as reseed
from ...nets.statistics import refresh_statistics
from ...nets.training import evaluate, fit

SEEN = 24_000  # training samples gone through in a run: 20 epochs of 1,200
LOOKS = 4  # rows of a run, evenly spread: every fifth of 20 epochs
BATCH, LEARNING_RATE = 64, 0.002
TRAIN, VALIDATION, TEST = 1200, 297, 300
ARMS = {"": None, "on_": True, "off_": False}  # dropout while the statistics are re-estimated


def draw(seed, samples):
    """Return training, validation and test pairs: all 1,797 digits, dealt anew for each seed.

    A smaller training set is the first part of the larger one.
    """
    digits = Digits()
    parts = (digits.train, digits.val, digits.test)
    x, y = (numpy.concatenate([pair[i].asnumpy() for pair in parts]) for i in (0, 1))
    order = numpy.random.RandomState(seed).permutation(len(x))
    ends = (0, samples), (TRAIN, TRAIN + VALIDATION), (TRAIN + VALIDATION, len(x))
    rows = [order[a:b] for a, b in ends]
    return [(np.array(x[r]), np.array(y[r], dtype="int32")) for r in rows]


def network(order, rate1, rate2, activation="relu", pooling="max", kind="conv"):
    """Return two modules of 16 and 32 maps and 64 dense units, or a perceptron 64-64; 10 classes.

    The dense units behind the convolutions have no batch normalization and no dropout.
    """
    options = dict(activation=activation, pooling=pooling, padding=1)
    if kind == "dense":
        return layers.network([f"dense-{order}"] * 2, (64, 64), (rate1, rate2), **options)
    modules, rates = [f"conv-{order}"] * 2 + ["dense-act"], (rate1, rate2, 0.0)
    return layers.network(modules, (16, 32, 64), rates, **options)


def train(seed, order, rate1, rate2, samples=1200, activation="relu", pooling="max", kind="conv"):
    """Train by Adam in minibatches of 64; return the network, its digits, and what it was.

    All orders of a seed have the same digits, start from the same weights, as far as they have
    the same shapes, and see the same minibatches. The last part returned is a list with, for each
    look, the epoch, the loss of that epoch as training printed it, and a copy of all parameters.
    """
    digits, epochs, looks = draw(seed, samples), SEEN // samples, []
    net = network(order, rate1, rate2, activation, pooling, kind)
    net.initialize(init.Xavier())
    net(digits[0][0][:2])  # draws the weights, before anything else is drawn
    reseed(seed)

    def look(history):
        row = history.rows[-1]
        if row["epoch"] % (epochs // LOOKS) == 0:
            npx.waitall()  # a compiled backward pass moves the statistics after it has returned
            copies = [p.data().copy() for p in net.collect_params().values()]
            looks.append((row["epoch"], row["running_loss"], copies))

    fit(net, InMemory(digits[0], batch_size=BATCH), epochs=epochs, optimizer="adam",
        learning_rate=LEARNING_RATE, callbacks=[look], progress=False)  # fmt: skip
    return net, digits, looks


def put(net, values):
    """Give the parameters of a network the values that `train` copied."""
    for parameter, value in zip(net.collect_params().values(), values, strict=True):
        parameter.set_data(value)


def run(seed, order, rate1, rate2, samples=1200, activation="relu", pooling="max", kind="conv"):
    """Train once; return four rows: losses and accuracies of held-out digits in three arms.

    The arms: as trained; "on_", the statistics of batch normalization re-estimated from the
    training digits with dropout on; "off_", with dropout off. They are measured when the training
    is over, from copies, so that they cannot disturb it.
    """
    net, (few, val, test), looks = train(
        seed, order, rate1, rate2, samples, activation, pooling, kind
    )
    rows = []
    for epoch, running_loss, copies in looks:
        row = {"epoch": epoch, "running_loss": running_loss}
        for arm, dropout in ARMS.items():
            if dropout is not None and "bn" not in order:
                continue
            put(net, copies)
            if dropout is not None:
                refresh_statistics(net, few, dropout=dropout)
            for part, pair in (("val", val), ("test", test)):
                row[f"{arm}{part}_loss"], row[f"{arm}{part}_accuracy"] = evaluate(net, pair)
        rows.append(row)
    return rows
