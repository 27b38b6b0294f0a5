"""Every position of every control of every lab: no error, and the picture tells the truth."""

import functools
from pathlib import Path

import pytest

from d2l_extras import labs
from d2l_extras.publishing import pictures
from tests.chapters import stored

PAGE = Path(__file__).parents[2] / "build" / "pictures"

LABS = {name: getattr(labs, name) for name in labs}


@pytest.fixture(params=LABS, name="lab")
def _lab(request):
    return LABS[request.param]


def shown(view, state):
    """Move a lab to a state; return its text and picture, after a look at what all must have."""
    view.set(**state)
    assert not view.error, (state, view.error)
    assert view.text.strip(), state
    assert view.png.startswith(b"\x89PNG"), state
    return view.text, view.png


def key(state):
    return tuple(state.items())


@functools.cache
def swept(lab):
    """Return what one open lab shows in each of its states, moved through them in their order."""
    view = lab()
    return {key(state): shown(view, state) for state in lab.states()}


def test_lab_answers_in_every_state_whatever_it_showed_before(lab):
    """Catches errors, and artists not moved, not cleared, or left behind by an earlier state."""
    there, states = swept(lab), list(lab.states())
    backward = lab(**states[-1])
    assert backward.png == there[key(states[-1])][1]
    for state in reversed(states):
        assert shown(backward, state) == there[key(state)], state


def test_every_control_of_the_lab_changes_what_it_shows(lab):
    view, seen = lab(), dict(swept(lab))

    def at(state):
        if key(state) not in seen:
            seen[key(state)] = shown(view, state)
        return seen[key(state)]

    for control in lab.controls.values():
        first, last = control.trials[:2]
        changes = any(
            at({**state, control.name: first}) != at({**state, control.name: last})
            for state in lab.states()
        )
        assert changes, f"{control.name} changes nothing in any state"


@pytest.mark.parametrize("name", LABS)
def test_lab_shows_what_is_stored_as_it_opens_and_at_the_ends_of_its_controls(name):
    there, (words, frames) = swept(LABS[name]), stored.load(name)
    states = stored.states(LABS[name])
    assert len(words) == len(frames) == len(states)
    for number, state in enumerate(states):
        text, png = there[key(state)]
        assert text == words[number], state
        found = pictures.difference(frames[number], png, pictures.tolerance())
        if found.real:
            page = pictures.lay_out(PAGE, f"{name}-state-{number}", frames[number], png, found)
            pytest.fail(f"{state}: {found.pixels} pixels show something else: see {page}")


def test_lab_computes_the_same_for_the_same_values(lab):
    assert lab().text == lab().text
    assert lab().png == lab().png


def test_lab_run_draws_its_steps_at_both_ends_of_every_control(lab):
    if lab.run is None:
        pytest.skip("this lab has no run")
    view = lab()
    for control in lab.controls.values():
        for value in control.ends:
            view.set(**{**lab.defaults(), control.name: value})
            steps = 0
            for fraction, result in lab.run(view.values):
                assert 0 <= fraction <= 1
                view.show(result)
                steps += 1
                if steps == 5:
                    break
            assert steps, (control.name, value)
            assert view.text.strip()
