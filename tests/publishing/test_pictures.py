"""Stored pictures are compared by what they show: breaks are seen, other machines are not."""

import io
import re
from pathlib import Path

import numpy
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from d2l_extras.publishing.pictures import (
    MATPLOTLIB,
    OTHER_MATPLOTLIB,
    STRICT,
    difference,
    png,
    small,
)  # fmt: skip

X = numpy.linspace(0, 6, 50)


def drawn(
    colors=("#0072B2", "#D55E00"), labels=("train", "validation"), curves=2, point=3.0,
    dpi=80, title="loss by epoch", limit=6.0, width=6.4, fontsize=10.0, legend=True, marker="o",
    style="-",
):  # fmt: skip
    figure = Figure(figsize=(width, 3.2), dpi=dpi)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for k in range(curves):
        axes.plot(X, numpy.sin(X + k), style, color=colors[k], label=labels[k])
    axes.plot([point], [0.5], marker, color="black")
    axes.set(xlim=(0, limit), ylim=(-1.2, 1.2), xlabel="epoch", ylabel="loss")
    axes.set_title(title, fontsize=fontsize)
    if legend:
        axes.legend(loc="lower left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


STORED = small(drawn())


@pytest.mark.parametrize(
    "change",
    [
        {"colors": ("#D55E00", "#0072B2")},
        {"colors": ("#0072B2", "#009E73")},
        {"labels": ("validation", "train")},
        {"labels": ("train", "test")},
        {"curves": 1},
        {"point": 3.15},
        {"limit": 6.3},
        {"title": "loss by batch"},
        {"width": 6.5},
        {"legend": False},
        {"point": 3.08},
        {"style": "--"},
    ],
    ids=str,
)
def test_picture_that_shows_something_else_is_seen(change):
    assert difference(STORED, drawn(**change)).real


@pytest.mark.parametrize("within", [STRICT, OTHER_MATPLOTLIB])
def test_areas_in_pale_colors_that_change_places_are_seen(within):
    """Their colors are nearer to one another than the edges of two smoothed letters are."""

    def areas(*colors):
        image = Image.new("RGB", (200, 100), "white")
        for place, color in enumerate(colors):
            image.paste(color, (40 * place, 20, 40 * place + 40, 80))
        return png(image)

    stored = small(areas("#CFE4F2", "#CDEAE0", "#F7DCCB"))
    assert difference(stored, areas("#CFE4F2", "#CDEAE0", "#F7DCCB"), within).pixels == 0
    assert difference(stored, areas("#CDEAE0", "#CFE4F2", "#F7DCCB"), within).real


def test_small_picture_keeps_the_colors_of_its_areas_exactly():
    colors = [(200 + 8 * (step % 6), 200 + 8 * (step // 6), 230) for step in range(23)]
    image = Image.new("RGB", (24 * 10, 60), "white")
    for place, color in enumerate(colors):
        image.paste(color, (10 * place, 10, 10 * place + 10, 50))
    image.paste(Image.radial_gradient("L").convert("RGB").resize((20, 10)), (0, 50))
    kept = Image.open(io.BytesIO(small(png(image)))).convert("RGB")
    assert [kept.getpixel((10 * place + 5, 30)) for place in range(len(colors))] == colors


def test_the_same_picture_with_all_its_colors_is_no_difference():
    found = difference(STORED, drawn())
    assert (found.real, found.pixels) == (False, 0)


@pytest.mark.parametrize("step", [(1, 0), (0, 1), (-1, 1)])
def test_picture_that_lies_a_pixel_beside_is_no_difference(step):
    picture = Image.open(io.BytesIO(drawn()))
    moved = Image.new("RGB", picture.size, "white")
    moved.paste(picture, step)
    assert not difference(STORED, png(moved)).real


def test_small_picture_is_a_third_as_large():
    assert len(STORED) < 0.5 * len(drawn())


@pytest.mark.parametrize(
    "change",
    [
        {"colors": ("#D55E00", "#0072B2")},
        {"colors": ("#0072B2", "#009E73")},
        {"curves": 1},
        {"legend": False},
        {"limit": 7},
    ],
    ids=str,
)
def test_what_has_a_color_is_seen_with_another_matplotlib_too(change):
    """Letters may lie anywhere there: only the release that drew what is stored compares them."""
    assert difference(STORED, drawn(**change), OTHER_MATPLOTLIB).real


def test_another_layout_is_no_difference_with_another_matplotlib():
    fresh = drawn(fontsize=10.6, width=6.5)
    assert difference(STORED, fresh).real
    assert not difference(STORED, fresh, OTHER_MATPLOTLIB).real


def test_pictures_are_stored_by_the_matplotlib_of_the_lock():
    lock = (Path(__file__).parents[2] / "uv.lock").read_text()
    (version,) = set(re.findall('name = "matplotlib"\nversion = "(.*)"', lock))
    assert version.startswith(f"{MATPLOTLIB}.")
