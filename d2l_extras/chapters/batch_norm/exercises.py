"""Exercises of chapter 6: batch normalization."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy

from ...teaching.answers import array, close, number, numbers
from ...teaching.exercise import Exercise
from ...teaching.learner import Learner, LearnerError, notebook_array

Checks = Iterator[tuple[bool, str]]
EPS = 0.5  # so large that forgetting it, or adding it in the wrong place, shows


def _pair(result):
    """Return the two arrays of a learner's result, or None for each if it is no pair."""
    if isinstance(result, (tuple, list, numpy.ndarray)) and len(result) == 2:
        return array(result[0]), array(result[1])
    return None, None


def _standardized(x, mean, scale, gamma, beta):
    with numpy.errstate(all="ignore"):
        return gamma * (x - mean) / scale + beta


# --- both passes


X = numpy.array([[1.0, 200, 3], [5, 100, 3], [2, 900, 3], [8, 400, 3]])  # one column is constant
GAMMA, BETA = numpy.array([2.0, -0.5, 1]), numpy.array([1.0, -1, 4])
MEAN, VAR = numpy.array([3.0, 100, 2]), numpy.array([4.0, 90_000, 9])


def _passes_checks(batch_norm: Learner) -> Checks:
    def formula(mean, scale, gamma=GAMMA, beta=BETA):
        return _standardized(X, mean, scale, gamma, beta)

    out = array(batch_norm(X, GAMMA, BETA, MEAN, VAR, True, EPS))
    mean, var = X.mean(axis=0), X.var(axis=0)
    root = numpy.sqrt(var + EPS)
    yield out.shape == X.shape, f"x is {X.shape}: the output must have its shape, got {out.shape}."
    yield not numpy.isnan(out[:, :2]).any(), "Your result holds nan, though x varies there."
    yield (
        not numpy.isnan(out).any(),
        "A constant feature gives nan (0/0): add eps to the variance before the root.",
    )
    across = X.mean(axis=1, keepdims=True), X.var(axis=1, keepdims=True)
    yield (
        not close(out, formula(across[0], numpy.sqrt(across[1] + EPS))),
        "You averaged over the features of each sample (axis 1): that is layer normalization. "
        "Batch normalization averages over the samples, axis 0.",
    )
    yield (
        not close(out, formula(mean, numpy.sqrt(across[1] + EPS))),
        "The mean is right, the variance is over the wrong axis: take axis 0 for both.",
    )
    yield (
        not close(out, formula(X.mean(), numpy.sqrt(X.var() + EPS))),
        "You took one mean over everything: each feature has its own, over axis 0.",
    )
    yield not close(out, formula(mean, var + EPS)), "You divided by the variance: take its root."
    yield (
        not close(out, formula(mean, (var**0.5 + EPS) ** 0.5)),
        "You took the root twice: under it stands the variance, not the standard deviation.",
    )
    yield (
        not close(out, formula(mean, var**0.5 + EPS)),
        "eps is added to the variance, under the root, not to the standard deviation.",
    )
    yield (
        not close(out, formula(mean, numpy.sqrt(X.var(axis=0, ddof=1) + EPS))),
        "Your variance divides by n - 1. The layer divides by n.",
    )
    yield not close(out, formula(mean, numpy.sqrt(var + 1e-5))), "Your eps is not the one you get."
    yield (
        not close(out, formula(mean, root, gamma=1, beta=0)),
        "Standardized, but gamma and beta are missing: gamma · (...) + beta.",
    )
    yield (
        not any(
            close(out, wrong)
            for wrong in (
                formula(mean, root, beta=0),
                formula(mean, root, gamma=1),
                formula(mean, root, beta=GAMMA * BETA),
            )
        ),
        "Standardized, but then comes gamma · (...) + beta: first stretch, then shift.",
    )
    yield (
        not close(out, formula(MEAN, numpy.sqrt(VAR + EPS))),
        "In training, use mean and variance of this batch, not the running ones.",
    )
    yield (
        close(out, formula(mean, root)),
        "In training: gamma · (x - mean) / sqrt(var + eps) + beta, mean and var over axis 0.",
    )
    yield (
        close(batch_norm(X, GAMMA, BETA, MEAN, VAR, True, 5.0), formula(mean, (var + 5) ** 0.5)),
        "Use the eps you get.",
    )
    predicted = array(batch_norm(X, GAMMA, BETA, MEAN, VAR, False, EPS))
    yield (
        not close(predicted, formula(mean, root)),
        "With training=False you still use the statistics of the batch: a sample's output then "
        "depends on its neighbors. Use running_mean and running_var.",
    )
    yield (
        not any(close(predicted, formula(MEAN, scale)) for scale in (VAR + EPS, VAR)),
        "running_var is a variance: divide by the root of running_var + eps.",
    )
    yield (
        close(predicted, formula(MEAN, numpy.sqrt(VAR + EPS))),
        "With training=False: gamma · (x - running_mean) / sqrt(running_var + eps) + beta.",
    )
    other, two = X[:3, :2], (GAMMA[:2], BETA[:2], MEAN[:2], VAR[:2])
    for training, used in ((True, (other.mean(axis=0), other.var(axis=0))), (False, two[2:])):
        try:
            out, but = batch_norm(other, *two, training, EPS), ""
        except LearnerError as error:
            out, but = None, f" But: {error}"
        yield (
            out is not None
            and close(out, _standardized(other, used[0], numpy.sqrt(used[1] + EPS), *two[:2])),
            f"Right for x of shape {X.shape}; with shape {other.shape} it is not: take the shape "
            f"from x.{but}",
        )
    for training in (True, False):
        given = [notebook_array(values) for values in (X, GAMMA, BETA, MEAN, VAR)]
        batch_norm.raw(*given, training, EPS)
        yield (
            close(given[3], MEAN) and close(given[4], VAR),
            "You changed the running statistics: here they are only read (the next exercise "
            "moves them).",
        )
        yield (
            all(map(close, given[:3], (X, GAMMA, BETA))),
            "You changed x, gamma or beta in place (as `x -= ...` does): the caller still needs "
            "them.",
        )


def _batch_norm(x, gamma, beta, running_mean, running_var, training, eps):
    if training:
        mean, var = x.mean(axis=0), x.var(axis=0)
    else:
        mean, var = running_mean, running_var
    return gamma * (x - mean) / (var + eps) ** 0.5 + beta


passes = Exercise(
    "both passes",
    """Write `batch_norm(x, gamma, beta, running_mean, running_var, training, eps)`: the output
    of batch normalization. `x` is (samples, features), the four others are (features,). With
    `training` true the statistics are those of the batch, else the running ones. Your function
    changes none of its arguments.""",
    _passes_checks,
    _batch_norm,
)


# --- the running update


def _update_checks(update: Learner) -> Checks:
    def moved(running, batch, share):
        return (1 - share) * running + share * batch

    batch_mean, batch_var = X.mean(axis=0), X.var(axis=0)
    mean, var = _pair(update(MEAN, VAR, X, 0.9))
    yield mean is not None, "Return a pair: the new running mean and the new running variance."
    yield (
        mean.shape == MEAN.shape,
        f"The running mean has one number for each feature, shape {MEAN.shape}: average over "
        f"axis 0. Yours has shape {mean.shape}.",
    )
    yield (
        not (close(mean, moved(VAR, batch_var, 0.1)) and close(var, moved(MEAN, batch_mean, 0.1))),
        "The pair is the wrong way round: first the mean, then the variance.",
    )
    yield (
        not close(mean, moved(MEAN, batch_mean, 0.9)),
        "Swapped: that is PyTorch's convention, where momentum weighs the new batch. In Gluon "
        "momentum weighs the old value.",
    )
    yield (
        not close(mean, 0.9 * MEAN + batch_mean),
        "The two weights must add up to 1: momentum and 1 - momentum.",
    )
    yield (
        not close(mean, batch_mean),
        "That is the mean of this batch alone: the old running mean still counts, with the "
        "weight momentum.",
    )
    yield (
        close(mean, moved(MEAN, batch_mean, 0.1)),
        "New running mean: momentum · old + (1 - momentum) · mean of the batch over axis 0.",
    )
    yield (
        not close(var, moved(VAR, X.var(axis=0, ddof=1), 0.1)),
        "The mean is right. Your variance divides by n - 1; Gluon's layer divides by n.",
    )
    yield (
        not close(var, moved(VAR, X.std(axis=0), 0.1)),
        "The mean is right. What is averaged is the variance, not the standard deviation.",
    )
    yield (
        close(var, moved(VAR, batch_var, 0.1)),
        "The mean is right. The variance moves by the same rule, toward x.var(axis=0).",
    )
    mean, var = _pair(update(MEAN, VAR, X, 0.5))
    yield (
        close(mean, moved(MEAN, batch_mean, 0.5)) and close(var, moved(VAR, batch_var, 0.5)),
        "Use the momentum you get, not 0.9.",
    )
    other = X[1:, :2]
    mean, var = _pair(update(MEAN[:2], VAR[:2], other, 0.99))
    yield (
        close(mean, moved(MEAN[:2], other.mean(axis=0), 0.01))
        and close(var, moved(VAR[:2], other.var(axis=0), 0.01)),
        f"Right for x of shape {X.shape}; with shape {other.shape} and momentum 0.99 it is not: "
        "take both from the arguments.",
    )
    yield not update.changed, "You changed an argument in place: return new arrays."


def _update(running_mean, running_var, x, momentum):
    mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
    var = momentum * running_var + (1 - momentum) * x.var(axis=0)
    return mean, var


update = Exercise(
    "the running statistics",
    """Write `update(running_mean, running_var, x, momentum)`: it returns the pair of new running
    statistics after one more batch `x` of shape (samples, features), by Gluon's convention, and
    leaves the old ones as they are.""",
    _update_checks,
    _update,
)


# --- momentum conventions


def _near(value: float, wanted: float, tolerance: float = 1e-6) -> bool:
    return abs(value - wanted) <= tolerance


def _momentum_checks(answer: tuple[float, float]) -> Checks:
    first, second = answer
    yield (
        not (_near(first, 0.01) and _near(second, 0.9)),
        "The right numbers in the wrong order: first Gluon's, then PyTorch's.",
    )
    yield not _near(first, 0.1), "PyTorch's 0.1 is the weight of the new batch: turn it round."
    yield _near(first, 0.9), "The first number: Gluon's momentum is 1 minus PyTorch's."
    yield not _near(second, 0.99), "Keras and Gluon weigh the old value; PyTorch does not."
    yield not _near(second, 0.9), "The second one starts from Keras's 0.99, not from Gluon's."
    yield _near(second, 0.01), "The second number: PyTorch's momentum is 1 minus that of Keras."


momentum = Exercise(
    "momentum in three frameworks",
    """You port a network with PyTorch's `momentum=0.1` to Gluon, and one with Keras's
    `momentum=0.99` to PyTorch. Give a pair: `answer = (for Gluon, for PyTorch)`.""",
    _momentum_checks,
    (0.9, 0.01),
    partial(numbers, count=2, names=("Gluon", "PyTorch")),
)


# --- how long


def _updates_to(share: float, m: float) -> int:
    """Return after how many updates a running mean has gone a share of its way."""
    t = 0
    while 1 - m**t < share:
        t += 1
    return t


RIGHT = _updates_to(0.95, 0.99)


def _updates_checks(answer: float) -> Checks:
    yield not _near(answer, _updates_to(0.99, 0.99), 1.1), "That is 99 % of the way, not 95 %."
    yield not _near(answer, _updates_to(0.95, 0.9), 1.1), "That is momentum 0.9."
    yield not _near(answer, 95, 1.1), "Not 1 % of the way each time, but 1 % of what is left."
    yield not _near(answer, 5.5, 1.1), "0.99^t is the share of the start: it must fall to 0.05."
    yield (
        not RIGHT - 1.5 < answer < RIGHT - 0.01,
        f"Close: {RIGHT - 1} updates are at {100 * (1 - 0.99 ** (RIGHT - 1)):.3f} %. Give the "
        "first whole number that is enough.",
    )
    yield _near(answer, RIGHT, 0.01), "Find the smallest t with 1 - 0.99^t ≥ 0.95."


updates = Exercise(
    "how long until 95 %",
    """With momentum 0.99, after how many updates on the same batch has a running mean gone at
    least 95 % of the way from its start to the mean of the batch? Give the smallest whole
    number.""",
    _updates_checks,
    RIGHT,
    number,
)


# --- images


IMAGES = numpy.random.RandomState(0).normal([[[[2.0]], [[-1]]]], [[[[1.0]], [[3]]]], (3, 2, 4, 5))
OTHER_IMAGES = numpy.random.RandomState(1).normal(size=(2, 3, 5, 4))
PER_CHANNEL = numpy.array([2.0, 0.5]), numpy.array([1.0, -1])


def _images_checks(batch_norm: Learner) -> Checks:
    def formula(axes, x=IMAGES, gamma=PER_CHANNEL[0], beta=PER_CHANNEL[1], eps=EPS, ddof=0):
        mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True, ddof=ddof)
        gamma, beta = (numpy.reshape(values, (1, -1, 1, 1)) for values in (gamma, beta))
        return _standardized(x, mean, numpy.sqrt(var + eps), gamma, beta)

    out = array(batch_norm(IMAGES, *PER_CHANNEL, EPS))
    yield (
        out.shape == IMAGES.shape,
        f"x is {IMAGES.shape}: the output must have its shape, got {out.shape}.",
    )
    yield (
        not close(out, formula(0)),
        "You averaged over the samples alone: then each pixel has statistics of its own. A "
        "channel has one mean for all its pixels: axes 0, 2 and 3.",
    )
    yield (
        not close(out, formula((2, 3))),
        "You averaged over the pixels of each image alone: that is instance normalization. "
        "Average over the samples, too: axes 0, 2 and 3.",
    )
    yield (
        not close(out, formula((1, 2, 3))),
        "You averaged over everything in an image: that is layer normalization. Batch "
        "normalization keeps the channels (axis 1) apart: axes 0, 2 and 3.",
    )
    yield (
        not close(out, formula(1)) and not close(out, formula((0, 1))),
        "You averaged over axis 1, the channels: those are kept apart. Average over the others.",
    )
    yield (
        not close(out, formula((0, 1, 2, 3))),
        "You took one mean over everything: each channel has its own.",
    )
    yield (
        not close(out, formula((0, 2, 3), gamma=[1, 1], beta=[0, 0])),
        "Standardized, but gamma and beta are missing: reshape them to (1, channels, 1, 1).",
    )
    yield (
        not close(out, formula((0, 2, 3), eps=0)),
        "eps is missing, or not the one you get: add it to the variance, under the root.",
    )
    yield (
        not close(out, formula((0, 2, 3), ddof=1)),
        "Your variance divides by n - 1. The layer divides by n.",
    )
    yield (
        close(out, formula((0, 2, 3))),
        "gamma · (x - mean) / sqrt(var + eps) + beta, mean and variance over axes 0, 2 and 3; "
        "`keepdims=True` keeps their shapes fitting.",
    )
    yield (
        close(
            batch_norm(OTHER_IMAGES, GAMMA, BETA, 1.0),
            formula((0, 2, 3), OTHER_IMAGES, GAMMA, BETA, eps=1.0),
        ),
        f"Right for x of shape {IMAGES.shape} and eps {EPS}; with shape {OTHER_IMAGES.shape} and "
        "eps 1 it is not: take both from the arguments.",
    )
    yield not batch_norm.changed, "You changed an argument in place: return a new array."


def _images(x, gamma, beta, eps):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    var = x.var(axis=(0, 2, 3), keepdims=True)
    gamma, beta = gamma.reshape(1, -1, 1, 1), beta.reshape(1, -1, 1, 1)
    return gamma * (x - mean) / (var + eps) ** 0.5 + beta


images = Exercise(
    "batch normalization of images",
    """Write `batch_norm_images(x, gamma, beta, eps)`: the output in training mode for `x` of shape
    (samples, channels, height, width), `gamma` and `beta` of shape (channels,). Your function
    changes none of its arguments.""",
    _images_checks,
    _images,
)


# --- folding


def _folded(weight, bias, gamma, beta, mean, var, eps):
    scale = gamma / numpy.sqrt(var + eps)
    return weight * scale.reshape(-1, 1), beta + scale * (bias - mean)


def _fold_checks(fold: Learner) -> Checks:
    weight = numpy.array([[1.0, 2, 3], [-1, 0.5, 0], [2, 1, -1]])  # square: columns fit, too
    bias, gamma, beta, mean, var = numpy.array(
        [[0.5, -1, 1], [2, 3, 0.5], [1, -2, 0], [0.3, -0.4, 2], [0.25, 4, 1]]
    )
    right = _folded(weight, bias, gamma, beta, mean, var, EPS)
    new_weight, new_bias = _pair(fold(weight, bias, gamma, beta, mean, var, EPS))
    scale = gamma / numpy.sqrt(var + EPS)
    yield new_weight is not None, "Return a pair: new weight, new bias."
    yield (
        new_weight.shape == weight.shape and new_bias.shape == bias.shape,
        f"The new weight has the shape of the old one, {weight.shape}, the new bias that of the "
        f"old one, {bias.shape}; yours have {new_weight.shape} and {new_bias.shape}.",
    )
    yield (
        not close(new_weight, weight * scale),
        "Gluon's weight is (units, inputs): the factor belongs to the unit, so to the row. "
        "Write scale.reshape(-1, 1).",
    )
    yield (
        not close(new_weight, right[0].T),
        "The weight is transposed: it stays (units, inputs).",
    )
    for wrong, hint in (
        (gamma / numpy.sqrt(var), "eps is missing under the root."),
        (gamma / (var + EPS), "Divide by the root of var + eps."),
        (gamma / (numpy.sqrt(var) + EPS), "eps is added to the variance, under the root."),
        (1 / numpy.sqrt(var + EPS), "gamma is missing in the weight."),
    ):
        yield not close(new_weight, weight * wrong.reshape(-1, 1)), hint
    yield close(new_weight, right[0]), "Weight: gamma · w / sqrt(var + eps), row by row."
    for wrong, hint in (
        (beta + scale * bias, "The mean is missing in the bias: the layer subtracts it."),
        (beta - scale * mean, "The old bias is missing: it is scaled with the rest."),
        (bias + beta - scale * mean, "The old bias passes through the layer too: scale it."),
        (scale * (bias - mean), "beta is missing in the bias."),
        (beta + scale * (bias + mean), "The mean is subtracted, not added."),
    ):
        yield not close(new_bias, wrong), f"The weight is right. {hint}"
    yield (
        close(new_bias, right[1]),
        "The weight is right. Bias: beta + gamma · (bias - mean) / sqrt(var + eps).",
    )
    two = [numpy.array([1.0, 2.0]) + shift for shift in (0, -1.5, -2, 0.5, 3)]  # a gamma below 0
    given = numpy.arange(6.0).reshape(2, 3), *two, 2.0
    yield (
        all(map(close, _pair(fold(*given)), _folded(*given))),
        "Right for 3 units with 3 inputs; for 2 units with 3 inputs, a negative gamma and eps 2 "
        "it is not: take all from the arguments.",
    )
    yield not fold.changed, "You changed an argument in place: return new arrays."


def _fold(weight, bias, gamma, beta, mean, var, eps):
    scale = gamma / (var + eps) ** 0.5
    return weight * scale.reshape(-1, 1), beta + scale * (bias - mean)


fold = Exercise(
    "fold it away",
    """Write `fold(weight, bias, gamma, beta, mean, var, eps)`: weight and bias, as a pair, of the
    one `Dense` layer that does what a `Dense` layer with `weight` (units, inputs) and `bias`
    (units,) and a batch normalization in predict mode do together. Your function changes none of
    its arguments.""",
    _fold_checks,
    _fold,
)


# --- a batch of two


def _two_checks(answer: tuple[float, float]) -> Checks:
    low, high = sorted(answer)

    def are(one, other):
        return _near(low, one, 1e-3) and _near(high, other, 1e-3)

    yield not are(-1, 1), "Right before the last step: gamma and beta are still to come."
    yield not are(-3, 3), "gamma is in it, beta is missing."
    yield not are(0, 2), "beta is in it, gamma is missing."
    yield not are(0, 6), "First stretch by gamma, then shift by beta: gamma · (...) + beta."
    root = 3 / 2**0.5
    yield not are(1 - root, 1 + root), "You divided by n - 1 in the variance: the layer takes n."
    yield are(-2, 4), "Two values a and b lie at -1 and +1 standard deviations from their mean."


def _read_two(answer: Any) -> tuple[float, ...]:
    """Read two numbers that have no order: a set, `"-2 or 4"`, `"1 ± 3"`, too."""
    if isinstance(answer, str):
        if found := re.fullmatch(r"(.+?)\s*(?:±|\+/?-)\s*(.+)", answer):
            center, distance = map(number, found.groups())
            return center - distance, center + distance
        answer = re.sub(r"\bor\b", ",", re.sub(r"\beither\b", "", answer))
    return numbers(list(answer) if isinstance(answer, (set, frozenset)) else answer, 2)


two = Exercise(
    "a batch of two",
    """Training, batch size 2, gamma 3, beta 1, a feature that is not constant, eps negligible:
    which two outputs can it have? Give a pair.""",
    _two_checks,
    (-2, 4),
    _read_two,
)
