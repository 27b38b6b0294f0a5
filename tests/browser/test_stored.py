"""A notebook without a kernel: what is stored is shown."""

import nbformat
from playwright.sync_api import expect

from .server import ARTIFACTS, ROOT

FIRST = ROOT / "notebooks" / "00-start-here.ipynb"


def test_chapter_without_a_kernel_shows_the_stored_pictures_and_words(open_notebook, server):
    chapter = nbformat.read(FIRST, 4)
    absent = {"name": "absent", "display_name": "absent", "language": "absent"}
    chapter.metadata = {"kernelspec": absent, "language_info": {"name": "absent"}}
    nbformat.write(chapter, server.folder / "no-kernel.ipynb")
    notebook = open_notebook("no-kernel.ipynb", kernel=False)
    notebook.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
    assert not notebook.stored_labs_not_shown(FIRST)


def test_chapter_whose_kernel_was_shut_down_shows_them_after_a_reload(open_notebook, server):
    (server.folder / "shut-down.ipynb").write_bytes(FIRST.read_bytes())
    notebook = open_notebook("shut-down.ipynb")
    notebook.menu("Kernel", "Shut Down Kernel")
    notebook.wait_for("!panel.sessionContext.session")
    notebook.reload()
    assert not notebook.stored_labs_not_shown(FIRST)


def test_lab_that_was_run_and_saved_is_still_seen_when_the_notebook_is_opened_again(
    open_notebook, server
):
    name = server.write("saved.ipynb", "dx.labs.softmax()")
    notebook = open_notebook(name).run_all()
    (lab,) = notebook.labs
    words = lab.read()["words"]
    picture, said = (
        notebook.cell(1).locator(".d2l-extras-words img"),
        notebook.cell(1).get_by_text(words),
    )
    expect(picture).to_be_hidden()  # the lab itself shows both
    expect(said).to_have_count(2)
    expect(said.first).to_be_hidden()
    notebook.save()
    notebook.menu("Kernel", "Shut Down Kernel")
    notebook.wait_for("!panel.sessionContext.session")
    notebook.reload()
    notebook.page.get_by_text("model not found").wait_for(state="attached")
    expect(notebook.page.get_by_text("model not found")).to_be_hidden()
    expect(picture).to_be_visible()
    expect(said).to_have_count(1)
    expect(said).to_be_visible()
    notebook.page.screenshot(path=ARTIFACTS / "saved.png")
