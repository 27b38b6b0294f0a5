"""Storing a chapter's outputs, and that a comparison with them notices what changed."""

import subprocess
import sys

import nbformat
import pytest

from d2l_extras.publishing.refresh import WIDGET, clean, refresh
from d2l_extras.publishing.run import CellError

CELLS = [
    "import d2l_extras as dx\ndx.seed(0)",
    "dx.labs.softmax()",
    "mean = 1.0\ndx.verify('the mean is one', mean == 1)",
    "print('one'); import sys; sys.stdout.flush(); print('two')",
    "print(f'{1 / 3:.4f}')",
    "from matplotlib import pyplot as plt\nplt.plot([0, 1])\nplt.show()",
]


@pytest.fixture(scope="module", name="chapter")
def _chapter(tmp_path_factory):
    path = tmp_path_factory.mktemp("course") / "01-small.ipynb"
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert refresh(path) is True
    return path


def nbval(path):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval",
         "--nbval-current-env", "--rootdir", str(path.parent), str(path)],
        capture_output=True, text=True,
    )  # fmt: skip


def test_refreshing_twice_changes_nothing(chapter):
    before = chapter.read_text()
    assert refresh(chapter) is False
    assert chapter.read_text() == before


def test_stored_lab_is_a_picture_and_its_description_without_the_widget(chapter):
    picture, text = nbformat.read(chapter, 4).cells[1].outputs
    assert list(picture.data) == ["image/png"]
    assert text.data["text/plain"].startswith("Scores 1, 2, 3: probabilities")
    assert WIDGET not in chapter.read_text()


def test_stored_notebook_holds_nothing_of_the_machine_or_the_moment(chapter):
    notebook = nbformat.read(chapter, 4)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert all(dict(cell.metadata) == {} for cell in notebook.cells)
    assert [len(cell.outputs) for cell in notebook.cells] == [0, 2, 1, 1, 1, 1]


def test_tags_survive_and_everything_else_goes():
    cell = nbformat.v4.new_code_cell("1", metadata={"tags": ["hide"], "collapsed": True})
    cleaned = clean(nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}}))
    assert dict(cleaned.cells[0].metadata) == {"tags": ["hide"]}
    assert "widgets" not in cleaned.metadata


def test_failing_cell_leaves_the_stored_chapter_as_it_was(tmp_path):
    path = tmp_path / "01-broken.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), path)
    before = path.read_text()
    said = r"01-broken: cell 0 .*fails: ZeroDivisionError: division by zero; .*lab --originals`$"
    with pytest.raises(CellError, match=said):
        refresh(path)
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "source, problem",
    [
        ("import time; time.sleep(60)", "takes longer than 3 s"),
        ("import os; os._exit(1)", "ended its kernel"),
    ],
)
def test_a_cell_that_hangs_or_ends_its_kernel_is_named(source, problem, tmp_path):
    path = tmp_path / "01-broken.ipynb"
    cells = [nbformat.v4.new_code_cell(text) for text in ("1", source)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    with pytest.raises(CellError, match=f"01-broken: cell 1 .*{problem}"):
        refresh(path, timeout=3)


def test_comparison_notices_a_changed_description_claim_print_or_missing_output(chapter, tmp_path):
    """Each of these stands for a break in the package: the stored output is what it was before."""
    notebook = nbformat.read(chapter, 4)
    notebook.cells[1].outputs[1].data["text/plain"] += " Something else."
    notebook.cells[2].source = notebook.cells[2].source.replace("mean == 1", "mean == 2")
    notebook.cells[3].outputs[0].text = "one\n"
    notebook.cells[4].outputs[0].text = "0.3334\n"
    notebook.cells[5].outputs = []
    broken = tmp_path / "01-broken.ipynb"
    nbformat.write(notebook, broken)
    run = nbval(broken)
    assert "5 failed, 1 passed" in run.stdout, run.stdout
    assert "ClaimError" in run.stdout
    assert "mean = 1.0" in run.stdout
