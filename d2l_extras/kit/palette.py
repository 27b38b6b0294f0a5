"""Pictures with a palette: a quarter of the bytes, the same to the eye."""

import io

import numpy
from PIL import Image, ImageFilter

AREAS = 24  # colors that are kept as they are: those of the picture's areas, the largest first
OTHERS = 20  # colors for all the rest: lines, letters and their smoothed edges


def png(image: Image.Image) -> bytes:
    """Return an image as the bytes of a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    """Return the image, in red, green and blue, of a PNG file's bytes."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def flat(image: Image.Image, near: int, within: int) -> numpy.ndarray:
    """Return which pixels have the same color, up to `within`, as all that are `near` them."""
    most = least = image
    for _ in range(near):
        most = most.filter(ImageFilter.MaxFilter(3))
        least = least.filter(ImageFilter.MinFilter(3))
    return (numpy.asarray(most, "int16") - numpy.asarray(least, "int16") <= within).all(axis=2)


def small(content: bytes) -> bytes:
    """Return a picture with a palette: the colors of its areas and a few for all the rest.

    Parameters
    ----------
    content : bytes
        A PNG file.

    Examples
    --------
    >>> large = png(Image.radial_gradient("L").convert("RGB"))
    >>> len(small(large)) < len(large), len(opened(small(large)).getcolors()) <= AREAS + OTHERS
    (True, True)
    """
    image = opened(content)
    inside = numpy.asarray(image)[flat(image, near=1, within=0)]
    colors, counts = numpy.unique(inside, axis=0, return_counts=True)
    areas = [tuple(map(int, color)) for color in colors[numpy.argsort(-counts)][:AREAS]]
    rest = image.quantize(OTHERS, Image.Quantize.MAXCOVERAGE)  # keeps rare colors
    rest = [color for _, color in rest.convert("RGB").getcolors()]
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for color in dict.fromkeys(areas + rest) for channel in color])
    return png(image.quantize(palette=palette, dither=Image.Dither.NONE))
