"""How many epochs dropout costs: to one training loss, with two optimizers, scaled and unscaled."""

import math
from typing import Any

import numpy
from mxnet import gluon

from ...evidence.experiment import Experiment
from ...nets.training import evaluate, fit
from .experiment import RATES, SEEDS, few_digits, network

LOSSES = (1.0, 0.5, 0.2)
LEARNING_RATES = {"sgd": 0.1, "adam": 0.001}
MOST = 400  # epochs, after which a run is given up


class Unscaled(gluon.HybridBlock):
    """Dropout as it was first: training does not scale, prediction multiplies by 1 - p."""

    def __init__(self, rate):
        super().__init__()
        self._rate = rate

    def hybrid_forward(self, F, x):
        return F.npx.dropout(x, p=self._rate) * (1 - self._rate)  # takes the scaling back


def run(seed: int, rate: float, optimizer: str, scaled: bool) -> list[dict[str, Any]]:
    """Train until the training loss is at the lowest of `LOSSES`; return a row for each of them.

    The loss is that of the whole training set (300 digits, right labels) in predict mode; `epochs`
    is interpolated, linearly in the log of the loss, between the epochs before and after.
    """
    data = few_digits(seed, wrong_labels=0.0)
    net = network(rate) if scaled else network(rate, Unscaled)
    losses = [evaluate(net, data.train).loss]

    def reached(history):
        losses.append(evaluate(net, data.train).loss)
        return min(losses) <= LOSSES[-1]

    fit(
        net,
        data,
        epochs=MOST,
        optimizer=optimizer,
        learning_rate=LEARNING_RATES[optimizer],
        callbacks=[reached],
        progress=False,
    )
    return [{"loss": loss, "epochs": epochs_to(loss, losses)} for loss in LOSSES]


def epochs_to(loss: float, losses: list[float]) -> float:
    """Return after how many epochs the losses are first down to `loss`; nan if they never are.

    Parameters
    ----------
    loss : float
        What is to be reached.
    losses : list of float
        Before the first epoch, after the first, after the second, and so on.

    Examples
    --------
    >>> epochs_to(0.5, [2.0, 1.0, 0.25]), epochs_to(0.1, [2.0, 1.0, 0.25])
    (1.5, nan)
    """
    below = [epoch for epoch, value in enumerate(losses) if value <= loss]
    if not below:
        return math.nan
    after = below[0]
    if after == 0:
        return 0.0
    ends = numpy.log([losses[after], losses[after - 1]])
    return float(numpy.interp(math.log(loss), ends, [after, after - 1]))


experiment = Experiment(
    name="dropout-speed",
    run=run,
    configurations=[
        {"rate": rate, "optimizer": optimizer, "scaled": True}
        for optimizer in LEARNING_RATES
        for rate in RATES
    ]
    + [{"rate": 0.5, "optimizer": optimizer, "scaled": False} for optimizer in LEARNING_RATES],
    seeds=SEEDS,
    tolerances={"epochs": 0.05},
    description="Epochs that a perceptron on 300 digits needs to three training losses.",
)
