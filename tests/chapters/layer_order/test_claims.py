"""The headlines of chapter 7, computed again from the records with other code than the chapter's.

No pandas grouping and no `compare`: rows are read from the table one by one into a dictionary.
"""

import math
import statistics

import pytest
from scipy import stats

from d2l_extras import records

PAIRS = {  # dropout first, batch normalization first; the last two have it before the activation
    "act-[·]-pool": ("act-drop-bn-pool", "act-bn-drop-pool"),
    "act-pool-[·]": ("act-pool-drop-bn", "act-pool-bn-drop"),
    "[·]-act-pool": ("drop-bn-act-pool", "bn-act-drop-pool"),
    "pool-[·]-act": ("pool-drop-bn-act", "pool-bn-act-drop"),
}


@pytest.fixture(name="runs", scope="module")
def _runs():
    """Return from (samples, rate1, rate2, order, seed, quarter) the row of a run."""
    table = records.read("layer-order")
    return {
        (r.samples, r.rate1, r.rate2, r.order, r.seed, r.epoch * r.samples * 4 // 24_000): r
        for r in table.itertuples()
    }


@pytest.fixture(name="seeds", scope="module")
def _seeds():
    return records.read("layer-order").attrs["provenance"]["seeds"]


def swap(runs, seeds, name, column, quarter=4, rate=0.5, samples=1200):
    """Return the differences of a matched swap, one for each seed."""
    one, other = PAIRS[name]
    return [
        getattr(runs[samples, rate, rate, one, s, quarter], column)
        - getattr(runs[samples, rate, rate, other, s, quarter], column)
        for s in seeds
    ]


def functions(runs):
    return sorted({key[3] for key in runs if key[3].count("-") == 3})


def means(runs, seeds, column, rate=0.5):
    return {
        order: statistics.fmean(getattr(runs[1200, rate, rate, order, s, 4], column) for s in seeds)
        for order in functions(runs)
    }


@pytest.mark.parametrize("column", ["test_loss", "val_loss"])
@pytest.mark.parametrize("name", PAIRS)
def test_early_in_training_dropout_first_costs_in_every_place(runs, seeds, name, column):
    for rate in (0.3, 0.5):
        assert statistics.fmean(swap(runs, seeds, name, column, quarter=1, rate=rate)) > 0


@pytest.mark.parametrize("column", ["test_loss", "val_loss"])
def test_at_the_end_it_depends_on_where_batch_normalization_stands(runs, seeds, column):
    effects = {name: statistics.fmean(swap(runs, seeds, name, column)) for name in PAIRS}
    late = [effects["act-[·]-pool"], effects["act-pool-[·]"]]
    early = [effects["[·]-act-pool"], effects["pool-[·]-act"]]
    assert min(late) > max(early)
    assert min(late) > 0


@pytest.mark.parametrize("part", ["val", "test"])
def test_re_estimation_with_dropout_off_cures_and_with_dropout_on_does_not(runs, seeds, part):
    trained, on, off = (means(runs, seeds, f"{arm}{part}_loss") for arm in ("", "on_", "off_"))
    for order in functions(runs):
        assert off[order] < trained[order]
        assert on[order] == pytest.approx(trained[order], rel=0.2)
    worst = sorted(trained, key=trained.get)[-2:]
    for order in worst:
        assert off[order] < 0.25 * trained[order]
        assert sorted(off, key=off.get).index(order) < 6  # from last to the better half
    assert max(off.values()) < max(trained.values()) / 5


@pytest.mark.parametrize("part", ["val", "test"])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5])
def test_with_one_rate_and_many_digits_the_cure_lowers_every_mean(runs, seeds, rate, part):
    trained, off = (means(runs, seeds, f"{arm}{part}_loss", rate) for arm in ("", "off_"))
    assert all(off[order] < trained[order] for order in functions(runs))


def test_with_few_digits_the_cure_raises_some_means(runs, seeds):
    risen = [
        order
        for order in functions(runs)
        if statistics.fmean(runs[150, 0.5, 0.5, order, s, 4].off_test_loss for s in seeds)
        > statistics.fmean(runs[150, 0.5, 0.5, order, s, 4].test_loss for s in seeds)
    ]
    assert risen


@pytest.mark.parametrize("part", ["val", "test"])
def test_after_the_cure_the_ranking_has_little_in_common_with_the_old_one(runs, seeds, part):
    trained, off = (means(runs, seeds, f"{arm}{part}_loss") for arm in ("", "off_"))
    order = functions(runs)
    rank = stats.spearmanr([trained[o] for o in order], [off[o] for o in order]).statistic
    assert abs(rank) < 0.5


def test_the_cure_helps_with_every_seed(runs, seeds):
    gains = [
        math.log(r.test_loss / r.off_test_loss)
        for s in seeds
        for r in [runs[1200, 0.5, 0.5, "act-drop-pool-bn", s, 4]]
    ]
    assert min(gains) > 1  # by more than a factor of e


def test_seeds_agree_more_at_a_high_rate(runs, seeds):
    def concordance(rate):
        orders = functions(runs)
        ranks = [
            stats.rankdata([runs[1200, rate, rate, o, s, 4].test_loss for o in orders])
            for s in seeds
        ]
        sums = [sum(column) for column in zip(*ranks, strict=True)]
        n, m = len(orders), len(seeds)
        center = m * (n + 1) / 2
        return 12 * sum((x - center) ** 2 for x in sums) / (m**2 * (n**3 - n))

    assert concordance(0.5) > concordance(0.1)
    assert concordance(0.5) > 0.7


# --- the mechanism


@pytest.fixture(name="parts", scope="module")
def _parts():
    table = records.read("layer-order-mechanism")
    found = {}
    for r in table[table.samples == 1200].itertuples():
        found.setdefault((r.order, r.corrected), []).append(r)
    return found


def loss(parts, order, corrected):
    return statistics.fmean(r.test_loss for r in parts[order, corrected])


def test_what_is_remembered_is_wrong_where_theory_says(parts):
    for order in {order for order, _ in parts}:
        rows = parts[order, "nothing"]
        first = math.exp(statistics.fmean(math.log(r.variance1) for r in rows))
        layers = order.split("-")
        if layers.index("bn") < layers.index("drop"):
            assert first == pytest.approx(1, abs=0.1)
        else:
            assert first > 1.8
    seconds = [
        statistics.fmean(r.variance2 for r in rows)
        for (_, corrected), rows in parts.items()
        if corrected == "nothing"
    ]
    assert sum(second > 1.2 for second in seconds) >= 10


def test_correcting_the_statistics_takes_the_harm_away_and_nothing_else_does(parts):
    for order in ("drop-pool-bn-act", "act-drop-pool-bn"):
        trained = loss(parts, order, "nothing")
        assert loss(parts, order, "both") < trained / 5
        assert loss(parts, order, "lag") > 0.85 * trained
        for part in ("the first", "the second", "means", "variances"):
            assert loss(parts, order, "both") < loss(parts, order, part) * 1.3 < trained * 1.3
    for order in {order for order, _ in parts}:
        assert loss(parts, order, "channels mixed up") > loss(parts, order, "nothing")


def test_the_placebo_harms_in_the_mean_but_not_in_every_run(parts):
    harmed = [
        mixed.test_loss > nothing.test_loss
        for order in {order for order, _ in parts}
        for mixed, nothing in zip(
            parts[order, "channels mixed up"], parts[order, "nothing"], strict=True
        )
    ]
    assert 0.7 < statistics.fmean(harmed) < 1


def test_the_two_records_tell_of_the_same_networks(parts, runs):
    """Trained by other experiments from the same seeds: as trained they are the same."""
    for (order, corrected), rows in parts.items():
        column = {"nothing": "test_loss", "both": "off_test_loss"}.get(corrected)
        for r in rows if column else ():
            if (1200, 0.5, 0.5, order, r.seed, 4) in runs:
                recorded = getattr(runs[1200, 0.5, 0.5, order, r.seed, 4], column)
                assert r.test_loss == pytest.approx(recorded, rel=2e-3, abs=1e-4)
