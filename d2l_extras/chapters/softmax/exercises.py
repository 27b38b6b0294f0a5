"""Exercises of chapter 1: softmax."""

import math
from collections.abc import Iterator
from functools import partial

import numpy
from mxnet import np, npx

from ...teaching.answers import array, close, number, numbers
from ...teaching.exercise import Exercise
from ...teaching.learner import Learner, LearnerError, finished

Checks = Iterator[tuple[bool, str]]


def _softmax(x: numpy.ndarray, axis: int | None = 1) -> numpy.ndarray:
    exps = numpy.exp(x - x.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True)


# --- by hand


def _by_hand_checks(got: tuple[float, ...]) -> Checks:
    got, right = numpy.array(got), numpy.array([1 / 6, 1 / 3, 1 / 2])
    scores = numpy.log([1, 2, 3])
    yield not close(got, [1, 2, 3]), "Those are the exponentials: now divide each by their sum."
    yield not close(got, scores, atol=2e-3), "Those are the scores: exponentiate them, then divide."
    yield not close(got, right * 100, atol=0.5), "Give fractions of 1, not percent."
    yield (
        not close(got, scores / scores.sum(), atol=2e-3),
        "You divided the scores by their sum: exponentiate them first.",
    )
    yield (
        not close(got, [0, 2 / 5, 3 / 5], atol=2e-3),
        "exp(0) is not 0: the score 0 has a probability, too.",
    )
    yield abs(got.sum() - 1) < 5e-3, f"The probabilities must sum to 1; yours sum to {got.sum():g}."
    yield (
        close(got, right, atol=6e-3) or not close(numpy.sort(got), right, atol=6e-3),
        "The order is kept: the largest score, ln 3, gets the largest probability.",
    )
    yield (
        close(got, right, atol=1e-3) or not close(got, right, atol=6e-3),
        "Nearly: give fractions such as 1/5, or three decimals.",
    )
    yield close(got, right, atol=1e-3), "exp(0) is 1, exp(ln 2) is 2, exp(ln 3) is 3."


by_hand = Exercise(
    "softmax by hand",
    """What is the softmax of the scores $[0, \\ln 2, \\ln 3]$? Work it out on paper and give the
    three probabilities as a list, such as `[0.2, 0.3, 0.5]`: as fractions or with three
    decimals.""",
    _by_hand_checks,
    [1 / 6, 1 / 3, 1 / 2],
    partial(numbers, count=3),
)


# --- odds


def _double_odds_checks(got: float) -> Checks:
    right = math.log(2)
    yield (
        abs(got - 2) > 1e-2,
        f"Adding 2 multiplies the odds by exp(2), about {math.exp(2):.1f}. What must exp(...) be?",
    )
    yield (
        abs(got - 1) > 1e-2,
        f"Adding 1 multiplies the odds by e, about {math.e:.1f}. Use the natural logarithm, not "
        "base 2.",
    )
    yield (
        abs(got - math.log10(2)) > 2e-3,
        "That is the logarithm to base 10: softmax uses the natural one.",
    )
    yield (
        abs(got + right) > 1e-2,
        "The right size, but the wrong sign: with a smaller score the odds halve.",
    )
    yield (
        abs(got - right) < 1e-3 or abs(got - right) > 8e-3,
        "Nearly: three decimals, or an expression such as ln 5.",
    )
    yield (
        abs(got - right) < 1e-3,
        "The odds of a against b are exp(a - b): which number d has exp(d) = 2?",
    )


double_odds = Exercise(
    "double the odds",
    """The odds of class $a$ against class $b$ are $p_a / p_b$. Which number, added to the score of
    $a$ alone, doubles them? Three decimals will do.""",
    _double_odds_checks,
    math.log(2),
    number,
)


# --- the stable formula

MANY = 1000 * numpy.eye(5)[[3, 0, 4, 2]] + numpy.arange(5)
ROWS = numpy.array([[1.0, 2.0, 3.0], [0.0, 0.0, 2.0]])
MISTAKES = (  # what each makes of ROWS, and what its author should read
    (ROWS, "Those are the scores themselves: exponentiate them, then divide each row by its sum."),
    (
        ROWS / ROWS.sum(axis=1, keepdims=True),
        "You divided the scores by their sum: exponentiate them first.",
    ),
    (numpy.exp(ROWS), "Those are the exponentials: now divide each row by its sum."),
    (
        numpy.exp(ROWS - ROWS.max(axis=1, keepdims=True)),
        "Nothing overflows any more; now divide each row of exponentials by its sum.",
    ),
    (
        numpy.log(_softmax(ROWS)),
        "Those are logarithms of probabilities: you want the probabilities.",
    ),
    (
        _softmax(ROWS, axis=None),
        "All the numbers together sum to 1: divide each row by its own sum (axis=1).",
    ),
    (
        _softmax(ROWS - ROWS.max(axis=0, keepdims=True)),
        "You subtracted the largest score of each column, which changes the differences within a "
        "row: take the largest of each row (axis=1).",
    ),
    (_softmax(-ROWS), "Upside down: the largest score must get the largest probability."),
    (
        (ROWS == ROWS.max(axis=1, keepdims=True)).astype(float),
        "Those are decisions, 0 or 1: you want the probabilities.",
    ),
)


FINISHED = {"softmax", "log_softmax", "softmin", "SoftmaxActivation", "SoftmaxOutput"}


def _stable_checks(softmax: Learner) -> Checks:
    own = "is the finished operator: write the formula yourself, with `np`."
    yield softmax.function is not npx.softmax, f"Handed over as it is, `npx.softmax` {own}"
    try:
        used = finished(softmax, FINISHED, ROWS)
        small = array(softmax(ROWS))
    except LearnerError as error:
        yield (
            "broadcast" not in str(error),
            "The shapes do not fit: whatever you take along an axis, the largest score or the sum, "
            "must keep that axis as one of length 1: keepdims=True.",
        )
        raise
    changed = softmax.changed
    yield not used, f"`{used}` {own}"
    yield (
        small.shape == (2, 3),
        f"The result must keep the shape (2, 3) of the scores; yours is {small.shape}.",
    )
    yield (
        numpy.isfinite(small).all(),
        "Scores as small as 1, 2, 3 give nan or infinity: is the number that you subtract one of "
        "the row's own?",
    )
    for mistake, hint in MISTAKES:
        yield not close(small, mistake), hint
    yield (
        not close(small.sum(axis=0), numpy.ones(3)),
        "Your columns sum to 1, but a sample is a row: sum along axis=1 with keepdims=True.",
    )
    yield close(small.sum(axis=1), numpy.ones(2), rtol=1e-3), "Each row must sum to 1."
    yield (
        close(small, _softmax(ROWS), rtol=2e-5, atol=1e-6)
        or not close(small, _softmax(ROWS), rtol=1e-3),
        "Nearly: nothing is to be added to the sum, and float32 is to be kept.",
    )
    yield (
        close(small, _softmax(ROWS)),
        "softmax([1, 2, 3]) is {:.4f}, {:.4f}, {:.4f}: only taking the same number from every "
        "score of a row leaves it as it was.".format(*_softmax(ROWS)[0]),
    )
    yield (
        not changed,
        "The numbers are right, but your function changed its argument in place: compute in an "
        "array of your own (not `x -= ...`).",
    )
    try:
        equal = array(softmax(numpy.array([[1000.0, 1000.0]])))
    except LearnerError:
        yield False, "It fails for one sample of two classes: take both numbers from x.shape."
    yield (
        numpy.isfinite(equal).all(),
        "exp(1000) overflows: subtract the largest score of each row first.",
    )
    yield (
        close(equal, [[0.5, 0.5]]),
        "Two equal scores share the probability equally, however large they are: what overflowed "
        "cannot be repaired afterwards.",
    )
    near = array(softmax(numpy.array([[1000.0, 999.0]])))
    yield (
        close(near, _softmax(numpy.array([[1.0, 0.0]]))),
        "[1000, 999] should give what [1, 0] gives: their difference counts: do not cap "
        "scores, do not repair what overflowed.",
    )
    far = array(softmax(numpy.array([[1000.0, 0.0]])))
    yield (
        close(far, [[1, 0]]) or not numpy.isfinite(far).all(),
        "[1000, 0] should give [1, 0]: do not cap differences either, exp(-1000) may become 0.",
    )
    yield (
        close(far, [[1, 0]]),
        "[1000, 0] should give [1, 0]: only the row's maximum is sure to leave no score above 0.",
    )
    turned = array(softmax(numpy.array([[0.0, 1000.0]])))
    yield (
        close(turned, [[0, 1]]),
        "[0, 1000] should give [0, 1]: the largest score may stand anywhere in its row.",
    )
    low = array(softmax(numpy.array([[-1000.0, -1000.0]])))
    yield (
        close(low, [[0.5, 0.5]]),
        "[-1000, -1000] should give [0.5, 0.5]: exp(-1000) is 0. Subtract the largest score even "
        "where it is negative.",
    )
    apart = array(softmax(numpy.array([[1000.0, 1000.0], [-1000.0, -1000.0]])))
    yield (
        close(apart, [[0.5, 0.5], [0.5, 0.5]]),
        "One large row spoils the others: subtract each row's own maximum (axis=1), "
        "not the maximum of the whole array.",
    )
    yield (
        close(array(softmax(MANY)), _softmax(MANY)),
        "Right for the rows so far, wrong for four rows of five classes, whose largest scores "
        "stand in different places: treat each row alone, whatever its length.",
    )
    huge = array(softmax(numpy.array([[1e6, 1e6]])))
    yield (
        close(huge, [[0.5, 0.5]]),
        "Right for 1000, wrong for a million: a wider number type only moves the limit. Subtract "
        "the largest score of each row.",
    )


def _stable_softmax(x):
    exps = np.exp(x - x.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


stable = Exercise(
    "stable softmax",
    """Write `stable_softmax(x)` for `x` of shape (samples, classes), so that it survives scores
    of any size: `[1000, 1000]` gives `[0.5, 0.5]`. `npx.softmax` does this: write it with `np`,
    and leave `x` as it is.""",
    _stable_checks,
    _stable_softmax,
)


# --- several tags


def _cat_and_dog_checks(probabilities: Learner) -> Checks:
    scores = numpy.array([[2.0, 3.0], [-1.0, 0.0], [-4.0, 0.25]])
    got = array(probabilities(scores))
    changed = probabilities.changed
    right = 1 / (1 + numpy.exp(-scores))
    yield (
        got.shape == (3, 2),
        f"One probability for each image and tag: shape (3, 2) here; yours is {got.shape}.",
    )
    yield numpy.isfinite(got).all(), "Moderate scores give nan or infinity."
    yield not (got == 1).all(), "All are 1: a softmax of one score alone says yes to everything."
    yield (
        not numpy.isin(got, (0, 1)).all(),
        "Those are decisions, 0 or 1: return the probabilities.",
    )
    yield (
        not close(got, numpy.clip(scores, 0, 1)),
        "Cutting off at 0 and 1 makes most answers certain: a score of 0 must give one half.",
    )
    yield (
        not close(got.sum(axis=1), numpy.ones(3)),
        "Your rows sum to 1: then a cat takes probability away from a dog. "
        "Decide each tag on its own.",
    )
    yield (
        not close(got.sum(axis=0), numpy.ones(2)),
        "Your columns sum to 1: then the images compete. Judge each image on its own.",
    )
    yield not close(got, 1 - right), "Upside down: a large score must give a large probability."
    yield (
        (got >= 0).all() and (got <= 1).all(),
        "A probability lies between 0 and 1: use a function that squeezes each score into it.",
    )
    yield (
        not close(got, (numpy.tanh(scores) + 1) / 2),
        "Too steep: sigmoid(z) is 1 / (1 + exp(-z)), which is (tanh(z / 2) + 1) / 2.",
    )
    yield (
        close(got, right, rtol=2e-5, atol=1e-6) or not close(got, right, rtol=2e-3),
        "Nearly: keep float32, and add nothing.",
    )
    yield close(got, right), "Each tag is a yes-or-no question of its own: sigmoid(score)."
    yield not changed, "Right, but your function changed its argument in place: leave it as it is."
    try:
        large = array(probabilities(numpy.array([[100.0, -100.0]])))
    except LearnerError:
        yield False, "It fails for a single image: take the number of images from scores.shape."
    yield (
        close(large, [[1, 0]]),
        "Scores of 100 and -100 must give 1 and 0: exp(100) overflowed.",
    )


def _tag_probabilities(scores):
    return npx.sigmoid(scores)


cat_and_dog = Exercise(
    "a cat and a dog",
    """An image may show a cat, a dog, both or neither. Write `tag_probabilities(scores)`: `scores`
    has shape (images, 2), one score for *there is a cat* and one for *there is a dog*, from -100
    to 100; return the probability of each.""",
    _cat_and_dog_checks,
    _tag_probabilities,
)
