"""Chapter 7: do equivalent orders train alike? The orders that `layer-order` leaves out."""

from ...evidence.experiment import Experiment
from .digits_run import run
from .experiment import TOLERANCES, functions, orders

experiment = Experiment(
    name="layer-order-same",
    run=run,
    configurations=[
        {"order": order, "rate1": 0.5, "rate2": 0.5, "samples": 1200}
        for order in orders()
        if order not in functions()
    ],
    seeds=range(1),
    tolerances=TOLERANCES,
    description="Losses of the twelve orders that are the same function as another one.",
    digits=4,
)
