"""The score mixer tells the truth about softmax, and about how the naive formula breaks."""

import pytest
from mxnet import np, npx

from d2l_extras import labs


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


def test_equal_scores_lead_together():
    assert "largest: a and c" in labs.softmax(a=3.0).text


@pytest.mark.parametrize("subtract_max", [True, False])
def test_a_stable_function_of_the_learner_survives_where_the_naive_formula_breaks(subtract_max):
    text = labs.softmax(a=100.0, subtract_max=subtract_max, softmax=npx.softmax).text
    assert text.endswith("Your function is right here.")


def test_a_naive_function_of_the_learner_is_seen_to_break():
    assert "Your function differs: nan" in labs.softmax(a=100.0, softmax=_naive).text


def test_an_empty_function_of_the_learner_is_told():
    def stable_softmax(x): ...

    assert labs.softmax(softmax=stable_softmax).text.endswith("Your function is still empty.")


def test_a_function_that_loses_the_shape_is_told_so():
    assert "must keep the shape" in labs.softmax(softmax=lambda x: x.sum(axis=1)).error


def test_a_lab_that_broke_and_was_mended_shows_no_trace_of_it():
    moved = labs.softmax()
    moved.set(a=100.0, subtract_max=False, softmax=_naive)
    broken = labs.softmax(a=100.0, subtract_max=False, softmax=_naive)
    assert (moved.text, moved.png) == (broken.text, broken.png)
    moved.set(a=1.0, subtract_max=True, softmax=None)
    assert (moved.text, moved.png) == (labs.softmax().text, labs.softmax().png)
