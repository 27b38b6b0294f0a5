"""Lab 2, the surprise meter: what a prediction costs, and what softmax applied twice does to it."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy
from matplotlib.figure import Figure

from ...kit.lab import Checkbox, IntSlider, Lab, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE
from ...teaching.learner import attempt

TOP, BOTTOM = 7.5, -1.0
MOST = 20
_STEEP = numpy.geomspace(0.001, 0.1, 30)  # near 0, and near 1 where smoothing turns the curve up
CURVE = numpy.concatenate([_STEEP, numpy.linspace(0.11, 0.89, 60), 1 - _STEEP[::-1]])
POINTS = numpy.array([0.01, 0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.99])

controls = (
    Slider("p", "p of the true class", 0.001, 0.999, step=0.001, value=0.5),
    IntSlider("classes", "classes K (类别数)", 2, MOST, value=10),
    Slider("smoothing", "smoothing ε (标签平滑)", 0.0, 0.5, step=0.01, value=0.0),
    Checkbox("twice", "apply softmax twice", False),
)


def _softmax(scores):
    exps = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def _received(p, classes, twice):
    """Return what the loss receives, one row for each p: class 0 is true, the others share 1-p."""
    scores = numpy.zeros((len(p), classes))
    scores[:, 0] = numpy.log(p * (classes - 1) / (1 - p))
    return _softmax(scores) if twice else scores


def _losses(p, target, twice):
    return -numpy.log(_softmax(_received(p, len(target), twice))) @ target


def _gradient(p, target, twice):
    """Return the gradient of the loss at p for the scores of the network."""
    received = _received(numpy.array([p]), len(target), twice)[0]
    gradient = _softmax(received[None])[0] - target
    if twice:  # back through the first softmax
        gradient = received * (gradient - received @ gradient)
    return gradient


def _lowest(target, twice):
    """Return the lowest loss that any scores of the network can reach."""
    if twice:  # the first softmax is sure of the true class
        return numpy.log(numpy.e + len(target) - 1) - target[0]
    present = target[target > 0]
    return (present * numpy.log(1 / present)).sum()


def _ask(loss, p, target, twice):
    """Ask the learner's function at each p; return its losses, and a note if there are none."""
    classes = len(target)
    scores = numpy.repeat(_received(p, classes, twice), classes, axis=0)
    labels = numpy.tile(numpy.arange(classes), len(p))
    own = attempt(loss, scores, labels, shape=labels.shape)
    if own.values is None:
        return None, own.note
    # a smoothed loss is a mixture of the losses of all labels; 0 times nan must not spoil it
    values = own.values.reshape(-1, classes)[:, target > 0]
    return values @ target[target > 0], own.note


def compute(
    p: float, classes: int, smoothing: float, twice: bool, loss: Callable | None = None
) -> SimpleNamespace:
    """Return the loss in nats at p and along the curve, and the gradient for the scores."""
    target = numpy.full(classes, smoothing / classes)
    target[0] += 1 - smoothing
    places = numpy.append(POINTS, p)
    at_places = _losses(places, target, twice)
    own, note = _ask(loss, places, target, twice)
    return SimpleNamespace(
        p=p,
        classes=classes,
        twice=twice,
        curve=_losses(CURVE, target, twice),
        loss=float(at_places[-1]),
        equal=float(numpy.log(classes)),
        lowest=float(_lowest(target, twice)),
        gradient=_gradient(p, target, twice),
        places=places,
        own=own,
        own_note=note,
        own_agrees=own is not None and bool(numpy.allclose(own, at_places, atol=1e-3)),
    )


def draw(figure: Figure) -> Callable[[SimpleNamespace], None]:
    """Build both charts; return what moves them to a result."""
    left, right = figure.subplots(1, 2)
    update_price, update_gradient = _draw_price(left), _draw_gradient(right)

    def update(result):
        update_price(result)
        update_gradient(result)

    return update


def _draw_price(axes):
    (curve,) = axes.plot(CURVE, 0 * CURVE, color=BLUE, animated=True, label="loss")
    equal = axes.axhline(
        0, color=GRAY, linestyle="--", animated=True, label="equal shares: ln K"
    )  # fmt: skip
    lowest = axes.axhline(0, color=GREEN, linestyle=":", animated=True, label="lowest possible")
    (dot,) = axes.plot(
        [0], [0], "o", color=BLUE, markersize=10, clip_on=False, animated=True
    )  # fmt: skip
    (own,) = axes.plot([], [], "D", color=ORANGE, animated=True)
    axes.set(
        xlim=(0, 1), ylim=(BOTTOM, TOP), xlabel="probability of the true class",
        ylabel="loss in nats", title="what the prediction costs",
    )  # fmt: skip
    axes.legend(loc="upper right", fontsize=9)
    number = axes.text(0.93, 4.1, "", ha="right", weight="bold", color=BLUE, animated=True)
    note = axes.text(0.93, 3.4, "", ha="right", color=ORANGE, animated=True)

    def update(result):
        curve.set_ydata(result.curve)
        equal.set_ydata([result.equal] * 2)
        lowest.set_ydata([result.lowest] * 2)
        dot.set_data([result.p], [result.loss])
        number.set_text(f"at the dot: {result.loss:.3f} nats")
        values = numpy.full(len(result.places), numpy.nan) if result.own is None else result.own
        finite = numpy.isfinite(values)
        inside = numpy.clip(values[finite], BOTTOM, TOP)  # what lies outside sticks to the edge
        own.set_data(result.places[finite], inside)
        outside = int((inside != values[finite]).sum())
        words = "diamonds: your function" if finite.any() else ""
        note.set_text(words + (f" ({outside} outside)" if outside else ""))

    return update


def _draw_gradient(axes):
    axes.set(
        xlim=(0, 1), ylim=(-1.15, 1.4), xticks=[], yticks=[-1, -0.5, 0, 0.5, 1],
        ylabel="gradient of the loss", xlabel="one bar for each class; first: the true one",
        title="gradient for each score",
    )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    bars = axes.bar(numpy.zeros(MOST), numpy.zeros(MOST), color=GRAY, animated=True)
    bars[0].set_color(ORANGE)
    style = dict(va="center", animated=True)  # above the bars, which end at 1
    true = axes.text(0.02, 1.22, "", ha="left", color=ORANGE, **style)
    others = axes.text(0.98, 1.22, "", ha="right", **style)

    def update(result):
        for index, bar in enumerate(bars):
            bar.set_visible(index < result.classes)
            if index < result.classes:
                bar.set_x((index + 0.1) / result.classes)
                bar.set_width(0.8 / result.classes)
                bar.set_height(result.gradient[index])
        true.set_text(f"true class {_signed(result.gradient[0])}")
        words = "other {}" if result.classes == 2 else "others {} each"
        others.set_text(words.format(_signed(result.gradient[1])))

    return update


def describe(result: SimpleNamespace) -> str:
    """Return the numbers of both charts, and what is to say of the learner's function."""
    others = "the other" if result.classes == 2 else "each of the others"
    text = (
        f"The true class gets {result.p:.3f}: loss {result.loss:.3f} nats; "
        f"equal shares cost ln {result.classes} = {result.equal:.3f}, "
        f"the lowest possible is {result.lowest:.3f}."
        f"\nGradient {_signed(result.gradient[0])} for the true score, "
        f"{_signed(result.gradient[1])} for {others}."
    )
    if result.twice:
        text += " Softmax is applied twice."
    if result.own is not None:
        gives = f"{result.own[-1]:.3f}" if abs(result.own[-1]) < 1e4 else f"{result.own[-1]:.3g}"
        agrees = "agrees" if result.own_agrees else f"differs: it gives {gives} at the dot"
        text += f" Your function {agrees}."
    return f"{text} {result.own_note}".strip()


def _signed(number):
    return f"{number:+.3f}" if abs(number) >= 0.0005 else "0.000"


lab = Lab("Surprise meter", controls, compute, draw, describe, functions=("loss",))
