"""Exercises of chapter 1: softmax."""

import math

import numpy
from mxnet import np, npx
from mxnet.base import MXNetError

from ...teaching.exercise import Exercise


def _numbers(answer):
    """Return an answer of any kind (list, NumPy or MXNet array) as a NumPy array of float64."""
    return numpy.asarray(getattr(answer, "asnumpy", lambda: answer)(), dtype="float64")


def _close(got, wanted):
    return got.shape == numpy.shape(wanted) and numpy.allclose(got, wanted, atol=1e-4)


def _by_hand_checks(answer):
    got = _numbers(answer).reshape(-1)
    scores = numpy.log([1, 2, 3])
    yield got.size == 3, f"There are three classes, so three probabilities; you gave {got.size}."
    yield not _close(got, [1, 2, 3]), "Those are the exponentials: now divide each by their sum."
    yield (
        not _close(got, scores / scores.sum()),
        "You divided the scores by their sum: exponentiate them first.",
    )
    yield (
        not _close(got, [1 / 2, 1 / 3, 1 / 6]),
        "The order is kept: the largest score, ln 3, gets the largest probability.",
    )
    yield not _close(got, [16.67, 33.33, 50]), "Give fractions of 1, not percent."
    yield abs(got.sum() - 1) < 1e-3, "The three probabilities must sum to 1."
    yield _close(got, [1 / 6, 1 / 3, 1 / 2]), "exp(0) is 1, exp(ln 2) is 2, exp(ln 3) is 3."


by_hand = Exercise(
    "softmax by hand",
    """What is the softmax of the scores $[0, \\ln 2, \\ln 3]$? Work it out on paper and give the
    three probabilities as a list, such as `[0.2, 0.3, 0.5]`.""",
    _by_hand_checks,
    [1 / 6, 1 / 3, 1 / 2],
)


def _double_odds_checks(answer):
    got = _numbers(answer)
    yield got.size == 1, "Give one number: what is added to the score."
    got = float(got.reshape(-1)[0])
    yield (
        abs(got - 2) > 1e-2,
        "Adding 2 multiplies the odds by exp(2), about 7.4. What must exp(...) be?",
    )
    yield (
        abs(got - 1) > 1e-2,
        "Adding 1 multiplies the odds by e, about 2.7. Use the natural logarithm, not base 2.",
    )
    yield abs(got - math.log10(2)) > 1e-2, "That is the logarithm to base 10: softmax uses e."
    yield (
        abs(got + math.log(2)) > 1e-2,
        "The right size, but the wrong sign: with a smaller score the odds halve.",
    )
    yield (
        abs(got - math.log(2)) < 1e-3,
        "The odds of a against b are exp(a - b): which number d has exp(d) = 2? Three decimals do.",
    )


double_odds = Exercise(
    "double the odds",
    """The odds of class $a$ against class $b$ are $p_a / p_b$. Which number, added to the score of
    $a$ alone, doubles them?""",
    _double_odds_checks,
    math.log(2),
)


def _stable_checks(softmax):
    rows = [[1.0, 2.0, 3.0], [0.0, 0.0, 2.0]]
    try:
        small = _numbers(softmax(np.array(rows)))
    except (MXNetError, ValueError) as error:
        yield (
            "broadcast" not in str(error),
            "The shapes do not fit: keep the summed axis as one of length 1, with keepdims=True.",
        )
        raise
    yield (
        small.shape == (2, 3),
        f"The result must keep the shape (2, 3) of the scores; yours is {small.shape}.",
    )
    yield (
        not numpy.allclose(numpy.exp(small).sum(axis=1), 1, atol=1e-4),
        "Those are logarithms of probabilities: you want the probabilities.",
    )
    yield (
        not numpy.allclose(small.sum(axis=0), 1, atol=1e-4),
        "Your columns sum to 1, but a sample is a row: sum along axis=1 with keepdims=True.",
    )
    yield numpy.allclose(small.sum(axis=1), 1, atol=1e-4), "Each row must sum to 1."
    yield (
        numpy.allclose(small[0], [0.090031, 0.244728, 0.665241], atol=1e-4),
        "softmax([1, 2, 3]) is 0.0900, 0.2447, 0.6652: only subtracting leaves it as it was.",
    )
    equal = _numbers(softmax(np.array([[1000.0, 1000.0]])))
    yield (
        numpy.isfinite(equal).all(),
        "exp(1000) overflows: subtract the largest score of each row first.",
    )
    yield _close(equal, [[0.5, 0.5]]), "Two equal scores share the probability equally."
    far = _numbers(softmax(np.array([[1000.0, 0.0]])))
    yield (
        _close(far, [[1, 0]]),
        "[1000, 0] should give [1, 0]: only the row's maximum is sure to leave no score above 0.",
    )
    near = _numbers(softmax(np.array([[1000.0, 999.0]])))
    yield (
        _close(near, [[0.731059, 0.268941]]),
        "[1000, 999] should give [0.7311, 0.2689]: do not cap scores, their difference counts.",
    )
    apart = _numbers(softmax(np.array([[1000.0, 1000.0], [-1000.0, -1000.0]])))
    yield (
        _close(apart, [[0.5, 0.5], [0.5, 0.5]]),
        "One large row spoils the others: subtract each row's own maximum (axis=1), "
        "not the maximum of the whole array.",
    )


def _stable_softmax(x):
    exps = np.exp(x - x.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


stable = Exercise(
    "stable softmax",
    """Write `stable_softmax(x)` for `x` of shape (samples, classes), so that it survives scores
    of any size: `[1000, 1000]` gives `[0.5, 0.5]`. `npx.softmax` does this: write it with `np`.""",
    _stable_checks,
    _stable_softmax,
)


def _cat_and_dog_checks(probabilities):
    scores = [[2.0, 3.0], [-1.0, 0.0], [-4.0, 4.0]]
    got = _numbers(probabilities(np.array(scores)))
    right = 1 / (1 + numpy.exp(-numpy.array(scores)))
    yield (
        got.shape == (3, 2),
        f"One probability for each image and tag: shape (3, 2) here; yours is {got.shape}.",
    )
    yield (
        not numpy.isin(got, (0, 1)).all(),
        "Those are decisions, 0 or 1: return the probabilities.",
    )
    yield (
        not numpy.allclose(got.sum(axis=1), 1, atol=1e-4),
        "Your rows sum to 1: then a cat takes probability away from a dog. "
        "Decide each tag on its own.",
    )
    yield not _close(got, 1 - right), "Upside down: a large score must give a large probability."
    yield (
        (got >= 0).all() and (got <= 1).all(),
        "A probability lies between 0 and 1: use a function that squeezes each score into it.",
    )
    yield (
        not _close(got, (numpy.tanh(scores) + 1) / 2),
        "Too steep: sigmoid(z) is 1 / (1 + exp(-z)), which is (tanh(z / 2) + 1) / 2.",
    )
    yield _close(got, right), "Each tag is a yes-or-no question of its own: sigmoid(score)."
    large = _numbers(probabilities(np.array([[100.0, -100.0]])))
    yield (
        _close(large, [[1, 0]]),
        "Scores of 100 and -100 must give 1 and 0: exp(100) overflowed.",
    )


def _tag_probabilities(scores):
    return npx.sigmoid(scores)


cat_and_dog = Exercise(
    "a cat and a dog",
    """An image may show a cat, a dog, both or neither. Write `tag_probabilities(scores)`: `scores`
    has shape (images, 2), one score for *there is a cat* and one for *there is a dog*; return the
    probability of each.""",
    _cat_and_dog_checks,
    _tag_probabilities,
)
