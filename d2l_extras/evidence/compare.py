"""Compare configurations that were run with the same seeds: differences, ranks, plain words.

An interval covers what changes between seeds, and nothing else: see what a seed decides.
"""

import itertools
import math

import numpy
import pandas
from scipy import stats


def contrasts(
    table, metric, factor, planned, *, pair="seed", confidence=0.95, lower_is_better=True
):
    """Answer questions that were asked before looking, each by paired differences.

    Two runs of one seed share what the seed decides (data, initial weights, minibatches), and the
    difference leaves that out. Every seed gives one value of a question, and a t-test says what
    the values have in common. Each interval is the question's own; the verdicts hold together:
    the p-values are Holm's, of all questions that are named.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each configuration and seed.
    metric, factor, pair : str
        The columns with the measurement, the configuration and the seed.
    planned : dict
        From the name of a question to two configurations, the first minus the second, or to the
        weights of several, `{"a": 1, "b": -1, "c": -1, "d": 1}`: they sum to 0. That one asks
        whether the step from b to a is as large as that from d to c: an interaction.
    confidence : float
        Of each interval, in (0, 1); verdicts are at 1 - confidence.
    lower_is_better : bool
        True for a loss, False for an accuracy.

    Returns
    -------
    pandas.DataFrame
        One row for each question, as planned: `difference`, its interval `low` to `high`, how many
        `seeds`, the p-value `p` after Holm's correction, `excluded` (the interval excludes any
        difference larger than this, either way), and the `verdict`: "better", "worse", "cannot
        tell", or "the same" where every pair agrees.

    Raises
    ------
    ValueError
        If a question names a configuration that is not there or its weights do not sum to 0; if
        there are fewer than two seeds, a configuration lacks one or has one twice.

    References
    ----------
    S. Holm: A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6, 1979.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aaabbb"], "seed": [0, 1, 2] * 2,
    ...                          "loss": [0.50, 0.40, 0.61, 0.40, 0.31, 0.50]})
    >>> result = contrasts(runs, "loss", "net", {"b for a": ("b", "a")})
    >>> print(sentence(result.iloc[0]))
    b for a: better by 0.100 (0.075 to 0.125), 3 seeds
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    weights = {name: _weights(name, question) for name, question in planned.items()}
    needed = {c for each in weights.values() for c in each}
    missing = sorted(needed - set(_column(table, factor)), key=str)
    if missing:
        there = ", ".join(map(str, table[factor].unique()))
        raise ValueError(f"{factor} has no {missing[0]!r}, only {there}")
    runs = _by_seed(table[table[factor].isin(needed)], metric, factor, pair)
    rows = []
    for name, each in weights.items():
        values = sum(weight * runs[c] for c, weight in each.items())
        row = {"question": name, "difference": values.mean(), "seeds": len(values)}
        if values.std() <= 1e-12 * abs(runs).max().max():  # no noise at all: nothing to test
            row |= {"low": row["difference"], "high": row["difference"]}
            row["p"] = float(abs(row["difference"]) <= 1e-12)
        else:
            test = stats.ttest_1samp(values, 0)
            row["low"], row["high"] = test.confidence_interval(confidence)
            row["p"] = test.pvalue
        rows.append(row)
    result = pandas.DataFrame(rows).set_index("question")
    result["p"] = holm(result.p)
    result["excluded"] = abs(result[["low", "high"]]).max(axis=1)
    result["verdict"] = [
        _verdict(row, 1 - confidence, lower_is_better) for row in result.itertuples()
    ]
    return result[["difference", "low", "high", "seeds", "p", "excluded", "verdict"]]


def paired(
    table, metric, factor, baseline, *, planned=None, pair="seed", confidence=0.95,
    lower_is_better=True,
):  # fmt: skip
    """Compare configurations with one of them, seed by seed.

    Parameters
    ----------
    table, metric, factor, pair, confidence, lower_is_better
        As in `contrasts`.
    baseline : object
        The configuration that the others are compared with.
    planned : sequence, optional
        Those to compare, named before looking: verdicts pay for as many. All if left out.

    Returns
    -------
    pandas.DataFrame
        As `contrasts` returns it, with the `mean` of each configuration: the baseline first, the
        others from best to worst.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aaabbb"], "seed": [0, 1, 2] * 2,
    ...                          "loss": [0.50, 0.40, 0.61, 0.40, 0.31, 0.50]})
    >>> result = paired(runs, "loss", "net", baseline="a")
    >>> result.verdict.to_dict()
    {'a': 'baseline', 'b': 'better'}
    >>> [round(float(result.loc["b", name]), 3) for name in ("low", "difference", "high")]
    [-0.125, -0.1, -0.075]
    """
    names = list(_column(table, factor).unique()) if planned is None else list(planned)
    others = [name for name in names if name != baseline]
    result = contrasts(
        table, metric, factor, {name: (name, baseline) for name in others}, pair=pair,
        confidence=confidence, lower_is_better=lower_is_better,
    )  # fmt: skip
    means = table[table[factor].isin([baseline, *others])].groupby(factor)[metric].mean()
    result.insert(0, "mean", means)
    result = result.sort_values("mean", ascending=lower_is_better, kind="stable")
    first = pandas.DataFrame(
        [{"mean": means[baseline], "difference": 0.0, "verdict": "baseline"}], index=[baseline]
    )
    return pandas.concat([first, result]).reindex(columns=result.columns).rename_axis(factor)


def sentence(row, name=None, digits=3):
    """Return in plain words what a row of `contrasts` or `paired` says.

    Examples
    --------
    >>> row = pandas.Series({"difference": -0.1, "low": -0.3, "high": 0.1, "seeds": 9,
    ...                      "excluded": 0.3, "verdict": "cannot tell"}, name="b for a")
    >>> sentence(row)
    'b for a: cannot tell (-0.300 to +0.100), 9 seeds; a difference beyond 0.300 is excluded'
    """
    name = row.name if name is None else name
    if row["verdict"] == "the same":
        return f"{name}: the same in every run"
    seeds = f"{row['seeds']:.0f} seeds"
    if row["verdict"] != "cannot tell":
        low, high = sorted(abs(row[end]) for end in ("low", "high"))
        size = f"{abs(row['difference']):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
        return f"{name}: {row['verdict']} by {size}, {seeds}"
    interval = f"{row['low']:+.{digits}f} to {row['high']:+.{digits}f}"
    if not row["low"] <= 0 <= row["high"]:  # by itself it could be told, among so many it cannot
        interval += f", but p = {row['p']:.2f} among all that was asked"
    beyond = f"a difference beyond {row['excluded']:.{digits}f} is excluded"
    return f"{name}: cannot tell ({interval}), {seeds}; {beyond}"


def holm(p):
    """Return p-values that hold for a family of questions: Holm's step-down correction.

    Examples
    --------
    >>> [round(float(value), 3) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = numpy.asarray(p, dtype="float64")
    order = numpy.argsort(p)
    stepped = p[order] * numpy.arange(len(p), 0, -1)  # the smallest times k, the next times k - 1
    result = numpy.empty_like(p)
    result[order] = numpy.minimum(1, numpy.maximum.accumulate(stepped))
    return result


def tuned(table, factor, by, settings, *, pair="seed", lower_is_better=True):
    """Return, for each configuration and seed, the row of the settings that are best by a column.

    Choose by the validation loss, then compare the test losses: best tuned against best tuned.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each configuration, seed and setting.
    factor, pair : str
        The columns with the configuration and the seed.
    by : str
        The column to choose by.
    settings : sequence of str
        The columns that may be chosen, such as the dropout rates.
    lower_is_better : bool
        True for a loss, False for an accuracy.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aaaa"], "seed": [0, 0, 1, 1], "rate": [0, 0.5] * 2,
    ...                          "val": [0.3, 0.2, 0.1, 0.4], "test": [0.5, 0.6, 0.7, 0.8]})
    >>> tuned(runs, "net", "val", ["rate"])[["seed", "rate", "test"]].to_numpy().tolist()
    [[0.0, 0.5, 0.6], [1.0, 0.0, 0.7]]
    """
    for name in (factor, by, pair, *settings):
        _column(table, name)
    twice = table[table.duplicated([factor, pair, *settings])]
    if len(twice):
        row = twice.iloc[0][[factor, pair, *settings]].to_dict()
        raise ValueError(f"these settings are there twice: {row}")
    if table[by].isna().any():
        raise ValueError(f"there is nothing to choose by: {by} is missing in some rows")
    best = table.groupby([factor, pair], sort=False)[by]
    return table.loc[best.idxmin() if lower_is_better else best.idxmax()].reset_index(drop=True)


def agreement(table, metric, factor, *, pair="seed"):
    """Return how far all judges rank the configurations alike, and how sure that is not chance.

    Kendall's W: 1 if all rank alike, 0 if their ranks cancel out. The judges are the seeds, or
    what `pair` names: rates, budgets. Of m judges whose ranks have nothing in common W is 1 / m on
    average, not 0: one half for two of them.

    Returns
    -------
    tuple of float
        W, and the p-value of Friedman's test that no configuration differs (`scipy.stats`).

    References
    ----------
    M. G. Kendall and B. Babington Smith: The problem of m rankings. Annals of Mathematical
    Statistics 10, 1939.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aaabbbccc"], "seed": [0, 1, 2] * 3,
    ...                          "loss": [0.5, 0.4, 0.6, 0.6, 0.5, 0.7, 0.1, 0.2, 0.3]})
    >>> agreement(runs, "loss", "net")[0]
    1.0
    """
    runs = _by_seed(table, metric, factor, pair)
    if runs.shape[1] < 3:
        raise ValueError(f"ranks need at least three of {factor}, got {runs.shape[1]}")
    test = stats.friedmanchisquare(*[runs[name] for name in runs])
    judges, ranked = runs.shape
    return float(test.statistic / (judges * (ranked - 1))), float(test.pvalue)


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
        The first is that of the configurations' means, less what the seeds give such means beyond
        what they give all configurations alike (0 if that is all); the second is the root of the
        mean of the configurations' own variances.

    Examples
    --------
    >>> runs = pandas.DataFrame({"net": [*"aabb"], "seed": [0, 1] * 2, "loss": [1, 2, 7, 9.]})
    >>> tuple(round(value, 2) for value in spread(runs, "loss", "net"))
    (4.58, 1.12)
    """
    runs = _by_seed(table, metric, factor, pair)
    own = runs.sub(runs.mean(axis=1), axis=0)  # what a seed does to all alike moves no difference
    rest = own.var().sum() / max(1, runs.shape[1] - 1)
    between = runs.mean().var() - rest / len(runs)
    return float(max(0.0, between) ** 0.5), float(runs.var().mean() ** 0.5)


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


def _column(table, name):
    if name not in table:
        raise ValueError(f"the table has no column {name!r}, only {', '.join(table.columns)}")
    return table[name]


def _weights(name, question):
    """Return the weights of a question, or say what is wrong with it."""
    if isinstance(question, tuple | list):
        if len(question) != 2 or question[0] == question[1]:
            raise ValueError(f"{name!r} must name two configurations, got {question!r}")
        return {question[0]: 1, question[1]: -1}
    if not isinstance(question, dict) or not question or abs(sum(question.values())) > 1e-9:
        raise ValueError(f"{name!r} must have weights that sum to 0, got {question!r}")
    return question


def _by_seed(table, metric, factor, pair):
    """Return the metric with a row for each seed and a column for each configuration."""
    for name in (metric, factor, pair):
        _column(table, name)
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


def _verdict(row, alpha, lower_is_better):
    if row.low == row.high == 0:
        return "the same"
    if row.p >= alpha:
        return "cannot tell"
    return "better" if (row.difference < 0) == lower_is_better else "worse"
