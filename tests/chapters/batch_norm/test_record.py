"""What chapter 6 says of its record, in words."""

import itertools

import pytest

import d2l_extras as dx
from d2l_extras.chapters.batch_norm import experiment, questions

USUAL = {"learning_rate": 0.1, "sigma": 0.1, "batch_size": 64, "after": 200}
RATES = [0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 5.0]
SIZES = [2, 4, 8, 16, 32, 64, 128]


def runs(kind, part="val", **changed):
    """Return the accuracies of the eight seeds at the usual setting, but for what is changed."""
    rows = dx.records.read("batch-norm").query(f"kind == '{kind}'")
    for name, value in (USUAL | changed).items():
        rows = rows[rows[name] == value]
    return rows[f"{part}_accuracy"].to_numpy()


def average(kind, **changed):
    return runs(kind, **changed).mean()


def half(values):
    """Return half of the 95 % interval of a mean: Student's t for eight seeds."""
    return 2.365 * values.std(ddof=1) / len(values) ** 0.5


def at_best_rate(kind, rates, **changed):
    """Return test and validation accuracies at the rate that is best in validation."""
    best = max(rates, key=lambda rate: average(kind, learning_rate=rate, **changed))
    return [runs(kind, part, learning_rate=best, **changed) for part in ("test", "val")]


def gap(rates=RATES, **changed):
    """Return how far batch normalization is ahead on the test set, each at its best rate."""
    return at_best_rate("bn", rates, **changed)[0] - at_best_rate("plain", rates, **changed)[0]


def test_at_a_rate_of_2_every_seed_learns_with_it_and_none_without_it():
    assert runs("bn", learning_rate=2.0).min() > 0.9
    assert runs("plain", learning_rate=2.0).max() < 0.2


def test_small_initial_weights_need_it_and_with_large_ones_little_of_its_gain_is_left():
    for sigma in (0.0001, 0.001, 0.01):
        assert average("bn", sigma=sigma) - average("plain", sigma=sigma) > 0.8
    assert average("bn", sigma=1.0) - average("plain", sigma=1.0) < 0.1  # at the rate of 0.1
    assert average("bn", sigma=0.0001) < average("bn", sigma=0.01)


def accuracy(kind, rate, sigma, seed, **options):
    """Return the validation accuracy after 200 updates of a run that is not in the record."""
    dx.seed(seed)
    data = dx.data.Digits()
    x = data.train[0].astype("float64")
    train, val = (x, data.train[1]), (data.val[0].astype("float64"), data.val[1])
    net = experiment.network(kind, sigma, x)
    data = dx.data.InMemory(train, val=val, batch_size=64)
    dx.seed(seed)
    steps = dx.training_steps(net, data, epochs=99, learning_rate=rate, **options)
    for _ in itertools.islice(steps, 200):
        pass
    return dx.evaluate(net, val).accuracy


@pytest.mark.parametrize("seed", [0, 1])
def test_from_large_weights_it_is_far_ahead_where_each_has_its_own_rate(seed):
    plain = {rate: accuracy("plain", rate, 1.0, seed) for rate in (0.05, 0.1, 0.2)}
    assert plain[0.05] < plain[0.1] + 0.1 and plain[0.2] < plain[0.1]
    assert accuracy("bn", 2.0, 1.0, seed) > max(plain.values()) + 0.1


@pytest.mark.parametrize("seed", [0, 1])
def test_with_adam_the_plain_network_learns_from_small_weights_too(seed):
    assert accuracy("plain", 0.01, 0.01, seed, optimizer="adam") > 0.8


def test_gap_is_huge_early_and_under_two_points_late_and_a_common_rate_makes_it_look_larger():
    assert gap(after=25).mean() > 0.4
    assert gap(after=1600).mean() < 0.02
    common = runs("bn", "test") - runs("plain", "test")
    assert common.mean() > 2 * gap(after=200).mean()


def test_without_the_rate_of_a_half_a_gap_appears_on_the_test_set_too():
    fewer = gap([rate for rate in RATES if rate != 0.5], after=1600)
    assert fewer.mean() > half(fewer)
    assert gap(after=1600).mean() < half(gap(after=1600))


def test_rescaling_the_start_brings_most_of_the_gain_at_small_rates_and_none_at_2():
    for rate, at_least in ((0.03, 0.8), (0.1, 0.6), (0.3, 0.4)):
        low, high = average("plain", learning_rate=rate), average("bn", learning_rate=rate)
        assert (average("start", learning_rate=rate) - low) / (high - low) > at_least
    assert runs("start", learning_rate=2.0).max() < 0.3


def test_shaking_costs_under_five_points_up_to_a_rate_of_1_and_over_ten_at_2_where_it_learns():
    for rate in RATES:
        lost = average("bn", learning_rate=rate) - average("shaken", learning_rate=rate)
        assert 0 < lost < 0.05 if rate <= 1 else lost > 0.04
        assert rate != 2 or lost > 0.1
    assert runs("shaken", learning_rate=2.0).min() > 0.7


@pytest.mark.parametrize("part", ["val", "test"])
def test_pinning_costs_less_than_a_point_up_to_0_3_and_much_at_2(part):
    for rate in (0.03, 0.1, 0.2, 0.3):
        lost = runs("bn", part, learning_rate=rate) - runs("pinned", part, learning_rate=rate)
        assert lost.mean() + half(lost) < 0.01  # what the interval excludes, not a null
    lost = runs("bn", learning_rate=2.0) - runs("pinned", learning_rate=2.0)
    assert lost.min() > 0.05


@pytest.mark.parametrize("size", SIZES)
def test_it_is_ahead_from_batches_of_4_on_and_not_at_2(size):
    ahead = gap([0.03, 0.1, 0.3, 0.5, 1.0], batch_size=size)
    assert (ahead.mean() > half(ahead)) == (size > 2)


@pytest.mark.parametrize(("size", "low", "high"), [(16, 0, 0.03), (8, 0, 0.06), (4, 0.08, 0.2)])
def test_against_batches_of_32_it_loses_a_point_or_so_a_few_and_many(size, low, high):
    def accuracy(size):
        return at_best_rate("bn", [0.03, 0.1, 0.3, 0.5, 1.0], batch_size=size)[0].mean()

    assert low < accuracy(32) - accuracy(size) < high


def test_words_of_the_picture_of_the_plain_network_are_those_of_the_record():
    words = questions.bears.words
    assert f"it is {average('plain', learning_rate=0.03):.2f} at 0.03" in words
    assert f"{average('plain', learning_rate=1.0):.2f} at 1" in words
    for rate in (0.2, 0.3, 0.5):
        assert average("plain", learning_rate=rate) == pytest.approx(0.9, abs=0.02)
    for rate in (2.0, 5.0):
        assert average("plain", learning_rate=rate) == pytest.approx(0.1, abs=0.01)
