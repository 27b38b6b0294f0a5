"""One run of the layer-order experiments: two small convolutional modules on Digits."""

from mxnet import init

from ...nets import layers
from ...nets.data import Digits, InMemory
from ...nets.seeding import seed as reseed
from ...nets.training import evaluate, fit

SEEN = 24_000  # training samples gone through in a run: 20 epochs of all 1,200
WIDTHS, LEARNING_RATE = (16, 32, 64), 0.002


def network(order, rate1, rate2, activation="relu", pooling="max"):
    """Return two convolutional modules of 16 and 32 maps, 64 dense units, 10 classes."""
    modules = [f"conv-{order}"] * 2 + ["dense-act"]
    rates = (rate1, rate2, 0.0)
    return layers.network(modules, WIDTHS, rates, activation=activation, pooling=pooling, padding=1)


def run(seed, order, rate1, rate2, samples=1200):
    """Train by Adam in minibatches of 64; return a row after a quarter of the run and at its end.

    All orders of a seed start from the same weights, as far as they have the same shapes, and see
    the same minibatches. Everything is measured in predict mode.
    """
    digits, rows = Digits(), []
    few = tuple(array[:samples] for array in digits.train)
    data, epochs = InMemory(few, batch_size=64), SEEN // samples
    net = network(order, rate1, rate2)
    net.initialize(init.Xavier())
    net(few[0][:2])  # draws the weights, before anything else is drawn
    reseed(seed)

    def measure(history):
        epoch = history.rows[-1]["epoch"]
        if epoch in (epochs // 4, epochs):
            row = {"epoch": epoch}
            for name, pair in (("train", few), ("val", digits.val), ("test", digits.test)):
                row[f"{name}_loss"], row[f"{name}_accuracy"] = evaluate(net, pair)
            rows.append(row)

    fit(net, data, epochs=epochs, optimizer="adam", learning_rate=LEARNING_RATE,
        callbacks=[measure], progress=False)  # fmt: skip
    return rows
