"""For each exercise of chapter 7: other right answers, and classic mistakes with their hints."""

from fractions import Fraction

import numpy

from d2l_extras.chapters.layer_order import exercises as layer_order
from tests.chapters.notebook import typed

PAIRS = [
    ("act-drop-bn-pool", "drop-act-bn-pool"),
    ("act-drop-pool-bn", "drop-act-pool-bn"),
    ("bn-act-drop-pool", "bn-drop-act-pool"),
]


def formula(*lines):
    """Return what a learner typed as the body of `dropped_variance`."""
    body = "\n    ".join(lines)
    return typed(f"def dropped_variance(p, mean, variance):\n    {body}", "dropped_variance")


def interval(*lines):
    """Return what a learner typed as the body of `paired_interval`."""
    body = "\n    ".join(lines)
    source = f"from scipy import stats\ndef paired_interval(a, b):\n    {body}"
    return typed(source, "paired_interval")


def ends(half="t * sd / n ** 0.5", difference="b - a", sd="d.std(ddof=1)", level=0.975):
    return interval(
        f"d, n = {difference}, len(a)",
        f"sd, t = {sd}, stats.t.ppf({level}, n - 1)",
        f"return d.mean() - {half}, d.mean() + {half}",
    )


CASES = {
    layer_order.variance: {
        "right": [
            formula("return (variance + mean**2) / (1 - p) - mean**2"),
            formula("return variance / (1 - p) + p / (1 - p) * np.square(mean)"),
            formula("kept = 1 - p", "squares = (mean ** 2 + variance) * kept / kept ** 2",
                    "return squares - mean ** 2"),
            formula("return np.add(variance, p * np.power(mean, 2)) / (1 - p)"),
        ],
        "wrong": [
            (formula("return variance * (1 - p)"), "in predict mode"),
            (formula("return variance / (1 - p) ** 2"), "one of the two factors"),
            (formula("return variance / p"), "to be dropped"),
            (formula("return (variance / (1 - p)) ** 0.5"), "its square"),
            (formula("return variance + 0 * p"), "mean 0 and variance 2"),
            (formula("return variance / (1 - p)"), "zeros among the values"),
            (formula("return (variance + mean ** 2) / (1 - p)"), "mean of the squares"),
            (formula("return (variance + mean) / (1 - p)"), "In general"),
            (formula("if np.ndim(p) == 0 and np.ndim(mean) > 0:", "    return variance.max()",
                     "return (variance + p * mean ** 2) / (1 - p)"), "may be arrays"),
            (formula("return (variance + p * mean * abs(mean)) / (1 - p)"), "squared"),
            (formula("if np.ndim(p) == np.ndim(mean) == 0:", "    return 0",
                     "return (variance + p * mean ** 2) / (1 - p)"), "three plain numbers"),
            (formula("p += 0.1", "return variance / p"), "in place"),
            (formula("variance / (1 - p)"), "returned nothing"),
        ],
    },
    layer_order.halving: {
        "right": [0.5, numpy.float32(0.5), "50 %", "1/2", Fraction(1, 2), "half",
                  typed("answer = 1 - 0.5"), typed("answer = np.array(0.5)")],
        "wrong": [
            (0.25, "three quarters"), ("3/4", "only a quarter"), (0.293, "standard deviation"),
            (0.9, "1 - p of what it was"), (50, "between 0 and 1"), ("p", "one number"),
        ],
    },
    layer_order.scale: {
        "right": [0.6366, 0.405**0.5, "0.637", "sqrt(0.405) = 0.636",
                  "63.7 %", typed("answer = np.sqrt(0.341 / 0.841)"),
                  typed("m = 1 / (2 * np.pi) ** 0.5\nv = 0.5 - m ** 2\n"
                        "answer = (v / ((v + 0.5 * m ** 2) / 0.5)) ** 0.5")],
        "wrong": [
            (0.405, "The scale is its root"), (0.7071, "mean 0"), (0.5, "Not 1 - p"),
            (1.57, "other way round"), (0.64, "0.341 / 0.841"),
            ((0.341, 0.841), "one number"),
        ],
    },
    layer_order.same: {
        "right": [
            PAIRS, [set(pair) for pair in PAIRS], tuple(pair[::-1] for pair in PAIRS[::-1]),
            dict(PAIRS), [[f"conv-{one}", other.upper()] for one, other in PAIRS],
            set(PAIRS), [*PAIRS, PAIRS[0]], [f"{one} and {other}" for one, other in PAIRS],
            "; ".join(f"{one}, {other}" for one, other in PAIRS),
            "\n".join(f"{one} = {other}" for one, other in PAIRS),
            [(one.replace("-", " "), other) for one, other in PAIRS],
            [("conv → " + one.replace("-", " → "), other) for one, other in PAIRS],
            numpy.array(PAIRS),
        ],
        "wrong": [
            (["bn-act-drop-pool"], "in the place of a pair"),
            ("act-drop-bn-pool", "a list of pairs"),
            ([("bn-act-drop-pool", "bn-relu-drop-pool")], "ot among the ten: bn-relu-drop-pool"),
            ([*PAIRS, ("bn-act-drop-pool", "act-bn-drop-pool")], "commutes with nothing"),
            ([*PAIRS, ("bn-act-pool-drop", "bn-act-drop-pool")], "after it each square"),
            ([*PAIRS, ("act-drop-bn-pool", "act-drop-bn-pool")], "two different orders"),
            (PAIRS[:2], "1 more among the ten"),
            (PAIRS[0], "2 more among the ten"),
            ([], "There are 3 such pairs"),
            ([(1, 2)], "ot among the ten: 1"),
        ],
    },
    layer_order.seeds: {
        "right": [68, 69.0, 71, "70", "≈ 68",
                  typed("answer = 2 * 2.8 ** 2 * (0.005 / 0.0024) ** 2"),
                  typed("answer = np.ceil(np.array(68.1))")],
        "wrong": [
            (17, "twice as many"), (34, "the factor 2"), (136, "per configuration"),
            (33, "squared"), (typed("from d2l_extras import compare\n"
                                    "answer = compare.seeds_needed(0.0024, 0.005)"), "not paired"),
            (3, "About 2"), ("many", "one number"),
        ],
    },
    layer_order.interval: {
        "right": [
            ends(),
            ends("stats.sem(d) * t"),
            ends("t * sd / np.sqrt(n)"),
            interval("d = (b - a).asnumpy()",
                     "half = stats.t.ppf(0.975, d.size - 1) * stats.sem(d)",
                     "return [d.mean() - half, d.mean() + half]"),
            interval("test = stats.ttest_rel(b.asnumpy(), a.asnumpy())",
                     "return test.confidence_interval()"),
            interval("d = [float(y) - float(x) for x, y in zip(a, b)]", "n = len(d)",
                     "m = sum(d) / n", "sd = (sum((x - m) ** 2 for x in d) / (n - 1)) ** 0.5",
                     "t = stats.t(n - 1).ppf(0.975)",
                     "return m - t * sd / n ** 0.5, m + t * sd / n ** 0.5"),
            interval("return stats.ttest_rel(b, a).confidence_interval(0.95)"),
            interval("d = b - a",
                     "return stats.t.interval(0.95, len(d) - 1, d.mean(), stats.sem(d))"),
        ],
        "wrong": [
            (interval("return (b - a).mean()"), "2 numbers"),
            (ends(difference="a - b"), "b minus a"),
            (ends("-t * sd / n ** 0.5"), "lower end comes first"),
            (ends(sd="(a.var(ddof=1) + b.var(ddof=1)) ** 0.5"), "as unrelated"),
            (ends("t * sd"), "√n times steadier"),
            (ends(sd="d.std()"), "ddof=1"),
            (ends("1.96 * sd / n ** 0.5"), "heavier tails"),
            (ends(level=0.95), "2.5 % at each end"),
            (ends("4 * sd / n ** 0.5"), "plus and minus"),
            (ends("2.306004 * sd / n ** 0.5"), "not for five"),
            (ends(difference="abs(b - a)"), "keep its sign"),
            (interval("a -= b", "return 0, 1"), "in place"),
            (interval("return a.nothing"), "AttributeError"),
        ],
    },
}  # fmt: skip
