"""Compare configurations that were run with the same seeds: differences, ranks, plain words."""

import itertools
import math

import numpy
import pandas
from scipy import stats


def paired(table, metric, factor, baseline, *, pair="seed", confidence=0.95, lower_is_better=True):
    """Compare each configuration with one of them, seed by seed.

    Two runs of one seed share what the seed decides (initial weights, minibatches), so that their
    difference is less noisy than either. The intervals hold together: with k comparisons, each
    one has confidence 1 - (1 - confidence) / k (Bonferroni).

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each configuration and seed.
    metric, factor, pair : str
        The columns with the measurement, the configuration and the seed.
    baseline : object
        The configuration that the others are compared with.
    confidence : float
        That all intervals together hold what they say, in (0, 1).
    lower_is_better : bool
        True for a loss, False for an accuracy.

    Returns
    -------
    pandas.DataFrame
        One row for each configuration, the baseline first, the others from best to worst: its
        `mean`; `difference` to the baseline with the interval `low` to `high` (paired t); its
        `verdict`, "better", "worse", "cannot tell", or "the same" where every pair agrees; where
        it cannot be told, about how many `seeds` could, were the true difference the measured
        one (`seeds_needed`).

    Raises
    ------
    ValueError
        If the table has fewer than two seeds, a configuration lacks a seed or has one twice, or
        a value is missing.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aaabbb"], "seed": [0, 1, 2] * 2,
    ...                          "loss": [0.50, 0.40, 0.61, 0.40, 0.31, 0.50]})
    >>> result = paired(runs, "loss", "net", baseline="a")
    >>> result.verdict.to_dict()
    {'a': 'baseline', 'b': 'better'}
    >>> [round(float(result.loc["b", name]), 2) for name in ("low", "difference", "high")]
    [-0.12, -0.1, -0.08]
    """
    runs = _by_seed(table, metric, factor, pair)
    if baseline not in runs:
        raise ValueError(f"{factor} has no {baseline!r}, only {', '.join(map(str, runs))}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    others = [name for name in runs if name != baseline]
    each = 1 - (1 - confidence) / max(1, len(others))
    rows = [{factor: baseline, "mean": runs[baseline].mean(), "difference": 0.0,
             "verdict": "baseline"}]  # fmt: skip
    for name in runs[others].mean().sort_values(ascending=lower_is_better).index:
        difference = runs[name] - runs[baseline]
        row = {factor: name, "mean": runs[name].mean(), "difference": difference.mean()}
        if (difference == 0).all():
            row |= {"low": 0.0, "high": 0.0, "verdict": "the same"}
        else:
            test = stats.ttest_rel(runs[name], runs[baseline])
            row["low"], row["high"] = test.confidence_interval(each)
            row["verdict"] = _verdict(row["low"], row["high"], lower_is_better)
            if row["verdict"] == "cannot tell":
                sd = difference.std()
                row["seeds"] = seeds_needed(row["difference"], sd, confidence=each)
        rows.append(row)
    columns = ["mean", "difference", "low", "high", "verdict", "seeds"]
    return pandas.DataFrame(rows).set_index(factor).reindex(columns=columns)


def sentence(name, row, seeds, baseline):
    """Return in plain words what a row of `paired` says.

    Examples
    --------
    >>> row = {"difference": -0.1, "low": -0.3, "high": 0.1, "verdict": "cannot tell", "seeds": 35}
    >>> sentence("b", row, seeds=9, baseline="a")
    'b against a: cannot tell at 9 seeds (-0.300 to +0.100); about 35 could'
    """
    interval = f"({row['low']:+.3f} to {row['high']:+.3f})"
    if row["verdict"] == "the same":
        return f"{name} against {baseline}: the same in every run"
    if row["verdict"] != "cannot tell":
        return f"{name} against {baseline}: {row['verdict']} {interval}"
    needed = f"about {row['seeds']:.0f}" if row["seeds"] <= 1000 else "more than 1,000"
    return f"{name} against {baseline}: cannot tell at {seeds} seeds {interval}; {needed} could"


def ranks(table, metric, factor, *, pair="seed", confidence=0.95, lower_is_better=True):
    """Rank the configurations by their means over the seeds, and say how sure the ranks are.

    The interval of a rank comes from the bootstrap: the seeds are drawn again with replacement,
    9,999 times, and the configurations are ranked each time.

    Returns
    -------
    pandas.DataFrame
        One row for each configuration, from best to worst: `mean`, `sd` between seeds, `rank`
        (1 is best), `low` and `high`.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aaabbbccc"], "seed": [0, 1, 2] * 3,
    ...                          "loss": [0.5, 0.4, 0.6, 0.6, 0.4, 0.5, 0.1, 0.2, 0.3]})
    >>> ranks(runs, "loss", "net")[["rank", "low", "high"]].to_dict("index")["a"]
    {'rank': 2.5, 'low': 2.0, 'high': 3.0}
    """
    runs = _by_seed(table, metric, factor, pair)
    sign = 1 if lower_is_better else -1

    def rank(*samples, axis):
        return stats.rankdata(sign * numpy.mean(samples, axis=axis).round(12), axis=0)

    drawn = stats.bootstrap(
        [runs[name].to_numpy() for name in runs], rank, paired=True, vectorized=True, axis=-1,
        confidence_level=confidence, method="percentile", batch=1000,
        random_state=numpy.random.RandomState(0),
    )  # fmt: skip
    result = pandas.DataFrame({"mean": runs.mean(), "sd": runs.std()})
    result["rank"] = rank(*[runs[name].to_numpy() for name in runs], axis=-1)
    result["low"], result["high"] = drawn.confidence_interval
    return result.sort_values(["rank", "mean"])


def spread(table, metric, factor, *, pair="seed"):
    """Return the standard deviation between configurations, and between the seeds of one.

    Returns
    -------
    tuple of float
        The first is that of the configurations' means, less what the noise of the seeds alone
        gives such means (0 if that is all); the second is the mean of the configurations' own.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aabb"], "seed": [0, 1] * 2, "loss": [1, 2, 7, 8.]})
    >>> tuple(round(value, 2) for value in spread(runs, "loss", "net"))
    (4.21, 0.71)
    """
    runs = _by_seed(table, metric, factor, pair)
    noise = (runs.var().mean()) ** 0.5
    between = runs.mean().var() - noise**2 / len(runs)
    return float(max(0.0, between) ** 0.5), float(noise)


def seeds_needed(difference, sd, *, paired=True, confidence=0.95, power=0.8):
    """Return how many seeds a t-test needs to see a true difference.

    Parameters
    ----------
    difference : float
        The true difference of the two means.
    sd : float
        Standard deviation of the differences between paired runs; if not paired, of the runs of
        one configuration. Not negative.
    paired : bool
        Whether both configurations are run with the same seeds.
    confidence : float
        One minus the probability to see a difference where there is none.
    power : float
        Probability to see the difference; both in (0, 1).

    Returns
    -------
    float
        A whole number of seeds, for each of the two configurations; infinite if there is no
        difference to see.

    References
    ----------
    J. Cohen: Statistical Power Analysis for the Behavioral Sciences, 2nd edition, 1988, chapter 2.

    Examples
    --------
    >>> seeds_needed(0.0024, 0.005, paired=False)
    70.0
    >>> seeds_needed(0.0024, 0.001)
    4.0
    """
    for name, value in (("confidence", confidence), ("power", power)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must be between 0 and 1, got {value}")
    if not sd >= 0:
        raise ValueError(f"the standard deviation must not be negative, got {sd}")
    if difference == 0:
        return math.inf
    if sd == 0:
        return 2.0
    arms = 1 if paired else 2
    effect = abs(difference) / sd
    normal = stats.norm.ppf((1 + confidence) / 2) + stats.norm.ppf(power)
    for n in itertools.count(max(2, math.ceil(arms * (normal / effect) ** 2))):
        freedom = arms * (n - 1)
        limit = stats.t.ppf((1 + confidence) / 2, freedom)
        with numpy.errstate(all="ignore"):  # SciPy 1.10 divides by zero at some few seeds
            found = stats.nct.sf(limit, freedom, effect * (n / arms) ** 0.5)
        if found >= power:
            return float(n)


def _by_seed(table, metric, factor, pair):
    """Return the metric with a row for each seed and a column for each configuration."""
    for name in (metric, factor, pair):
        if name not in table:
            raise ValueError(f"the table has no column {name!r}, only {', '.join(table.columns)}")
    twice = table[table.duplicated([factor, pair])]
    if len(twice):
        name, seed = twice.iloc[0][[factor, pair]]
        raise ValueError(f"{factor} {name!r} has {pair} {seed} twice: choose rows that differ")
    runs = table.pivot(index=pair, columns=factor, values=metric)[table[factor].unique()]
    missing = runs.isna().stack()
    if missing.any():
        seed, name = missing.index[missing][0]
        raise ValueError(f"{factor} {name!r} has no {metric} for {pair} {seed}")
    if len(runs) < 2:
        raise ValueError(f"nothing is known about noise from fewer than two seeds, got {len(runs)}")
    return runs


def _verdict(low, high, lower_is_better):
    if low <= 0 <= high:
        return "cannot tell"
    return "better" if (high < 0) == lower_is_better else "worse"
