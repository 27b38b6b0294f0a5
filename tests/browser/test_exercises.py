"""A learner's own code: written into a cell of chapter 1, judged, and opened in the lab."""

import nbformat
from playwright.sync_api import expect

from .server import ROOT

WRONG = "def stable_softmax(x): return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)"
RIGHT = (
    "def stable_softmax(x): "
    "e = np.exp(x - x.max(axis=1, keepdims=True)); return e / e.sum(axis=1, keepdims=True)"
)
CHECK = "\n\ndx.exercises.softmax.stable(stable_softmax)"


def stub_of_chapter_1():
    cells = nbformat.read(ROOT / "notebooks" / "01-softmax.ipynb", 4).cells
    return next(cell.source for cell in cells if cell.source.endswith(CHECK))


def test_exercise_is_judged_as_it_is_written_and_its_function_opens_in_the_lab(
    open_notebook, server
):
    stub, lab = stub_of_chapter_1(), "dx.labs.softmax(a=100.0, softmax=stable_softmax)"
    notebook = open_notebook(server.write("exercise.ipynb", stub, lab)).run_all()
    exercise = notebook.cell(1)
    expect(exercise).to_contain_text("not attempted yet")
    assert "Your function is still empty." in notebook.labs[0].read()["words"]

    notebook.write_and_run(1, WRONG + CHECK)
    expect(exercise).to_contain_text("✗")
    expect(exercise).to_contain_text("subtract the largest score of each row first")
    notebook.run_cell(2)
    notebook.labs[0].wait_until("now.words.includes('Your function differs')")

    notebook.write_and_run(1, RIGHT + CHECK)
    expect(exercise).to_contain_text("✓")
    expect(exercise).not_to_contain_text("✗")
    notebook.run_cell(2)
    notebook.labs[0].wait_until("now.words.includes('Your function is right here')")


def test_copied_call_opens_the_lab_as_it_was_in_a_cell_of_its_own(open_notebook, server):
    notebook = open_notebook(server.write("copied.ipynb", "dx.labs.softmax()", "...")).run_all()
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    first = notebook.labs[0]
    before = first.read()
    first.press(first.controls()[0].handle, "End")
    moved = first.wait_for_answer(before)

    call = first.copied_call()
    assert notebook.page.evaluate("navigator.clipboard.readText()") == call
    notebook.write_and_run(2, call)

    expect(notebook.page.locator("img.widget-image")).to_have_count(2)
    notebook.labs[1].wait_for_words(moved["words"])
    assert notebook.labs[1].picture_bytes() == first.picture_bytes()
    assert not notebook.messages
