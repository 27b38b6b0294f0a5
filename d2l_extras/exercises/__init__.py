"""The exercises of the course, one module for each chapter: `exercises.softmax.stable(answer)`."""

from . import cross_entropy, minibatch_sgd, softmax
from .base import Exercise

__all__ = ["Exercise", "cross_entropy", "minibatch_sgd", "softmax"]
