"""Every position of every control of every lab: no error, and the picture tells the truth."""

import pytest

from d2l_extras import labs

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


def test_lab_answers_in_every_state_whatever_it_showed_before(lab):
    """Catches errors, and artists not moved, not cleared, or left behind by an earlier state."""
    states = list(lab.states())
    forward, backward = lab(), lab(**states[-1])
    there = [shown(forward, state) for state in states]
    back = [shown(backward, state) for state in reversed(states)][::-1]
    for state, one, other in zip(states, there, back, strict=True):
        assert one[0] == other[0], state
        assert one[1] == other[1], state
    assert lab(**states[-1]).png == there[-1][1]


def test_every_control_of_the_lab_changes_what_it_shows(lab):
    view, seen = lab(), {}

    def at(state):  # each state once: that nothing earlier matters is tested above
        key = tuple(state.items())
        if key not in seen:
            seen[key] = shown(view, state)
        return seen[key]

    for control in lab.controls.values():
        first, last = control.trials[:2]
        changes = any(
            at({**state, control.name: first}) != at({**state, control.name: last})
            for state in lab.states()
        )
        assert changes, f"{control.name} changes nothing in any state"


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
