"""What the one class Lab promises to every lab."""

import asyncio
import base64
import io
import math
import threading

import ipywidgets as widgets
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from d2l_extras import Checkbox, Choice, IntSlider, Lab, LogSlider, Slider, labs

CALLS = []


def compute(x, mode="plain", own=None):
    CALLS.append(x)
    if x > 8:
        raise ValueError("x above 8 has no square here")
    return (own or (lambda value: value * value))(x)


def draw(figure):
    axes = figure.subplots()
    axes.set(xlim=(0, 100), ylim=(-1, 1))
    (point,) = axes.plot([0], [0], "o", animated=True)
    return lambda square: point.set_data([square], [0])


def describe(square):
    return f"The square is {square:.2f}."


CONTROLS = (
    Slider("x", "side <a>", 0, 10, step=0.5, value=2),
    Choice("mode", "mode", ("plain", "b"), "b"),
)


def steps(values, own=None):
    for step in range(1, 6):
        yield step / 5, values["x"] + step


@pytest.fixture(name="lab")
def _lab():
    CALLS.clear()
    return Lab(
        "Square", CONTROLS, compute, draw, describe, run=steps, functions=("own",), size=(4, 2)
    )


def pixels(png):
    return numpy.asarray(Image.open(io.BytesIO(png)))


# --- from a control to the picture


def test_moving_a_control_changes_picture_text_and_alternative_text(lab):
    view = lab()
    before = view.png
    view.widgets["x"].value = 3.0
    assert view.text == "The square is 9.00."
    assert view.image.tooltip == view.text
    assert view.image.value == view.png != before
    assert pixels(view.png).shape == (200, 400, 3)


def test_in_a_burst_of_events_the_newest_value_wins_and_nothing_queues_up(lab):
    async def drag():
        view = lab()
        CALLS.clear()
        for value in numpy.linspace(0, 5, 101):
            view.widgets["x"].value = value
        assert CALLS == []
        await asyncio.sleep(0.01)
        return view

    view = asyncio.run(drag())
    assert CALLS == [5.0]
    assert view.text == "The square is 25.00."


def test_control_that_speaks_in_another_thread_is_answered_where_the_lab_was_opened(lab):
    """JupyterLab reads controls in a thread of their own; MXNet's NumPy mode is off there."""
    threads = []

    def own(value):
        threads.append(threading.current_thread())
        return value

    async def move():
        view = lab(own=own)
        await asyncio.to_thread(setattr, view.widgets["x"], "value", 5.0)
        await asyncio.sleep(0.01)
        return view

    assert asyncio.run(move()).text == "The square is 5.00."
    assert set(threads) == {threading.main_thread()}


def test_lab_stays_at_what_it_was_asked_for_though_the_browser_knows_only_steps(lab):
    view = lab(x=2.2)
    view.widgets["x"].value = 2.0  # what a slider with steps of 0.5 sends back when it opens
    assert view.values["x"] == 2.2
    view.widgets["x"].value = 2.5
    assert view.values["x"] == 2.5
    view.set(x=3.1)
    view.widgets["x"].value = 3.0
    assert view.values["x"] == 3.1


def test_position_of_a_slider_is_rounded_as_the_browser_does_not():
    assert Slider("a", "", -5, 105, step=0.5, value=0).check(-8.8e-16) == 0
    assert str(Slider("a", "", 0, 1, step=0.1, value=0).check(0.30000000000000004)) == "0.3"


def test_setting_several_controls_draws_one_picture(lab):
    view = lab()
    CALLS.clear()
    view.set(x=1, mode="plain")
    assert CALLS == [1.0]
    assert view.text == "The square is 1.00."


def test_moving_artists_are_drawn_over_a_stored_background(lab, monkeypatch):
    view = lab()
    drawn = []
    monkeypatch.setattr(view._picture.canvas, "draw", lambda: drawn.append("all of it"))
    view.set(x=5)
    assert drawn == []


def test_change_of_an_artist_that_is_not_animated_is_seen_too():
    def draw_with_limits(figure):
        axes = figure.subplots()

        def update(side):
            axes.set_xlim(0, side)

        return update

    lab = Lab("Limits", CONTROLS[:1], lambda x: x + 1, draw_with_limits, str)
    view = lab()
    view.set(x=9)
    assert view.png == lab(x=9).png != lab(x=2).png


# --- errors


def test_error_in_compute_is_shown_in_the_lab_and_the_lab_lives_on(lab):
    view = lab()
    good = view.png
    view.widgets["x"].value = 9.0
    assert "ValueError: x above 8 has no square here" in view.error
    assert 'role="alert"' in view.alert.value and "x above 8" in view.alert.value
    assert view.text.startswith("✗ No result at this setting.")
    assert view.png == good
    view.widgets["x"].value = 2.0
    assert (view.error, view.alert.value, view.text) == ("", "", "The square is 4.00.")


def test_text_and_errors_are_escaped():
    lab = Lab("<b>", CONTROLS[:1], lambda x: x, draw, lambda x: "<script>alert(1)</script>")
    view = lab()
    assert "<script>" not in view.words.value
    assert "&lt;script&gt;" in view.words.value


def test_error_in_the_learners_function_names_its_line(lab):
    def mine(value):
        return value / 0

    view = lab(own=mine)
    assert "ZeroDivisionError: " in view.error
    assert "of mine)" in view.error


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"y": 1}, TypeError, "'Square' has no control y; it has x, mode, own"),
        ({"x": 11}, ValueError, "x must be from 0 to 10, got 11"),
        ({"x": math.nan}, ValueError, "x must be from 0 to 10, got nan"),
        ({"x": "2"}, TypeError, "x must be a number, got '2'"),
        ({"mode": "c"}, ValueError, "mode must be one of 'plain', 'b', got 'c'"),
        ({"own": 3}, TypeError, "own must be a function, got 3"),
    ],
)
def test_wrong_state_is_named_with_what_is_allowed(lab, state, error, message):
    with pytest.raises(error, match=message):
        lab(**state)


def test_two_controls_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"each control needs its own name, got \['x'\] twice"):
        Lab("Twice", CONTROLS[:1] * 2, compute, draw, describe)


def test_draw_that_returns_no_update_is_refused(lab):
    with pytest.raises(TypeError, match=r"draw\(figure\) must return update\(result\), got None"):
        Lab("No update", CONTROLS, compute, lambda figure: None, describe)()


# --- at rest, addressable


def test_display_is_picture_with_words_and_widget(lab, monkeypatch):
    shown = []
    monkeypatch.setattr("d2l_extras.kit.widget.display", lambda data, raw: shown.append(data))
    view = lab(x=3)
    view._ipython_display_()
    at_rest, live = shown
    assert base64.b64encode(view.png).decode() in at_rest["text/html"]
    assert '<img alt="The square is 9.00." src=' in at_rest["text/html"]
    assert "<div>The square is 9.00.</div>" in at_rest["text/html"]
    assert at_rest["text/plain"] == "The square is 9.00."
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == view.widget.model_id


def test_copied_state_opens_the_lab_in_that_state():
    view = labs.softmax(a=7.5, temperature=0.3, subtract_max=False)
    view.buttons["Copy state"].click()
    assert view.call_text.value == view.call
    assert eval(view.call, {"dx": __import__("d2l_extras")}).png == view.png


def test_copied_state_leaves_the_place_of_a_lambda_open(lab):
    assert lab(own=lambda value: value).call == "lab(x=2.0, mode='b', own=...)"


def test_copied_state_names_the_learners_function(lab):
    def mine(value):
        return value

    assert lab(own=mine).call == "lab(x=2.0, mode='b', own=mine)"


def test_reset_puts_every_control_back_to_where_the_lab_was_opened(lab):
    view = lab(x=5, mode="plain")
    view.set(x=1, mode="b")
    view.buttons["Reset"].click()
    assert dict(view.values) == {"x": 5.0, "mode": "plain"}
    assert view.text == "The square is 25.00."


def test_copied_state_disappears_when_it_is_no_longer_the_present_one(lab):
    view = lab()
    view.buttons["Copy state"].click()
    assert view.call_text.layout.display is None
    view.widgets["x"].value = 3.0
    assert view.call_text.layout.display == "none"
    view.buttons["Copy state"].click()
    view.buttons["Reset"].click()
    assert view.call_text.layout.display == "none"


# --- runs


def test_run_follows_the_controls_while_it_runs_and_ends_by_itself(lab):
    async def main():
        view = lab(x=1)
        view.start()
        assert view.running and view.buttons["Run"].disabled and not view.buttons["Stop"].disabled
        await view.finished()
        assert not view.running and not view.buttons["Run"].disabled
        assert view.progress == 1
        return view.text

    assert asyncio.run(main()) == "The square is 6.00."


def endless(values):
    while True:
        yield 0.5, values["x"]


@pytest.fixture(name="endless_lab")
def _endless_lab():
    return Lab("Endless", CONTROLS, lambda **_: 0, draw, describe, run=endless)


async def until_it_says(view, text):
    async with asyncio.timeout(20):
        while view.text != text:
            await asyncio.sleep(0.01)


def test_run_can_be_steered_and_stopped_and_never_blocks_the_loop(endless_lab):
    async def main():
        view = endless_lab(x=1)
        view.start()
        await until_it_says(view, "The square is 1.00.")
        view.widgets["x"].value = 7.0
        await until_it_says(view, "The square is 7.00.")
        view.start()  # a second press changes nothing
        view.buttons["Stop"].click()
        await asyncio.wait_for(view.finished(), 20)
        return view

    view = asyncio.run(main())
    assert not view.running
    view.set(x=1)
    assert view.text == "The square is 0.00.", "after a run the controls compute again"


def test_reset_during_a_run_stops_it_and_shows_the_opening_picture(endless_lab):
    async def main():
        view = endless_lab(x=1)
        opened = view.png
        view.start()
        view.widgets["x"].value = 7.0
        await until_it_says(view, "The square is 7.00.")
        view.buttons["Reset"].click()
        await asyncio.wait_for(view.finished(), 20)
        assert not view.running
        assert view.values["x"] == 1 and view.text == "The square is 0.00."
        assert view.png == opened

    asyncio.run(main())


def test_error_in_a_run_is_shown_and_the_lab_lives_on():
    def failing(values):
        yield 0.1, 1
        raise FloatingPointError("the loss is nan")

    lab = Lab("Failing", CONTROLS, lambda **_: 0, draw, describe, run=failing)
    view = lab()
    view.start()  # no event loop here: runs to its end
    assert "FloatingPointError: the loss is nan" in view.error
    assert not view.running
    view.set(x=3)
    assert view.error == ""


def test_interrupting_the_kernel_stops_the_run_and_not_the_lab():
    def interrupted(values):
        yield 0.1, 1
        raise KeyboardInterrupt

    view = Lab("Interrupted", CONTROLS, lambda **_: 0, draw, describe, run=interrupted)()
    view.start()
    assert not view.running and "KeyboardInterrupt" in view.error


def test_lab_without_a_run_says_so(endless_lab):
    with pytest.raises(TypeError, match="'Score mixer' has nothing to run"):
        labs.softmax().start()


# --- controls


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (Slider, ("a b", "", 0, 1, 0.1, 0), "usable as an argument, got 'a b'"),
        (Slider, ("a", "", 1, 0, 0.1, 0), "low must be below high, got 1 and 0"),
        (Slider, ("a", "", 0, 1, 0, 0), "the step must fit into the range, got 0"),
        (Slider, ("a", "", 0, 1, 0.1, 2), "a must be from 0 to 1, got 2"),
        (LogSlider, ("a", "", 0, 1, 0.1, 0.5), "needs low > 0, got 0"),
        (LogSlider, ("a", "", 0.1, 1, 2, 0.5), "the step must fit into the range, got 2"),
        (IntSlider, ("a", "", 0, 9, 1, 1.5), "must be a whole number, got 1.5"),
        (Choice, ("a", "", ("one",), "one"), "two or more different options"),
        (Choice, ("a", "", ("one", "two"), "three"), "must be one of 'one', 'two', got 'three'"),
    ],
)
def test_control_declared_wrongly_is_refused(kind, arguments, message):
    with pytest.raises(ValueError, match=message):
        kind(*arguments)


@pytest.mark.parametrize("value", [0, 1, "yes", None])
def test_checkbox_takes_only_true_or_false(value):
    with pytest.raises(TypeError, match="a must be True or False, got"):
        Checkbox("a", "", value)


@given(low=st.floats(1e-6, 1.0), decades=st.floats(0.5, 6), where=st.floats(0, 1))
def test_every_position_of_a_log_slider_is_one_that_the_lab_accepts(low, decades, where):
    high = low * 10**decades
    control = LogSlider("a", "", low, high, step=0.05, value=low)
    widget = control.widget(low)
    for value in (low, high, min(max(low * 10 ** (where * decades), low), high), 0, 1e9):
        widget.value = value
        assert low <= control.check(widget.value) <= high


def test_every_control_has_a_label_that_a_screen_reader_can_name():
    for name in labs:
        for control in getattr(labs, name).controls.values():
            assert control.label.strip(), (name, control.name)
            assert control.widget(control.value).description == control.label


def test_choice_is_made_with_keys_that_jupyterlab_does_not_take_away():
    """In a notebook's command mode the arrow keys move to another cell, out of a drop-down list."""
    control = Choice("a", "mode", ("one", "two"), "one")
    assert control.widget("two").value == "two"
    assert not isinstance(control.widget("one"), widgets.Dropdown)
    for name in labs:
        for control in getattr(labs, name).controls.values():
            widget = control.widget(control.value)
            assert not isinstance(widget, widgets.Dropdown | widgets.RadioButtons)
