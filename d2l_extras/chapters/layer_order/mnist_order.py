"""Chapter 7: the ten orders of a table from a forum, on MNIST, with more than one seed.

The protocol is that table's as far as it is known: two convolutions of 3 x 3 without padding, 32
and 64 maps, ELU, max-pooling, dropout 0.2 and 0.3, a dense layer of 512 ELU units, Adam, 20
epochs. Not known, and therefore Gluon's defaults or common choices: minibatches of 128, Xavier
initialization, all 60,000 images for training, the momentum of batch normalization.
"""

from mxnet import init

from ...nets import layers
from ...nets.data import MNIST, InMemory
from ...nets.seeding import seed as reseed
from ...nets.training import fit

EPOCHS = 20


def images():
    """Return MNIST's 60,000 training images, its test images in the place of validation."""
    data = MNIST(validation=0)
    return InMemory(data.train, val=data.test, batch_size=128)


def run(seed, order, epochs=EPOCHS):
    """Train one order; return a row for each epoch. The test images are measured, not chosen by."""
    data = images()
    net = layers.network([f"conv-{order}"] * 2 + ["dense-act"], activation="elu")
    net.initialize(init.Xavier())
    net(data.train[0][:2])  # draws the weights, before anything else is drawn
    reseed(seed)  # the same minibatches for all orders
    history = fit(net, data, epochs=epochs, optimizer="adam", learning_rate=0.001, progress=False)
    return [
        {
            "epoch": row["epoch"],
            "running_loss": row["running_loss"],
            "test_loss": row["val_loss"],
            "test_accuracy": row["val_accuracy"],
        }
        for row in history.rows
    ]
