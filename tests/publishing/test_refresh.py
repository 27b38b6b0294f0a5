"""Storing a chapter's outputs, and that a comparison with them notices what changed."""

import base64
import io
import subprocess
import sys

import nbformat
import pytest
from PIL import Image, ImageDraw

from d2l_extras.publishing import pictures
from d2l_extras.publishing.refresh import WIDGET, clean, refresh
from d2l_extras.publishing.run import CellError, run
from d2l_extras.teaching import progress

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
         "--nbval-current-env", "-p", "d2l_extras.publishing.nbval_pictures",
         "--rootdir", str(path.parent), str(path)],
        capture_output=True, text=True,
    )  # fmt: skip


def test_refreshing_twice_changes_nothing(chapter):
    before = chapter.read_text()
    assert refresh(chapter) is False
    assert chapter.read_text() == before


def test_stored_lab_is_a_picture_and_its_description_without_the_widget(chapter):
    (at_rest,) = nbformat.read(chapter, 4).cells[1].outputs
    assert at_rest.data["text/plain"].startswith("Scores 1, 2, 3")
    assert (
        f'<img alt="{at_rest.data["text/plain"]}" src="data:image/png' in at_rest.data["text/html"]
    )
    assert WIDGET not in chapter.read_text()


def test_stored_notebook_holds_nothing_of_the_machine_or_the_moment(chapter):
    notebook = nbformat.read(chapter, 4)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert all(dict(cell.metadata) == {} for cell in notebook.cells)
    assert [len(cell.outputs) for cell in notebook.cells] == [0, 1, 1, 1, 1, 1]


def test_what_is_stored_knows_nothing_of_the_progress_of_whoever_stores_it(tmp_path, monkeypatch):
    monkeypatch.setenv("D2L_EXTRAS_PROGRESS", str(tmp_path / "progress.json"))
    progress.record("question", "softmax.spacing", verdict="wrong")
    path = tmp_path / "02-small.ipynb"
    cells = [nbformat.v4.new_code_cell('import d2l_extras as dx\ndx.warm_up("cross_entropy")')]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    refresh(path)
    (output,) = nbformat.read(path, 4).cells[0].outputs
    assert "none is now" in output.data["text/plain"]


def test_pieces_of_one_print_become_one_and_what_is_no_print_stays_apart():
    pieces = [
        ("stdout", "a"),
        ("stdout", "b\n"),
        ("stderr", "oh"),
        ("stderr", "!"),
        ("stdout", "c"),
    ]
    outputs = [nbformat.v4.new_output("stream", name=name, text=text) for name, text in pieces]
    cell = nbformat.v4.new_code_cell("1", outputs=outputs)
    (cleaned,) = clean(nbformat.v4.new_notebook(cells=[cell])).cells
    found = [(output.name, output.text) for output in cleaned.outputs]
    assert found == [("stdout", "ab\n"), ("stderr", "oh!"), ("stdout", "c")]


def test_tags_survive_and_everything_else_goes():
    cell = nbformat.v4.new_code_cell("1", metadata={"tags": ["hide"], "collapsed": True})
    cleaned = clean(nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}}))
    assert dict(cleaned.cells[0].metadata) == {"tags": ["hide"]}
    assert "widgets" not in cleaned.metadata


def test_what_an_author_has_answered_is_not_stored(tmp_path, monkeypatch):
    monkeypatch.setenv("D2L_EXTRAS_PROGRESS", str(tmp_path / "progress.json"))
    progress.record("question", "softmax.spacing", verdict="wrong", answer="A", sure=None)
    cells = ["import d2l_extras as dx\ndx.again('softmax')", "dx.questions.softmax.tags('B')"]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    run(notebook, tmp_path / "01-small.ipynb")
    assert "none is waiting" in notebook.cells[0].outputs[0].data["text/plain"]
    assert len(progress.events()) == 1


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
    notebook.cells[1].outputs[0].data["text/plain"] += " Something else."
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


def with_picture(notebook, cell, changed):
    """Replace the picture of a cell by one in which something was drawn."""
    for output in notebook.cells[cell].outputs:
        (content,) = pictures.pictures([output])
        image = Image.open(io.BytesIO(content)).convert("RGB")
        changed(ImageDraw.Draw(image))
        new = iter([pictures.small(pictures.png(image))])
        if "image/png" in output.data:
            output.data["image/png"] = base64.b64encode(next(new)).decode("ascii")
        else:
            output.data["text/html"] = pictures.replaced(output.data["text/html"], new)


def draw_a_line(image):
    image.line([(50, 50), (150, 60)], fill="red", width=2)


def test_comparison_notices_a_picture_of_a_lab_or_a_figure_that_shows_something_else(
    chapter, tmp_path
):
    notebook = nbformat.read(chapter, 4)
    for cell in (1, 5):
        with_picture(notebook, cell, draw_a_line)
    broken = tmp_path / "01-broken.ipynb"
    nbformat.write(notebook, broken)
    run = nbval(broken)
    assert "2 failed, 4 passed" in run.stdout, run.stdout
    page = (tmp_path / "build/pictures/index.html").read_text()
    for cell in (1, 5):
        assert f"01-broken-cell-{cell}-picture-1-stored.png" in page
        assert f"01-broken-cell-{cell}-picture-1-difference.png" in page


def test_picture_that_shows_the_same_is_not_stored_anew(chapter):
    """Another processor smooths a letter otherwise: that is no change of the chapter."""
    notebook = nbformat.read(chapter, 4)
    with_picture(notebook, 5, lambda image: image.point((60, 60), fill="red"))
    before = nbformat.writes(notebook) + "\n"
    chapter.write_text(before)
    assert refresh(chapter) is False
    assert chapter.read_text() == before
