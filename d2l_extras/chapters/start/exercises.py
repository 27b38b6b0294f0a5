"""The exercise of the first page, to see how exercises work."""

import numpy

from ...teaching.exercise import Exercise


def _checks(loss):
    prediction, y = numpy.array([1.0, 2.0, 6.0]), numpy.array([1.0, 4.0, 5.0])
    result = float(loss(prediction, y))  # the differences are 0, -2 and 1
    yield not numpy.isclose(result, 5), "That is the sum of the squares: take their mean."
    yield (
        not numpy.isclose(result, -1 / 3),
        "Positive and negative differences cancel: square them.",
    )
    yield not numpy.isclose(result, 1), "Those are absolute differences: square them instead."
    yield not numpy.isclose(result, 1 / 9), "Square each difference first, then take the mean."
    yield not numpy.isclose(result, numpy.sqrt(5 / 3)), "No square root: the mean of the squares."
    yield numpy.isclose(result, 5 / 3), "For predictions 1, 2, 6 and labels 1, 4, 5 it is 5/3."


def _mean_squared_loss(prediction, y):
    return ((prediction - y) ** 2).mean()


loss = Exercise(
    "mean squared loss",
    """Write `loss(prediction, y)`: the mean of the squared differences of two arrays of the
    same shape, one number.""",
    _checks,
    _mean_squared_loss,
)
