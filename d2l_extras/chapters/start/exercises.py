"""The exercise of the first page, to see how exercises work."""

from collections.abc import Iterator

import numpy

from ...teaching.answers import array, close
from ...teaching.exercise import Exercise
from ...teaching.learner import Learner, LearnerError

PREDICTION, Y = numpy.array([1.0, 2.0, 6.0, 3.0]), numpy.array([1.5, 4.0, 5.0, 0.0])
MISTAKES = (  # what each makes of the differences d, and what its author should read
    (lambda d: (d**2).sum(), "That is the sum of the squares: take their mean."),
    (lambda d: d.mean(), "Positive and negative differences cancel: square them."),
    (lambda d: d.sum(), "Positive and negative differences cancel: square them, then the mean."),
    (lambda d: abs(d).mean(), "Those are absolute differences: square them instead."),
    (lambda d: abs(d).sum(), "Those are absolute differences: square them, then take the mean."),
    (lambda d: d.sum() ** 2 / d.size, "Square each difference first, then sum."),
    (lambda d: d.mean() ** 2, "Square each difference first, then take the mean."),
    (lambda d: numpy.sqrt((d**2).mean()), "No square root: the mean of the squares."),
    (lambda d: numpy.sqrt((d**2).sum()), "No square root, and the mean instead of the sum."),
    (lambda d: (d**2).mean() / 2, "That is half of it: some books define it so, here it is not."),
    (lambda d: (d**2).sum() / 2, "That is half of the sum: divide by the number of differences."),
    (lambda d: (2 * d).mean(), "That doubles the differences: to square is `** 2`."),
    (lambda d: (d**2).max(), "That is the largest of the squares: take their mean."),
    (
        lambda d: (d**2).sum() / (d.size - 1),
        "Divide by the number of differences, not by one less.",
    ),
)


def _checks(loss: Learner) -> Iterator[tuple[bool, str]]:
    try:
        got, d = array(loss(PREDICTION, Y)), PREDICTION - Y
    except LearnerError as error:
        yield "^" not in str(error), "In Python `^` is no power: to square is `** 2`."
        raise
    yield got.size == 1, f"Return one number; you returned an array of shape {got.shape}."
    got = got.reshape(())
    for mistake, hint in MISTAKES:
        yield not close(abs(got), abs(mistake(d))), hint
    right = (d**2).mean()
    yield (
        close(got, right),
        f"For predictions 1, 2, 6, 3 and labels 1.5, 4, 5, 0 the mean of the squares is {right:g}; "
        f"you returned {got:.4g}.",
    )
    yield (
        not loss.changed,
        "The number is right, but your function changed its argument in place: let it compute the "
        "differences in an array of their own.",
    )
    got = array(loss(PREDICTION[:2], Y[:2])).reshape(-1)
    yield (
        close(got, [(d[:2] ** 2).mean()]),
        "Right for four numbers, wrong for two: divide by as many as there are, `len(y)`.",
    )


def _mean_squared_loss(prediction, y):
    return ((prediction - y) ** 2).mean()


loss = Exercise(
    "mean squared loss",
    """Write `loss(prediction, y)`: the mean of the squared differences of two arrays of the
    same length, one number.""",
    _checks,
    _mean_squared_loss,
)
