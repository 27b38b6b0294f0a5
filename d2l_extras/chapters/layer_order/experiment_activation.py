"""Chapter 7: do the findings hold with elu, tanh and average pooling?"""

from ...evidence.experiment import Experiment
from .digits_run import run
from .experiment import SEEDS, TOLERANCES

PLACES = ("{}-act-pool", "act-{}-pool", "act-pool-{}", "pool-{}-act")  # {}: drop-bn or bn-drop
ORDERS = [
    *(place.format(pair) for place in PLACES for pair in ("drop-bn", "bn-drop")),
    "bn-act-drop-pool",
    "bn-act-pool-drop",
]
WITHOUT = ("bn-act-pool", "act-bn-pool", "act-pool-bn")
VARIANTS = (("elu", "max"), ("tanh", "max"), ("relu", "avg"))

experiment = Experiment(
    name="layer-order-activation",
    run=run,
    configurations=[
        {"order": order, "rate1": rate, "rate2": rate, "activation": activation, "pooling": pooling}
        for activation, pooling in VARIANTS
        for orders, rate in ((ORDERS, 0.5), (WITHOUT, 0.0))
        for order in orders
    ],
    seeds=SEEDS,
    tolerances=TOLERANCES,
    description="Losses of ten orders on Digits with elu, tanh and average pooling.",
    digits=4,
)
