"""From a key press to the new picture in JupyterLab, ours beside interact; and after a drag."""

import inspect
import statistics

import pytest

from benchmarks import wave
from benchmarks.conftest import RESULTS

PRESSES, POSITIONS = 50, 100
GROUP = "key press to new picture, in JupyterLab"
FIGURE = inspect.getsource(wave)
OURS = """
dx.Lab("Wave", [dx.Slider("frequency", "frequency", 0.0, 20.0, step=0.05, value=1.0)],
       wave, draw, lambda y: f"{y[-1]:.6f}")()
"""
THEIRS = """
%matplotlib inline
from ipywidgets import interact
from matplotlib import pyplot

@interact(frequency=(0.0, 20.0, 0.05))
def show(frequency=1.0):
    redraw(frequency)
    pyplot.show()
"""
# Notes when a key goes down, and when the next picture has been loaded and decoded.
STOPWATCH = """() => {
    window.delays = []; window.loaded = 0; let pressed = 0;
    document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
    document.addEventListener("pointerup", () => { window.released = performance.now(); }, true);
    const note = () => {
        window.loaded = performance.now();
        if (pressed) window.delays.push(window.loaded - pressed);
        pressed = 0;
    };
    document.addEventListener("load", event => event.target.tagName === "IMG" && note(), true);
}"""


@pytest.fixture(scope="module", name="open_notebook")
def _open_notebook(tmp_path_factory):
    """A function that opens a notebook with the given cells and runs it."""
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright: `make bench` has it")
    from tests.browser.notebook import Notebook
    from tests.browser.server import FLAGS, Server, chromium

    if chromium() is None:
        pytest.skip("no Chromium on the PATH")
    server = Server(tmp_path_factory.mktemp("course"))
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)

        def open_notebook(name, *cells):
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            Notebook(page, server).open(server.write(name, *cells)).run_all()
            page.wait_for_selector("[role=slider]")
            page.evaluate(STOPWATCH)
            return page

        yield open_notebook
        browser.close()
    server.close()


def median_delay(page):
    """Press the right arrow again and again, each time waiting for the picture; milliseconds."""
    slider = page.locator("[role=slider]")
    slider.focus()
    for number in range(PRESSES + 5):
        slider.press("ArrowRight")
        page.wait_for_function("n => delays.length > n", arg=number)
    return statistics.median(page.evaluate("delays")[5:])


def note(who, milliseconds):
    RESULTS.setdefault(GROUP, {})[who] = (1 / milliseconds, f"{milliseconds:.0f} ms")


def test_a_key_press_in_a_lab(open_notebook):
    note("lab", median_delay(open_notebook("ours.ipynb", FIGURE, OURS)))


def test_a_key_press_with_interact(open_notebook):
    note("interact", median_delay(open_notebook("theirs.ipynb", FIGURE, THEIRS)))


def test_a_drag_leaves_no_backlog(open_notebook):
    """Drag the slider over 100 positions: how long after the release does the last picture come?"""
    page = open_notebook("drag.ipynb", FIGURE, OURS)
    handle, delays = page.locator("[role=slider]"), []
    handle.press("PageUp")
    handle.press("PageUp")
    for direction in (1, -1, 1, -1, 1):
        before = page.locator("[role=status]").inner_text()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(POSITIONS):
            page.mouse.move(x + direction * step, y)
        page.mouse.up()
        page.wait_for_timeout(1000)  # whatever is still to come
        assert page.locator("[role=status]").inner_text() != before
        delays.append(page.evaluate("loaded - released"))
    RESULTS["last picture after the release of a drag over 100 positions"] = {
        "lab": (1, f"{max(0, statistics.median(delays)):.0f} ms, at most {max(delays):.0f} ms")
    }
