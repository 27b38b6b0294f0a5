"""The score mixer tells the truth about softmax, and about how the naive formula breaks."""

import io

import numpy
import pytest
from matplotlib.figure import Figure
from mxnet import np, npx
from PIL import Image

from d2l_extras import labs
from tests.chapters.notebook import typed


def _naive(x):
    exps = np.exp(x)
    return exps / exps.sum(axis=1, keepdims=True)


def _probabilities(text):
    return text.split("probabilities ")[1].split(";")[0].split(". ")[0]


def test_a_common_shift_changes_no_probability():
    moved = labs.softmax(shift=50.0).text
    assert _probabilities(moved) == _probabilities(labs.softmax().text) == "0.0900, 0.2447, 0.6652"


@pytest.mark.parametrize(
    ("temperature", "top", "entropy"),
    [(0.1, "1.0000", "0.0005"), (0.5, "0.8668", "0.4411"), (10.0, "0.3672", "1.0953")],
)
def test_the_temperature_sets_the_entropy(temperature, top, entropy):
    text = labs.softmax(temperature=temperature).text
    assert f"{top}; largest: c; entropy {entropy} nats" in text


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (dict(a=89.0), "nan: exp overflowed"),
        (dict(a=60.0, temperature=0.63), "nan: exp overflowed"),
        (dict(a=88.5, b=88.5, c=88.5), "all 0: their sum overflowed"),
        (dict(a=-5.0, b=-5.0, c=-5.0, shift=-50.0, temperature=0.5), "nan: every exp is 0"),
        (dict(a=-5.0, b=-5.0, c=-4.5, shift=-50.0, temperature=0.54), "lost its digits"),
    ],
)
def test_the_naive_formula_breaks_and_the_stable_one_does_not(state, problem):
    assert problem in labs.softmax(**state, subtract_max=False).text
    assert "✗" not in labs.softmax(**state, subtract_max=True).text


def test_the_naive_formula_works_up_to_88_and_a_half():
    assert "✗" not in labs.softmax(a=88.5, subtract_max=False).text


@pytest.mark.parametrize(
    ("state", "exps"),
    [
        ({}, "0.135, 0.368, 1"),
        (dict(subtract_max=False), "2.72, 7.39, 20.1"),
        (dict(shift=50.0), "0.135, 0.368, 1"),
        (dict(temperature=2.0), "0.368, 0.607, 1"),
        (dict(a=100.0, b=10.0, c=0.0, subtract_max=False), "inf, 2e4, 1"),
    ],
)
def test_the_words_name_the_exponentials_of_the_middle_chart(state, exps):
    assert f"exponentials {exps}; probabilities" in labs.softmax(**state).text


def test_entropy_where_one_class_has_everything_is_0_without_a_sign():
    assert "entropy 0.0000 nats" in labs.softmax(a=-5.0, b=105.0, temperature=0.1).text


def test_words_name_the_entropy_of_equal_shares():
    assert f"at most ln 3 = {numpy.log(3):.4f}" in labs.softmax().text


def test_equal_scores_lead_together():
    assert "largest: a and c" in labs.softmax(a=3.0).text


@pytest.mark.parametrize("subtract_max", [True, False])
def test_a_stable_function_of_the_learner_survives_where_the_naive_formula_breaks(subtract_max):
    text = labs.softmax(a=100.0, subtract_max=subtract_max, softmax=npx.softmax).text
    assert text.endswith("Your function is right here.")


def test_the_learners_function_gets_the_scores_divided_by_the_temperature():
    text = labs.softmax(temperature=0.5, shift=2.0, softmax=npx.softmax).text
    assert text.endswith("Your function is right here.")


def test_a_naive_function_of_the_learner_is_seen_to_break():
    assert "Your function differs: nan" in labs.softmax(a=100.0, softmax=_naive).text


STRANGE = {  # a learner's function, and what the words say of it
    "empty": ("def softmax(x): ...", "Your function is still empty."),
    "raises": ("def softmax(x):\n    return x / nothing", "NameError in line 2 of softmax"),
    "raises later": ("def softmax(x):\n    return np.exp(x) / np.ones((7, 7))", "in line 2"),
    "loses the shape": ("def softmax(x): return x.sum(axis=1)", "an array of shape (1,)"),
    "text": ("def softmax(x): return 'high'", "expected numbers"),
    "nothing": ("def softmax(x): x.sum()", "returned nothing"),
    "nan": ("def softmax(x): return x * float('nan')", "differs: nan, nan, nan."),
    "huge": ("def softmax(x): return x * 1e30", "differs: 1e+30, 2e+30, 3e+30."),
    "negative": ("def softmax(x): return -x", "differs: -1, -2, -3."),
    "quits": ("def softmax(x): raise SystemExit", "ended the program"),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_whatever_a_learners_function_does_the_labs_own_picture_stays_and_the_words_tell(kind):
    source, told = STRANGE[kind]
    view, own = labs.softmax(softmax=typed(source, "softmax")), labs.softmax()
    assert not view.error
    assert view.text.startswith(own.text) and told in view.text
    assert _changed(view, own) <= CAPTION


def test_marks_of_the_learner_stand_at_what_the_function_returned():
    view, own = labs.softmax(softmax=typed("def f(x): return [[0.5, 0, 7]]", "f")), labs.softmax()
    assert "differs: 0.5, 0, 7." in view.text
    assert not _changed(view, own) <= CAPTION


def test_a_list_from_the_learners_function_is_as_good_as_an_array():
    listed = typed("def f(x): return npx.softmax(x).tolist()", "f")
    assert labs.softmax(softmax=listed).text.endswith("Your function is right here.")


def test_a_function_that_changes_its_argument_is_told_so():
    source = "def f(x):\n    x -= x.max()\n    return np.exp(x) / np.exp(x).sum()"
    text = labs.softmax(softmax=typed(source, "f")).text
    assert "right here" in text and "changed its argument in place" in text


@pytest.mark.parametrize(
    "state",
    [
        {},
        dict(a=-5.0, shift=-50.0),
        dict(c=105.0, temperature=0.5),
        dict(a=100.0, b=10.0, c=0.0, subtract_max=False),
        dict(a=88.5, b=88.5, c=88.5, subtract_max=False),
    ],
)
def test_bars_and_their_numbers_are_those_of_the_three_steps(state):
    lab, figure = labs.softmax, Figure()
    values = {**lab.defaults(), **state}
    update = lab.draw(figure)
    update(lab.compute(**lab.defaults()))
    result = lab.compute(**values)
    update(result)
    scores = numpy.array([values[name] for name in "abc"]) + values["shift"]
    exponents = scores - scores.max() if values["subtract_max"] else scores
    with numpy.errstate(over="ignore"):
        exps = numpy.exp(numpy.float32(exponents / values["temperature"]))
    shares = numpy.where(numpy.isinf(exps), 1, 0) if numpy.isinf(exps).any() else exps / exps.max()
    heights = [[bar.get_height() for bar in axes.patches] for axes in figure.axes]
    assert heights[0] == pytest.approx(list(scores))
    assert heights[1] == pytest.approx(list(shares), abs=1e-6)
    assert heights[2] == pytest.approx(list(numpy.nan_to_num(result.probabilities)), abs=1e-6)
    for axes, wanted in zip(figure.axes, (scores, exps, result.probabilities), strict=True):
        numbers = [float(text.get_text().replace("−", "-")) for text in axes.texts[:3]]
        assert numbers == pytest.approx(list(wanted), rel=0.15, abs=1e-4, nan_ok=True)
    low, high = figure.axes[0].get_ylim()
    assert low < scores.min() and scores.max() < high


def test_marks_and_caption_in_the_picture_are_the_learners_numbers():
    lab, figure = labs.softmax, Figure()
    update = lab.draw(figure)
    half = typed("def f(x): return np.array([[0.5, -7, float('nan')]])", "f")
    update(lab.compute(**lab.defaults(), softmax=half))
    (marks,) = [line for line in figure.axes[2].lines if line.get_marker() == "D"]
    assert marks.get_visible()
    assert marks.get_ydata() == pytest.approx([0.5, numpy.nan, numpy.nan], nan_ok=True)
    assert "◆ your function; the rest nan" in [text.get_text() for text in figure.axes[2].texts]
    update(lab.compute(**lab.defaults()))
    assert not marks.get_visible()
    assert not [t for t in figure.axes[2].texts if "your function" in t.get_text()]


def _changed(view, other):
    """Return the cells of 10 x 10 pixels in which two pictures differ."""
    one, two = (numpy.asarray(Image.open(io.BytesIO(v.png)).convert("L")) for v in (view, other))
    rows, columns = numpy.nonzero(one != two)
    return set(zip(rows // 10, columns // 10, strict=True))


CAPTION = {(row, column) for row in range(6, 9) for column in range(70, 95)}


def test_a_lab_that_broke_and_was_mended_shows_no_trace_of_it():
    moved = labs.softmax()
    moved.set(a=100.0, subtract_max=False, softmax=_naive)
    broken = labs.softmax(a=100.0, subtract_max=False, softmax=_naive)
    assert (moved.text, moved.png) == (broken.text, broken.png)
    moved.set(a=1.0, subtract_max=True, softmax=None)
    assert (moved.text, moved.png) == (labs.softmax().text, labs.softmax().png)
