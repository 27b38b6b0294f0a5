"""The sweeps of the labs fail on the breaks they are there for."""

import pytest

from d2l_extras import Lab, Slider
from tests.chapters import test_labs


def compute(x, y):
    return x + 0 * y


def draw(figure):
    axes = figure.subplots()
    axes.set(xlim=(0, 10), ylim=(-1, 1))
    (point,) = axes.plot([0], [0], "o", animated=True)
    return lambda x: point.set_data([x], [0])


CONTROLS = (Slider("x", "x", 0, 10, 1, 5), Slider("y", "y", 0, 1, 1, 0))


def lab(compute=compute, draw=draw, describe=str, controls=CONTROLS):
    return Lab("broken", controls, compute, draw, describe)


def test_callback_that_fails_at_its_far_end():
    def failing(x, y):
        return x / (10 - x)

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        test_labs.test_lab_answers_in_every_state_whatever_it_showed_before(lab(compute=failing))


def test_callback_that_fails_only_where_two_controls_meet_at_their_ends():
    def failing(x, y):
        return [0][int(x == 10 and y == 1)]

    with pytest.raises(AssertionError, match="IndexError"):
        test_labs.test_lab_answers_in_every_state_whatever_it_showed_before(lab(compute=failing))


def test_description_that_says_nothing():
    with pytest.raises(AssertionError):
        test_labs.test_lab_answers_in_every_state_whatever_it_showed_before(
            lab(describe=lambda x: " ")
        )


def test_artist_that_is_left_behind():
    def forgetful(figure):
        axes = figure.subplots()
        note = axes.text(0.5, 0.5, "large", animated=True, visible=False)

        def update(x):
            if x > 8:
                note.set_visible(True)

        return update

    with pytest.raises(AssertionError):
        test_labs.test_lab_answers_in_every_state_whatever_it_showed_before(lab(draw=forgetful))


def test_control_without_effect():
    with pytest.raises(AssertionError, match="y changes nothing"):
        test_labs.test_every_control_of_the_lab_changes_what_it_shows(lab())


def test_compute_that_is_not_a_function_of_its_values():
    calls = []

    def growing(x, y):
        calls.append(x)
        return len(calls)

    with pytest.raises(AssertionError):
        test_labs.test_lab_computes_the_same_for_the_same_values(lab(compute=growing))
