"""What chapter 3 says of batch sizes and rates holds in its record, for both targets and sets."""

import itertools

import numpy
import pytest

from d2l_extras import records
from d2l_extras.chapters.minibatch_sgd import experiment as module

TABLE = records.read("minibatch-sgd").fillna({"updates": numpy.inf, "epochs": numpy.inf})


@pytest.fixture(params=itertools.product(("val", "test"), module.TARGETS), ids=str, name="runs")
def _runs(request):
    held_out, target = request.param
    return TABLE[(TABLE.held_out == held_out) & (TABLE.target == target)]


def medians(runs, column="updates"):
    return runs.pivot_table(column, "batch_size", "learning_rate", aggfunc="median")


def at_best(runs):
    best = medians(runs).idxmin(axis=1)
    return runs[runs.learning_rate == runs.batch_size.map(best)]


def test_record_has_every_run_with_both_sets_and_targets():
    keys = ["batch_size", "learning_rate", "seed", "held_out", "target"]
    grid = [module.BATCH_SIZES, module.RATES, range(10), ("val", "test"), module.TARGETS]
    assert sorted(TABLE[keys].itertuples(index=False, name=None)) == sorted(
        itertools.product(*grid)
    )


def test_at_a_small_rate_an_update_is_an_update(runs):
    updates = medians(runs)
    for rate in (0.05, 0.1):
        some = updates.loc[[32, 128], rate]
        assert some.max() < 1.2 * some.min()
    assert 1.7 < updates.loc[32, 0.0125] / updates.loc[32, 0.025] < 2.3


def test_lines_end_where_half_of_the_runs_or_more_do_not_arrive(runs):
    missing = numpy.isinf(runs.updates).groupby([runs.batch_size, runs.learning_rate]).sum()
    lines = medians(runs).stack()
    assert ((missing >= 5) == numpy.isinf(lines)).all()
    budget = {size: module.MAX_EPOCHS * -(-1200 // size) for size in (512, 1200)}
    for size, updates in budget.items():  # too few for what smaller batches need at these rates
        assert lines[size, 0.0125] == numpy.inf and lines[32, 0.0125] > updates


def test_small_batches_need_the_fewest_epochs_and_large_ones_the_fewest_updates(runs):
    best = at_best(runs).groupby("batch_size")
    assert best.epochs.median().is_monotonic_increasing
    updates = best.updates.median()
    assert updates[1] > 3 * updates[8] > 3 * 1.5 * updates[32]
    assert updates.loc[[128, 512, 1200]].max() < updates[32]


def test_single_samples_take_the_most_time_and_from_32_on_all_much_the_same(runs):
    best = at_best(runs)
    time = (best.updates * best.processor_ms).groupby(best.batch_size).median()
    assert time[1] > 3 * time[8] > 3 * 1.5 * time.loc[[32, 128, 512, 1200]].max() / 1.2
    assert time.loc[32:].max() < 2 * time.loc[32:].min()
    each = (best.updates * best.processor_ms).groupby([best.seed, best.batch_size]).first()
    assert each.unstack()[[32, 128, 512, 1200]].idxmin(axis=1).nunique() > 1  # by seed


def test_best_rate_grows_up_to_32_and_no_further(runs):
    updates = medians(runs)
    best = updates.idxmin(axis=1)
    assert best[1] <= 0.05 < best[8] == 0.2
    assert set(best.loc[32:]) <= {0.4, 0.8}
    assert (updates.loc[[32, 128, 512], 0.4] < 1.4 * updates.loc[[32, 128, 512], 0.8]).all()
    assert (updates.loc[[32, 128, 512], 0.8] < 1.4 * updates.loc[[32, 128, 512], 0.4]).all()
    assert updates[3.2].eq(numpy.inf).all()  # not even the full batch, which has no noise


def test_rule_of_proportion_slows_the_small_batch(runs):
    epochs = medians(runs, "epochs")
    assert epochs.loc[8, 0.0125] > 5 * epochs.loc[8].min()
    assert epochs.loc[512, 0.8] < 1.2 * epochs.loc[512].min()


def test_run_stops_at_its_targets_and_counts_epochs_in_samples():
    rows = module.run(0, batch_size=512, learning_rate=0.4)
    assert [(row["held_out"], row["target"]) for row in rows] == list(
        itertools.product(("val", "test"), module.TARGETS)
    )
    full, rest = divmod(rows[0]["updates"], 3)  # 512, 512 and 176 samples
    assert rows[0]["epochs"] == pytest.approx(full + rest * 512 / 1200)
    assert rows[1]["updates"] > rows[0]["updates"]


def test_split_is_drawn_by_the_seed_and_leaves_no_digit_out():
    one, same, other = (module.split(seed, 64) for seed in (1, 1, 2))
    everything = [
        sorted(numpy.concatenate([part[0].asnumpy() for part in (d.train, d.val, d.test)])
               .reshape(1797, 64).tolist())
        for d in (one, other)
    ]  # fmt: skip
    assert everything[0] == everything[1]
    assert (one.train[0] == same.train[0]).all()
    assert not (one.train[0] == other.train[0]).all()
