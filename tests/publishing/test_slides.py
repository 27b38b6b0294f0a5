"""Slides: every part of a chapter is on one, nothing is cut off, nothing comes from the network."""

import hashlib
import re

import nbformat
import pytest

from d2l_extras.cli import main
from d2l_extras.publishing import copies, slides

CHAPTERS = {path.stem: path for path in copies.chapters()}
FINGERPRINTS = {
    "reveal/notes.js": "df1201d19d03241a2897d39c3d38768177df1cbd4bde06327b321cb83461ae89",
    "reveal/reveal.css": "68f915a11ebf7203c0446576b7e952ff61c5dd02134a8a226ffaf62ed42136d2",
    "reveal/reveal.js": "46538b52db48724192f59bf46f5e851a18e302777c46f4a34c32709d010d6a29",
    "katex/auto-render.min.js": "bb53eb953394531aae36fdd537065c4244eb8542901a3ce914601d932675b8ac",
    "katex/katex.min.css": "19095127357ed6d29fe0a63a6b000c913a89f7f1963b765dd3715e97c9852e75",
    "katex/katex.min.js": "e8d885505949f3a5f4abdd5dd0d53696bd1371ad26ffbf4f310dcd77c8cdae89",
}


def cells(*sources, **metadata):
    made = [
        nbformat.v4.new_markdown_cell(text[3:]) if text.startswith("md:")
        else nbformat.v4.new_code_cell(text)
        for text in sources
    ]  # fmt: skip
    if made:
        made[-1].metadata.update(metadata)
    return nbformat.v4.new_notebook(cells=made)


def on_slides(deck):
    """Return the sources on each slide, its repeated title left out."""
    found = []
    for cell in deck.cells:
        if cell.metadata.slideshow.slide_type in ("slide", "subslide"):
            found.append([])
        if cell.metadata.slideshow.slide_type != "notes" and "again" not in cell.source:
            found[-1].append(cell.source)
    return found


@pytest.mark.parametrize("path", CHAPTERS.values(), ids=CHAPTERS)
def test_every_text_and_code_of_a_chapter_is_on_a_slide(path):
    chapter = nbformat.read(path, as_version=4)
    shown = re.sub(r"\s", "", "".join(cell.source for cell in slides.arrange(chapter).cells))
    for cell in chapter.cells:
        if not any(mark in cell.source for mark in slides.SETUP):
            for paragraph in cell.source.split("\n\n"):
                assert re.sub(r"\s", "", paragraph) in shown, paragraph


def test_each_section_is_a_row_and_each_question_has_a_slide():
    deck = slides.arrange(cells(
        "md:# One\n\nIntroduction.", "md:## Two\n\nText.\n\n**Predict:** why?", "1 + 1",
        "dx.questions.softmax.spacing", "2 + 2",
    ))  # fmt: skip
    assert on_slides(deck) == [
        ["# One\n\nIntroduction."], ["## Two\n\nText."], ["**Predict:** why?"], ["1 + 1"],
        ["dx.questions.softmax.spacing"], ["2 + 2"],
    ]  # fmt: skip


def test_what_an_exercise_printed_is_not_on_its_slide():
    notebook = cells("md:# One", "dx.exercises.softmax.stable(f)")
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="· not attempted")]
    assert not slides.arrange(notebook).cells[-1].outputs


def test_what_an_exercise_asks_is_on_its_slide():
    notebook = cells("md:# One", "dx.exercises.softmax.stable")
    asked = {"text/markdown": "**Exercise: stable.** Write it.", "text/plain": "<Exercise>"}
    notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", asked)]
    assert slides.arrange(notebook).cells[-1].outputs[0].data == asked


def test_what_only_a_learners_own_progress_fills_is_on_no_slide():
    deck = slides.arrange(cells("md:# One", 'dx.warm_up("softmax")', 'dx.again("softmax")'))
    assert on_slides(deck) == [["# One"]]


def test_a_teachers_remark_becomes_a_speaker_note(tmp_path):
    path = tmp_path / "one.ipynb"
    remark = {"d2l_extras": {"notes": "Ask *first*."}}
    nbformat.write(cells("md:# One", "1 + 1", **remark), path)
    slides.write(path, tmp_path / "one.html")
    (note,) = re.findall(r'<aside class="notes">(.*?)</aside>', (tmp_path / "one.html").read_text(),
                         re.DOTALL)  # fmt: skip
    assert "Ask <em>first</em>." in note


def test_the_same_chapter_gives_the_same_file_and_asks_nothing_of_the_network(tmp_path):
    for name in ("one", "two"):
        assert main(["slides", "05", "-o", str(tmp_path / name)]) == 0
    text = (tmp_path / "one").read_text()
    assert text == (tmp_path / "two").read_text()
    text = re.sub(r"(?s)<script>.*?</script>", "", text)  # the browser test sees what these ask for
    asked = re.findall(r'<(?:script|link|img)\b[^>]*?\b(?:src|href)="([^"]*)"', text)
    assert asked and all(address.startswith("data:") for address in asked)
    assert not re.findall(r"url\((?!data:|[\"']?data:|#)[^)]*\)", text)


def test_what_cannot_be_done_is_said_with_the_next_step(tmp_path, capsys):
    assert main(["slides", "77"]) == 1
    assert "no chapter '77'; there are 00-start-here" in capsys.readouterr().err
    assert main(["slides", "00", "-o", str(tmp_path / "missing/slides.html")]) == 1
    error = capsys.readouterr().err
    assert "No such file or directory" in error and "name another file with -o" in error


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_vendored_files_are_as_they_were_published(name):
    content = (slides.VENDOR / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == FINGERPRINTS[name]
