"""The batch microscope: its numbers beside Gluon's layer, and what the chapter says of it."""

import importlib
import itertools

import matplotlib.text
import numpy
import pytest
from mxnet import autograd, np
from mxnet.gluon import nn

from d2l_extras import labs
from tests.chapters.notebook import typed

module = importlib.import_module("d2l_extras.chapters.batch_norm.lab")
TRAIN, PREDICT = "train", "predict"


def compute(**state):
    return module.compute(**{**labs.batch_norm.defaults(), **state})


def layer(momentum, eps, gamma, beta):
    bn = nn.BatchNorm(in_channels=1, momentum=momentum, epsilon=eps)
    bn.initialize()
    bn.gamma.set_data(np.array([gamma]))
    bn.beta.set_data(np.array([beta]))
    return bn


SETTINGS = [(0.5, 1e-5), (0.99, 1.0)]
SAMPLE = list(itertools.product([1, 2, 32], SETTINGS, [0, 1, 20], [TRAIN, PREDICT]))


@pytest.mark.parametrize(("batch_size", "setting", "updates", "mode"), SAMPLE, ids=ascii)
def test_lab_shows_what_gluon_computes(batch_size, setting, updates, mode):
    momentum, eps = setting
    bn = layer(momentum, eps, gamma=1.5, beta=-0.5)
    for row in module._ROWS[:updates, :batch_size]:
        with autograd.record():
            y = bn(np.array(row.reshape(-1, 1), dtype="float32"))
        y.backward()
    result = compute(batch_size=batch_size, momentum=momentum, updates=updates, eps=eps,
                     gamma=1.5, beta=-0.5, mode=mode)  # fmt: skip
    assert bn.running_mean.data().item() == pytest.approx(result.means[-1], abs=1e-4)
    assert bn.running_var.data().item() == pytest.approx(result.variances[-1], rel=1e-4, abs=1e-6)
    x = np.array(result.batch.reshape(-1, 1), dtype="float32")
    with autograd.train_mode() if mode == TRAIN else autograd.predict_mode():
        expected = bn(x).asnumpy()[:, 0]
    assert result.out == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_single_sample_gives_beta_in_train_mode():
    for updates in range(5):
        assert compute(batch_size=1, updates=updates, beta=0.7).out == pytest.approx([0.7])


def test_two_samples_give_plus_and_minus_one():
    for updates in range(5):
        assert sorted(compute(batch_size=2, updates=updates).out) == pytest.approx(
            [-1, 1], abs=1e-3
        )


def test_high_momentum_lags_and_low_momentum_follows_the_noise():
    assert 1 - compute(momentum=0.99, updates=60).start == pytest.approx(0.453, abs=1e-3)
    assert compute(momentum=0.99, updates=60).means[-1] < 3 < compute(updates=60).means[-1]
    noise = [compute(momentum=m, updates=500).means[100:].std() for m in (0.5, 0.9, 0.95)]
    assert noise == sorted(noise, reverse=True)


def test_predict_mode_is_far_off_before_the_first_updates_and_right_after_many():
    early, late = (compute(updates=n, mode=PREDICT) for n in (0, 200))
    assert early.out == pytest.approx(early.batch, rel=1e-4)
    assert abs(late.out.mean()) < 0.6 and 0.7 < late.out.std() < 1.3


def test_large_eps_shrinks_the_output():
    spread = compute(eps=10.0).out.std()
    assert spread == pytest.approx(numpy.sqrt(1 / (1 + 10 / compute().batch.var())))


def test_mode_is_a_plain_word_in_code_and_has_its_chinese_name_on_the_screen():
    view = labs.batch_norm(mode="predict")
    assert view.widgets["mode"].value == "predict"
    assert view.widgets["mode"].get_state()["_options_labels"] == ("train (训练)", "predict (预测)")
    assert view.call == labs.batch_norm(**dict(view.values)).call
    assert "mode='predict'" in view.call


def test_first_half_of_the_lab_shows_what_the_whole_shows_before_any_update():
    for batch_size in (1, 2, 256):
        state = {"batch_size": batch_size, "gamma": 1.5, "beta": -0.5}
        first = labs.one_batch(**state).text
        assert labs.batch_norm(**state, updates=0).text.startswith(first)


# --- the learner's function

FORMULA = "gamma * (x - mean) / np.sqrt(var + eps) + beta"
SIGNATURE = "def own(x, gamma, beta, running_mean, running_var, training, eps):\n    "


def own(body):
    return typed(SIGNATURE + body, "own")


BOTH = own(
    "mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (running_mean, running_var)\n"
    f"    return {FORMULA}"
)
ALWAYS_BATCH = own(f"mean, var = x.mean(axis=0), x.var(axis=0)\n    return {FORMULA}")


def test_own_function_agrees_or_differs_and_the_text_says_so():
    for mode in (TRAIN, PREDICT):
        assert "Your function agrees" in labs.batch_norm(mode=mode, batch_norm=BOTH).text
    nearly = labs.batch_norm(batch_norm=lambda *given: 1.01 * BOTH(*given))
    assert "Your function differs by up to 0.0" in nearly.text
    wrong = labs.batch_norm(mode=PREDICT, batch_norm=ALWAYS_BATCH)
    assert "Your function differs by up to" in wrong.text
    nearly = labs.batch_norm(batch_norm=lambda *a: 1.01 * BOTH(*a))
    assert "Your function differs by up to 0.02." in nearly.text


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("...", "Your function is still empty."),
        ("return 1 / 0", "ZeroDivisionError in line 2 of own"),
        ("return np.array([1.0]) @ np.ones((2, 2))", "Your function failed"),
        ("raise SystemExit", "ended the program"),
        ("x.mean()", "returned nothing"),
        ("return x.mean()", "returned one number"),
        ("return x[:, 0]", "here it must return an array of shape (32, 1)"),
        ("return 'text'", "expected numbers in one array"),
        ("return x * np.nan", "Your function returned nan."),
    ],
)
def test_reference_stays_where_the_own_function_gives_nothing_to_draw(body, note):
    view = labs.batch_norm(batch_norm=own(body))
    assert not view.error
    assert note in view.text
    assert "agrees" not in view.text and "differs" not in view.text
    assert view.png == labs.batch_norm().png


def test_own_function_may_return_lists_and_is_told_when_it_changes_its_argument():
    assert "agrees" in labs.batch_norm(batch_norm=lambda *a: BOTH(*a).tolist()).text
    text = labs.batch_norm(batch_norm=own(f"mean, var = 0, x.var(axis=0)\n    x -= x.mean()\n"
                                          f"    return {FORMULA}")).text  # fmt: skip
    assert text.endswith("Your function agrees. Your function changed its argument in place.")


def test_huge_result_is_drawn_at_the_edge_and_said():
    def notes(**state):
        view = labs.batch_norm(**state)
        texts = view._picture.figure.findobj(matplotlib.text.Text)
        return {text.get_text() for text in texts if text.get_visible()}

    huge = own("return x * 1e6")
    assert "some of your function's outputs are off the chart" in notes(batch_norm=huge)
    assert "◇ your function" in notes(batch_norm=huge)
    assert "some outputs are off the chart" in notes(mode=PREDICT, batch_size=1, updates=500)
    quiet = notes(batch_norm=own("..."))
    assert not [text for text in quiet if "chart" in text or "your function" in text]


# --- the picture


@pytest.mark.parametrize("batch_size", [1, 4, 256])
def test_picture_shows_the_numbers_of_the_result(batch_size):
    state = {"batch_size": batch_size, "momentum": 0.7, "updates": 40}
    result, view = compute(**state), labs.batch_norm(**state)
    before, _, way, strip = view._picture.figure.axes
    lines = {line.get_label(): line for line in before.lines}
    assert lines["batch mean"].get_xdata()[0] == pytest.approx(result.batch.mean())
    assert lines["running mean"].get_xdata()[0] == pytest.approx(result.means[-1])
    drawn = {len(line.get_ydata()): [] for line in way.lines}
    for line in way.lines:
        drawn[len(line.get_ydata())].append(line)
    (dots,) = drawn[40]  # one for each update
    assert dots.get_xdata().tolist() == list(range(1, 41))
    assert dots.get_ydata() == pytest.approx(module._ROWS[:40, :batch_size].mean(axis=1))
    low, high, path = (line.get_ydata() for line in drawn[41])
    assert path == pytest.approx(result.means)
    assert (high - low) / 2 == pytest.approx(numpy.sqrt(result.variances))
    ends = [line.get_ydata()[0] for line in strip.lines if len(line.get_ydata()) == 2]
    assert sorted(ends) == pytest.approx([5 - 3 / batch_size**0.5, 5, 5 + 3 / batch_size**0.5])
    (points,) = (line for line in strip.lines if len(line.get_ydata()) == 20)
    assert points.get_ydata() == pytest.approx(module._STRIP[:, :batch_size].mean(axis=1))
