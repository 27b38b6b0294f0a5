"""Chapter 7: every order of batch normalization, activation, dropout and pooling, on Digits."""

import itertools

from ...evidence.experiment import Experiment
from ...nets import layers
from .digits_order import run  # a module of its own: stored runs are void when it changes

RATES = (0.1, 0.3, 0.5)
SEEDS = range(10)
TOLERANCES = {f"{part}_loss": 0.05 for part in ("train", "val", "test")} | {
    f"{part}_accuracy": 0.03 for part in ("train", "val", "test")
}


def orders():
    """Return all orders with activation and pooling, as text without the weights.

    The 24 of all four layers come first, then the 6 without batch normalization, the 6 without
    dropout, and the 2 without either.
    """
    return [
        order.removeprefix("conv-")
        for without in ((), ("bn",), ("drop",), ("bn", "drop"))
        for order in layers.orders(without=without)
    ]


def configurations():
    """Return each order with each pair of dropout rates, or with none where there is no dropout."""
    none = [(0.0, 0.0)]
    return [
        {"order": order, "rate1": rate1, "rate2": rate2}
        for order in orders()
        for rate1, rate2 in (itertools.product(RATES, RATES) if "drop" in order else none)
    ]


experiment = Experiment(
    name="layer-order",
    run=run,
    configurations=configurations(),
    seeds=SEEDS,
    tolerances=TOLERANCES,
    description="Loss and accuracy of 38 orders of layers on Digits, over a grid of dropout rates.",
)
