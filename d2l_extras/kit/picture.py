"""A matplotlib figure that is drawn once, and of which afterwards only what moved is drawn."""

import struct
import zlib

import numpy
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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
        return png(numpy.asarray(self.canvas.buffer_rgba())[..., :3])


def png(pixels):
    """Return pixels as the bytes of a PNG file.

    Pillow tries five filters on each row of pixels; on flat colors and thin lines that saves
    little space and takes three times as long as all the drawing before it.

    Parameters
    ----------
    pixels : numpy.ndarray
        Red, green, blue: shape (height, width, 3), dtype uint8.

    References
    ----------
    Portable Network Graphics specification, third edition, W3C 2025, sections 5, 9 and 11.

    Examples
    --------
    >>> png(numpy.zeros((2, 3, 3), "uint8"))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    height, width, _ = pixels.shape
    rows = numpy.zeros((height, 1 + 3 * width), "uint8")  # each begins with its filter: 0, none
    rows[:, 1:].reshape(pixels.shape)[:] = pixels
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits each, no palette
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
