"""Exercises of chapter 1: softmax."""

import numpy
from mxnet import np

from .base import Exercise


def _stable_checks(softmax):
    rows = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 2.0]])
    small = softmax(rows).asnumpy()
    yield (
        not numpy.allclose(small.sum(axis=0), 1, atol=1e-4),
        ("Your columns sum to 1, but a sample is a row: sum along axis=1 with keepdims=True."),
    )
    yield numpy.allclose(small.sum(axis=1), 1, atol=1e-4), "Each row must sum to 1."
    yield (
        numpy.isfinite(softmax(np.array([[1000.0, 1000.0]])).asnumpy()).all(),
        "exp(1000) overflows: subtract the largest score of each row first.",
    )
    apart = softmax(np.array([[1000.0, 1000.0], [-1000.0, -1000.0]])).asnumpy()
    yield (
        numpy.isfinite(apart).all(),
        (
            "One large row spoils the others: subtract each row's own maximum (axis=1), "
            "not the maximum of the whole array."
        ),
    )
    yield numpy.allclose(apart, 0.5, atol=1e-4), "Two equal scores share the probability equally."
    yield (
        numpy.allclose(small[0], [0.090031, 0.244728, 0.665241], atol=1e-4),
        "softmax([1, 2, 3]) is 0.0900, 0.2447, 0.6652.",
    )


def _stable_softmax(x):
    exps = np.exp(x - x.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


stable = Exercise(
    "stable softmax",
    """Write `stable_softmax(x)` for `x` of shape (samples, classes), so that it survives scores
    of any size: `[1000, 1000]` gives `[0.5, 0.5]`.""",
    _stable_checks,
    _stable_softmax,
)
