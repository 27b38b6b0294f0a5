"""The exercises of the course, one module for each chapter: `exercises.softmax.stable(answer)`."""

from . import softmax
from .base import Exercise

__all__ = ["Exercise", "softmax"]
