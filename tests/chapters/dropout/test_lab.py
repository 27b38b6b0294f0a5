"""The blinking network: its masks, what the next layer sees, its curves and its live run."""

import importlib

import numpy
import pytest
from mxnet import np

from d2l_extras import labs, records

module = importlib.import_module("d2l_extras.chapters.dropout.lab")


def compute(**state):
    return module.compute(**{**labs.dropout.defaults(), **state})


@pytest.mark.parametrize("width", [2, 8, 16])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_linear_read_out_keeps_the_mean_and_spreads_as_the_formula_says(width, p):
    seen = compute(width=width, p=p).seen
    assert seen.mean() == pytest.approx(0.5, abs=0.05)
    assert seen.std() == pytest.approx((p / (1 - p)) ** 0.5, rel=0.05)


def test_after_relu_the_mean_leaves_the_line_the_further_the_larger_p():
    means = [compute(p=p, observed=module.RELU).seen.mean() for p in (0.0, 0.2, 0.5, 0.8)]
    assert means[0] == pytest.approx(0.5)
    assert means == sorted(means) and means[-1] > 0.9


@pytest.mark.parametrize("observed", [module.LINEAR, module.RELU])
def test_averaging_masks_narrows_the_spread_and_keeps_the_mean(observed):
    one, many = (compute(observed=observed, averaged=n).seen for n in (1, 100))
    assert many.mean() == pytest.approx(one.mean(), abs=1e-3)
    assert many.std() == pytest.approx(one.std() / 10, rel=0.2)


def test_predict_mode_keeps_every_unit_and_sees_one_value():
    result = compute(mode="predict", p=0.9)
    assert result.kept.all() and result.seen == pytest.approx(0.5)


def test_masks_drop_the_share_p_and_differ():
    kept = numpy.array([compute(width=16, p=0.3, draw=draw).kept for draw in range(1, 51)])
    assert kept.mean() == pytest.approx(0.7, abs=0.06)
    assert len(numpy.unique(kept, axis=0)) > 40


@pytest.mark.parametrize(("p", "rate"), [(0.05, 0.0), (0.15, 0.2), (0.4, 0.5), (0.9, 0.7)])
def test_nearest_recorded_rate_is_the_bold_one(p, rate):
    assert compute(p=p).nearest == rate
    assert f"Recorded at p = {rate:g}" in labs.dropout(p=p).text


def scaled(x, p):
    return x * (np.random.uniform(size=x.shape) >= p).astype("float32") / (1 - p)


def test_own_dropout_agrees_differs_or_fails_and_the_text_says_so():
    assert "Your dropout agrees" in labs.dropout(dropout=scaled).text
    unscaled = labs.dropout(dropout=lambda x, p: scaled(x, p) * (1 - p))
    assert "Your dropout differs: mean 0.25" in unscaled.text
    always = labs.dropout(mode="predict", dropout=scaled)
    assert "Your dropout differs" in always.text
    flat = labs.dropout(dropout=lambda x, p: x.sum())
    assert "must keep the shape" in flat.error


def test_run_repeats_the_recorded_one_and_obeys_the_other_controls():
    values = {**labs.dropout.defaults(), "p": 0.5}
    widths = set()
    for fraction, result in module.run(values):
        assert 0 < fraction <= 1
        widths.add(result.width)
        values["width"] = 4
    assert widths == {8, 4}
    table = records.read("dropout")
    table = table[(table.rate == 0.5) & (table.seed == 0) & (table.wrong_labels == 0.2)]
    assert result.live.epochs == table.epoch.tolist()
    assert result.live.accuracies == pytest.approx(table.val_accuracy.tolist(), abs=0.005)
    assert "Your run at p = 0.50" in module.describe(result)
