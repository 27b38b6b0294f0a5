"""The blinking network: its masks, what the next layer sees, its curves and its live run."""

import importlib

import numpy
import pytest

from d2l_extras import labs, records
from tests.chapters.notebook import typed

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


SCALED = """
def answer(x, p):
    if not autograd.is_training():
        return x
    return x * (np.random.uniform(size=x.shape) >= p) / (1 - p)
"""


def test_own_dropout_agrees_or_differs_and_the_text_says_so():
    right = typed(SCALED)
    for state in ({}, {"p": 0.05, "averaged": 200}, {"p": 0.9}, {"mode": "predict"}):
        assert "Your dropout agrees." in labs.dropout(dropout=right, **state).text
    unscaled = typed(SCALED.replace("/ (1 - p)", ""))
    assert "Your dropout differs: mean 0.25" in labs.dropout(dropout=unscaled).text
    barely = labs.dropout(dropout=unscaled, p=0.05, averaged=200)
    assert "Your dropout differs" in barely.text
    milder = typed(SCALED.replace("return x *", "p /= 2\n    return x *"))  # same mean, less spread
    assert "Your dropout differs: mean 0.50, spread 0.5" in labs.dropout(dropout=milder).text
    always = typed(SCALED.replace("not autograd.is_training()", "False"))
    assert "Your dropout differs" in labs.dropout(dropout=always, mode="predict").text


@pytest.mark.parametrize(
    ("body", "says", "drawn"),
    [
        ("...", "still empty", False),
        ("raise ValueError('no')", "failed: ValueError in line 2 of answer", False),
        ("raise ValueError('no')", "in line 2 of answer (`raise ValueError('no')`): no", False),
        ("return x.sum()", "returned one number", False),
        ("return [[0.5] * x.shape[1]] * len(x)", "differs", True),
        ("return x * float('nan')", "returned nan", False),
        ("return x * 1e39", "returned infinity", False),
        ("return x * 1e30", "differs: mean 5.0e+29", True),
        ("return 'x'", "expected numbers", False),
        ("x *= 2\n    return x", "differs: mean 1.00, spread 0.00. Your function changed", True),
        ("print(end='')", "returned nothing", False),
    ],
)
def test_learners_broken_function_leaves_the_picture_and_is_named(body, says, drawn):
    plain, view = labs.dropout(), labs.dropout(dropout=typed(f"def answer(x, p):\n    {body}"))
    assert not view.error and says in view.text
    assert view.text.startswith(plain.text)  # the lab's own words stay
    assert (view.png != plain.png) == drawn
    view.set(dropout=None)
    assert view.png == plain.png and view.text == plain.text


def test_result_does_not_depend_on_what_was_computed_before():
    first = compute(p=0.3)
    again = [compute(p=p) for p in (0.9, 0.3)][1]
    assert (first.seen == again.seen).all() and (first.kept == again.kept).all()


def test_run_repeats_the_recorded_one_and_obeys_the_other_controls():
    values = {**labs.dropout.defaults(), "p": 0.5}
    results = []
    for fraction, result in module.run(values):
        assert 0 < fraction <= 1
        results.append(result)
        values["width"] = 4
    assert [results[0].width, results[-1].width] == [8, 4]
    assert len(results[0].live.epochs) == 1  # a result is not changed by the later ones
    table = records.read("dropout")
    table = table[(table.rate == 0.5) & (table.seed == 0) & (table.wrong_labels == 0.2)]
    assert list(result.live.epochs) == table.epoch.tolist()
    assert result.live.accuracies == pytest.approx(table.val_accuracy.tolist(), abs=0.005)
    assert "Your run at p = 0.50" in module.describe(result)


def test_finished_run_stays_in_the_pictures_after_it_and_gives_way_to_the_next():
    run = compute()._replace(live=module.Live(0.5, (1, 2), (0.2, 0.3)))
    new = compute(p=0.3)
    kept = module.keep(new, run)
    assert kept.live == run.live and kept.p == 0.3 and new.live is None
    assert module.keep(run, new).live == run.live


def test_picture_shows_the_numbers_of_the_result():
    view = labs.dropout(p=0.8, observed=module.RELU)
    result, (net, bars, curve) = compute(p=0.8, observed=module.RELU), view._picture.figure.axes
    on, off = (line for line in net.lines if line.get_marker() == "o")
    assert len(on.get_ydata()) == result.kept.sum() and len(off.get_ydata()) == 6
    assert on.get_ydata() == pytest.approx(module._heights(8)[result.kept])
    (triangle,) = (line for line in bars.lines if line.get_marker() == "v")
    assert triangle.get_xdata() == pytest.approx([result.seen.mean()])
    texts = [text.get_text() for text in bars.texts]
    assert f"mean {result.seen.mean():.2f}\nspread {result.seen.std():.2f}" in texts
    (train,) = (line for line in curve.lines if line.get_label() == "training, bold p")
    table = records.read("dropout")
    table = table[(table.rate == 0.7) & (table.wrong_labels == 0.2)]
    means = table.groupby("epoch").train_accuracy.mean()
    assert train.get_xdata().tolist() == means.index.tolist()
    assert train.get_ydata() == pytest.approx(means.tolist())


def test_predict_mode_names_no_mask_and_train_mode_how_many_are_averaged():
    view = labs.dropout()
    net, bars, _ = view._picture.figure.axes
    legend = bars.get_legend()
    entry = legend.legend_handles[1], legend.get_texts()[1]
    (triangle,) = (line for line in bars.lines if line.get_marker() == "v")
    for state, titles in (
        ({}, ("one mask", "over many masks")),
        ({"averaged": 200}, ("one mask", "averages of 200 masks")),
        ({"mode": "predict"}, ("no mask", "without a mask")),
        ({"mode": "train", "averaged": 1}, ("one mask", "over many masks")),
    ):
        view.set(**state)
        assert (net.get_title(), bars.get_title()) == titles
        trains = view.values["mode"] == "train"
        assert [artist.get_visible() for artist in (*entry, triangle)] == [trains] * 3
        assert ("mask" in view.text) == trains
        assert "masks" not in bars.get_ylabel()


def test_dotted_histogram_is_that_of_the_learners_dropout():
    view = labs.dropout(dropout=typed("def answer(x, p):\n    return 0 * x + 1"))
    _, bars, _ = view._picture.figure.axes
    theirs, own = (part.get_data().values for part in bars.patches)
    assert own.sum() == own.max() == 1  # always the same value, and so one bar
    assert theirs.sum() > 2


def test_what_lies_beyond_the_histogram_is_counted_at_its_ends():
    heights = module._histogram(numpy.array([-100, -100, 0.55, 100]))
    assert [heights[0], heights.max(), heights[-1], heights.sum()] == [1, 1, 0.5, 2]
