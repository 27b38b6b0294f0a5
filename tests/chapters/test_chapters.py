"""What every chapter has, and that its stored form is what `d2l-extras refresh` writes."""

import ast
import copy
import re
from pathlib import Path

import nbformat
import pytest

import d2l_extras as dx
from d2l_extras.chapters import TABLE, colab_links, markdown_table
from d2l_extras.kit.controls import Slider
from d2l_extras.publishing.pictures import pictures
from d2l_extras.publishing.refresh import clean
from d2l_extras.teaching.exercise import Exercise

ROOT = Path(__file__).parent.parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IMPORTS = """\
%matplotlib inline
import d2l_extras as dx
from d2l import mxnet as d2l
from matplotlib import pyplot as plt
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn

dx.seed(0)"""
SETUP = """\
# Google Colab only: installs the course. Anywhere else this cell does nothing.
import os
from importlib.util import find_spec

if "COLAB_RELEASE_TAG" in os.environ and find_spec("d2l_extras") is None:
    course = "https://github.com/d2l-extras/d2l-extras"
    %pip install --quiet --no-deps --requirement {course}/raw/HEAD/colab.lock
    %pip install --quiet --no-deps {course}/archive/HEAD.zip"""
TIME = re.compile(r"\*Time to work through: (\d+) minutes\. What to know before: [^*]+\*")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem, name="path")
def _path(request):
    return request.param


@pytest.fixture(name="notebook")
def _notebook(path):
    return nbformat.read(path, 4)


def sources(notebook, kind):
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def parsed(source):
    return ast.parse(re.sub(r"^( *)%.*$", r"\1pass", source, flags=re.M))


def minutes(notebook):
    return int(TIME.search(notebook.cells[0].source).group(1))


def test_chapters_are_numbered_without_a_gap():
    assert [path.stem[:2] for path in PATHS] == [f"{n:02d}" for n in range(len(PATHS))]


def test_chapter_is_stored_as_refresh_writes_it_from_one_run(path, notebook):
    assert path.read_text() == nbformat.writes(clean(copy.deepcopy(notebook))) + "\n"
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_chapter_begins_with_title_goals_time_and_the_first_cells_of_every_chapter(notebook):
    title = notebook.cells[0].source
    assert title.startswith("# ")
    assert "**You will be able to**" in title
    assert TIME.search(title), "the line with the time to work through"
    assert sources(notebook, "code")[:2] == [SETUP, IMPORTS]


def test_chapter_has_its_parts(path, notebook):
    headings = [
        line
        for source in sources(notebook, "markdown")
        for line in source.splitlines()
        if line.startswith("## ")
    ]
    parts = (
        ["Recap"] if path.stem.startswith("00") else ["What people get wrong", "Exercises", "Recap"]
    )
    for part in parts:
        assert any(heading.startswith(f"## {part}") for heading in headings), (part, headings)
    asked = any("dx.questions." in source for source in sources(notebook, "code"))
    assert asked or any("**Predict" in source for source in sources(notebook, "markdown"))
    assert any("dx.labs." in source for source in sources(notebook, "code"))


def test_chapter_has_no_error_or_warning_among_its_outputs(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", (cell.source, output.text)
            text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
            assert not re.search(r" at 0x[0-9a-f]+>", text), text


def test_every_cell_is_compared(notebook):
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        assert not [tag for tag in tags if tag.startswith(("nbval", "skip"))]
        assert not re.search(r"#\s*(NBVAL|PYTEST)_\w+", cell.source), cell.source


def test_every_lab_is_stored_with_a_picture_and_its_description(notebook):
    labs = 0
    for cell in notebook.cells:
        last = cell.source.strip().rpartition("\n")[2]
        if cell.cell_type == "code" and last.startswith("dx.labs."):
            (at_rest,) = cell.outputs[-1:]
            assert len(list(pictures(cell.outputs[-1:]))) == 1
            assert at_rest.data["text/plain"][0] != "✗", at_rest
            labs += 1
    assert labs >= 1


def opened_labs(notebook):
    """Return the labs that a chapter opens, each with the values it gives as numbers."""
    for source in sources(notebook, "code"):
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("dx.labs."):
                given = [word for word in node.keywords if isinstance(word.value, ast.Constant)]
                state = {word.arg: word.value.value for word in given}
                yield getattr(dx.labs, node.func.attr), state


def test_sliders_show_the_values_that_labs_are_opened_with(notebook):
    """A slider shows the step next to its value, in two digits where it is logarithmic."""
    opened = list(opened_labs(notebook))
    assert opened
    for lab, state in opened:
        for name, value in (lab.defaults() | state).items():
            if isinstance(lab.controls[name], Slider):
                assert f"{lab.controls[name].rounded(value):.2g}" == f"{value:.2g}", (name, value)


def test_cells_are_short_enough_to_read_without_scrolling(notebook):
    for source in sources(notebook, "code"):
        assert len(source.splitlines()) <= 24, source
        assert max(map(len, source.splitlines() or [""])) <= 100, source
    sizes = sorted(len(source.splitlines()) for source in sources(notebook, "code"))
    assert sizes[len(sizes) // 2] <= 7


def test_links_between_chapters_lead_somewhere(path, notebook):
    for source in sources(notebook, "markdown"):
        for target in re.findall(r"\]\(([^)#:]+\.ipynb)", source):
            assert (path.parent / target).exists(), target


def test_text_uses_american_spelling_and_names_no_british_twin(notebook):
    text = "\n".join(sources(notebook, "markdown"))
    found = re.findall(r"\b\w*(?:isation|ising|ised|colour|behaviour|centre)\w*\b", text)
    allowed = {"raised", "rising", "arising", "raising", "promised", "surprised", "surprising",
               "exercised", "advised", "revised", "supervised", "comprised"}  # fmt: skip
    assert not [word for word in found if word.lower() not in allowed]


def exercises_of(module):
    return {name for name, value in vars(module).items() if isinstance(value, Exercise)}


def test_every_exercise_is_stated_and_checked_in_a_chapter():
    code = "\n".join(source for path in PATHS for source in sources(nbformat.read(path, 4), "code"))
    for name in dx.exercises:
        module = getattr(dx.exercises, name)
        for exercise in exercises_of(module):
            assert re.search(rf"dx\.exercises\.{name}\.{exercise}$", code, re.M), (name, exercise)
            assert f"dx.exercises.{name}.{exercise}(" in code, (name, exercise)


def test_every_lab_is_opened_in_a_chapter():
    code = "\n".join(source for path in PATHS for source in sources(nbformat.read(path, 4), "code"))
    for name in dx.labs:
        assert f"dx.labs.{name}(" in code, name


def test_code_of_the_chapters_is_free_of_what_a_linter_calls_errors(notebook):
    for source in sources(notebook, "code"):
        parsed(source)


@pytest.mark.parametrize(
    ("place", "folder", "first"),
    [("README.md", "notebooks/", 0), ("notebooks/00-start-here.ipynb", "", 1)],
)
def test_tables_of_chapters_are_those_of_the_one_table(place, folder, first):
    text = (ROOT / place).read_text()
    if place.endswith(".ipynb"):
        text = "\n".join(sources(nbformat.read(ROOT / place, 4), "markdown"))
    assert markdown_table(folder, first) in text, (
        f"write it there:\n{markdown_table(folder, first)}"
    )


def test_readme_links_each_chapter_on_colab():
    assert colab_links() in (ROOT / "README.md").read_text(), f"write it there:\n{colab_links()}"


def test_the_one_table_has_every_notebook_with_its_time():
    assert [chapter.stem for chapter in TABLE] == [path.stem for path in PATHS]
    for chapter, path in zip(TABLE, PATHS, strict=True):
        assert chapter.minutes == minutes(nbformat.read(path, 4)), path.stem
