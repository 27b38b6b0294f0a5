"""The descent sandbox: its numbers, its live run, and what the chapter says one will notice."""

import importlib

import numpy
import pytest

from d2l_extras import labs

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


def test_single_samples_diverge_below_the_limit_of_the_whole_set():
    assert not compute(batch_size=256, learning_rate=0.18).diverged
    assert compute(batch_size=1, learning_rate=0.18).diverged


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


def test_own_rule_agrees_differs_or_diverges_and_the_text_says_so():
    assert "Your rule agrees" in labs.minibatch_sgd(sgd=rule).text
    slow = labs.minibatch_sgd(sgd=lambda w, g, rate, size: w - rate * g / 256)
    assert "Your rule differs" in slow.text
    wild = labs.minibatch_sgd(sgd=lambda w, g, rate, size: w - rate * g)
    assert "Your rule diverged" in wild.text
    nothing = labs.minibatch_sgd(sgd=lambda w, g, rate, size: None)
    assert "must return the two new weights" in nothing.error
