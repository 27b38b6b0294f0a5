"""The line of the first page: its loss, and whatever a learner's loss function does."""

import numpy
import pytest
from matplotlib.figure import Figure

from d2l_extras import labs
from d2l_extras.chapters.start import lab
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


@pytest.mark.parametrize(
    ("w", "b", "side"), [(2.0, -2.0, 0), (2.0, -1.5, -1), (-2.0, 2.0, 0), (-2.0, 1.5, 1)]
)
def test_a_line_that_leaves_the_picture_is_told_by_a_note_on_the_other_side(w, b, side):
    figure = Figure()
    labs.line.draw(figure)(labs.line.compute(w=w, b=b))
    (note,) = figure.axes[0].texts
    assert note.get_visible() == (side != 0)
    assert side * note.get_position()[1] >= 0


@pytest.mark.parametrize("state", [{}, dict(w=-2.0, b=-3.0), dict(w=0.75, b=-1.0)])
def test_line_bar_and_number_in_the_picture_are_those_of_the_state(state):
    lab, figure = labs.line, Figure()
    update = lab.draw(figure)
    half = _loss("return ((prediction - y) ** 2).mean() / 2")
    values = {**lab.defaults(), **state}
    update(lab.compute(**values, loss=half))
    left, right = figure.axes
    prediction = values["w"] * X + values["b"]
    wanted = ((prediction - Y) ** 2).mean()
    assert left.lines[1].get_ydata() == pytest.approx(prediction)
    gaps = left.collections[0].get_segments()
    assert [gap[:, 1].tolist() for gap in gaps] == [
        pytest.approx(pair) for pair in zip(Y, prediction, strict=True)
    ]
    (bar,) = right.patches
    assert bar.get_y() + bar.get_height() == pytest.approx(wanted)
    assert f"{wanted:.3f}" in [text.get_text() for text in right.texts]
    low, high = right.get_ylim()
    assert low < wanted < high / 1.5, "the number needs room above the bar"
    (mark,) = [line for line in right.lines if line.get_marker() == "D"]
    assert mark.get_visible() == (wanted / 2 > low)
    if mark.get_visible():
        assert mark.get_ydata() == pytest.approx([wanted / 2], rel=1e-5)


@pytest.mark.parametrize("w", [-2.0, 0.0, 0.75])
def test_number_of_the_loss_stands_on_its_bar(w):
    figure = Figure()
    result = lab.compute(w, -1.0)
    lab.draw(figure)(result)
    (label,) = (text for text in figure.axes[1].texts if text.get_text() == f"{result.loss:.3f}")
    (bar,) = figure.axes[1].patches
    assert 1 < label.get_position()[1] / (bar.get_y() + bar.get_height()) < 1.2
