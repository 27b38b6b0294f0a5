"""The surprise meter's numbers against Gluon's loss, and what it does with a learner's function."""

import re

import numpy
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from mxnet import autograd, gluon, np, npx

from d2l_extras import labs
from d2l_extras.chapters.cross_entropy.lab import compute, draw

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


def _counted(x, labels):
    """Fails where it is called with the scores of many classes."""
    return _right(x, labels) if len(labels) < 50 else x.missing


def _in_place(x, labels):
    x -= x.max(axis=1, keepdims=True)
    return np.log(np.exp(x).sum(axis=1)) - npx.pick(x, labels)


def _stub(x, labels): ...


def _drawn(loss, **state):
    """Return the places of the diamonds, and what the picture calls them."""
    figure = Figure()
    labs.cross_entropy.draw(figure)(labs.cross_entropy.compute(**DEFAULT | state, loss=loss))
    axes = figure.axes[0]
    (diamonds,) = (line for line in axes.lines if line.get_marker() == "D")
    return diamonds.get_xydata(), axes.texts[1].get_text()


DEFAULT = dict(p=0.5, classes=10, smoothing=0.0, twice=False)
WRONG = {
    "negative": (lambda x, labels: -_right(x, labels), "differs: it gives -0.693 at the dot"),
    "twice": (lambda x, labels: _right(npx.softmax(x), labels), "differs: it gives 1.913"),
    "list": (lambda x, labels: [1.0] * len(labels), "differs: it gives 1.000 at the dot"),
    "a little off": (lambda x, labels: _right(x, labels) + 0.01, "differs: it gives 0.703"),
    "huge": (lambda x, labels: _right(x, labels) * 1e30, "differs: it gives 6.93e+29"),
}


@pytest.mark.parametrize(("wrong", "words"), WRONG.values(), ids=WRONG)
def test_surprise_meter_draws_a_wrong_function_beside_its_own_curve(wrong, words):
    view = labs.cross_entropy(loss=wrong)
    assert words in view.text
    assert view.png not in (labs.cross_entropy().png, labs.cross_entropy(loss=_right).png)
    assert _drawn(wrong)[1].startswith("diamonds: your function")


BROKEN = {
    "stub": (_stub, "still empty"),
    "raises": (lambda x, labels: x.missing, "failed: AttributeError in line 1 of your function"),
    "raises later": (_counted, "failed: AttributeError in line 3 of _counted"),
    "one number": (
        lambda x, labels: _right(x, labels).mean(),
        "must return an array of shape (100,)",
    ),
    "no number": (lambda x, labels: "a", "expected numbers"),
    "nan": (lambda x, labels: _right(x, labels) * np.nan, "returned nan"),
    "infinite": (lambda x, labels: _right(x, labels) / 0, "returned infinity"),
}


@pytest.mark.parametrize(("broken", "words"), BROKEN.values(), ids=BROKEN)
def test_surprise_meter_keeps_its_own_picture_beside_a_broken_function(broken, words):
    view = labs.cross_entropy(loss=broken)
    assert words in view.text
    assert not view.error
    assert view.png == labs.cross_entropy().png
    assert _drawn(broken)[1] == ""


def test_surprise_meter_tells_of_an_argument_that_is_changed():
    view = labs.cross_entropy(loss=_in_place)
    assert view.text.endswith("Your function agrees. Your function changed its argument in place.")


def test_surprise_meter_draws_the_diamonds_where_the_function_is_and_counts_those_outside():
    (*_, last), words = _drawn(_right, p=0.2)
    assert tuple(last) == pytest.approx((0.2, -numpy.log(0.2)), abs=1e-4)
    assert words == "diamonds: your function"
    points, words = _drawn(lambda x, labels: _right(x, labels) + 100)
    assert (points[:, 1] == 7.5).all()
    assert words == "diamonds: your function (10 outside)"


def test_surprise_meter_hides_the_diamonds_without_a_function():
    view = labs.cross_entropy(loss=_right)
    view.set(loss=None)
    assert view.png == labs.cross_entropy().png
    assert view.png != labs.cross_entropy(loss=_right).png


@pytest.mark.parametrize("state", STATES, ids=str)
def test_numbers_in_the_picture_are_those_of_the_words(state):
    result = labs.cross_entropy.compute(**state)
    figure = Figure()
    labs.cross_entropy.draw(figure)(result)
    price, gradient = figure.axes
    words = labs.cross_entropy.describe(result)
    assert f"loss {result.loss:.3f} nats" in words
    assert price.texts[0].get_text() == f"at the dot: {result.loss:.3f} nats"
    lines = {line.get_label(): line.get_ydata() for line in price.lines}
    assert lines["equal shares: ln K"][0] == pytest.approx(numpy.log(state["classes"]))
    assert lines["lowest possible"][0] == pytest.approx(lines["loss"].min(), abs=2e-3)
    (dot,) = (line for line in price.lines if line.get_marker() == "o")
    assert dot.get_xydata()[0] == pytest.approx((state["p"], result.loss))
    true, others = gradient.patches[:2]
    assert true.get_facecolor()[:3] == to_rgb(gradient.texts[0].get_color())
    assert others.get_facecolor() != true.get_facecolor()
    shown = [bar.get_height() for bar in gradient.patches if bar.get_visible()]
    assert shown == pytest.approx(result.gradient)
    for text in gradient.texts:
        assert re.search(r"[+-]?\d\.\d{3}", text.get_text())[0] in words.splitlines()[1]


@pytest.mark.parametrize("classes", [2, 10])
def test_picture_names_the_gradients_of_its_bars(classes):
    figure = Figure()
    draw(figure)(compute(0.5, classes, 0.0, False))
    bars = [bar.get_height() for bar in figure.axes[1].patches[:2]]
    words = " ".join(text.get_text() for text in figure.axes[1].texts)
    assert all(f" {height:+.3f}" in words for height in bars), words
