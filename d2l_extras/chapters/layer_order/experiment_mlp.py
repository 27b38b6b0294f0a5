"""Chapter 7: does validation loss rise when dropout stands before batch normalization?"""

from mxnet import init

from ...evidence.experiment import Experiment
from ...nets import layers
from ...nets.data import Digits, InMemory
from ...nets.seeding import seed as reseed
from ...nets.training import fit

SEEN, ROWS = 48_000, 10  # training samples gone through; rows of a run, evenly spread
ORDERS = ("bn-act-drop", "act-drop-bn", "drop-bn-act")


def run(seed, order, rate, samples):
    """Train a perceptron 64-64-64-10 by Adam; return its losses after every tenth of the run.

    `running_loss` is what a training loop prints: in train mode, while the weights move.
    """
    digits, epochs = Digits(), SEEN // samples
    few = tuple(array[:samples] for array in digits.train)
    net = layers.network([f"dense-{order}"] * 2, (64, 64), (rate, rate))
    net.initialize(init.Xavier())
    net(few[0][:2])  # draws the weights, before anything else is drawn
    reseed(seed)  # the same minibatches for all orders
    data = InMemory(few, val=digits.val, batch_size=64)
    history = fit(net, data, epochs=epochs, optimizer="adam", learning_rate=0.002, progress=False)
    return [
        {name: row[name] for name in ("epoch", "running_loss", "val_loss", "val_accuracy")}
        for row in history.rows[epochs // ROWS - 1 :: epochs // ROWS]
    ]


experiment = Experiment(
    name="layer-order-mlp",
    run=run,
    configurations=[
        {"order": order, "rate": rate, "samples": samples}
        for samples in (300, 1200)
        for rate in (0.2, 0.5)
        for order in ORDERS
    ],
    seeds=range(10),
    tolerances={"running_loss": 0.02, "val_loss": 0.02, "val_accuracy": 0.02},
    description="Losses of perceptrons on Digits, dropout before or after batch normalization.",
)
