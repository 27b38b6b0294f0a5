"""Lab 2, the surprise meter: what a prediction costs, and what softmax applied twice does to it."""

from types import SimpleNamespace

import numpy as np
from mxnet import np as mx_np

from ...kit.lab import Checkbox, IntSlider, Lab, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE

TOP, BOTTOM = 7.5, -1.0
MOST = 20
CURVE = np.concatenate([np.geomspace(0.001, 0.1, 30), np.linspace(0.11, 0.999, 90)])
POINTS = np.array([0.01, 0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.99])

controls = (
    Slider("p", "p of the true class", 0.001, 0.999, step=0.001, value=0.5),
    IntSlider("classes", "classes K (类别数)", 2, MOST, value=10),
    Slider("smoothing", "smoothing ε (标签平滑)", 0.0, 0.5, step=0.01, value=0.0),
    Checkbox("twice", "apply softmax twice", False),
)


def _softmax(scores):
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def _scores(p, classes, twice):
    """Return what the loss receives, one row for each p: class 0 is true, the others share 1-p."""
    scores = np.zeros((len(p), classes))
    scores[:, 0] = np.log(p * (classes - 1) / (1 - p))
    return _softmax(scores) if twice else scores


def _losses(p, target, twice):
    return -np.log(_softmax(_scores(p, len(target), twice))) @ target


def _own_losses(loss, p, target, twice):
    """Ask the learner's function: a smoothed loss is a mixture of the losses of all labels."""
    classes = len(target)
    scores = np.repeat(_scores(p, classes, twice), classes, axis=0)
    labels = np.tile(np.arange(classes), len(p))
    result = loss(mx_np.array(scores, dtype="float32"), mx_np.array(labels, dtype="int32"))
    values = np.asarray(getattr(result, "asnumpy", lambda: result)(), dtype="float64")
    if values.shape != labels.shape:
        raise ValueError(
            f"your function must return one loss for each sample: it got {scores.shape} scores "
            f"and returned shape {values.shape}"
        )
    return values.reshape(-1, classes) @ target


def compute(p, classes, smoothing, twice, loss=None):
    """Return the loss in nats at p and along the curve, and the gradient for the scores."""
    target = np.full(classes, smoothing / classes)
    target[0] += 1 - smoothing
    here = np.array([p])
    received = _scores(here, classes, twice)[0]
    gradient = _softmax(received[None])[0] - target
    if twice:  # back through the first softmax
        gradient = received * (gradient - received @ gradient)
    if twice:
        lowest = np.log(np.e + classes - 1) - target[0]
    else:
        lowest = (target[target > 0] * np.log(1 / target[target > 0])).sum()
    own = None
    if loss is not None:
        own = _own_losses(loss, np.append(POINTS, p), target, twice)
    return SimpleNamespace(
        p=p,
        classes=classes,
        twice=twice,
        curve=_losses(CURVE, target, twice),
        loss=float(_losses(here, target, twice)[0]),
        untrained=float(np.log(classes)),
        lowest=float(lowest),
        gradient=gradient,
        own=own,
        own_agrees=own is not None
        and np.allclose(own, _losses(np.append(POINTS, p), target, twice), atol=1e-3),
    )


def draw(figure):
    left, right = figure.subplots(1, 2)
    (curve,) = left.plot(CURVE, 0 * CURVE, color=BLUE, animated=True, label="loss")
    untrained = left.axhline(
        0, color=GRAY, linestyle="--", animated=True, label="knows nothing: ln K"
    )
    lowest = left.axhline(0, color=GREEN, linestyle=":", animated=True, label="lowest possible")
    (dot,) = left.plot([0], [0], "o", color=BLUE, markersize=10, animated=True)
    (own,) = left.plot(
        np.append(POINTS, 0), 0 * np.append(POINTS, 0), "D", color=ORANGE, animated=True
    )
    left.set(
        xlim=(0, 1), ylim=(BOTTOM, TOP), xlabel="probability of the true class",
        ylabel="loss in nats", title="what the prediction costs",
    )  # fmt: skip
    left.legend(loc="upper right", fontsize=9)
    number = left.text(0.93, 4.0, "", ha="right", weight="bold", color=BLUE, animated=True)
    note = left.text(
        0.93, 3.3, "diamonds: your function", ha="right", color=ORANGE, animated=True,
        visible=False,
    )  # fmt: skip

    right.set(
        xlim=(0, 1), ylim=(-1.15, 1.15), xticks=[], ylabel="gradient of the loss",
        xlabel="one bar for each class; first: the true one",
        title="gradient for each score",
    )  # fmt: skip
    right.axhline(0, color="black", linewidth=0.8)
    bars = right.bar(np.zeros(MOST), np.zeros(MOST), animated=True)
    for bar in bars:
        bar.set_color(GRAY)
    bars[0].set_color(ORANGE)
    true, others = (
        right.text(0, 0, "", ha=side, va="center", animated=True) for side in ("left", "right")
    )
    true.set_position((0.02, 0.85))
    others.set_position((0.98, 0.85))
    true.set_color(ORANGE)

    def update(result):
        curve.set_ydata(result.curve)
        untrained.set_ydata([result.untrained] * 2)
        lowest.set_ydata([result.lowest] * 2)
        dot.set_data([result.p], [result.loss])
        number.set_text(f"at the dot: {result.loss:.3f} nats")
        own.set_visible(result.own is not None)
        note.set_visible(result.own is not None)
        if result.own is not None:
            inside = np.clip(result.own, BOTTOM, TOP)  # what lies outside sticks to the edge
            own.set_data(np.append(POINTS, result.p), inside)
        for index, bar in enumerate(bars):
            bar.set_visible(index < result.classes)
            if index < result.classes:
                bar.set_x((index + 0.1) / result.classes)
                bar.set_width(0.8 / result.classes)
                bar.set_height(result.gradient[index])
        true.set_text(f"true class {_signed(result.gradient[0])}")
        others.set_text(f"each other {_signed(result.gradient[1])}")

    return update


def describe(result):
    text = (
        f"The true class gets {result.p:.3f}: loss {result.loss:.3f} nats; "
        f"knowing nothing costs ln {result.classes} = {result.untrained:.3f}, "
        f"the lowest possible is {result.lowest:.3f}."
        f"\nGradient {_signed(result.gradient[0])} for the true score, "
        f"{_signed(result.gradient[1])} for each other."
    )
    if result.twice:
        text += " Softmax is applied twice."
    if result.own is not None:
        text += " Your function agrees." if result.own_agrees else " Your function differs."
    return text


def _signed(number):
    return f"{number:+.3f}" if abs(number) >= 0.0005 else "0.000"


lab = Lab("Surprise meter", controls, compute, draw, describe, functions=("loss",))
