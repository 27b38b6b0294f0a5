"""A matplotlib figure that is drawn once, and of which afterwards only what moved is drawn."""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

DPI = 100


class Picture:
    """A persistent figure behind one lab.

    `draw(figure)` builds the artists and returns `update(result)`, which moves their data.
    Artists made with matplotlib's `animated=True` are the ones that move: they are drawn over a
    stored background. If `update` changes anything else (a limit, a tick), matplotlib marks the
    figure stale and the background is drawn anew, so a forgotten `animated` costs time, never
    truth.

    Parameters
    ----------
    draw : callable
        `draw(figure) -> update(result)`.
    size : tuple of float
        Width and height in inches, at 100 dots per inch.
    """

    def __init__(self, draw, size):
        self.figure = Figure(figsize=size, dpi=DPI, layout="constrained", facecolor="white")
        self.canvas = FigureCanvasAgg(self.figure)
        self._update = draw(self.figure)
        if not callable(self._update):
            raise TypeError(f"draw(figure) must return update(result), got {self._update!r}")
        # Lay out once and for all: a picture whose axes jump under the mouse cannot be read.
        self.canvas.draw()
        self.figure.set_layout_engine("none")
        moving = self.figure.findobj(lambda artist: artist.get_animated())
        self._moving = sorted(moving, key=lambda artist: artist.get_zorder())
        self._background = None

    def show(self, result):
        """Move the artists to `result` and return the picture as the bytes of a PNG file."""
        self._update(result)
        if self._background is None or self.figure.stale:
            self.canvas.draw()
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
        else:
            self.canvas.restore_region(self._background)
        for artist in self._moving:
            if artist.get_visible():
                artist.draw(self.canvas.get_renderer())
        return self._png()

    def _png(self):
        pixels = Image.fromarray(memoryview_to_array(self.canvas)).convert("RGB")
        file = io.BytesIO()
        pixels.save(file, "png", compress_level=1)
        return file.getvalue()


def memoryview_to_array(canvas):
    """Return the canvas's pixels as an array of shape (height, width, 4), without a copy."""
    import numpy

    return numpy.asarray(canvas.buffer_rgba())
