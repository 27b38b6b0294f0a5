"""Chapter 7: does batch normalization make dropout unnecessary? It may depend on the data."""

from ...evidence.experiment import Experiment
from .digits_order import run
from .experiment import SEEDS, TOLERANCES

SAMPLES = (75, 150, 300, 600, 1200)
RATE = 0.3
ORDERS = (
    "act-pool", "act-pool-drop", "bn-act-pool", "bn-act-pool-drop", "bn-act-drop-pool",
    "drop-bn-act-pool", "act-bn-pool",
)  # fmt: skip

experiment = Experiment(
    name="layer-order-samples",
    run=run,
    configurations=[
        {"order": order, "rate1": rate, "rate2": rate, "samples": samples}
        for samples in SAMPLES
        for order in ORDERS
        for rate in [RATE if "drop" in order else 0.0]
    ],
    seeds=SEEDS,
    tolerances=TOLERANCES,
    description="Seven orders of layers on 75 to 1,200 digits, with and without dropout.",
)
