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


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_paired_differences_are_those_of_scipy(confidence):
    result = compare.paired(RUNS, "loss", "net", baseline="base", confidence=confidence)
    for name in ("better", "worse", "near"):
        test = stats.ttest_rel(losses(name), losses("base"))
        row = result.loc[name]
        assert row["mean"] == pytest.approx(losses(name).mean())
        assert row.difference == pytest.approx((losses(name) - losses("base")).mean())
        assert (row.low, row.high) == pytest.approx(test.confidence_interval(confidence))
        assert row.excluded == max(abs(row.low), abs(row.high))


def test_one_planned_comparison_does_not_pay_for_those_that_were_not_asked():
    only = compare.paired(RUNS, "loss", "net", baseline="base", planned=["near"])
    assert list(only.index) == ["base", "near"]
    assert only.p["near"] == pytest.approx(stats.ttest_rel(losses("near"), losses("base")).pvalue)
    every = compare.paired(RUNS, "loss", "net", baseline="base")
    assert every.p["better"] == pytest.approx(
        3 * stats.ttest_rel(losses("better"), losses("base")).pvalue
    )


def test_an_interaction_is_a_difference_of_differences():
    question = {"worse": 1, "base": -1, "better": -1, "near": 1}
    row = compare.contrasts(RUNS, "loss", "net", {"both": question}).loc["both"]
    test = stats.ttest_rel(losses("worse") - losses("base"), losses("better") - losses("near"))
    assert (row.p, row.low, row.high) == pytest.approx(
        (test.pvalue, *test.confidence_interval(0.95))
    )


def test_holms_values_are_those_of_r():
    # R 4: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm"), shuffled
    assert compare.holm([0.03, 0.05, 0.01, 0.04, 0.02]) == pytest.approx(
        [0.09, 0.09, 0.05, 0.09, 0.08]
    )
    assert compare.holm([0.6, 0.7]).tolist() == [1, 1]


def test_a_family_without_any_effect_is_wrongly_told_once_in_twenty():
    random, wrong = numpy.random.RandomState(3), 0
    questions = {n: (n, "base") for n in "abcd"}
    for _ in range(400):
        table = pandas.DataFrame(
            {"net": n, "seed": s, "loss": random.normal()}
            for n in ("base", *questions)
            for s in range(6)
        )
        result = compare.contrasts(table, "loss", "net", questions)
        wrong += not (result.verdict == "cannot tell").all()
    assert 0.005 < wrong / 400 < 0.075


@pytest.mark.parametrize(
    "planned, said",
    [
        ({"q": ("base", "other")}, "net has no 'other', only base, better, worse, near"),
        ({"q": ("base", "base")}, "'q' must name two configurations"),
        ({"q": ("base", "near", "worse")}, "'q' must name two configurations"),
        ({"q": {"base": 1, "near": 1}}, "'q' must have weights that sum to 0"),
        ({"q": "base"}, "'q' must have weights that sum to 0"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(planned, said):
    with pytest.raises(ValueError, match=said):
        compare.contrasts(RUNS, "loss", "net", planned)


def test_words_say_what_the_numbers_say():
    result = compare.contrasts(RUNS, "loss", "net", {n: (n, "base") for n in ("better", "near")})
    row = result.loc["better"]
    assert compare.sentence(row) == (
        f"better: better by {-row.difference:.3f} ({-row.high:.3f} to {-row.low:.3f}), 12 seeds"
    )
    row = result.loc["near"]
    assert compare.sentence(row, "this", digits=2) == (
        f"this: cannot tell ({row.low:+.2f} to {row.high:+.2f}), 12 seeds; "
        f"a difference beyond {row.excluded:.2f} is excluded"
    )
    alone = pandas.Series({"low": 0.01, "high": 0.3, "p": 0.21, "seeds": 9, "excluded": 0.3,
                           "verdict": "cannot tell"}, name="b")  # fmt: skip
    assert "(+0.010 to +0.300, but p = 0.21 among all that was asked)" in compare.sentence(alone)


def test_tuned_takes_for_each_seed_the_setting_that_validation_would_choose():
    random = numpy.random.RandomState(4)
    table = pandas.DataFrame(
        {"net": n, "seed": s, "r1": a, "r2": b, "val": random.rand(), "test": random.rand()}
        for n in "xy" for s in range(5) for a in (0, 1) for b in (0, 1)
    )  # fmt: skip
    for sign, lower in ((1, True), (-1, False)):
        chosen = compare.tuned(table, "net", "val", ["r1", "r2"], lower_is_better=lower)
        assert len(chosen) == 10
        for row in chosen.itertuples():
            rest = table[(table.net == row.net) & (table.seed == row.seed)]
            assert sign * row.val == (sign * rest.val).min()
            assert row.test == rest[rest.val == row.val].test.item()
    with pytest.raises(ValueError, match="there twice"):
        compare.tuned(table, "net", "val", ["r1"])
    with pytest.raises(ValueError, match="nothing to choose by"):
        compare.tuned(table.assign(val=math.nan), "net", "val", ["r1", "r2"])


def test_agreement_is_kendalls_w():
    wide = RUNS.pivot(index="net", columns="seed", values="loss")
    sums = wide.rank().sum(axis=1)
    judges, ranked = wide.shape[1], wide.shape[0]
    by_hand = 12 * ((sums - sums.mean()) ** 2).sum() / (judges**2 * (ranked**3 - ranked))
    w, p = compare.agreement(RUNS, "loss", "net")
    assert w == pytest.approx(by_hand)
    assert p < 1e-5
    noise = RUNS.assign(loss=numpy.random.RandomState(5).rand(len(RUNS)))
    assert compare.agreement(noise, "loss", "net")[0] < 0.3
    # mean rank correlation r of n judges: W = (1 + (n - 1) r) / n
    r = (wide.corr("spearman").to_numpy().sum() - judges) / (judges**2 - judges)
    assert w == pytest.approx((1 + (judges - 1) * r) / judges)
    with pytest.raises(ValueError, match="at least three of net, got 2"):
        compare.agreement(RUNS[RUNS.net.isin(["base", "near"])], "loss", "net")


@pytest.mark.parametrize("judges", [2, 3, 10])
def test_by_chance_w_is_one_over_the_number_of_judges(judges):
    random = numpy.random.RandomState(judges)
    found = []
    for _ in range(200):
        table = pandas.DataFrame(
            [(net, seed, random.rand()) for net in "abcdef" for seed in range(judges)],
            columns=["net", "seed", "loss"],
        )
        found.append(compare.agreement(table, "loss", "net")[0])
    assert numpy.mean(found) == pytest.approx(1 / judges, abs=0.05)


def test_verdicts_are_plain_words_and_the_best_comes_first():
    result = compare.paired(RUNS, "loss", "net", baseline="base")
    assert result.verdict.to_dict() == {
        "base": "baseline", "better": "better", "near": "cannot tell", "worse": "worse",
    }  # fmt: skip
    assert list(result.index) == ["base", "better", "near", "worse"]


def test_a_verdict_is_at_one_minus_the_confidence():
    table = RUNS[RUNS.net.isin(["base", "near"])]
    p = compare.paired(table, "loss", "net", baseline="base").p["near"]
    for confidence, verdict in ((1 - p - 1e-3, "told"), (1 - p + 1e-3, "cannot tell")):
        result = compare.paired(table, "loss", "net", baseline="base", confidence=confidence)
        assert (result.verdict["near"] == "cannot tell") is (verdict == "cannot tell")


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
    assert compare.sentence(result.loc["copy"]) == "copy: the same in every run"


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


def two_way(table):
    """Return the mean squares of networks and of what is left, of an analysis of two factors."""
    cells = table.pivot(index="seed", columns="net", values="loss").to_numpy()
    seeds, nets = cells.shape
    fitted = cells.mean(axis=1, keepdims=True) + cells.mean(axis=0) - cells.mean()
    left = ((cells - fitted) ** 2).sum() / ((seeds - 1) * (nets - 1))
    return seeds * ((cells.mean(axis=0) - cells.mean()) ** 2).sum() / (nets - 1), left


def test_spread_is_that_of_the_analysis_of_variance_with_seeds_as_blocks():
    wider = RUNS.assign(loss=RUNS.loss + 2 * RUNS.net.map(MEANS))
    for table in (RUNS, wider):
        between, noise = compare.spread(table, "loss", "net")
        nets, left = two_way(table)
        assert between**2 == pytest.approx(max(0, (nets - left) / table.seed.nunique()))
        assert noise**2 == pytest.approx(table.groupby("net").loss.var().mean())
    assert between > 0


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
    # what a seed does to all alike hides no difference between configurations
    shared = table.assign(loss=table.loss + 50.0 * (table.seed % 2))
    assert compare.spread(shared, "loss", "net")[0] == pytest.approx(between)


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


def test_negative_noise_is_refused():
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        compare.seeds_needed(1, -1)
