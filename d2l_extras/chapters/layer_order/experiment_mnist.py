"""Chapter 7: ten orders of layers on MNIST: the rows of a forum's table, with several seeds."""

from ...evidence.experiment import Experiment
from ...nets.data import MNIST
from .mnist_order import run  # a module of its own: stored runs are void when it changes

TEN = (
    "act-drop-bn-pool", "act-drop-pool-bn", "act-bn-pool-drop", "act-bn-drop-pool",
    "bn-act-drop-pool", "bn-act-pool-drop", "bn-drop-act-pool", "drop-act-bn-pool",
    "drop-act-pool-bn", "drop-bn-act-pool",
)  # fmt: skip

experiment = Experiment(
    name="layer-order-mnist",
    run=run,
    configurations=[{"order": order} for order in TEN],
    seeds=range(3),  # as many as have been run; a seed takes two cores an hour
    tolerances={"running_loss": 0.02, "test_loss": 0.02, "test_accuracy": 0.02},
    description="Test loss of ten orders of layers on MNIST, 20 epochs each.",
    data=MNIST,
    shorter={"epochs": 1},
)
