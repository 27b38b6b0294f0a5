"""Chapter 7: a perceptron with dropout and batch normalization, in all six orders."""

from ...evidence.experiment import Experiment
from ...nets import layers
from .digits_run import run
from .experiment import SAMPLES, SEEDS, TOLERANCES


def orders(without=()):
    """Return all orders of a dense module, without the weights."""
    return [order.removeprefix("dense-") for order in layers.orders("dense", without=without)]


experiment = Experiment(
    name="layer-order-mlp",
    run=run,
    configurations=[
        {"order": order, "rate1": rate, "rate2": rate, "samples": samples, "kind": "dense"}
        for samples in SAMPLES
        for rate in (0.0, 0.2, 0.5)
        for order in (orders() if rate else orders(without=["drop"]))
    ],
    seeds=SEEDS,
    tolerances=TOLERANCES,
    description="Losses of perceptrons 64-64-64-10 on Digits, all orders within a module.",
    digits=4,
)
