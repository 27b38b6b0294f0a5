"""Exercises of chapter 7: the order of layers, and how to compare orders."""

import numpy
from scipy import stats

from ...nets import layers
from ...teaching.exercise import Exercise

# --- variance after dropout

P = numpy.array([0.1, 0.3, 0.5, 0.7])


def _variance_checks(dropped_variance):
    def called(mean, variance, p=P):
        return numpy.asarray(dropped_variance(p, mean, variance), dtype="float64")

    def close(left, right):
        return left.shape == numpy.shape(right) and numpy.allclose(left, right)

    centered, shifted = called(0.0, 2.0), called(3.0, 2.0)
    yield (
        not close(centered, 2.0 * (1 - P)),
        "That is how much smaller the variance is in predict mode. In train mode the survivors "
        "are divided by 1 - p: the variance grows.",
    )
    yield (
        not close(centered, 2.0 / (1 - P) ** 2),
        "Dividing by 1 - p gives the survivors (1 - p)² times less; but only a share 1 - p of the "
        "elements survives: one of the two factors goes.",
    )
    yield (
        close(centered, 2.0 / (1 - P)),
        "With mean 0 and variance 2 it should be 2 / (1 - p). Start from the mean of the squares: "
        "a share 1 - p of the elements survives, and is divided by 1 - p.",
    )
    yield (
        not close(shifted, 2.0 / (1 - P)),
        "Right for mean 0. With another mean, zeros among the values vary too: mean² enters.",
    )
    yield (
        not close(shifted, (2.0 + 9.0) / (1 - P)),
        "That is the mean of the squares. The variance is that minus the square of the mean.",
    )
    yield (
        close(shifted, (2.0 + P * 9.0) / (1 - P)),
        "Right for mean 0. In general: (variance + mean²) / (1 - p) - mean².",
    )
    one = called(numpy.array([0.0, 1.0]), numpy.array([1.0, 1.0]), 0.5)
    yield one.shape == (2,), "mean and variance may be arrays, one entry a channel."


def _dropped_variance(p, mean, variance):
    return (variance + p * mean**2) / (1 - p)


variance = Exercise(
    "variance after dropout",
    """Write `dropped_variance(p, mean, variance)`: the variance in train mode of what comes out of
    dropout with drop probability `p`, if mean and variance of its input are as given. Survivors
    are divided by 1 - p. All three may be numbers or arrays.""",
    _variance_checks,
    _dropped_variance,
)

# --- two numbers


def _near(answer, value, tolerance):
    return abs(float(answer) - value) <= tolerance


def _halving_checks(answer):
    yield not _near(answer, 0.25, 1e-9), "At 0.25 three quarters of it are left."
    yield not _near(answer, 0.75, 1e-9), "At 0.75 only a quarter of it is left."
    yield not _near(answer, 0.293, 0.01), "The variance is asked for, not the standard deviation."
    yield _near(answer, 0.5, 1e-9), "In predict mode the variance is 1 - p of what it was."


halving = Exercise(
    "half the variance",
    """Dropout stands directly before batch normalization; its input has mean 0. At which drop
    probability has the output of batch normalization half its variance in predict mode?""",
    _halving_checks,
    0.5,
)


def _scale_checks(answer):
    yield not _near(answer, 0.405, 0.002), "That is the variance. The scale is its root."
    yield not _near(answer, 0.707, 0.002), "That holds for mean 0: after relu the mean is 0.399."
    yield not _near(answer, 0.5, 0.002), "Not 1 - p: the root of the ratio of two variances."
    yield _near(answer, 0.637, 0.002), "The root of the ratio of the variances, 0.341 / 0.841."


scale = Exercise(
    "how much smaller",
    """The input is normal with mean 0 and variance 1, then come relu, dropout at p = 0.5, batch
    normalization. By which factor is the spread (standard deviation) of what the next layer gets
    smaller in predict mode than in train mode? Three decimals.""",
    _scale_checks,
    0.637,
)

# --- which are the same

TEN = (
    "act-drop-bn-pool", "act-drop-pool-bn", "act-bn-pool-drop", "act-bn-drop-pool",
    "bn-act-drop-pool", "bn-act-pool-drop", "bn-drop-act-pool", "drop-act-bn-pool",
    "drop-act-pool-bn", "drop-bn-act-pool",
)  # fmt: skip


def _pairs(activation="relu"):
    pairs = set()
    for order in TEN:
        same = layers.equivalents(f"conv-{order}", activation=activation)
        others = [o.removeprefix("conv-") for o in same]
        pairs |= {frozenset({order, other}) for other in others if other in TEN}
    return pairs


def _same_checks(answer):
    parts = list(answer)
    yield (
        all(isinstance(pair, (tuple, list, set, frozenset)) and len(pair) == 2 for pair in parts),
        "Give a list of pairs: [(order, order), ...].",
    )
    unknown = sorted({str(order) for pair in parts for order in pair} - set(TEN))
    yield not unknown, f"Not among the ten: {', '.join(unknown)}."
    found, right = {frozenset(pair) for pair in parts}, _pairs()
    for wrong in found - right:
        one, other = sorted(wrong)
        batch_norm = [order.split("-").index("bn") for order in (one, other)]
        before = [set(o.split("-")[:n]) for o, n in zip((one, other), batch_norm, strict=True)]
        yield (
            before[0] == before[1],
            f"{one} and {other} are two functions: batch normalization commutes with nothing, and "
            "different layers stand before it.",
        )
        yield (
            False,
            f"{one} and {other} are two functions: dropout before pooling masks each pixel, after "
            "it each square.",
        )
    missing = len(right - found)
    yield missing == 0, f"Those are right; {missing} more among the ten. Look for act beside drop."


same = Exercise(
    "which are the same",
    f"""Which of the ten orders are the same function if the activation is relu and the pooling
    max? Give a list of pairs, such as `[("a", "b"), ("c", "d")]`, of: {", ".join(TEN)}.""",
    _same_checks,
    [tuple(sorted(pair)) for pair in sorted(_pairs(), key=sorted)],
)

# --- how many seeds


def _seeds_checks(answer):
    yield (
        not 15 <= float(answer) <= 19,
        "Variances of the two configurations add up: twice as many. And a power of 80 % needs "
        "0.84 beside 1.96.",
    )
    yield (
        not 33 <= float(answer) <= 36,
        "Either the factor 2 (two configurations, both noisy) or the 0.84 for a power of 80 % is "
        "missing.",
    )
    yield not 130 <= float(answer) <= 142, "That is for both together: per configuration."
    yield not 10 <= float(answer) <= 12, "The ratio of noise to difference enters squared."
    yield (
        66 <= float(answer) <= 72,
        "About 2 · (1.96 + 0.84)² · (sd / difference)² seeds for each configuration.",
    )


seeds = Exercise(
    "how many seeds",
    """In the table, the orders ranked second and third have losses 0.0389 and 0.0413. Say
    the standard deviation between seeds is 0.005, and runs are not paired. How many seeds does
    each order need, so that a difference of this size is seen in 80 % of such comparisons, at
    95 % confidence?""",
    _seeds_checks,
    70,
)

# --- a paired interval


def _interval_checks(paired_interval):
    random = numpy.random.RandomState(4)
    shared = random.normal(0, 1, 9)  # what a seed decides for both
    a = shared + random.normal(0, 0.2, 9)
    b = shared + 0.3 + random.normal(0, 0.2, 9)
    result = paired_interval(a, b)
    yield (
        isinstance(result, (tuple, list, numpy.ndarray)) and len(result) == 2,
        "Return a pair: low, high.",
    )
    low, high = (float(value) for value in result)
    difference, n = b - a, len(a)
    t = stats.t.ppf(0.975, n - 1)
    half = t * difference.std(ddof=1) / n**0.5

    def close(center, width):
        return numpy.allclose([low, high], [center - width, center + width], atol=1e-9, rtol=1e-6)

    mean = difference.mean()
    yield not close(-mean, half), "The sign: b minus a."
    apart = (a.var(ddof=1) / n + b.var(ddof=1) / n) ** 0.5
    yield (
        not any(close(mean, q * apart) for q in (1.96, t, stats.t.ppf(0.975, 2 * n - 2))),
        "You treat the two as unrelated. Subtract first, seed by seed: what a seed does to both "
        "cancels.",
    )
    yield (
        not any(close(mean, q * difference.std(ddof=1)) for q in (1.0, 1.96, t)),
        "That is the spread of single differences. The mean of n of them is √n times steadier.",
    )
    yield (
        not any(close(mean, q * difference.std() / n**0.5) for q in (1.96, t)),
        "Estimated from n values, a standard deviation divides by n - 1: use ddof=1.",
    )
    normal = stats.norm.ppf(0.975)
    yield (
        not any(close(mean, q * difference.std(ddof=1) / n**0.5) for q in (1.96, 2.0, normal)),
        "1.96 holds for many seeds; with nine the t distribution has heavier tails: "
        "scipy.stats.t.ppf(0.975, n - 1).",
    )
    yield close(mean, half), "Mean of b - a, plus and minus t · sd / √n."
    again = [float(value) for value in paired_interval(a[:5], b[:5])]
    right = stats.ttest_rel(b[:5], a[:5]).confidence_interval()
    yield numpy.allclose(again, right), "With five seeds the quantile of t is another one."


def _paired_interval(a, b):
    return tuple(stats.ttest_rel(b, a).confidence_interval(0.95))


interval = Exercise(
    "a paired interval",
    """Write `paired_interval(a, b)`: the pair (low, high) that holds the true mean of b - a with
    95 % confidence. `a` and `b` are NumPy arrays of shape (seeds,): the losses of two orders,
    seed by seed.""",
    _interval_checks,
    _paired_interval,
)
