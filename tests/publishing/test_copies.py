"""The learner's copy: what the learner changed is never lost, the rest follows the course."""

import json
import os
import re

import nbformat
import pytest

from d2l_extras.publishing import copies
from d2l_extras.teaching import progress

FIRST, THIRD = "00-start-here.ipynb", "03-minibatch-sgd.ipynb"


def notebook(text, output="", **more):
    cell = {
        "cell_type": "code", "source": text, "metadata": {}, "execution_count": None,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": output}],
    }  # fmt: skip
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more})


@pytest.fixture(name="course")
def _course(tmp_path):
    folder = tmp_path / "stored"
    folder.mkdir()
    for name in (FIRST, THIRD):
        (folder / name).write_text(notebook(f"# {name}, first version"))
    return folder


@pytest.fixture(name="copy")
def _copy(tmp_path, course):
    folder = tmp_path / "my course, 我的课程"
    assert copies.update(folder, course) == []
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != copies.MANIFEST)


def test_the_copy_has_the_chapters_as_they_are_stored(copy, course):
    assert names(copy) == [FIRST, THIRD]
    assert all((copy / name).read_bytes() == (course / name).read_bytes() for name in names(copy))


def test_a_chapter_that_was_left_alone_follows_the_course_in_silence(copy, course):
    (course / THIRD).write_text(notebook("second version"))
    assert copies.update(copy, course) == []
    assert "second version" in (copy / THIRD).read_text()
    (course / THIRD).write_text(notebook("third version"))
    assert copies.update(copy, course) == []
    assert "third version" in (copy / THIRD).read_text()
    assert names(copy) == [FIRST, THIRD]


@pytest.mark.parametrize("mine", [notebook("mine"), notebook(f"# {THIRD}, first version", "4.2")])
def test_a_changed_chapter_stays_and_its_new_version_is_put_beside_it_once(copy, course, mine):
    (copy / THIRD).write_text(mine)
    assert copies.update(copy, course) == []  # the course has nothing new
    (course / THIRD).write_text(notebook("second version"))
    (line,) = copies.update(copy, course)
    assert line == (
        f"{THIRD} has a new version: yours stays as it is, beside it is 03-minibatch-sgd.new.ipynb"
    )
    assert (copy / THIRD).read_text() == mine
    assert "second version" in (copy / "03-minibatch-sgd.new.ipynb").read_text()
    (copy / "03-minibatch-sgd.new.ipynb").unlink()
    assert copies.update(copy, course) == [] and names(copy) == [FIRST, THIRD]


def test_newer_versions_replace_the_one_beside_unless_the_learner_worked_in_it(copy, course):
    (copy / THIRD).write_text(notebook("mine"))
    for version in ("second", "third"):
        (course / THIRD).write_text(notebook(version))
        assert len(copies.update(copy, course)) == 1
    assert names(copy) == [FIRST, THIRD, "03-minibatch-sgd.new.ipynb"]
    (copy / "03-minibatch-sgd.new.ipynb").write_text(notebook("mine, too"))
    (course / THIRD).write_text(notebook("fourth"))
    (line,) = copies.update(copy, course)
    assert "03-minibatch-sgd.new-2.ipynb" in line
    assert "mine, too" in (copy / "03-minibatch-sgd.new.ipynb").read_text()


def test_a_new_version_that_was_taken_over_follows_the_course_again(copy, course):
    (copy / THIRD).write_text(notebook("mine"))
    (course / THIRD).write_text(notebook("second"))
    copies.update(copy, course)
    os.replace(copy / "03-minibatch-sgd.new.ipynb", copy / THIRD)
    (course / THIRD).write_text(notebook("third"))
    assert copies.update(copy, course) == []
    assert "third" in (copy / THIRD).read_text()


def test_saving_without_a_change_is_no_change(copy, course):
    """What autosave does: metadata, lists of lines, numbers of executions."""
    saved = json.loads((copy / THIRD).read_text())
    saved["metadata"] = {"language_info": {"name": "python", "version": "3.13.0"}}
    saved["cells"][0]["source"] = [saved["cells"][0]["source"]]
    saved["cells"][0] |= {"execution_count": 3, "id": "0a1b", "metadata": {"collapsed": True}}
    (copy / THIRD).write_text(json.dumps(saved, indent=1) + "\n")
    (course / THIRD).write_text(notebook("second version"))
    assert copies.update(copy, course) == []
    assert "second version" in (copy / THIRD).read_text()


def test_a_deleted_chapter_stays_deleted_until_it_is_reset_and_new_ones_come(copy, course):
    (copy / THIRD).unlink()
    (course / THIRD).write_text(notebook("second version"))
    (course / "04-more.ipynb").write_text(notebook("more"))
    assert copies.update(copy, course) == []
    assert names(copy) == [FIRST, "04-more.ipynb"]
    copies.reset("03", copy, course)
    assert "second version" in (copy / THIRD).read_text()


def test_without_its_manifest_nothing_of_the_learner_is_overwritten(copy, course):
    (copy / THIRD).write_text(notebook("mine"))
    for broken in ("", "[]", "null", '{"chapters": 3}', "[" * 100_000, None):
        manifest = copy / copies.MANIFEST
        manifest.unlink() if broken is None else manifest.write_text(broken)
        copies.update(copy, course)
        assert (copy / THIRD).read_text() == notebook("mine")
        (copy / "03-minibatch-sgd.new.ipynb").unlink()


def test_an_interrupted_copy_is_gone_on_with(tmp_path, course, monkeypatch):
    folder, write = tmp_path / "copy", copies.write_atomically

    def interrupted(path, content):
        if path.name == THIRD:
            raise KeyboardInterrupt
        return write(path, content)

    monkeypatch.setattr(copies, "write_atomically", interrupted)
    with pytest.raises(KeyboardInterrupt):
        copies.update(folder, course)
    assert names(folder) == [FIRST]
    monkeypatch.undo()
    (course / FIRST).write_text(notebook("second version"))
    assert copies.update(folder, course) == []
    assert names(folder) == [FIRST, THIRD]
    assert "second version" in (folder / FIRST).read_text()


def test_reset_keeps_what_the_learner_had_each_time(copy, course):
    for text in ("mine", "mine again"):
        (copy / THIRD).write_text(notebook(text))
        line = copies.reset("03", copy, course)
        kept = re.search(
            r"yours is kept as (03-minibatch-sgd\.\d{4}-\d\d-\d\d(?:-2)?\.ipynb)", line
        )
        assert (copy / kept[1]).read_text() == notebook(text)
        assert (copy / THIRD).read_bytes() == (course / THIRD).read_bytes()
    assert len(names(copy)) == 4
    assert "kept" not in copies.reset("03", copy, course)


def test_reset_takes_away_the_new_version_that_lies_beside(copy, course):
    (copy / THIRD).write_text(notebook("mine"))
    (course / THIRD).write_text(notebook("second version"))
    copies.update(copy, course)
    copies.reset("03-minibatch-sgd", copy, course)
    assert "03-minibatch-sgd.new.ipynb" not in names(copy)


def test_a_linked_folder_and_linked_chapters_are_followed(tmp_path, copy, course):
    (tmp_path / "link").symlink_to(copy)
    elsewhere = tmp_path / "elsewhere.ipynb"
    os.replace(copy / THIRD, elsewhere)
    (copy / THIRD).symlink_to(elsewhere)
    (course / THIRD).write_text(notebook("second version"))
    assert copies.update(tmp_path / "link", course) == []
    assert (copy / THIRD).is_symlink() and "second version" in elsewhere.read_text()


def test_what_stands_in_the_way_is_said_with_the_next_step(tmp_path, course):
    (tmp_path / "file").write_text("")
    with pytest.raises(copies.CopyError, match=r"file \(it is a file\): .*`d2l-extras lab ~/glu"):
        copies.update(tmp_path / "file", course)
    with pytest.raises(copies.CopyError, match="Not a directory.*`d2l-extras lab ~/gluon-course`"):
        copies.update(tmp_path / "file" / "course", course)
    with pytest.raises(copies.CopyError, match="holds the stored notebooks.*--originals"):
        copies.update(course, course)
    with pytest.raises(copies.CopyError, match="no copy of the course in .*run `d2l-extras lab`"):
        copies.reset("03", tmp_path, course)
    with pytest.raises(ValueError, match="no chapter '9'; there are 00-start-here, 03-minibatch"):
        copies.reset("9", tmp_path, course)


def test_the_copy_is_found_from_within(copy, monkeypatch):
    """A terminal of JupyterLab starts in the copy."""
    monkeypatch.chdir(copy.parent)
    assert str(copies.default_folder()) == "gluon-course"
    monkeypatch.chdir(copy)
    assert copies.default_folder().resolve() == copy


# --- questions


def asking():
    """Return a notebook that asks twice, as bytes."""

    def code(source, *words):
        data = [{"text/plain": word, "text/html": f"{word}<details>B</details>"} for word in words]
        outputs = [nbformat.v4.new_output("display_data", data) for data in data]
        return nbformat.v4.new_code_cell(source, outputs=outputs, execution_count=1)

    cells = [
        code("1", "before"), code("dx.questions.start.sum", "asked", "options"),
        nbformat.v4.new_markdown_cell("text"), code("1 + 1", "first"),
        code("dx.exercises.start.mean_squared_error", "statement"), code("2 + 1", "first again"),
        code("dx.questions.start.more", "asked too"), code("2 + 2", "second"),
    ]  # fmt: skip
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


@pytest.mark.parametrize("answered, seen", [
    ((), "before asked options statement asked too"),
    (("start.sum",), "before asked options first statement first again asked too"),
    (("start.more",), "before asked options statement asked too second"),
    (("start.sum", "start.more"),
     "before asked options first statement first again asked too second"),
])  # fmt: skip
def test_outputs_below_a_question_are_empty_until_it_is_answered(answered, seen):
    notebook = nbformat.reads(copies.prepared(asking(), answered).decode(), 4)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    assert " ".join(output.data["text/plain"] for output in outputs) == seen
    folded = [o.data["text/plain"] for o in outputs if "<details>" in o.data["text/html"]]
    assert ("options" in folded) == ("start.sum" in answered)
    nbformat.validate(notebook)


def test_a_notebook_without_questions_is_copied_byte_by_byte():
    content = nbformat.writes(nbformat.v4.new_notebook()).encode()
    assert copies.prepared(content) is content


@pytest.fixture(name="kept")
def _kept(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    (source / "00-start-here.ipynb").write_bytes(asking())
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress.json"))
    monkeypatch.setattr(progress, "_memory", [])
    return source, tmp_path / "course"


def test_answering_fills_a_copy_left_alone_and_offers_nothing_beside_a_changed_one(kept):
    source, folder = kept
    path = folder / "00-start-here.ipynb"
    copies.update(folder, source)
    assert b'"first"' not in path.read_bytes()
    progress.record("question", "start.sum", verdict="skipped")
    copies.update(folder, source)
    assert b'"first"' in path.read_bytes()
    mine = path.read_bytes().replace(b"1 + 1", b"1 + 3")
    path.write_bytes(mine)
    progress.record("question", "start.more", verdict="right")
    assert copies.update(folder, source) == []
    assert path.read_bytes() == mine
    assert sorted(file.name for file in folder.iterdir()) == [copies.MANIFEST, path.name]


def test_a_broken_progress_does_not_keep_the_course_closed(kept, tmp_path):
    source, folder = kept
    (tmp_path / "progress.json").write_text('{"version": 99, "events": []}')
    assert copies.update(folder, source) == []
