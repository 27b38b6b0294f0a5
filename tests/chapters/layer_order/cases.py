"""For each exercise of chapter 7: other right answers, and classic mistakes with their hints."""

import numpy
from scipy import stats

from d2l_extras.chapters.layer_order import exercises as layer_order

PAIRS = [
    ("act-drop-bn-pool", "drop-act-bn-pool"),
    ("act-drop-pool-bn", "drop-act-pool-bn"),
    ("bn-act-drop-pool", "bn-drop-act-pool"),
]


def _squares(p, mean, variance):
    return (variance + mean**2) / (1 - p) - mean**2


def _scalars_only(p, mean, variance):
    return float(numpy.max(_squares(p, mean, variance))) if numpy.ndim(p) == 0 else _squares(
        p, mean, variance
    )  # fmt: skip


def _interval(quantile=None, ddof=1, root=True, sign=1, pair=True):
    def function(a, b):
        n = len(a)
        difference = sign * (b - a)
        q = stats.t.ppf(0.975, n - 1) if quantile is None else quantile
        sd = difference.std(ddof=ddof)
        if not pair:
            sd = (a.var(ddof=1) + b.var(ddof=1)) ** 0.5
        half = q * sd / (n**0.5 if root else 1)
        return difference.mean() - half, difference.mean() + half

    return function


CASES = {
    layer_order.variance: {
        "right": [_squares],
        "wrong": [
            (lambda p, mean, variance: variance * (1 - p), "in predict mode"),
            (lambda p, mean, variance: variance / (1 - p) ** 2, "one of the two factors"),
            (lambda p, mean, variance: variance + 0 * p, "mean 0 and variance 2"),
            (lambda p, mean, variance: variance / (1 - p), "zeros among the values"),
            (lambda p, mean, variance: (variance + mean**2) / (1 - p), "mean of the squares"),
            (lambda p, mean, variance: (variance + mean) / (1 - p), "In general"),
            (_scalars_only, "may be arrays"),
        ],
    },
    layer_order.halving: {
        "right": [0.5, numpy.float32(0.5)],
        "wrong": [
            (0.25, "three quarters"), (0.75, "only a quarter"), (0.293, "standard deviation"),
            (0.9, "1 - p of what it was"),
        ],
    },
    layer_order.scale: {
        "right": [0.6366, 0.405**0.5],
        "wrong": [
            (0.405, "The scale is its root"), (0.7071, "mean 0"), (0.5, "Not 1 - p"),
            (0.9, "0.341 / 0.841"),
        ],
    },
    layer_order.same: {
        "right": [PAIRS, [set(pair) for pair in PAIRS], tuple(pair[::-1] for pair in PAIRS[::-1])],
        "wrong": [
            (["bn-act-drop-pool"], "a list of pairs"),
            ([("bn-act-drop-pool", "bn-relu-drop-pool")], "Not among the ten: bn-relu-drop-pool"),
            ([*PAIRS, ("bn-act-drop-pool", "act-bn-drop-pool")], "commutes with nothing"),
            ([*PAIRS, ("bn-act-pool-drop", "bn-act-drop-pool")], "after it each square"),
            (PAIRS[:2], "1 more among the ten"),
        ],
    },
    layer_order.seeds: {
        "right": [68, 69.0, 71],
        "wrong": [
            (17, "twice as many"), (34, "the factor 2"), (136, "per configuration"),
            (11, "squared"), (3, "About 2"),
        ],
    },
    layer_order.interval: {
        "right": [_interval(), lambda a, b: list(_interval()(a, b))],
        "wrong": [
            (lambda a, b: (b - a).mean(), "a pair"),
            (_interval(sign=-1), "b minus a"),
            (_interval(pair=False), "as unrelated"),
            (_interval(root=False), "√n times steadier"),
            (_interval(ddof=0), "ddof=1"),
            (_interval(quantile=1.96), "heavier tails"),
            (_interval(quantile=4.0), "plus and minus"),
            (_interval(quantile=stats.t.ppf(0.975, 8)), "With five seeds"),
        ],
    },
}  # fmt: skip
