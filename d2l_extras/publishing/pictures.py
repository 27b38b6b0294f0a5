"""Pictures that are stored in notebooks: small, and compared with fresh ones by what they show.

Two pictures show the same where each pixel of the one has a pixel of its color near the same place
in the other: letters and lines may be smoothed otherwise or lie a pixel beside, as they do with
another processor or release of matplotlib; a wrong color, a missing curve, an exchanged legend or
a point that moved may not.
"""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy
from PIL import Image

NEAR = 1  # pixels that something may lie beside its place
COLOR = 60  # of 255: how far a channel may be from that of a near pixel
FEW = 30  # pixels without a counterpart that are no difference yet
COLORS = 64  # of the stored palette: smoothed edges of a dozen colors need no more

_IMAGE = re.compile(r'(<img alt="[^"]*" src="data:image/png;base64,)([^"]+)(")')


class Difference(NamedTuple):
    """How two pictures differ: `pixels` that have no counterpart, and where, black on white."""

    pixels: int
    where: Image.Image | None

    @property
    def real(self) -> bool:
        """Whether they show something else."""
        return self.pixels > FEW


def difference(stored: bytes, fresh: bytes) -> Difference:
    """Return how two pictures differ.

    Parameters
    ----------
    stored, fresh : bytes
        PNG files.

    Examples
    --------
    >>> black, white = (png(Image.new("RGB", (20, 10), color)) for color in ("black", "white"))
    >>> difference(black, black).real, difference(black, white).pixels
    (False, 200)
    """
    one, other = (numpy.asarray(_opened(content), dtype="int16") for content in (stored, fresh))
    if one.shape != other.shape:
        return Difference(max(one.shape[0] * one.shape[1], other.shape[0] * other.shape[1]), None)
    alone = _alone(one, other) | _alone(other, one)
    return Difference(int(alone.sum()), Image.fromarray(~alone))


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def _alone(one: numpy.ndarray, other: numpy.ndarray) -> numpy.ndarray:
    """Return which pixels of the one picture have no counterpart in the other."""
    rows, columns = numpy.nonzero((abs(one - other) > COLOR).any(axis=2))
    alone = numpy.zeros(one.shape[:2], bool)
    if len(rows) == 0:
        return alone
    padded = numpy.pad(other, ((NEAR, NEAR), (NEAR, NEAR), (0, 0)), mode="edge")
    found = numpy.zeros(len(rows), bool)
    for down in range(2 * NEAR + 1):
        for right in range(2 * NEAR + 1):
            near = padded[rows + down, columns + right]
            found |= (abs(one[rows, columns] - near) <= COLOR).all(axis=1)
    alone[rows[~found], columns[~found]] = True
    return alone


def png(image: Image.Image) -> bytes:
    """Return an image as the bytes of a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def small(content: bytes) -> bytes:
    """Return a picture with a palette of few colors: a third of the bytes, the same to the eye."""
    return png(_opened(content).quantize(COLORS, Image.Quantize.MAXCOVERAGE))  # keeps rare colors


# --- in the outputs of a notebook


def pictures(outputs: list) -> Iterator[bytes]:
    """Yield the pictures in a cell's outputs, as PNG files, in their order."""
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            yield base64.b64decode(data["image/png"])
        for _, content, _ in _IMAGE.findall(data.get("text/html", "")):
            yield base64.b64decode(content)


def replaced(text: str, contents: Iterator[bytes]) -> str:
    """Return HTML with the next of the given pictures in the place of each that it holds."""
    return _IMAGE.sub(
        lambda found: found[1] + base64.b64encode(next(contents)).decode("ascii") + found[3], text
    )


def without(text: str) -> str:
    """Return HTML with its pictures left out, for a comparison of all the rest."""
    return _IMAGE.sub(r"\1\3", text)


def lay_out(folder: Path, name: str, stored: bytes, fresh: bytes, found: Difference) -> Path:
    """Add a pair of pictures that differ to the page `folder/index.html`; return the page.

    Several test processes may do so at once: each pair has files of its own, and the page is made
    of all that are there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for kind, content in (("stored", stored), ("fresh", fresh)):
        (folder / f"{name}-{kind}.png").write_bytes(content)
    if found.where is not None:
        found.where.save(folder / f"{name}-difference.png")
    rows = [
        f"<h2>{stem}</h2>"
        + "".join(
            f'<figure><img src="{stem}-{kind}.png" alt="{kind}"/><figcaption>{kind}</figcaption>'
            "</figure>"
            for kind in ("stored", "fresh", "difference")
            if (folder / f"{stem}-{kind}.png").exists()
        )
        for stem in sorted(
            path.stem.removesuffix("-stored") for path in folder.glob("*-stored.png")
        )
    ]
    page = folder / "index.html"
    style = "figure{display:inline-block;margin:4px}img{max-width:30vw;border:1px solid #888}"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><title>Pictures that differ</title>'
        f"<style>{style}</style>{''.join(rows)}",
        encoding="utf-8",
    )
    return page
