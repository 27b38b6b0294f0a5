"""The surprise meter's numbers against Gluon's loss, and what it does with a learner's function."""

import numpy
import pytest
from mxnet import autograd, gluon, np, npx

from d2l_extras import labs

STATES = [
    dict(p=p, classes=classes, smoothing=smoothing, twice=twice)
    for p in (0.02, 0.5, 0.9)
    for classes in (2, 10)
    for smoothing in (0.0, 0.2)
    for twice in (False, True)
]


def _right(x, labels):
    return gluon.loss.SoftmaxCrossEntropyLoss()(x, labels)


def _gluon(p, classes, smoothing, twice):
    """Return the loss and its gradient for the scores, from Gluon and autograd."""
    x = np.zeros((1, classes))
    x[0, 0] = numpy.log(p * (classes - 1) / (1 - p))
    target = (1 - smoothing) * npx.one_hot(np.array([0]), classes) + smoothing / classes
    x.attach_grad()
    with autograd.record():
        received = npx.softmax(x) if twice else x
        loss = gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)(received, target)
    loss.backward()
    return loss.item(), x.grad[0].asnumpy()


@pytest.mark.parametrize("state", STATES, ids=str)
def test_surprise_meter_shows_the_loss_and_gradient_that_gluon_computes(state):
    result = labs.cross_entropy.compute(**state)
    loss, gradient = _gluon(**state)
    assert result.loss == pytest.approx(loss, abs=2e-5)
    assert result.gradient == pytest.approx(gradient, abs=2e-5)


@pytest.mark.parametrize("state", STATES, ids=str)
def test_surprise_meter_never_shows_a_loss_below_the_lowest_possible(state):
    result = labs.cross_entropy.compute(**state)
    assert result.curve.min() >= result.lowest - 1e-9
    assert result.curve.min() == pytest.approx(result.lowest, abs=2e-3)


def test_softmax_twice_has_its_floor_at_1_4612_for_ten_classes():
    result = labs.cross_entropy.compute(p=0.5, classes=10, smoothing=0.0, twice=True)
    assert result.lowest == pytest.approx(1.461150, abs=1e-6)


@pytest.mark.parametrize("state", STATES, ids=str)
def test_surprise_meter_agrees_with_a_right_function_in_every_state(state):
    assert labs.cross_entropy.compute(**state, loss=_right).own_agrees


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, labels: -_right(x, labels),
        lambda x, labels: -npx.pick(x, labels),
        lambda x, labels: _right(npx.softmax(x), labels),
        lambda x, labels: _right(x, labels) * np.nan,
    ],
)
def test_surprise_meter_shows_that_a_wrong_function_differs(wrong):
    view = labs.cross_entropy(loss=wrong)
    assert not view.error
    assert "differs" in view.text
    assert view.png != labs.cross_entropy(loss=_right).png


def test_surprise_meter_says_that_a_loss_is_needed_for_each_sample():
    view = labs.cross_entropy(loss=lambda x, labels: _right(x, labels).mean())
    assert "one loss for each sample" in view.error


def test_surprise_meter_hides_the_diamonds_without_a_function():
    view = labs.cross_entropy(loss=_right)
    view.set(loss=None)
    assert view.png == labs.cross_entropy().png
    assert view.png != labs.cross_entropy(loss=_right).png
