"""Pictures that are stored in notebooks: small, and compared with fresh ones by what they show.

Two pictures show the same where each pixel of the one has a pixel of its color near the same place
in the other: letters and lines may be smoothed otherwise or lie a pixel beside, as they do with
another processor or release of matplotlib; a wrong color, a missing curve, an exchanged legend or
a point that moved may not.
"""

import base64
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy
from PIL import Image

from ..kit.palette import flat, opened, png, small

__all__ = ["difference", "lay_out", "pictures", "png", "replaced", "small", "tolerance", "without"]


class Tolerance(NamedTuple):
    """What may differ between two pictures that show the same."""

    near: int  # pixels that something may lie beside its place
    color: int  # of 255: how far a channel may be from that of a near pixel
    few: int  # pixels without a counterpart that are no difference yet
    larger: float = 0.0  # share by which a side may be longer
    grey: bool = True  # whether black, grey and white count: letters and axes


MATPLOTLIB = "3.11"  # the release that drew what is stored
STRICT = Tolerance(near=1, color=60, few=30)
# another release lays out letters and axes otherwise: what has a color must be there all the same
OTHER_MATPLOTLIB = Tolerance(near=10, color=90, few=80, larger=0.03, grey=False)
COLORED = 100  # of 255: by how much the channels of what has a color differ at least
FLAT = 16  # how far a channel may be from its color where nothing is drawn but one color

_IMAGE = re.compile(r'(<img alt="[^"]*" src="data:image/png;base64,)([^"]+)(")')


class Difference(NamedTuple):
    """How two pictures differ: `pixels` that have no counterpart, and where, black on white."""

    pixels: int
    where: Image.Image | None
    few: int

    @property
    def real(self) -> bool:
        """Whether they show something else."""
        return self.pixels > self.few


def tolerance() -> Tolerance:
    """Return the tolerance for pictures that the matplotlib installed here draws."""
    here = importlib.metadata.version("matplotlib")
    return STRICT if here.startswith(f"{MATPLOTLIB}.") else OTHER_MATPLOTLIB


def difference(stored: bytes, fresh: bytes, within: Tolerance = STRICT) -> Difference:
    """Return how two pictures differ.

    Parameters
    ----------
    stored, fresh : bytes
        PNG files.
    within : Tolerance
        What is no difference.

    Examples
    --------
    >>> black, white = (png(Image.new("RGB", (20, 10), color)) for color in ("black", "white"))
    >>> difference(black, black).real, difference(black, white).pixels
    (False, 200)
    """
    pair = [opened(content) for content in (stored, fresh)]
    sides = zip(pair[0].size, pair[1].size, strict=True)
    if any(abs(a - b) > within.larger * a for a, b in sides):
        return Difference(max(image.width * image.height for image in pair), None, 0)
    pair[1] = pair[1].resize(pair[0].size) if pair[1].size != pair[0].size else pair[1]
    one, other = (numpy.asarray(image, dtype="int16") for image in pair)
    alone = _alone(one, other, within) | _alone(other, one, within)
    # a pale color is near another one: within areas, colors are compared more closely
    areas = numpy.logical_and(*(flat(image, within.near, FLAT // 2) for image in pair))
    alone |= areas & (abs(one - other) > FLAT).any(axis=2)
    return Difference(int(alone.sum()), Image.fromarray(~alone), within.few)


def _alone(one: numpy.ndarray, other: numpy.ndarray, within: Tolerance) -> numpy.ndarray:
    """Return which pixels of the one picture have no counterpart in the other."""
    differ = (abs(one - other) > within.color).any(axis=2)
    if not within.grey:
        differ &= one.max(axis=2) - one.min(axis=2) > COLORED
    rows, columns = numpy.nonzero(differ)
    alone = numpy.zeros(one.shape[:2], bool)
    if len(rows) == 0:
        return alone
    padded = numpy.pad(
        other, ((within.near, within.near), (within.near, within.near), (0, 0)), mode="edge"
    )
    found = numpy.zeros(len(rows), bool)
    for down in range(2 * within.near + 1):
        for right in range(2 * within.near + 1):
            near = padded[rows + down, columns + right]
            found |= (abs(one[rows, columns] - near) <= within.color).all(axis=1)
    alone[rows[~found], columns[~found]] = True
    return alone


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
