"""The descent sandbox: its numbers, its live run, and what the chapter says one will notice."""

import importlib
import itertools

import numpy
import pytest
from matplotlib.figure import Figure

from d2l_extras import labs
from tests.chapters.notebook import typed

module = importlib.import_module("d2l_extras.chapters.minibatch_sgd.lab")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)


def compute(**state):
    return module.compute(**{**labs.minibatch_sgd.defaults(), **state})


def rule(w, gradient_sum, learning_rate, batch_size):
    return w - learning_rate * gradient_sum / batch_size


def test_full_batch_is_gradient_descent_on_the_two_curvatures():
    path = compute(batch_size=256, learning_rate=0.05, curvature=10.0, epochs=5).path
    steps = numpy.arange(6)
    assert path[:, 0] == pytest.approx(2 - 2 * (1 - 0.05 * 10) ** steps)
    assert path[:, 1] == pytest.approx(2 - 2 * (1 - 0.05 * 1) ** steps)


@pytest.mark.parametrize("curvature", [4.0, 10.0, 100.0])
def test_full_batch_falls_below_the_limit_and_grows_above_it(curvature):
    def steep(factor):
        result = compute(batch_size=256, curvature=curvature, learning_rate=factor * 2 / curvature)
        return abs(result.path[[0, -1], 0] - 2)

    start, end = steep(0.95)
    assert end < start
    start, end = steep(1.05)
    assert end > start


def test_without_label_noise_single_samples_settle_at_the_minimum():
    assert compute(batch_size=1, noise=0.0).path[-1] == pytest.approx([2, 2], abs=1e-3)


def test_fourfold_batch_at_least_halves_the_jitter():
    stray = [compute(batch_size=size, epochs=20).stray for size in (2, 8, 32)]
    assert stray[0] >= 2 * stray[1] >= 4 * stray[2]


def test_single_samples_diverge_below_the_limit_of_the_full_batch():
    """The limit 2/λ = 0.2 holds for the full batch; what the chapter says of batch size 1."""
    rates = numpy.arange(0.1, 0.2, 0.002)
    first = next(
        rate for rate in rates if compute(batch_size=1, learning_rate=float(rate)).diverged
    )
    assert 0.1 < first < 0.13
    assert not any(compute(batch_size=256, learning_rate=float(rate)).diverged for rate in rates)


def test_constant_rate_ends_in_a_ball_whose_radius_goes_with_the_root_of_the_rate():
    stray = [compute(learning_rate=rate, epochs=20).stray for rate in (0.0125, 0.05)]
    assert 1.5 < stray[1] / stray[0] < 4
    tail = compute(epochs=20).excess[-320:]
    assert tail[:160].mean() < 2 * tail[160:].mean()  # no further fall


def test_falling_rate_shrinks_the_ball():
    steady, falling = compute(epochs=20), compute(epochs=20, decay=True)
    assert falling.excess[-32:].mean() < steady.excess[-32:].mean() / 20
    assert falling.rate == pytest.approx(0.05 / 21)


def test_run_left_alone_ends_where_the_lab_at_rest_stands():
    for state in ({}, {"batch_size": 1, "epochs": 2}, {"learning_rate": 1.0}):
        values = {**labs.minibatch_sgd.defaults(), **state}
        *_, (fraction, last) = module.run(values, rule)
        rest = module.compute(**values, sgd=rule)
        assert last.path == pytest.approx(rest.path)
        assert last.own == pytest.approx(rest.own)
        assert last.seen == pytest.approx(rest.seen)
        assert module.describe(last) == module.describe(rest)
        assert fraction == 1 or last.diverged


def test_run_obeys_controls_moved_on_the_way_and_keeps_the_rest_of_the_epoch():
    values = {**labs.minibatch_sgd.defaults(), "batch_size": 64, "epochs": 2}
    seen = []
    for _, result in module.run(values):
        seen.append(result.seen[-1] * 256)
        values["batch_size"] = 128
    assert sorted(set(seen)) == [64, 192, 256, 384, 512]


# --- the learner's rule


def shown(**state):
    """Return the words of an opened lab: whatever the rule does, the lab itself has no error."""
    view = labs.minibatch_sgd(**state)
    assert not view.error, view.error
    assert view.text.startswith("10 epochs, batch size 8: 320 iterations = 320 updates.")
    return view.text


def own_updates(sgd):
    own = compute(sgd=sgd).own
    return 0 if own is None else len(own) - 1


@pytest.mark.parametrize(
    ("line", "said", "drawn"),
    [
        ("return w - learning_rate * gradient_sum / batch_size", "Your rule agrees.", 320),
        ("w -= learning_rate * gradient_sum / batch_size; return w", "Your rule agrees.", 320),
        ("return [v for v in w - learning_rate * gradient_sum / batch_size]", "agrees.", 320),
        ("return w - learning_rate * gradient_sum / 256", "Your rule differs", 320),
        ("return w - learning_rate * gradient_sum", "diverged: over 1000 away after 11 up", 11),
        ("return w + 1e9", "Your rule diverged: over 1000 away after 1 update.", 1),
        ("return w / 0 * 0", "Your function returned nan.", 0),
        ("return w.sum()", "returned one number; here it must return an array of shape (2,)", 0),
        ("return 1 / 0", "Your function failed: ZeroDivisionError in line 2 of my_sgd", 0),
        ("assert w[1] < 0.995; return w + 0.01", "AssertionError in line 2 of my_sgd", 100),
        ("...", "Your function is still empty.", 0),
        ("pass", "Your function is still empty.", 0),
        ("w[:] = w - 0.1", "Your function returned nothing", 0),
        ("return 'up'", "expected numbers in one array, got 'up'", 0),
    ],
)
def test_lab_says_what_the_rule_did_and_draws_what_can_be_drawn(line, said, drawn):
    sgd = typed(f"def my_sgd(w, gradient_sum, learning_rate, batch_size):\n    {line}", "my_sgd")
    assert said in shown(sgd=sgd)
    assert own_updates(sgd) == drawn


def test_rule_is_followed_for_a_bounded_number_of_updates_and_a_slow_one_for_a_bounded_time(
    monkeypatch,
):
    long = labs.minibatch_sgd(sgd=rule, batch_size=1)
    assert "Your rule agrees. It was followed for 320 updates." in long.text
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    assert "It is slow: it was followed for 2 updates." in labs.minibatch_sgd(sgd=rule).text


def test_legend_names_the_rule_only_where_it_is_drawn():
    figure = Figure(figsize=(8, 4))
    update = module.draw(figure)
    text = figure.axes[0].get_legend().get_texts()[-1]
    for sgd, visible in ((None, False), (rule, True), (lambda *_: None, False)):
        update(compute(sgd=sgd))
        assert (text.get_text(), text.get_visible()) == ("your rule", visible)


# --- the words and the axes


def test_rate_and_limit_are_told_apart():
    text = labs.minibatch_sgd(learning_rate=0.19999, batch_size=256).text
    assert "Learning rate 0.19999, limit of the full batch 2/λ = 0.2." in text


def test_one_is_singular():
    text = labs.minibatch_sgd(batch_size=256, epochs=1).text
    assert text.startswith("1 epoch, batch size 256: 1 iteration = 1 update. ")


@pytest.mark.parametrize("state", [{}, {"curvature": 100.0}, {"learning_rate": 1.0}, {"epochs": 1}])
def test_loss_stays_within_its_axes_and_fills_them(state):
    figure = Figure(figsize=(8, 4))
    result = compute(**state)
    module.draw(figure)(result)
    curve = figure.axes[1]
    assert result.excess.max() <= curve.get_ylim()[1]
    assert result.seen[-1] <= curve.get_xlim()[1] <= 2.1 * result.seen[-1]


@pytest.mark.parametrize(
    "state", [{"learning_rate": 1.0}, {"curvature": 100.0}, {"learning_rate": 0.21}, {"epochs": 20}]
)
def test_epochs_beside_the_axis_do_not_meet_and_stay_in_the_picture(state):
    view = labs.minibatch_sgd(**state)
    figure = view._picture.figure
    labels = [label for label in figure.axes[1].get_xticklabels() if label.get_text()]
    places = [label.get_window_extent() for label in labels]
    inside = [box for box in places if 0 <= box.x0 + box.width / 2 <= figure.bbox.x1]
    assert len(inside) >= 3
    for left, right in itertools.pairwise(inside):
        assert left.x1 + 10 < right.x0
    assert inside[-1].x1 <= figure.bbox.x1


def test_strip_holds_the_lowest_rate_that_the_controls_can_reach():
    state = dict(learning_rate=1e-3, decay=True, epochs=20, batch_size=1, curvature=1.0)
    result, figure = compute(**state), Figure()
    module.draw(figure)(result)
    low, high = figure.axes[2].get_xlim()
    assert low < result.rate < result.limit < high


@pytest.mark.parametrize("state", [{}, {"curvature": 1.0}, {"curvature": 100.0}, {"decay": True}])
def test_strip_shows_limit_and_rate_of_the_result(state):
    figure = Figure(figsize=(8, 4))
    result = compute(**state)
    module.draw(figure)(result)
    strip = figure.axes[2]
    (zone,), limit = strip.patches, strip.lines[0]
    assert zone.get_x() == limit.get_xdata()[0] == 2 / result.curvature
    assert zone.get_x() + zone.get_width() == pytest.approx(3)
    fall, marker = strip.lines[1:]
    assert list(fall.get_xdata()) == [result.rate, result.learning_rate]
    assert marker.get_xdata()[0] == result.rate == (0.05 / 11 if result.decay else 0.05)
    assert f"= {2 / result.curvature:g}" in strip.texts[0].get_text()


def test_picture_shows_the_path_its_end_and_the_loss_above_the_lowest():
    figure = Figure(figsize=(8, 4))
    result = compute(sgd=lambda w, g, rate, size: w + 0.01)
    module.draw(figure)(result)
    bowl, curve = figure.axes[:2]
    way, own, end, own_end = bowl.lines[-4:]
    assert numpy.array_equal(way.get_xydata(), result.path)
    assert numpy.array_equal(end.get_xydata(), result.path[-1:])
    assert numpy.array_equal(own.get_xydata(), result.own)
    assert numpy.array_equal(own_end.get_xydata(), result.own[-1:])
    assert curve.lines[0].get_ydata() == pytest.approx(result.excess)
    assert curve.get_title() == "320 updates in 10 epochs"
