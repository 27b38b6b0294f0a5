"""Exercises of chapter 7: the order of layers, and how to compare orders."""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy
from scipy import stats

from ...nets import layers
from ...teaching.answers import Unclear, close, number, numbers
from ...teaching.exercise import Exercise
from ...teaching.learner import Learner, LearnerError
from .probe import dropped_variance

Checks = Iterator[tuple[bool, str]]

# --- variance after dropout

P = numpy.array([0.1, 0.3, 0.5, 0.7])


def _variance_checks(function: Learner) -> Checks:
    def called(mean, variance):
        return function(P, numpy.full(P.shape, mean), numpy.full(P.shape, variance))

    centered, shifted = called(0.0, 2.0), called(3.0, 2.0)
    yield not function.changed, "Your function changed its argument in place: leave it as it was."
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
        not close(centered, 2.0 / P),
        "p is the probability to be dropped: 1 - p of the elements survive.",
    )
    yield (
        not close(centered, (2.0 / (1 - P)) ** 0.5),
        "That is the standard deviation: the variance is its square.",
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
    mean, variances = numpy.array([0.0, 1.0, 2.0]), numpy.array([1.0, 1.0, 3.0])
    yield (
        close(function(0.5, mean, variances), dropped_variance(0.5, mean, variances)),
        "mean and variance may be arrays, one entry a channel.",
    )
    yield close(function(0.5, 3.0, 2.0), 13.0), "p, mean and variance may be three plain numbers."
    yield (
        close(function(0.5, -3.0, 2.0), 13.0),
        "A mean may be negative: it enters squared.",
    )


variance = Exercise(
    "variance after dropout",
    """Write `dropped_variance(p, mean, variance)`: the variance in train mode of what comes out of
    dropout with drop probability `p`, if mean and variance of its input are as given. Survivors
    are divided by 1 - p. All three may be numbers or arrays.""",
    _variance_checks,
    dropped_variance,
)

# --- two numbers


def _near(answer: float, value: float, tolerance: float) -> bool:
    return abs(answer - value) <= tolerance


def _halving_checks(answer: float) -> Checks:
    yield 0 <= answer < 1, "A probability is between 0 and 1."
    yield not _near(answer, 0.25, 1e-3), "At 0.25 three quarters of it are left."
    yield not _near(answer, 0.75, 1e-3), "At 0.75 only a quarter of it is left."
    yield not _near(answer, 0.293, 0.01), "The variance is asked for, not the standard deviation."
    yield _near(answer, 0.5, 1e-3), "In predict mode the variance is 1 - p of what it was."


halving = Exercise(
    "half the variance",
    """Dropout stands directly before batch normalization; its input has mean 0. Which drop
    probability halves the variance of batch normalization's output in predict mode?""",
    _halving_checks,
    0.5,
    number,
)


MEAN = 1 / (2 * numpy.pi) ** 0.5  # of relu(x) for x normal with mean 0 and variance 1
VARIANCE = 0.5 - MEAN**2
DROPPED = dropped_variance(0.5, MEAN, VARIANCE)
SCALE = (VARIANCE / DROPPED) ** 0.5


def _scale_checks(answer: float) -> Checks:
    yield not _near(answer, SCALE**2, 0.002), "That is the variance. The scale is its root."
    yield (
        not _near(answer, 0.5**0.5, 0.002),
        f"That holds for mean 0: after relu the mean is {MEAN:.3f}.",
    )
    yield not _near(answer, 0.5, 0.002), "Not 1 - p: the root of the ratio of two variances."
    yield (
        not _near(answer, 1 / SCALE, 0.003),
        "The other way round: predict mode divided by train mode, below 1.",
    )
    yield (
        _near(answer, SCALE, 0.001),  # the root of 0.405, which the text has, rounds to 0.636
        f"The root of the ratio of the variances, {VARIANCE:.3f} / {DROPPED:.3f}.",
    )


scale = Exercise(
    "how much smaller",
    """The input is normal with mean 0 and variance 1, then come relu, dropout at p = 0.5, batch
    normalization. What is the spread (standard deviation) of what the next layer gets in predict
    mode, divided by that in train mode? Three decimals.""",
    _scale_checks,
    round(SCALE, 3),
    number,
)

# --- which are the same

TEN = (
    "act-drop-bn-pool", "act-drop-pool-bn", "act-bn-pool-drop", "act-bn-drop-pool",
    "bn-act-drop-pool", "bn-act-pool-drop", "bn-drop-act-pool", "drop-act-bn-pool",
    "drop-act-pool-bn", "drop-bn-act-pool",
)  # fmt: skip


_ORDER = re.compile(r"\b[a-z]+(?:-[a-z]+){3,}\b", re.I)


def _pairs(activation: str = "relu") -> set[frozenset[str]]:
    pairs = set()
    for order in TEN:
        same = layers.equivalents(f"conv-{order}", activation=activation)
        others = [o.removeprefix("conv-") for o in same]
        pairs |= {frozenset({order, other}) for other in others if other in TEN}
    return pairs


def _read_pairs(answer: Any) -> list[frozenset[str]]:
    """Return the pairs of an answer; a group of three equal ones stands for its pairs."""
    asked = 'give a list of pairs, such as [("a", "b"), ("c", "d")]'
    groups = list(answer.items()) if isinstance(answer, dict) else answer
    groups = groups.tolist() if hasattr(groups, "tolist") else groups  # an array of text
    if isinstance(groups, str) and len(_ORDER.findall(groups)) % 2 == 0:
        orders = _ORDER.findall(groups)
        groups = list(zip(orders[::2], orders[1::2], strict=True))
    if not isinstance(groups, (list, tuple, set, frozenset)):
        raise Unclear(f"{asked}; got {answer!r}")
    if len(groups) == 2 and all(str(order).strip().lower() in TEN for order in groups):
        groups = [groups]  # one pair without a list around it
    pairs = []
    for group in groups:
        if isinstance(group, str):
            group = _ORDER.findall(group)
        if not isinstance(group, (list, tuple, set, frozenset)) or len(group) < 2:
            raise Unclear(f"{asked}; got {group!r} in the place of a pair")
        orders = [_read_order(order) for order in group]
        if len(set(orders)) < len(orders):
            raise Unclear(f"a pair needs two different orders, got {group!r}")
        pairs += [frozenset(pair) for pair in pairwise(orders)]
    return pairs


def _read_order(order: Any) -> str:
    name = re.sub(r"[\s_→>-]+", "-", str(order).strip().lower()).removeprefix("conv-")
    if name not in TEN:
        raise Unclear(f"not among the ten: {order}")
    return name


def _same_checks(pairs: list[frozenset[str]]) -> Checks:
    found, right = set(pairs), _pairs()
    for wrong in sorted(found - right, key=sorted):
        one, other = sorted(wrong)
        parts = [order.split("-") for order in (one, other)]
        before = [set(names[: names.index("bn")]) for names in parts]
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
    yield (
        found or not missing,
        f"There are {missing} such pairs. Which neighbors may change places?",
    )
    yield missing == 0, f"Those are right; {missing} more among the ten. Look for act beside drop."


same = Exercise(
    "which are the same",
    f"""Which of the ten orders are the same function if the activation is relu and the pooling
    max? Give a list of pairs, such as `[("a", "b"), ("c", "d")]`, of: {", ".join(TEN)}.""",
    _same_checks,
    [tuple(sorted(pair)) for pair in sorted(_pairs(), key=sorted)],
    _read_pairs,
)

# --- how many seeds


SD, DIFFERENCE = 0.005, 0.0413 - 0.0389
QUANTILES = stats.norm.ppf(0.975), stats.norm.ppf(0.8)  # 1.96 and 0.84
NEEDED = 2 * sum(QUANTILES) ** 2 * (SD / DIFFERENCE) ** 2


def _seeds_checks(answer: float) -> Checks:
    squared = (SD / DIFFERENCE) ** 2
    yield (
        not _near(answer, QUANTILES[0] ** 2 * squared, 1.5),
        "Variances of the two configurations add up: twice as many. And a power of 80 % needs "
        "0.84 beside 1.96.",
    )
    yield (
        not _near(answer, NEEDED * DIFFERENCE / SD, 0.4),
        "The ratio of noise to difference enters squared.",
    )
    yield (
        not 36 < answer <= 38,
        "So many would do for paired runs whose differences have that standard deviation. Here "
        "runs are not paired: both orders are noisy.",
    )
    yield (
        not 33.2 <= answer <= 36,
        "Either the factor 2 (two configurations, both noisy) or the 0.84 for a power of 80 % is "
        "missing.",
    )
    yield not _near(answer, 2 * NEEDED, 6), "That is for both together: per configuration."
    yield (
        66 <= answer <= 72,
        "About 2 · (1.96 + 0.84)² · (sd / difference)² seeds for each configuration.",
    )


seeds = Exercise(
    "how many seeds",
    """In the table, the orders ranked second and third have losses 0.0389 and 0.0413. Say
    the standard deviation between seeds is 0.005, and runs are not paired. How many seeds does
    each order need, so that a difference of this size is seen in 80 % of such comparisons, at
    95 % confidence?""",
    _seeds_checks,
    math.ceil(NEEDED),
    number,
)

# --- a paired interval


def _ends(function: Learner, a: numpy.ndarray, b: numpy.ndarray) -> tuple[float, ...]:
    """Call it with NumPy's arrays, which SciPy asks for, else with MXNet's, which `np` asks for."""
    try:
        return numbers(function.raw(a, b), 2)
    except LearnerError as error:
        try:
            return numbers(function(a, b), 2)
        except LearnerError:
            raise error from None


def _interval_checks(function: Learner) -> Checks:
    random = numpy.random.RandomState(4)
    shared = random.normal(0, 1, 9)  # what a seed decides for both
    a = shared + random.normal(0, 0.2, 9)
    b = shared + 0.3 + random.normal(0, 0.2, 9)
    given = a.copy(), b.copy()
    low, high = _ends(function, *given)
    yield (
        numpy.array_equal(given, (a, b)),
        "Your function changed its argument in place: leave it as it was.",
    )
    difference, n = b - a, len(a)
    t = stats.t.ppf(0.975, n - 1)
    half = t * difference.std(ddof=1) / n**0.5

    def is_near(center, width):
        return close([low, high], [center - width, center + width])

    mean = difference.mean()
    yield not is_near(-mean, half), "The sign: b minus a."
    yield not is_near(mean, -half), "The lower end comes first: (low, high)."
    apart = (a.var(ddof=1) / n + b.var(ddof=1) / n) ** 0.5
    yield (
        not any(is_near(mean, q * apart) for q in (1.96, t, stats.t.ppf(0.975, 2 * n - 2))),
        "You treat the two as unrelated. Subtract first, seed by seed: what a seed does to both "
        "cancels.",
    )
    yield (
        not any(is_near(mean, q * difference.std(ddof=d)) for q in (1.0, 1.96, t) for d in (0, 1)),
        "That is the spread of single differences. The mean of n of them is √n times steadier.",
    )
    yield (
        not any(is_near(mean, q * difference.std() / n**0.5) for q in (1.96, t)),
        "Estimated from n values, a standard deviation divides by n - 1: use ddof=1.",
    )
    yield (
        not any(is_near(mean, q * difference.std(ddof=1) / n**0.5) for q in (1.96, 2.0)),
        "1.96 holds for many seeds; with nine the t distribution has heavier tails: "
        "scipy.stats.t.ppf(0.975, n - 1).",
    )
    one_sided = stats.t.ppf(0.95, n - 1)
    yield (
        not is_near(mean, one_sided * difference.std(ddof=1) / n**0.5),
        "95 % in the middle leave 2.5 % at each end: the quantile is that of 0.975.",
    )
    yield is_near(mean, half), "Mean of b - a, plus and minus t · sd / √n."
    again = _ends(function, a[:5], b[:5])
    right = stats.ttest_rel(b[:5], a[:5]).confidence_interval()
    yield (
        close(again, list(right)),
        "Right for nine seeds, not for five: take their number from len(a), also for the quantile.",
    )
    exchanged = _ends(function, b, a)
    yield (
        close(exchanged, [-high, -low]),
        "If a and b change places, low and high must become -high and -low. Yours do not: a "
        "difference may be negative, keep its sign.",
    )


def paired_interval(a, b):
    difference = b - a
    t = stats.t.ppf(0.975, len(a) - 1)
    half = t * difference.std(ddof=1) / len(a) ** 0.5
    return difference.mean() - half, difference.mean() + half


interval = Exercise(
    "a paired interval",
    """Write `paired_interval(a, b)`: the pair (low, high) that holds the true mean of b - a with
    95 % confidence. `a` and `b` are NumPy arrays of shape (seeds,): the losses of two orders,
    seed by seed. The quantiles of t are in `scipy.stats`.""",
    _interval_checks,
    paired_interval,
)
