"""The lab of the first page: fit a line to twenty points by hand."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy
from matplotlib.figure import Figure

from ...kit.lab import Lab, Slider
from ...kit.style import BLUE, GRAY, ORANGE
from ...teaching.answers import close
from ...teaching.learner import attempt

X = numpy.linspace(0, 4, 20)
Y = 0.75 * X - 1 + 0.4 * numpy.sin(9 * X)  # a line, and a wiggle in the place of noise
LOW, HIGH = 0.04, 200.0  # the ends of the loss axis
Y_LIMITS = (-6, 6)
BEST_W, BEST_B = numpy.polyfit(X, Y, 1)

controls = (
    Slider("w", "slope w (权重)", -2.0, 2.0, step=0.05, value=0.0),
    Slider("b", "intercept b (偏差)", -3.0, 3.0, step=0.05, value=0.0),
)


def mean_squared_loss(prediction: numpy.ndarray, y: numpy.ndarray) -> float:
    """Return the mean of the squared differences."""
    return float(((prediction - y) ** 2).mean())


BEST = mean_squared_loss(BEST_W * X + BEST_B, Y)


def compute(w: float, b: float, loss: Callable | None = None) -> SimpleNamespace:
    """Return the line's predictions, its loss, and what the learner's function says of it."""
    prediction = w * X + b
    return SimpleNamespace(
        prediction=prediction,
        loss=mean_squared_loss(prediction, Y),
        own=attempt(loss, prediction, Y),
    )


def draw(figure: Figure) -> Callable:
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    left.set(xlim=(-0.2, 4.2), ylim=Y_LIMITS, xlabel="x", ylabel="y")
    left.plot(X, Y, "o", color=GRAY, label="points")
    (line,) = left.plot(X, X, color=BLUE, linewidth=2, label="your line", animated=True)
    gaps = left.vlines(X, Y, Y, color=ORANGE, linewidth=1, label="differences", animated=True)
    left.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
    beyond = left.text(
        4.1, 0, "the line goes on outside the picture", ha="right", va="center", fontsize=9,
        animated=True,
    )  # fmt: skip
    right.set(
        yscale="log", ylim=(LOW, HIGH), xlim=(-0.4, 1.1), xticks=[], ylabel="mean squared loss",
        title="the loss",
    )  # fmt: skip
    right.axhline(BEST, color="black", linestyle=":")
    right.text(1.06, BEST * 1.1, f"smallest: {BEST:.3f}", ha="right", fontsize=9)
    (bar,) = right.bar([0], [1], bottom=LOW, width=0.5, color=BLUE, animated=True)
    label = right.text(0, 1, "", ha="center", va="bottom", animated=True)
    (own,) = right.plot([0.4], [1], "D", color=ORANGE, markeredgecolor="black", animated=True)
    own_label = right.text(
        0.47, 1, "your function", va="center", fontsize=9, animated=True, clip_on=True
    )

    def update(result):
        line.set_ydata(result.prediction)
        gaps.set_segments(
            [[(x, y), (x, p)] for x, y, p in zip(X, Y, result.prediction, strict=True)]
        )
        low, high = Y_LIMITS
        above, below = result.prediction.max() > high, result.prediction.min() < low
        beyond.set_visible(bool(above or below))
        beyond.set_y(low + 0.5 if above else high - 0.5)  # where the line is not
        bar.set_height(result.loss - LOW)
        label.set_text(f"{result.loss:.3f}")
        label.set_y(result.loss * 1.1)
        value = result.own.values
        shown = value is not None and bool(LOW <= value <= HIGH)  # nan is not
        own.set_visible(shown)
        own_label.set_visible(shown)
        if shown:
            own.set_ydata([value])
            own_label.set_y(value)

    return update


def describe(result: SimpleNamespace) -> str:
    text = f"Mean squared loss {result.loss:.3f}; the smallest for a line is {BEST:.3f}."
    own = result.own
    if own.values is not None and numpy.isfinite(own.values):
        same = close(own.values, result.loss, rtol=1e-4)
        text += f" Your function says {own.values:.4g}: {'the same' if same else 'not the same'}."
    return f"{text} {own.note}".strip()


lab = Lab("Fit a line by hand", controls, compute, draw, describe, functions=("loss",))
