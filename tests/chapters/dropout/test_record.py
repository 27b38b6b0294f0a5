"""What chapter 5 says in words of its two records, and what its prose says of MXNet."""

import numpy
import pytest
from mxnet import autograd, np, npx
from mxnet.base import MXNetError
from mxnet.gluon import nn
from scipy import stats

from d2l_extras import records
from d2l_extras.chapters.dropout import experiment_speed
from d2l_extras.chapters.dropout.experiment import SEEDS, few_digits

LOSSES = experiment_speed.LOSSES


def bounds(differences):
    """Return the 95 % interval of a mean over the seeds (Student's t)."""
    assert len(differences) == len(SEEDS)
    half = stats.t.ppf(0.975, len(SEEDS) - 1) * differences.std() / len(SEEDS) ** 0.5
    return differences.mean() - half, differences.mean() + half


@pytest.fixture(scope="module", name="record")
def _record():
    return records.read("dropout")


def at_end(record, share, column):
    rows = record[(record.wrong_labels == share) & (record.epoch == 150)]
    return rows.pivot(index="seed", columns="rate", values=column)


def stopped(record, criterion, best, measure="test_accuracy"):
    rows = record[record.wrong_labels == 0.2]
    chosen = getattr(rows.groupby(["seed", "rate"])[criterion], best)()
    return rows.loc[chosen].pivot(index="seed", columns="rate", values=measure)


# --- what dropout saves


@pytest.mark.parametrize("held_out", ["val", "test"])
def test_wrong_labels_dropout_narrows_the_gap_and_reads_more_on_both_held_out_sets(
    record, held_out
):
    accuracy = at_end(record, 0.2, f"{held_out}_accuracy")
    gap = at_end(record, 0.2, "train_accuracy") - accuracy
    assert (accuracy[0.5] > accuracy[0.0]).all() and (accuracy[0.7] > accuracy[0.0]).all()
    assert (gap[0.5] < gap[0.0]).all() and bounds(gap[0.7])[1] < 0
    assert bounds(accuracy[0.2] - accuracy[0.0])[0] > 0


def test_wrong_labels_stopping_beats_half_alone_ties_with_more_and_both_are_best(record):
    early = stopped(record, "val_accuracy", "idxmax")
    test = at_end(record, 0.2, "test_accuracy")
    assert bounds(early[0.0] - test[0.0])[0] > 0
    assert bounds(test[0.5] - early[0.0])[1] < 0
    low, high = bounds(test[0.7] - early[0.0])
    assert low < 0 < high
    for alone in (early[0.0], test[0.5], test[0.7]):
        assert bounds(early[0.5] - alone)[0] > 0


def test_wrong_labels_stopping_by_loss_is_worse_and_dropout_still_improves_on_it(record):
    early = stopped(record, "val_loss", "idxmin")
    test = at_end(record, 0.2, "test_accuracy")
    assert bounds(stopped(record, "val_accuracy", "idxmax")[0.0] - early[0.0])[0] > 0
    low, high = bounds(test[0.5] - early[0.0])
    assert low < 0 < high
    assert bounds(test[0.7] - early[0.0])[0] > 0
    assert bounds(early[0.5] - early[0.0])[0] > 0


@pytest.mark.parametrize(
    ("criterion", "best", "harm"), [("val_accuracy", "idxmax", True), ("val_loss", "idxmin", False)]
)
def test_wrong_labels_in_loss_half_alone_beats_stopping_which_by_accuracy_does_it_harm(
    record, criterion, best, harm
):
    loss, kept = at_end(record, 0.2, "test_loss"), stopped(record, criterion, best, "test_loss")
    assert bounds(loss[0.5] - kept[0.0])[1] < 0
    assert bounds(kept[0.5] - kept[0.0])[1] < 0
    low, high = bounds(kept[0.5] - loss[0.5])
    assert low > 0 if harm else high < 0


def test_right_labels_in_the_tenth_epoch_every_rate_has_a_higher_test_loss_with_every_seed(record):
    rows = record[(record.wrong_labels == 0) & (record.epoch == 10)]
    loss = rows.pivot(index="seed", columns="rate", values="test_loss")
    for rate in (0.2, 0.5, 0.7):
        assert (loss[rate] > loss[0.0]).all()


@pytest.mark.parametrize("held_out", ["val", "test"])
def test_right_labels_leave_a_gap_and_mild_dropout_still_lowers_the_loss(record, held_out):
    train, accuracy, loss = (
        at_end(record, 0.0, name)
        for name in ("train_accuracy", f"{held_out}_accuracy", f"{held_out}_loss")
    )
    assert train[0.0].mean() > 0.9995 and accuracy[0.0].mean() < 0.96
    assert bounds(loss[0.2] - loss[0.0])[1] < 0 and bounds(loss[0.5] - loss[0.0])[1] < 0
    low, high = bounds(loss[0.7] - loss[0.0])
    assert low < 0 < high
    gain = accuracy[0.5] - accuracy[0.0]
    assert bounds(gain)[0] > 0 and gain.mean() == pytest.approx(0.005, abs=0.001)


def test_running_accuracy_is_far_below_that_in_predict_mode(record):
    tenth = record[(record.wrong_labels == 0) & (record.rate == 0.5) & (record.epoch == 10)]
    assert (tenth.running_accuracy < tenth.train_accuracy - 0.1).all()
    assert (tenth.running_accuracy < tenth[["val_accuracy", "test_accuracy"]].min(axis=1)).all()


def test_running_accuracy_is_above_that_of_the_test_digits_in_the_end(record):
    end = record[(record.wrong_labels == 0) & (record.rate == 0.5) & (record.epoch == 150)]
    assert round(end.running_accuracy.mean(), 2) == 0.98
    assert round(end.test_accuracy.mean(), 2) == 0.96


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_few_digits_are_drawn_by_the_seed_and_as_many_labels_wrong_as_asked(share):
    right, data = few_digits(3, 0.0), few_digits(3, share)
    wrong = (right.train[1] != data.train[1]).sum().item()
    assert wrong == round(300 * share)
    assert (right.train[0] == data.train[0]).all()
    assert not (few_digits(4, share).train[0] == data.train[0]).all()
    assert [len(part[0]) for part in (data.train, data.val, data.test)] == [300, 297, 300]


# --- what it costs


@pytest.fixture(scope="module", name="ratios")
def _ratios():
    """Return the 95 % interval of the epochs needed, relative to p = 0, of each configuration."""
    table = records.read("dropout-speed")
    found = {}
    for (optimizer, loss), runs in table.groupby(["optimizer", "loss"]):
        bare = runs[runs.rate == 0].set_index("seed").epochs
        for (rate, scaled), some in runs.groupby(["rate", "scaled"]):
            ratio = some.set_index("seed").epochs / bare
            found[optimizer, loss, rate, scaled] = bounds(ratio)
    return found


@pytest.mark.parametrize("loss", LOSSES)
def test_half_costs_sgd_one_and_a_half_and_adam_two_times_the_epochs(ratios, loss):
    low, high = ratios["sgd", loss, 0.5, True]
    assert 1.4 < low < high < 1.7
    low, high = ratios["adam", loss, 0.5, True]
    assert 1.9 < low < high < 2.3


@pytest.mark.parametrize("loss", LOSSES)
def test_no_rate_costs_sgd_as_much_as_the_rule_and_the_highest_costs_adam_more(ratios, loss):
    for rate in (0.2, 0.5, 0.7):
        assert ratios["sgd", loss, rate, True][1] < 1 / (1 - rate)
    assert ratios["adam", loss, 0.7, True][0] > 1 / (1 - 0.7)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("optimizer", "times"), [("sgd", 3), ("adam", 1.4)])
def test_without_scaling_it_is_much_slower_still(ratios, loss, optimizer, times):
    scaled, unscaled = (ratios[optimizer, loss, 0.5, each] for each in (True, False))
    assert unscaled[0] > times * scaled[1]


def test_unscaled_dropout_scales_at_test_and_not_in_training():
    layer, ones = experiment_speed.Unscaled(0.2), np.ones(1000)
    with autograd.train_mode():
        assert set(numpy.unique(layer(ones).asnumpy())) == {0, numpy.float32(1)}
    assert layer(ones).asnumpy() == pytest.approx(0.8)


# --- what the prose says of MXNet 1.9.1


def dropped(x, p, **options):
    with autograd.train_mode():
        return nn.Dropout(p, **options)(x).asnumpy()


def test_layer_drops_the_share_p_whatever_the_end_and_refuses_one_side_only():
    ones = np.ones(10_000)
    assert (dropped(ones, 0.3) == 0).mean() == pytest.approx(0.3, abs=0.02)
    assert (dropped(ones, 0.0) == 1).all() and (dropped(ones, -0.1) == 1).all()
    assert numpy.isnan(dropped(ones, 1.0)).all()
    with pytest.raises(MXNetError, match="exceed bound"):
        dropped(ones, 1.2)


def test_shared_axes_drop_channels_that_differ():
    maps = dropped(np.ones((8, 16, 2, 2)), 0.5, axes=(2, 3))
    assert set(numpy.unique(maps.mean(axis=(2, 3)))) == {0, 2}


@pytest.mark.parametrize(
    ("zero", "right"), [(0, False), (0.0, False), (np.zeros(4), True)], ids=["0", "0.0", "array"]
)
def test_where_with_a_plain_number_has_the_gradient_of_the_other_elements(zero, right):
    mask, x = np.array([1, 0, 1, 0]) > 0, np.ones(4)
    x.attach_grad()
    with autograd.record():
        out = np.where(mask, 2 * x, zero)
    out.backward()
    assert out.tolist() == [2, 0, 2, 0]
    assert x.grad.tolist() == ([2, 0, 2, 0] if right else [0, 2, 0, 2])


def test_mode_always_drops_without_any_scope():
    assert (npx.dropout(np.ones(1000), p=0.5, mode="always") == 0).any()
