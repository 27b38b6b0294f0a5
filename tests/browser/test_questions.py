"""A newcomer answers questions of chapter 1 wrong on purpose, and meets them again."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .server import ARTIFACTS

FORM = "form.d2l-extras-question"
SPACING = "dx.questions.softmax.spacing"
AMOUNT = "dx.questions.softmax.largest"


def forms(notebook):
    return notebook.page.locator(f".jp-OutputArea {FORM}")


@pytest.fixture(name="answered")
def _answered(open_notebook, server):
    notebook = open_notebook(
        server.write("questions.ipynb", SPACING, AMOUNT, 'dx.again("softmax")', "dx.progress()")
    ).run_all()
    expect(forms(notebook)).to_have_count(2)
    return notebook


def test_a_wrong_answer_gets_its_reply_and_comes_back_at_the_end(answered):
    form = forms(answered).first
    expect(form.get_by_role("button", name="Answer")).to_be_disabled()
    expect(answered.cell(1)).to_contain_text("Question: spacing, not size.")
    expect(answered.cell(1).locator("details")).not_to_be_visible()
    form.get_by_role("radio", name="A. Yes").check()
    form.get_by_role("radio", name="sure", exact=True).check()
    form.get_by_role("button", name="Answer").click()
    expect(form.get_by_role("status")).to_contain_text("✗ How large the scores are")
    form.get_by_role("radio", name="B. No").check()
    form.get_by_role("button", name="Answer").click()
    expect(form.get_by_role("status")).to_contain_text("✓ Odds are exp")
    form.screenshot(path=ARTIFACTS / "question.png")

    answered.run_cell(3)
    expect(answered.cell(3)).to_contain_text("spacing, not size")
    expect(answered.cell(3).locator(FORM)).to_have_count(1)
    answered.run_cell(4)
    expect(answered.cell(4)).to_contain_text("sure: 0 of 1 right")
    answered.page.screenshot(path=ARTIFACTS / "questions.png", full_page=True)
    assert not answered.messages


def test_everything_can_be_done_with_the_keyboard_and_jupyterlab_keeps_its_hands_off(answered):
    form, page = forms(answered).first, answered.page
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    form.get_by_role("radio", name="A. Yes").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("b")  # in command mode this inserts a cell
    expect(form.get_by_role("radio", name="B. No")).to_be_checked()
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("✓")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_a_number_is_typed_and_one_that_cannot_be_read_is_no_answer(answered):
    form = forms(answered).nth(1)
    field = form.get_by_role("textbox")
    for typed, said in ("many", "? Answer with one number"), ("38.5", "✗ That is the power of ten"):
        field.fill(typed)
        field.press("Enter")
        expect(form.get_by_role("status")).to_contain_text(said)
    field.fill("88.7")
    field.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("✓ ln(3.4028e38)")


MARKED = """
from d2l_extras.teaching.question import Choice
question = Choice("marked", "?", {"A": "`record()` & `<i>`", "B": "a ` alone"}, "B",
                  {"A": "No `<img src=x onerror=alert(1)>` but <b>text</b>"}, "So.")
question
"""


def test_what_is_between_backticks_is_code_and_nothing_is_read_as_html(open_notebook, server):
    notebook = open_notebook(server.write("marked.ipynb", MARKED)).run_all()
    form = forms(notebook).first
    assert form.locator("label code").all_text_contents() == ["record()", "<i>"]
    expect(form.get_by_role("radio", name="B. a ` alone")).to_be_visible()
    form.get_by_role("radio", name="A. record() & <i>").check()
    form.get_by_role("button", name="Answer").click()
    expect(form.get_by_role("status")).to_contain_text(
        "No <img src=x onerror=alert(1)> but <b>text"
    )
    expect(form.get_by_role("status").locator("code")).to_have_count(1)
    assert form.locator("img, b").count() == 0


def test_skip_is_remembered(answered):
    forms(answered).nth(1).get_by_role("button", name="Skip").click()
    expect(forms(answered).nth(1).get_by_role("status")).to_contain_text("· Skipped")
    answered.run_cell(3)
    expect(answered.cell(3)).to_contain_text("the largest score")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_form_can_be_read_in_both_themes(answered, theme):
    answered.use_theme(theme)
    forms(answered).first.get_by_role("radio", name="A. Yes").check()
    forms(answered).first.get_by_role("button", name="Answer").click()
    expect(forms(answered).first.get_by_role("status")).to_contain_text("✗")
    answered.cell(1).screenshot(path=ARTIFACTS / f"question-{theme[-5:].strip()}.png")
    found = Axe().run(answered.page, context={"include": [[FORM]]})
    assert not found.response["violations"], found.generate_report()


def test_what_was_missed_is_there_in_another_kernel(open_notebook, server, tmp_path):
    keep = f"import os\nos.environ['D2L_EXTRAS_PROGRESS'] = {str(tmp_path / 'progress.json')!r}"
    answer = "dx.questions.softmax.spacing('C', sure='think')"
    first = open_notebook(server.write("today.ipynb", keep, answer)).run_all()
    expect(first.cell(2)).to_contain_text("✗ spacing, not size")
    later = open_notebook(
        server.write("tomorrow.ipynb", keep, 'dx.warm_up("cross_entropy")')
    ).run_all()
    expect(later.cell(2)).to_contain_text("From earlier chapters")
    expect(later.cell(2).locator(FORM)).to_have_count(1)


@pytest.mark.parametrize(
    ("question", "wrong", "right"),  # shares of the picture's width and height
    [("start.flat", (0.55, 0.8), (0.55, 0.43)), ("batch_norm.bend", (0.9, 0.5), (0.545, 0.5))],
)
def test_a_place_is_pointed_at_on_linear_and_logarithmic_axes(
    open_notebook, server, question, wrong, right
):
    notebook = open_notebook(server.write("place.ipynb", f"dx.questions.{question}")).run_all()
    form = forms(notebook).first
    image = form.locator("img")
    expect(image).to_be_visible()
    box = image.bounding_box()
    for (across, down), mark in ((wrong, "✗"), (right, "✓")):
        image.click(position={"x": across * box["width"], "y": down * box["height"]})
        form.get_by_role("button", name="Answer").click()
        expect(form.get_by_role("status")).to_contain_text(mark)
