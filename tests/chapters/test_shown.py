"""What a lab shows at the ends of its controls is what is stored: each picture, and its words."""

from pathlib import Path

import pytest

from d2l_extras import labs
from d2l_extras.publishing import pictures
from tests.chapters import stored

PAGE = Path(__file__).parents[2] / "build" / "pictures"


@pytest.mark.parametrize("name", list(labs))
def test_lab_shows_what_is_stored_at_the_ends_of_its_controls(name):
    lab = getattr(labs, name)
    session, within = lab.session(), pictures.tolerance()
    words, frames = stored.load(name)
    for number, state in enumerate(stored.states(lab)):
        session.set(**state)
        assert session.text == words[number], state
        found = pictures.difference(frames[number], session.png, within)
        if found.real:
            place = f"{name}-state-{number}"
            page = pictures.lay_out(PAGE, place, frames[number], session.png, found)
            pytest.fail(f"{state}: {found.pixels} pixels show something else: see {page}")
    assert len(words) == len(frames) == number + 1
