"""The lab of the first page: fit a line to twenty points by hand."""

from types import SimpleNamespace

import numpy as np

from ...kit.lab import Lab, Slider
from ...kit.style import BLUE, GRAY, ORANGE

X = np.linspace(0, 4, 20)
Y = 0.75 * X - 1 + 0.4 * np.sin(9 * X)  # a line, and a wiggle in the place of noise
FLOOR = 0.04  # the lower end of the loss axis
BEST_W, BEST_B = np.polyfit(X, Y, 1)

controls = (
    Slider("w", "slope w (权重)", -2.0, 2.0, step=0.05, value=0.0),
    Slider("b", "intercept b (偏差)", -3.0, 3.0, step=0.05, value=0.0),
)


def mean_squared_loss(prediction, y):
    """Return the mean of the squared differences."""
    return ((prediction - y) ** 2).mean()


BEST = mean_squared_loss(BEST_W * X + BEST_B, Y)


def compute(w, b, loss=None):
    """Return the line's predictions, its loss, and what the learner's function says of it."""
    prediction = w * X + b
    own = None if loss is None else loss(prediction.copy(), Y.copy())
    return SimpleNamespace(
        prediction=prediction,
        loss=mean_squared_loss(prediction, Y),
        own=None if own is None else float(own),
    )


def draw(figure):
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    left.set(
        xlim=(-0.2, 4.2), ylim=(-6, 6), xlabel="x", ylabel="y", title="the line and the points"
    )
    left.plot(X, Y, "o", color=GRAY, label="points")
    (line,) = left.plot(X, X, color=BLUE, linewidth=2, label="your line", animated=True)
    gaps = left.vlines(X, Y, Y, color=ORANGE, linewidth=1, label="differences", animated=True)
    left.legend(loc="upper left")
    right.set(
        yscale="log", ylim=(FLOOR, 60), xlim=(-0.6, 0.6), xticks=[], ylabel="mean squared loss",
        title="the loss",
    )  # fmt: skip
    right.axhline(BEST, color="black", linestyle=":", label=f"smallest: {BEST:.3f}")
    right.legend(loc="upper right")
    (bar,) = right.bar([0], [1], bottom=FLOOR, width=0.5, color=BLUE, animated=True)
    label = right.text(0, 0, "", ha="center", va="bottom", animated=True)

    def update(result):
        line.set_ydata(result.prediction)
        gaps.set_segments(
            [[(x, y), (x, p)] for x, y, p in zip(X, Y, result.prediction, strict=True)]
        )
        bar.set_height(result.loss - FLOOR)
        label.set_text(f"{result.loss:.3f}")
        label.set_y(result.loss * 1.1)

    return update


def describe(result):
    text = f"Mean squared loss {result.loss:.3f}; the smallest for a line is {BEST:.3f}."
    if result.own is None:
        return text
    same = abs(result.own - result.loss) < 1e-6
    return f"{text} Your function says {result.own:.3f}: {'the same' if same else 'not the same'}."


lab = Lab("Fit a line by hand", controls, compute, draw, describe, functions=("loss",))
