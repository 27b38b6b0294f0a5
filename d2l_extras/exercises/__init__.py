"""The exercises of the course, one module for each chapter: `exercises.softmax.stable(answer)`."""

from . import (
    batch_norm,
    block_hybridblock,
    cross_entropy,
    dropout,
    layer_order,
    minibatch_sgd,
    softmax,
    start,
)
from .base import Exercise

__all__ = [
    "Exercise",
    "batch_norm",
    "block_hybridblock",
    "cross_entropy",
    "dropout",
    "layer_order",
    "minibatch_sgd",
    "softmax",
    "start",
]
