"""A notebook without a kernel: what is stored is shown."""

import nbformat

from .server import ROOT

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
