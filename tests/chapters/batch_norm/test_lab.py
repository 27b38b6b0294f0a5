"""The batch microscope: its numbers beside Gluon's layer, and what the chapter says of it."""

import importlib
import itertools

import numpy
import pytest
from mxnet import autograd, np
from mxnet.gluon import nn

from d2l_extras import labs

module = importlib.import_module("d2l_extras.chapters.batch_norm.lab")
TRAIN, PREDICT = labs.batch_norm.controls["mode"].options


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
    assert 1 - compute(momentum=0.99, updates=60).lag == pytest.approx(0.453, abs=1e-3)
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


def both(x, gamma, beta, running_mean, running_var, training, eps):
    mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (running_mean, running_var)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def always_batch(x, gamma, beta, running_mean, running_var, training, eps):
    return both(x, gamma, beta, running_mean, running_var, True, eps)


def stub(x, gamma, beta, running_mean, running_var, training, eps): ...


def test_own_function_agrees_or_differs_and_the_text_says_so():
    for mode in (TRAIN, PREDICT):
        assert "Your function agrees" in labs.batch_norm(mode=mode, batch_norm=both).text
    wrong = labs.batch_norm(mode=PREDICT, batch_norm=always_batch)
    assert "Your function differs by up to" in wrong.text
    assert "still empty" in labs.batch_norm(batch_norm=stub).text
    shape = labs.batch_norm(batch_norm=lambda x, *rest: x.mean())
    assert "must keep the shape" in shape.error
