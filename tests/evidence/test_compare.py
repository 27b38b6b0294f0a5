"""Comparisons say what scipy says, in words that the intervals carry."""

import math

import numpy
import pandas
import pytest
from scipy import stats

from d2l_extras import compare

RANDOM = numpy.random.RandomState(0)
SHARED = RANDOM.normal(0, 1, 12)  # what a seed decides for every configuration
MEANS = {"base": 0.0, "better": -0.5, "worse": 0.4, "near": 0.01}
RUNS = pandas.DataFrame(
    [
        {"net": name, "seed": seed, "loss": mean + SHARED[seed] + RANDOM.normal(0, 0.1)}
        for name, mean in MEANS.items()
        for seed in range(12)
    ]
)


def losses(name):
    return RUNS[RUNS.net == name].sort_values("seed").loss.to_numpy()


def test_paired_differences_are_those_of_scipy_with_shared_confidence():
    result = compare.paired(RUNS, "loss", "net", baseline="base")
    for name in ("better", "worse", "near"):
        test = stats.ttest_rel(losses(name), losses("base"))
        low, high = test.confidence_interval(1 - 0.05 / 3)
        row = result.loc[name]
        assert row.difference == pytest.approx((losses(name) - losses("base")).mean())
        assert (row.low, row.high) == pytest.approx((low, high))


def test_verdicts_are_plain_words_and_the_best_comes_first():
    result = compare.paired(RUNS, "loss", "net", baseline="base")
    assert result.verdict.to_dict() == {
        "base": "baseline", "better": "better", "near": "cannot tell", "worse": "worse",
    }  # fmt: skip
    assert list(result.index) == ["base", "better", "near", "worse"]


def test_pairing_sees_what_unpaired_runs_hide():
    """The seeds' common part is ten times the difference: without pairing nothing is seen."""
    assert stats.ttest_ind(losses("worse"), losses("base")).pvalue > 0.05


def test_for_an_accuracy_more_is_better():
    result = compare.paired(RUNS, "loss", "net", baseline="base", lower_is_better=False)
    assert result.verdict["worse"] == "better"
    assert list(result.index)[1] == "worse"


def test_runs_that_agree_are_called_the_same():
    copy = RUNS[RUNS.net == "base"].assign(net="copy")
    result = compare.paired(pandas.concat([RUNS, copy]), "loss", "net", baseline="base")
    assert result.verdict["copy"] == "the same"
    sentence = compare.sentence("copy", result.loc["copy"], 12, "base")
    assert sentence == "copy against base: the same in every run"


def test_order_of_rows_does_not_matter():
    mixed = RUNS.sample(frac=1, random_state=1)
    one = compare.paired(RUNS, "loss", "net", baseline="base")
    other = compare.paired(mixed, "loss", "net", baseline="base")
    pandas.testing.assert_frame_equal(one, other, rtol=1e-12)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda t: t.drop(t.index[0]), "'base' has no loss for seed 0"),
        (lambda t: t.assign(loss=t.loss.where(t.index != 13)), "'better' has no loss for seed 1"),
        (lambda t: pandas.concat([t, t[:1]]), "'base' has seed 0 twice"),
        (lambda t: t[t.seed == 0], "fewer than two seeds, got 1"),
        (lambda t: t.drop(columns="seed"), "no column 'seed', only net, loss"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(change, said):
    table = change(RUNS)
    for function in (compare.ranks, compare.spread, lambda *a: compare.paired(*a, "base")):
        with pytest.raises(ValueError, match=said):
            function(table, "loss", "net")


def test_an_unknown_baseline_is_refused():
    with pytest.raises(ValueError, match="net has no 'other', only base, better, worse, near"):
        compare.paired(RUNS, "loss", "net", baseline="other")


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_probability(confidence):
    with pytest.raises(ValueError, match=f"between 0 and 1, got {confidence}"):
        compare.paired(RUNS, "loss", "net", baseline="base", confidence=confidence)


def test_ranks_are_sure_where_differences_are_large_and_not_where_they_are_small():
    result = compare.ranks(RUNS, "loss", "net")
    assert list(result.index[[0, -1]]) == ["better", "worse"]
    assert tuple(result.loc["better", ["low", "high"]]) == (1, 1)
    assert tuple(result.loc["worse", ["low", "high"]]) == (4, 4)
    near = result.loc["near"]
    assert (near.low, near.high) == (2, 3)


def test_ranks_of_an_accuracy_go_the_other_way():
    losses, accuracies = (
        compare.ranks(RUNS.assign(loss=sign * RUNS.loss), "loss", "net", lower_is_better=lower)
        for sign, lower in ((1, True), (-1, False))
    )
    columns = ["rank", "low", "high"]
    pandas.testing.assert_frame_equal(losses[columns], accuracies[columns])


def test_ranks_are_surer_at_less_confidence():
    noisy = RUNS.assign(loss=numpy.random.RandomState(3).normal(size=len(RUNS)))
    widths = [
        (table.high - table.low).sum()
        for table in (compare.ranks(noisy, "loss", "net", confidence=c) for c in (0.2, 0.95))
    ]
    assert widths[0] < widths[1]


def test_spread_is_that_of_the_analysis_of_variance():
    between, noise = compare.spread(RUNS, "loss", "net")
    groups = [losses(name) for name in MEANS]
    ratio = stats.f_oneway(*groups).statistic
    within = numpy.mean([group.var(ddof=1) for group in groups])
    assert noise**2 == pytest.approx(within)
    assert between**2 == pytest.approx(max(0, within * (ratio - 1) / 12))
    table = RUNS.assign(loss=RUNS.loss + 2 * RUNS.net.map(MEANS))
    assert compare.spread(table, "loss", "net")[0] > between
    ratio = stats.f_oneway(*(t.loss for _, t in table.groupby("net"))).statistic
    within = table.groupby("net").loss.var().mean()
    expected = within * (ratio - 1) / 12
    assert expected > 0 and compare.spread(table, "loss", "net")[0] ** 2 == pytest.approx(expected)


def test_spread_takes_the_noise_out_of_the_difference_between_configurations():
    random = numpy.random.RandomState(1)
    table = pandas.DataFrame(
        {"net": n, "seed": s, "loss": 3.0 * n + random.normal(0, 2)}
        for n in range(40)
        for s in range(30)
    )
    between, noise = compare.spread(table, "loss", "net")
    assert between == pytest.approx(3 * numpy.arange(40).std(ddof=1), rel=0.01)
    assert noise == pytest.approx(2, rel=0.05)
    same = table.assign(loss=table.loss - 3.0 * table.net)
    assert compare.spread(same, "loss", "net")[0] < 0.3


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("difference, sd", [(1.0, 0.5), (-1.0, 1.0), (0.5, 1.0), (0.2, 1.0)])
def test_so_many_seeds_see_the_difference_four_times_in_five(difference, sd, paired):
    n = int(compare.seeds_needed(difference, sd, paired=paired))
    random = numpy.random.RandomState(2)
    a, b = random.normal(0, sd, (4000, n)), random.normal(difference, sd, (4000, n))
    test = stats.ttest_1samp(b, 0, axis=1) if paired else stats.ttest_ind(b, a, axis=1)
    power = (test.pvalue < 0.05).mean()
    assert power >= 0.8 - 0.02
    if n > 6:  # one seed fewer would not do
        assert power <= 0.8 + 0.09


def test_no_difference_needs_infinitely_many_seeds_and_no_noise_two():
    assert compare.seeds_needed(0.0, 1.0) == math.inf
    assert compare.seeds_needed(0.1, 0.0) == 2
    row = {"verdict": "cannot tell", "low": -1.0, "high": 1.0, "seeds": math.inf}
    said = compare.sentence("b", row, 3, "a")
    assert said == "b against a: cannot tell at 3 seeds (-1.000 to +1.000); more than 1,000 could"


def test_negative_noise_is_refused():
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        compare.seeds_needed(1, -1)
