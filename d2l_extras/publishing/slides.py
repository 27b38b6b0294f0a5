"""A chapter as slides: one HTML file that needs no network, for reveal.js, which is in it.

nbconvert renders the cells; this module says which slide each part of a chapter stands on. The
mathematics is drawn by KaTeX, whose fonts are in the file, too.
"""

import base64
import copy
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ..files import write_atomically
from .copies import STATEMENT

HERE = Path(__file__).parent / "slides_template"
VENDOR = Path(__file__).resolve().parent.parent / "vendor"
HEIGHT = 560  # pixels of a slide below its title, as estimated
# cells that prepare and show nothing, or what only a learner's own progress fills
SETUP = ("COLAB_RELEASE_TAG", "import d2l_extras as dx", "dx.warm_up(", "dx.again(")
ASKED = re.compile(r"\*\*(Predict|Exercise)\b|dx\.(questions|exercises)\.")


class SlidesError(OSError):
    """The slides cannot be written: the message says why and what helps."""


def write(path: Path, to: Path) -> int:
    """Write a chapter as slides.

    Parameters
    ----------
    path : pathlib.Path
        The chapter's notebook, with its stored outputs.
    to : pathlib.Path
        The HTML file.

    Returns
    -------
    int
        How many slides it has.

    Raises
    ------
    SlidesError
        If the file cannot be written.
    """
    deck = arrange(nbformat.read(path, as_version=4))
    text = render(deck)
    try:
        write_atomically(to, text)
    except OSError as error:
        raise SlidesError(
            f"the slides cannot be written to {to} ({error.strerror}): name another file with -o"
        ) from error
    return sum(cell.metadata.slideshow.slide_type in ("slide", "subslide") for cell in deck.cells)


def arrange(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of a chapter whose cells say where each slide begins.

    A section is a row of slides one below the other. Each question and exercise has a slide of
    its own; so have the figures that leave no room. A remark of the teacher's, in
    `metadata.d2l_extras.notes` of a cell, becomes a speaker note.

    Examples
    --------
    >>> cells = [nbformat.v4.new_markdown_cell(text) for text in ("# One", "**Predict:** why?")]
    >>> deck = arrange(nbformat.v4.new_notebook(cells=cells))
    >>> [cell.metadata.slideshow.slide_type for cell in deck.cells]
    ['slide', 'subslide', '-']
    """
    slides = []
    title, room, alone, bare = "", 0, False, False
    for part in _parts(notebook):
        heading = re.match(r"#{1,2} (.+)", part.source) if part.cell_type == "markdown" else None
        own = bool(ASKED.search(part.source))
        needed = _height(part)
        if heading:
            title, kind = heading[1].strip(), "slide"
        elif bare and not own and needed <= room:
            kind = "-"
        elif not slides or own or alone or needed > room or part.source.startswith("### "):
            kind = "subslide"
        else:
            kind = "-"
        if kind == "subslide" and title:
            slides.append(_cell(_again(title), "subslide"))
            kind = "-"
            room = HEIGHT
        elif kind != "-":
            room = HEIGHT
        room -= needed
        # what an exercise's stub is checked with stands beside it
        bare = bool(heading) and "\n" not in part.source
        alone = own and not (part.cell_type == "markdown" and "Exercise" in part.source[:20])
        part.metadata.slideshow = NotebookNode(slide_type=kind)
        slides.append(part)
        if remark := part.metadata.get("d2l_extras", {}).get("notes"):
            remark = remark if isinstance(remark, str) else "\n\n".join(remark)
            slides.append(_cell(remark, "notes"))
    for number, cell in enumerate(slides):
        cell.id = f"part-{number}"  # not a random one: the same chapter gives the same file
    return nbformat.v4.new_notebook(cells=slides, metadata=copy.deepcopy(notebook.metadata))


def render(deck: NotebookNode) -> str:
    """Return arranged cells as one HTML document with all that it needs."""
    from nbconvert import SlidesExporter

    exporter = SlidesExporter(
        extra_template_basedirs=[str(HERE.parent)],
        template_name=HERE.name,
        exclude_input_prompt=True,
    )
    title = re.search(r"^# (.+)", "\n".join(cell.source for cell in deck.cells), re.MULTILINE)
    scripts = [VENDOR / "reveal/reveal.js", VENDOR / "reveal/notes.js",
               VENDOR / "katex/katex.min.js", VENDOR / "katex/auto-render.min.js",
               HERE / "deck.js"]  # fmt: skip
    parts = {
        "title": title[1] if title else "Slides",
        "styles": [_text(VENDOR / "reveal/reveal.css"), _katex_style(), _text(HERE / "deck.css")],
        "scripts": [_text(path).replace("</script", "<\\/script") for path in scripts],
    }
    text, _ = exporter.from_notebook_node(deck, resources={"deck": parts})
    return text


def _katex_style():
    """Return KaTeX's style sheet with the fonts in it; the rare ones that we lack are left out."""

    def embedded(rule):
        font = VENDOR / f"katex/fonts/{re.search(r'[^/]+[.]woff2', rule[0])[0]}"
        if not font.is_file():
            return ""
        data = base64.b64encode(font.read_bytes()).decode()
        source = f"src:url(data:font/woff2;base64,{data}) format('woff2')"
        return re.sub(r"src:[^}]+", source, rule[0])

    return re.sub(r"@font-face\{[^}]+\}", embedded, _text(VENDOR / "katex/katex.min.css"))


def _text(path):
    return path.read_text(encoding="utf-8")


# --- parts


def _parts(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield what may stand on a slide of its own: paragraphs, and cells with their outputs."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            blocks = _blocks(cell.source)
            for number, block in enumerate(blocks):
                part = _cell(block, "-")
                if number == 0:
                    part.metadata.update(copy.deepcopy(cell.metadata))
                yield part
        elif cell.cell_type == "code" and not any(mark in cell.source for mark in SETUP):
            part = copy.deepcopy(cell)
            prints = "dx.exercises." in cell.source and not STATEMENT.fullmatch(cell.source)
            part.outputs = [] if prints else _outputs(part)
            outputs = sum(map(_output_height, part.outputs))
            if outputs and _height(part) > HEIGHT:  # then what comes out has a slide to itself
                shown = nbformat.v4.new_code_cell(outputs=part.outputs)
                shown.metadata.transient = NotebookNode(remove_source=True)
                part.outputs = []
                yield part
                yield shown
            else:
                yield part


def _blocks(text: str) -> list[str]:
    """Return the paragraphs of a text; a heading, a list and a fence stay with what they head."""
    blocks, fenced = [], False
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        joined = fenced or (blocks and _heads(blocks[-1])) or re.match(r"\s+\S", paragraph)
        if joined and not re.match(r"#{1,3} ", paragraph):
            blocks[-1] += f"\n\n{paragraph}"
        else:
            # a heading in the middle of a paragraph's lines begins a block of its own
            blocks += re.split(r"\n(?=#{1,3} )", paragraph)
        fenced ^= paragraph.count("```") % 2 == 1
    return blocks


def _heads(block):
    return bool(re.fullmatch(r"#{1,6} .*", block)) or block.rstrip().endswith(":")


def _outputs(cell) -> list[NotebookNode]:
    """Return the outputs without the style sheets that hide a picture from JupyterLab."""
    for output in cell.outputs:
        if text := output.get("data", {}).get("text/html"):
            output.data["text/html"] = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    return cell.outputs


def _cell(source: str, slide_type: str) -> NotebookNode:
    cell = nbformat.v4.new_markdown_cell(source)
    cell.metadata.slideshow = NotebookNode(slide_type=slide_type)
    return cell


def _again(title):
    """Return a section's title for its further slides: small, and no heading of its own."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(title, quote=False))
    return f'<h2 class="again">{text}</h2>'


def _height(part: NotebookNode) -> float:
    """Return about how many pixels a part takes."""
    if part.cell_type == "markdown":
        lines = sum(1 + len(line) // 90 for line in part.source.splitlines() if line.strip())
        return 37 * lines + 14
    height = 26 * (1 + part.source.count("\n")) + 40 if part.source else 0
    return height + sum(map(_output_height, part.outputs))


def _output_height(output: dict[str, Any]) -> float:
    data = output.get("data", {})
    if "<img" in data.get("text/html", "") or "image/png" in data:
        words = data.get("text/plain", "") if "d2l-extras-words" in str(data) else ""
        return 400 + 28 * (len(words) // 110 + 1 if words else 0)
    text = output.get("text", data.get("text/markdown", data.get("text/plain", "")))
    return 26 * sum(1 + len(line) // 100 for line in text.splitlines())
