"""Chapter 7: is it the remembered statistics? Correct them, one part at a time."""

from ...evidence.experiment import Experiment
from .experiment import functions
from .mechanism_run import run

experiment = Experiment(
    name="layer-order-mechanism",
    run=run,
    configurations=[
        {"order": order, "rate": 0.5, "samples": samples}
        for samples in (1200, 150)
        for order in functions()
    ],
    seeds=range(3),  # as many as have been run; 10 are planned
    tolerances={
        **{f"{part}_loss": 0.05 for part in ("val", "test")},
        **{f"{part}_accuracy": 0.03 for part in ("val", "test")},
        **{f"{name}{number}": 0.1 for name in ("variance", "shift") for number in (1, 2)},
    },
    description="Losses of trained networks whose remembered statistics are corrected in part.",
    digits=4,
)
