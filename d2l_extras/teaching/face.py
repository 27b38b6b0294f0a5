"""The face of a question in a notebook: its statement, and a form that a learner fills in."""

import base64
import html
import io
import re
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .question import MARKS, RIGHT, SURE, UNCLEAR, Amount, Choice, Place, Question

FOLDER = Path(__file__).parent
SIZE, DPI = (6.4, 3.2), 100  # of the picture of a `Place`, in inches and dots per inch
WIDGET = "application/vnd.jupyter.widget-view+json"
# What is stored for the day when no kernel answers is hidden where the form itself is shown; and
# the form is hidden where it is only an error message, because its kernel is gone.
AT_REST = """\
<style>
.jp-OutputArea-child:has(.d2l-extras-at-rest):has(+ * .d2l-extras-question),
.jp-OutputArea-child:has(.d2l-extras-at-rest) + :not(:has(.d2l-extras-question)) { display: none; }
</style>
<div class="d2l-extras-at-rest">"""


class Face(anywidget.AnyWidget):
    """The form of a question: options, how sure one is, *Answer* and *Skip*, and the reply.

    Parameters
    ----------
    question : Question
        What it asks. It is judged here, in Python: the browser never has the right answer.
    """

    _esm = FOLDER / "face.js"
    _css = FOLDER / "face.css"

    kind = traitlets.Unicode().tag(sync=True)  # "choice", "amount" or "place"
    title = traitlets.Unicode().tag(sync=True)
    options = traitlets.List().tag(sync=True)  # of a choice: pairs of letter and text
    hint = traitlets.Unicode().tag(sync=True)  # of an amount or a place: what to type
    picture = traitlets.Unicode().tag(sync=True)  # of a place: a PNG as a data URL
    words = traitlets.Unicode().tag(sync=True)  # its text alternative
    axes = traitlets.List().tag(sync=True)  # its axes: left, top, width, height, shares of 1
    sure_words = traitlets.List(list(SURE)).tag(sync=True)
    verdict = traitlets.Unicode().tag(sync=True)
    reply = traitlets.Unicode().tag(sync=True)  # with its mark, as it is shown and announced

    def __init__(self, question: Question):
        self.question = question
        super().__init__(title=question.title)
        if isinstance(question, Choice):
            self.kind, self.options = "choice", [list(pair) for pair in question.options.items()]
        elif isinstance(question, Amount):
            self.kind, self.hint = "amount", question.lines()[0]
        elif isinstance(question, Place):
            self.kind, self.hint = "place", "x, y"
            self._axes, self.picture, self.axes = _drawn(question)
            self.words = question.words
        question.shown()
        self.on_msg(self._received)

    def _received(self, _: Any, content: Any, __: Any) -> None:
        """Judge what the browser sends: it is not trusted to be well formed."""
        if not isinstance(content, dict):
            return
        if content.get("skip"):
            verdict, reply = self.question.skipped()
        elif "pointed" in content:
            return self._point(content["pointed"])
        else:
            sure = content.get("sure")
            verdict, reply = self.question.answer(
                str(content.get("answer", "")), sure if sure in SURE else None
            )
        more = "" if verdict in (RIGHT, UNCLEAR) else " You may try again."
        with self.hold_sync():
            self.verdict, self.reply = verdict, f"{MARKS[verdict]} {reply}{more}"
        self.send({"said": True})

    def _point(self, shares: Any) -> None:
        """Say which place of the picture was pointed at, in the data of its axes."""
        try:
            across, down = (min(1.0, max(0.0, float(share))) for share in shares)
        except (TypeError, ValueError):
            return
        axes = self._axes
        x, y = axes.transData.inverted().transform(axes.transAxes.transform((across, 1 - down)))
        self.send({"place": f"{x:.4g}, {y:.4g}"})


def _drawn(question: Place) -> tuple[Any, str, list[float]]:
    """Return the axes of a picture, the picture as a data URL, and where in it the axes are."""
    figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = question.draw(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    box = axes.get_position()
    url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
    return axes, url, [box.x0, 1 - box.y1, box.width, box.height]


def _html(text: str) -> str:
    """Return a text as HTML; what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def at_rest(question: Question) -> str:
    """Return HTML of what a question offers, with its answer folded: for the page."""
    lines = "".join(f"<li>{_html(line)}</li>" for line in question.lines())
    picture = ""
    if isinstance(question, Place):
        picture = f'<img alt="{html.escape(question.words)}" src="{_drawn(question)[1]}"/>'
    answer = _html(question.solution())
    return (
        f'{AT_REST}{picture}<ul style="list-style:none;padding-left:1em">{lines}</ul>'
        f"<details><summary>Answer</summary>{answer}</details></div>"
    )


def show(question: Question) -> None:
    """Show a question in a notebook: what it asks; its form; and what it is without a kernel."""
    face = Face(question)
    stop = "" if question.title[-1:] in "?!" else "."
    asked = f"**Question: {question.title}{stop}** {question.statement}"
    offered = "\n".join(question.lines())
    display({"text/markdown": asked, "text/plain": f"Question: {question.title}"}, raw=True)
    display({"text/html": at_rest(question), "text/plain": offered}, raw=True)
    # written out, because ipywidgets 7 (Colab) and 8 have no common way to ask for it
    live = {"version_major": 2, "version_minor": 0, "model_id": face.model_id}
    display({WIDGET: live}, raw=True)
