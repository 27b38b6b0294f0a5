"""The live training lab: it learns, repeats itself, and obeys the controls on the way."""

import importlib

import pytest

from d2l_extras import labs

module = importlib.import_module("d2l_extras.chapters.minibatch_sgd.digits_training")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)


def values(**state):
    return {**labs.digits_training.defaults(), **state}


def test_run_learns_and_ends_after_the_epochs_asked_for():
    *_, (fraction, last) = module.run(values(epochs=5))
    assert fraction == 1
    assert last.seen[-1] == 5
    assert last.accuracies[-1] > 0.7


def test_two_runs_are_the_same():
    first, second = ([result.losses for _, result in module.run(values(epochs=1))][-1]
                     for _ in range(2))  # fmt: skip
    assert (first == second).all()


def test_controls_moved_on_the_way_act_on_the_next_batch():
    live = values(batch_size=8, epochs=1)
    run = module.run(live)
    _, first = next(run)
    live["batch_size"] = 512
    counts = [round(result.seen[-1] * module.SAMPLES) for _, result in run]
    assert round(first.seen[-1] * module.SAMPLES) == 8
    assert sorted(set(counts)) == [520, 1032, 1200]


def test_learning_rate_moved_on_the_way_acts_on_the_next_step():
    live = values(batch_size=1200, epochs=3, learning_rate=1e-3)
    still = [result.losses for _, result in module.run(live)][-1]
    moving = []
    for _, result in module.run(live):
        moving = result.losses
        live["learning_rate"] = 1.0
    assert moving[1] == pytest.approx(still[1], abs=1e-6)  # the first step was taken at 1e-3
    assert moving[2] < still[2] - 0.1


def test_text_and_axes_tell_one_update_and_the_end_of_the_run():
    view = labs.digits_training(batch_size=1200, epochs=1)
    assert view.text.endswith("Run makes 1 update in 1 epoch.")
    view.start()
    assert "1.00 epoch, 1 update, batch loss 2." in view.text
