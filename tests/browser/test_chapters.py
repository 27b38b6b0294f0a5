"""Every chapter in JupyterLab: it runs, and every control of every lab answers to the keyboard."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .conftest import keep_page_of_failed_test
from .notebook import Notebook, stored_labs
from .server import ARTIFACTS, ROOT

CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))

# A control of which the words of its lab say nothing: it is seen only in the picture.
ONLY_SEEN = {("X-ray of a net", "batch size (批量大小)")}
# What axe looks at; the rest of the page is JupyterLab's.
LABS = {"include": [[".jp-OutputArea-output > .widget-vbox"]]}
OUTPUTS = {"include": [[".jp-OutputArea-output"]], "exclude": [[".widget-vbox"]]}


@pytest.fixture(scope="module", params=CHAPTERS, name="chapter")
def _chapter(request, new_page, server):
    """The chapter after Run All Cells; its tests share the page."""
    chapter = Notebook(new_page(), server)
    chapter.name, chapter.path = request.param, ROOT / "notebooks" / f"{request.param}.ipynb"
    chapter.open(chapter.path.name)
    chapter.not_shown_before_run = chapter.stored_labs_not_shown(chapter.path)
    chapter.run_all()
    yield chapter
    chapter.close()


@pytest.fixture(autouse=True)
def _keep_page(request, chapter):
    yield
    keep_page_of_failed_test(request.node, chapter)


def test_chapter_shows_the_stored_pictures_and_words_before_it_is_run(chapter):
    assert not chapter.not_shown_before_run


def test_chapter_runs_and_every_output_is_shown(chapter):
    for number, outputs in enumerate(chapter.outputs()):
        for output in outputs:
            assert output["output_type"] != "error", (number, output["ename"], output["evalue"])
    for number, text in enumerate(chapter.scroll_through()):
        assert "Error displaying widget" not in text, number
        assert "Loading widget" not in text, number
    assert chapter.labs
    assert not chapter.messages


def test_every_lab_opens_as_it_is_stored(chapter):
    """The browser's sliders know only steps: they must not change what a lab was opened with."""
    for lab, words in zip(chapter.labs, stored_labs(chapter.path).values(), strict=False):
        lab.show()
        lab.settle()
        assert lab.read()["words"] == words, lab


def test_every_control_of_every_lab_changes_picture_and_words(chapter):
    missing = []
    for lab in {lab.title: lab for lab in reversed(chapter.labs)}.values():  # the first of each
        lab.show()
        opened = lab.reset()
        controls = lab.controls()
        for control in [one for one in controls if any(one.moves())]:  # not the chosen option
            heard = set() if (lab.title, str(control)) in ONLY_SEEN else {"words"}
            wanted = {"picture"} | heard
            others = [other for other in controls if other is not control]
            changed = set()
            for first in [(), others, *([other] for other in others)]:
                lab.reset(opened)
                changed |= changes(lab, control, first)
                if wanted <= changed:
                    break
            else:
                missing.append((lab, control, wanted - changed))
            assert lab.reset(opened) == opened, f"{lab}: Reset after {control}"
    assert not missing


def changes(lab, control, first):
    """Return what the moves of a control change, once some others have been moved first.

    Some controls act only in some states: a batch size says nothing before the first batch.
    """
    for other in first:
        move_once(lab, other)
    return set().union(*(lab.answer(control.handle, key) for key in control.moves()))


def move_once(lab, control):
    for key in control.moves():
        lab.press(control.handle, key)
        return lab.settle()


def test_every_button_of_every_lab_does_what_it_says(chapter):
    ran = set()  # runs take long: one of each lab
    for lab in chapter.labs:
        lab.show()
        opened = lab.reset()
        for control in lab.controls():
            move_once(lab, control)
        call = lab.copied_call()
        if "=..." not in call:  # the place of a lambda, which has no name
            assert chapter.run_in_kernel(f"({call}).text") == lab.read()["words"], call
        assert lab.reset(opened) == opened
        expect(lab.call_shown).to_be_hidden()  # it was not the present state any more
        for helper in lab.helpers():
            lab.press(helper, "Space")
            expect(helper).to_have_attribute("aria-pressed", "true")
        if lab.button("Run").count() and lab.title not in ran:
            ran.add(lab.title)
            assert_run_and_stop_work(lab)
            lab.press(lab.button("Run"), "Space")
            assert lab.reset(opened) == opened, "Reset ends a run"
            expect(lab.button("Run")).to_be_enabled()


def assert_run_and_stop_work(lab):
    run, stop = lab.button("Run"), lab.button("Stop")
    before = lab.read()
    lab.press(run, "Space")
    lab.wait_for_answer(before)
    if stop.is_enabled():  # else a short run has ended by itself
        lab.page.keyboard.press("Tab")  # Run cannot keep the focus, but its neighbor is next
        assert stop.evaluate("stop => stop === document.activeElement || stop.disabled")
        lab.page.keyboard.press("Space")
    expect(run).to_be_enabled()
    expect(stop).to_be_disabled()
    lab.settle()
    assert lab.read()["alternative"] == lab.read()["words"]
    assert not lab.read()["error"]


def test_every_control_has_a_name_and_shows_that_it_has_the_focus(chapter):
    for lab in chapter.labs:
        lab.show()
        for focusable in lab.focusable():
            expect(focusable).to_have_accessible_name(re.compile(r"\S"))
            assert lab.looks_different_with_focus(focusable), (lab, focusable)


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_labs_can_be_read_in_both_themes(chapter, theme):
    chapter.use_theme(theme)
    for number, lab in enumerate(chapter.labs, 1):
        lab.show()
        lab.box.screenshot(path=ARTIFACTS / f"{chapter.name}-{number}-{theme.split()[1]}.png")
        assert not lab.hard_to_read(), (lab, theme)
        assert lab.corner_of_picture() == [255, 255, 255, 255], "the figure needs its own white"


@pytest.mark.parametrize("part", [LABS, OUTPUTS], ids=["labs", "outputs"])
def test_axe_finds_nothing_serious_in_our_part_of_the_page(chapter, part):
    chapter.scroll_through()
    results = Axe().run(chapter.page, context=part, options={"resultTypes": ["violations"]})
    serious = [
        (finding["id"], finding["help"], [node["html"][:300] for node in finding["nodes"]][:3])
        for finding in results.response["violations"]
        if finding["impact"] in ("serious", "critical")
    ]
    assert not serious
