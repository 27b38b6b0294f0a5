"""Exercises of chapter 6: batch normalization."""

import numpy
from mxnet import np

from ...teaching.exercise import Exercise


def _array(values):
    return np.array(values, dtype="float32")


def _numpy(values):
    return numpy.asarray(getattr(values, "asnumpy", lambda: values)(), dtype="float64")


def _close(left, right):
    left = _numpy(left)
    return left.shape == numpy.shape(right) and numpy.allclose(left, right, atol=1e-4, rtol=1e-4)


# --- both passes


X = numpy.array([[1.0, 200, 3], [5, 100, 3], [2, 900, 3], [8, 400, 3]])
GAMMA, BETA = numpy.array([2.0, 0.5, 1]), numpy.array([1.0, -1, 4])
MEAN, VAR = numpy.array([3.0, 100, 2]), numpy.array([4.0, 90_000, 9])


def _formula(mean, scale, gamma=GAMMA, beta=BETA):
    with numpy.errstate(all="ignore"):
        return gamma * (X - mean) / scale + beta


def _passes_checks(batch_norm):
    def called(training, eps=0.5, x=None):
        x = _array(X) if x is None else x
        arrays = [_array(values) for values in (GAMMA, BETA, MEAN, VAR)]
        return _numpy(batch_norm(x, *arrays, training, eps))

    given = _array(X)
    out = called(True, x=given)
    mean, var = X.mean(axis=0), X.var(axis=0)
    right = _formula(mean, numpy.sqrt(var + 0.5))
    yield out.shape == X.shape, f"x is {X.shape}: the output must have its shape, got {out.shape}."
    yield (
        not numpy.isnan(out).any(),
        "A constant feature gives nan (0/0): add eps to the variance before the root.",
    )
    across = X.mean(axis=1, keepdims=True), X.var(axis=1, keepdims=True)
    yield (
        not _close(out, _formula(across[0], numpy.sqrt(across[1] + 0.5))),
        "You averaged over the features of each sample (axis 1): that is layer normalization. "
        "Batch normalization averages over the samples, axis 0.",
    )
    yield (
        not _close(out, _formula(mean, numpy.sqrt(across[1] + 0.5))),
        "The mean is right, the variance is over the wrong axis: take axis 0 for both.",
    )
    yield (
        not _close(out, _formula(X.mean(), numpy.sqrt(X.var() + 0.5))),
        "You took one mean over everything: each feature has its own, over axis 0.",
    )
    yield (
        not _close(out, _formula(mean, var + 0.5)),
        "You divided by the variance: divide by its root.",
    )
    yield (
        not _close(out, _formula(mean, numpy.sqrt(var) + 0.5))
        and not _close(out, _formula(mean, numpy.sqrt(numpy.sqrt(var) + 0.5))),
        "eps is added to the variance, under the root, not to the standard deviation.",
    )
    yield (
        not _close(out, _formula(mean, numpy.sqrt(X.var(axis=0, ddof=1) + 0.5))),
        "Your variance divides by n - 1. On the CPU the layer divides by n.",
    )
    yield (
        not _close(out, _formula(mean, numpy.sqrt(var + 0.5), gamma=1, beta=0)),
        "Standardized, but gamma and beta are missing: gamma · (...) + beta.",
    )
    running = _formula(MEAN, numpy.sqrt(VAR + 0.5))
    yield (
        not _close(out, running),
        "In training, use mean and variance of this batch, not the running ones.",
    )
    yield (
        _close(out, right),
        "In training: gamma · (x - mean) / sqrt(var + eps) + beta, mean and var over axis 0.",
    )
    yield _close(called(True, 5.0), _formula(mean, numpy.sqrt(var + 5))), "Use the eps you get."
    yield _close(given, X), "You changed x in place: the caller still needs it."
    predicted = called(False)
    yield (
        not _close(predicted, right),
        "With training=False you still use the statistics of the batch: a sample's output then "
        "depends on its neighbors. Use running_mean and running_var.",
    )
    yield (
        not _close(predicted, _formula(MEAN, VAR + 0.5))
        and not _close(predicted, _formula(MEAN, VAR)),
        "running_var is a variance: divide by the root of running_var + eps.",
    )
    yield (
        _close(predicted, running),
        "With training=False: gamma · (x - running_mean) / sqrt(running_var + eps) + beta.",
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
    `training` true the statistics are those of the batch, else the running ones, which your
    function leaves alone.""",
    _passes_checks,
    _batch_norm,
)


# --- the running update


def _update_checks(update):
    def called(momentum):
        mean, var = update(_array(MEAN), _array(VAR), _array(X), momentum)
        return _numpy(mean), _numpy(var)

    given = _array(MEAN), _array(VAR)
    mean, var = update(*given, _array(X), 0.9)

    def moved(running, batch, share):
        return (1 - share) * running + share * batch

    yield (
        not _close(mean, moved(MEAN, X.mean(axis=0), 0.9)),
        "Swapped: that is PyTorch's convention, where momentum weighs the new batch. In Gluon "
        "momentum weighs the old value.",
    )
    yield (
        not _close(mean, 0.9 * MEAN + X.mean(axis=0)),
        "The two weights must add up to 1: momentum and 1 - momentum.",
    )
    yield (
        _numpy(mean).shape == MEAN.shape,
        "One running mean for each feature: average over axis 0.",
    )
    yield (
        _close(mean, moved(MEAN, X.mean(axis=0), 0.1)),
        "New running mean: momentum · old + (1 - momentum) · batch mean.",
    )
    yield (
        not _close(var, moved(VAR, X.var(axis=0, ddof=1), 0.1)),
        "The mean is right. Your variance divides by n - 1; on the CPU the layer divides by n.",
    )
    yield (
        not _close(var, moved(VAR, X.std(axis=0), 0.1)),
        "The mean is right. What is averaged is the variance, not the standard deviation.",
    )
    yield (
        _close(var, moved(VAR, X.var(axis=0), 0.1)),
        "The mean is right. The variance moves by the same rule, toward x.var(axis=0).",
    )
    mean, var = called(0.5)
    yield (
        _close(mean, moved(MEAN, X.mean(axis=0), 0.5))
        and _close(var, moved(VAR, X.var(axis=0), 0.5)),
        "Use the momentum you get, not 0.9.",
    )
    yield (
        _close(given[0], MEAN) and _close(given[1], VAR),
        "You changed the old statistics in place: return new arrays.",
    )


def _update(running_mean, running_var, x, momentum):
    mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
    var = momentum * running_var + (1 - momentum) * x.var(axis=0)
    return mean, var


update = Exercise(
    "the running statistics",
    """Write `update(running_mean, running_var, x, momentum)`: it returns the pair of new running
    statistics after one more batch `x` of shape (samples, features), by Gluon's convention.""",
    _update_checks,
    _update,
)


# --- momentum conventions


def _near(answer, value, tolerance=1e-6):
    return abs(float(answer) - value) <= tolerance


def _momentum_checks(answer):
    first, second = answer
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
)


# --- how long


def _updates_checks(answer):
    yield not _near(answer, 459, 1.1), "That is 99 % of the way; 95 % were asked for."
    yield not _near(answer, 29, 1.1), "That is momentum 0.9."
    yield not _near(answer, 95, 1.1), "Not 1 % of the way each time, but 1 % of what is left."
    yield not _near(answer, 6, 1.1), "0.99^t is the share of the start: it must fall to 0.05."
    yield not _near(answer, 298, 0.5), "298 updates are at 94.997 %: not quite."
    yield _near(answer, 299, 0.01), "Find the smallest t with 1 - 0.99^t ≥ 0.95."


updates = Exercise(
    "how long until 95 %",
    """With momentum 0.99, after how many updates on the same batch has a running mean gone 95 % of
    the way from its start to the mean of the batch? Give a whole number.""",
    _updates_checks,
    299,
)


# --- folding


def _fold_checks(fold):
    weight = numpy.array([[1.0, 2.0], [-1.0, 0.5]])
    bias, gamma, beta = (numpy.array(v) for v in ([0.5, -1.0], [2.0, 3.0], [1.0, -2.0]))
    mean, var, eps = numpy.array([0.3, -0.4]), numpy.array([0.25, 4.0]), 0.5
    result = fold(*map(_array, (weight, bias, gamma, beta, mean, var)), eps)
    yield (
        isinstance(result, (tuple, list)) and len(result) == 2,
        "Return a pair: new weight, new bias.",
    )
    new_weight, new_bias = result
    scale = gamma / numpy.sqrt(var + eps)
    yield _numpy(new_weight).shape == (2, 2), "The new weight has the shape of the old one."
    yield (
        not _close(new_weight, weight * scale),
        "Gluon's weight is (units, inputs): the factor belongs to the unit, so to the row. "
        "Write scale.reshape(-1, 1).",
    )
    yield (
        not _close(new_weight, weight * (gamma / numpy.sqrt(var)).reshape(-1, 1)),
        "eps is missing under the root.",
    )
    yield (
        not _close(new_weight, weight * (gamma / (var + eps)).reshape(-1, 1)),
        "Divide by the root of var + eps.",
    )
    yield (
        not _close(new_weight, weight / numpy.sqrt(var + eps).reshape(-1, 1)),
        "gamma is missing in the weight.",
    )
    yield _close(new_weight, weight * scale.reshape(-1, 1)), "Weight: w · gamma / sqrt(var + eps)."
    yield (
        not _close(new_bias, beta + scale * bias),
        "The weight is right. The mean is missing in the bias: the layer subtracts it.",
    )
    yield (
        not _close(new_bias, beta - scale * mean),
        "The weight is right. The old bias is missing: it is scaled with the rest.",
    )
    yield (
        not _close(new_bias, bias + beta - scale * mean),
        "The weight is right. The old bias passes through the layer too: scale it.",
    )
    yield (
        _close(new_bias, beta + scale * (bias - mean)),
        "The weight is right. Bias: beta + gamma · (bias - mean) / sqrt(var + eps).",
    )


def _fold(weight, bias, gamma, beta, mean, var, eps):
    scale = gamma / (var + eps) ** 0.5
    return weight * scale.reshape(-1, 1), beta + scale * (bias - mean)


fold = Exercise(
    "fold it away",
    """Write `fold(weight, bias, gamma, beta, mean, var, eps)`: weight and bias, as a pair, of the
    one `Dense` layer that does what a `Dense` layer with `weight` (units, inputs) and `bias`
    (units,) and a batch normalization in predict mode do together.""",
    _fold_checks,
    _fold,
)


# --- loaded without statistics


def _loaded_checks(answer):
    choice = str(answer).strip().lower()
    yield choice in "abcd" and len(choice) == 1, 'Answer with one letter: "a", "b", "c" or "d".'
    yield choice != "a", "Overfitting does not go down to chance: 10 % is guessing."
    yield choice != "b", "gamma and beta are parameters like all others: they were in the file."
    yield choice != "c", "Predict mode is right for measuring: the question is what it reads."


loaded = Exercise(
    "99 % and 10 %",
    """A network with batch normalization has 99 % accuracy in training. Its weights are saved
    without the parameters called `running_*`, and loaded into a new network, which scores 10 %
    on the test set. Why? Answer with a letter.

    - `"a"`: it has overfitted
    - `"b"`: gamma and beta were lost
    - `"c"`: predict mode switches batch normalization off
    - `"d"`: the running statistics of the new network are still 0 and 1""",
    _loaded_checks,
    "d",
)


# --- a batch of two


def _two_checks(answer):
    low, high = sorted(float(value) for value in answer)
    yield (low, high) != (-1, 1), "Right before the last step: gamma and beta are still to come."
    yield (low, high) != (-3, 3), "gamma is in it, beta is missing."
    yield (low, high) != (0, 2), "beta is in it, gamma is missing."
    yield (
        _near(low, -2, 1e-3) and _near(high, 4, 1e-3),
        "Two values a and b lie at -1 and +1 standard deviations from their mean.",
    )


two = Exercise(
    "a batch of two",
    """Training, batch size 2, gamma 3, beta 1, a feature that is not constant, eps negligible:
    which two outputs can it have? Give a pair.""",
    _two_checks,
    (-2, 4),
)
