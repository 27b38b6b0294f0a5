"""The line of the first page: its loss, and whatever a learner's loss function does."""

import numpy
import pytest

from d2l_extras import labs
from d2l_extras.chapters.start.lab import X, Y
from tests.chapters.notebook import typed


def _loss(body):
    return typed(f"def loss(prediction, y):\n    {body}", "loss")


def test_no_line_is_better_than_the_one_of_least_squares():
    design = numpy.stack([X, numpy.ones_like(X)], axis=1)
    (w, b), *_ = numpy.linalg.lstsq(design, Y, rcond=None)
    smallest = ((design @ (w, b) - Y) ** 2).mean()
    assert f"the smallest for a line is {smallest:.3f}." in labs.line().text
    view = labs.line(w=w, b=b)
    assert view.text.startswith(f"Mean squared loss {smallest:.3f};")


def test_the_loss_of_the_learner_is_compared_and_marked():
    right = labs.line(w=0.5, loss=_loss("return np.mean((prediction - y) ** 2)"))
    assert right.text.endswith("Your function says 0.407: the same.")
    total = labs.line(w=0.5, loss=_loss("return ((prediction - y) ** 2).sum()"))
    assert total.text.endswith("Your function says 8.141: not the same.")
    assert len({right.png, total.png, labs.line(w=0.5).png}) == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("...", "Your function is still empty."),
        ("return y / nothing", "NameError in line 2 of loss"),
        ("return prediction - y", "an array of shape (20,)"),
        ("return 'small'", "expected numbers"),
        ("print", "returned nothing"),
        ("return float('nan')", "Your function returned nan."),
        ("return float('inf')", "Your function returned infinity."),
        ("return -1", "Your function says -1: not the same."),
        ("return 1e30", "Your function says 1e+30: not the same."),
        ("raise SystemExit", "ended the program"),
    ],
)
def test_whatever_a_learners_function_does_the_labs_own_picture_stays(body, told):
    view, own = labs.line(loss=_loss(body)), labs.line()
    assert not view.error
    assert view.text.startswith(own.text) and told in view.text
    assert view.png == own.png


def test_a_line_that_leaves_the_picture_is_told_by_a_note():
    inside, outside = labs.line(w=2.0, b=-2.0), labs.line(w=2.0, b=-1.5)
    moved = labs.line(w=2.0, b=-1.5)
    moved.set(b=-2.0)
    assert moved.png == inside.png != outside.png
