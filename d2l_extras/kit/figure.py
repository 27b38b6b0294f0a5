"""A figure of a chapter, shown with the words that say what it shows."""

import base64
import html
import io

from IPython import get_ipython
from IPython.display import display
from matplotlib import pyplot
from matplotlib.figure import Figure

from .palette import small

DPI = 80


def show(figure: Figure, words: str) -> None:
    """Show a figure in a notebook, `words` as its text alternative, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As `plt.subplots` returns it.
    words : str
        What the figure shows, in a sentence or two, with the numbers that a reader takes from it:
        a screen reader says it, and it stands where no picture can.

    Raises
    ------
    ValueError
        If there are no words.

    Examples
    --------
    >>> figure, axes = pyplot.subplots()
    >>> _ = axes.plot([1, 2, 4])
    >>> show(figure, "The curve rises from 1 to 4.")
    The curve rises from 1 to 4.
    """
    if not isinstance(words, str) or not words.strip():
        raise ValueError(f"say in words what the figure shows, got {words!r}")
    words = " ".join(words.split())
    picture = palette_png(figure)
    pyplot.close(figure)
    if get_ipython() is None:  # a script
        print(words)
    else:
        display({"text/html": picture_html(picture, words), "text/plain": words}, raw=True)


def picture_html(png: bytes, words: str) -> str:
    """Return HTML that shows a picture, its text alternative with it."""
    encoded = base64.b64encode(png).decode("ascii")
    return f'<img alt="{html.escape(words)}" src="data:image/png;base64,{encoded}"/>'


def palette_png(figure: Figure) -> bytes:
    """Return a figure as a PNG of few colors, a third as large as one of all colors."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", facecolor="white")
    return small(buffer.getvalue())
