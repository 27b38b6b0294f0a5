"""One run of chapter 7 on MNIST, its statistics re-estimated after every epoch.

The protocol is that of a table from a forum as far as it is known: two convolutions of 3 x 3
without padding, 32 and 64 maps, ELU, max-pooling, dropout 0.2 and 0.3, a dense layer of 512 ELU
units, Adam, 20 epochs. Not known, and therefore Gluon's defaults or common choices: minibatches
of 128, Xavier initialization, all 60,000 images for training, the momentum of batch
normalization. Stored runs are void as soon as this module changes: nothing else belongs here.
"""

from mxnet import init

from ...nets import layers
from ...nets.data import MNIST, InMemory
from ...nets.seeding import seed as reseed
from ...nets.statistics import refresh_statistics
from ...nets.training import evaluate, fit

EPOCHS = 20
ESTIMATED_FROM = 10_000  # training images that the statistics are re-estimated from


def run(seed, order, epochs=EPOCHS):
    """Train one order; return a row for each epoch.

    The test images are measured, not chosen by: as trained, and ("off_") with the statistics of
    batch normalization re-estimated with dropout off, from the first training images. That draws
    no random number and is undone, so the training goes on as if nothing had happened.
    """
    data, rows = MNIST(validation=0), []
    few = data.train[0][:ESTIMATED_FROM]
    net = layers.network([f"conv-{order}"] * 2 + ["dense-act"], activation="elu")
    net.initialize(init.Xavier())
    net(few[:2])  # draws the weights, before anything else is drawn
    reseed(seed)  # the same minibatches for all orders
    remembered = list(net.collect_params(".*running_(mean|var)").values())

    def measure(history):
        row = {name: history.rows[-1][name] for name in ("epoch", "running_loss")}
        row["test_loss"], row["test_accuracy"] = evaluate(net, data.test)
        before = [p.data().copy() for p in remembered]
        refresh_statistics(net, few, batch_size=500)
        row["off_test_loss"], row["off_test_accuracy"] = evaluate(net, data.test)
        for parameter, values in zip(remembered, before, strict=True):
            parameter.set_data(values)
        rows.append(row)

    fit(net, InMemory(data.train, batch_size=128), epochs=epochs, optimizer="adam",
        learning_rate=0.001, callbacks=[measure], progress=False)  # fmt: skip
    return rows
