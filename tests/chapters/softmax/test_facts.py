"""What chapter 1 prints and says, held against the mathematics or against other seeds."""

import math

import numpy
import pytest
from mxnet import np, npx
from mxnet.gluon import nn

import d2l_extras as dx


def naive_softmax(x):
    exps = np.exp(x)
    return exps / exps.sum(axis=1, keepdims=True)


def test_worked_examples():
    x = np.array([[1.0, 2.0, 3.0]])
    total = sum(map(math.exp, (1, 2, 3)))
    wanted = [math.exp(score) / total for score in (1, 2, 3)]
    assert naive_softmax(x).asnumpy() == pytest.approx(numpy.array([wanted]), abs=1e-6)
    first = npx.softmax(np.array([[0.1, 10, 0.1]])).asnumpy()
    assert first == pytest.approx(numpy.array([[5.017e-5, 0.9998997, 5.017e-5]]), abs=1e-7)
    doubled = npx.softmax(2 * x)[0]
    assert (doubled[2] / doubled[1]).item() == pytest.approx(math.e**2, rel=1e-5)


@pytest.mark.parametrize("T", [0.005, 0.1, 0.5, 1, 2, 10])
def test_entropy_of_1_2_3_at_the_temperatures_of_the_chapter(T):
    p = numpy.exp((numpy.array([1.0, 2.0, 3.0]) - 3) / T)
    p /= p.sum()
    entropy = -sum(share * math.log(share) for share in p if share > 0)
    printed = {0.005: 0, 0.1: 0.0005, 0.5: 0.4411, 1: 0.8324, 2: 1.0202, 10: 1.0953}
    assert entropy == pytest.approx(printed[T], abs=5e-5)


def test_the_naive_formula_works_from_minus_103_to_88():
    assert numpy.isfinite(np.exp(np.array(88.72)).item())
    assert numpy.isinf(np.exp(np.array(88.73)).item())
    assert naive_softmax(np.array([[88.0, 0, 0]]))[0, 0] == 1
    for row in ([89.0, 0, 0], [60.0 / 0.63, 0, 0], [-104.0, -104, -104]):
        assert numpy.isnan(naive_softmax(np.array([row]))[0, 0].item()), row
        assert npx.softmax(np.array([row])).sum().item() == pytest.approx(1)


def test_log_softmax_keeps_the_score_that_softmax_loses():
    x = np.array([[200, 10, 0.1]])
    assert numpy.isneginf(np.log(npx.softmax(x))[0, 1].item())
    assert npx.log_softmax(x)[0, 1].item() == pytest.approx(-190, abs=1e-3)


def test_two_tags_of_one_softmax_never_both_exceed_one_half():
    scores = np.random.normal(0, 3, size=(10000, 5))
    assert np.sort(npx.softmax(scores), axis=1)[:, -2].max().item() <= 0.5


def test_gluon_has_no_softmax_layer():
    assert not [name for name in dir(nn) if "softmax" in name.lower()]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_the_chapter_says_of_the_digit_network_holds_for_other_seeds(seed):
    dx.seed(seed)
    digits = dx.data.Digits()
    images, labels = digits.val[0], digits.val[1].asnumpy()
    net = nn.Dense(10)
    net.initialize()
    found = {}
    for epochs in (3, 7, 20):
        dx.fit(net, digits, epochs=epochs, learning_rate=0.5, progress=False)
        p = npx.softmax(net(images)).asnumpy()
        found[epochs] = (p.argmax(axis=1) == labels).mean(), p.max(axis=1).mean()
    (first_right, first_sure), (right, sure) = found[3], found[20]
    assert 0.92 < right < 0.98 and 0.8 < sure < 0.89, "less sure than right"
    assert sure - first_sure > 2 * (right - first_right), "the confidence grew more"
    cold = npx.softmax(net(images), temperature=0.1).asnumpy()
    certain = cold.max(axis=1) > 0.99
    assert cold.max(axis=1).mean() > right + 0.03, "too sure at T = 0.1"
    assert 0.01 < (cold.argmax(axis=1) != labels)[certain].mean() < 0.06
    inverted = npx.softmax(net(1 - images)).asnumpy()
    assert inverted.max(axis=1).mean() > 0.5 > 0.1 > (inverted.argmax(axis=1) == labels).mean()
    center = net.weight.data().asnumpy().reshape(10, 8, 8)[:, 3:5, 3:5].mean(axis=(1, 2))
    assert center.argmin() == 0 and center[0] < -1 and center.argmax() == 8
