"""What the X-ray draws is what it computed."""

import importlib
from types import SimpleNamespace

from matplotlib.figure import Figure

from d2l_extras import labs

module = importlib.import_module("d2l_extras.chapters.block_hybridblock.lab")


def test_picture_draws_the_counter_and_the_microseconds_of_the_result():
    result = module.compute(**{**labs.block_hybridblock.defaults(), "mode": "hybrid", "batches": 4})
    times = {"eager": 120e-6, "hybrid": 61e-6, "static": None}
    figure = Figure()
    module.draw(figure)(SimpleNamespace(**{**vars(result), "times": times}))
    counter, clock = figure.axes[1:]
    assert [0, 1, 1, 1, 1] in [list(line.get_ydata()) for line in counter.lines]
    assert [text.get_text() for text in clock.texts] == ["120", "61", "✗ breaks"]
    widths = [round(bar.get_width()) for bar in clock.patches if bar.get_visible()]
    assert widths == [120, 61]
