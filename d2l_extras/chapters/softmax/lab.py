"""Lab 1, the score mixer: what softmax does to scores, and when the naive formula breaks."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy
from matplotlib.figure import Figure

from ...kit.lab import Checkbox, Lab, LogSlider, Slider
from ...kit.style import BLUE, GRAY, ORANGE, banner, set_banner
from ...teaching.answers import close
from ...teaching.learner import attempt

LOW, HIGH = -5.0, 105.0
NAMES = "abc"
SCORE_LIMITS = ((-8, 8), (-25, 25), (-80, 180))  # the left chart takes the first that fits
TOP, BOTTOM = 1.42, -0.06  # of the other two charts

controls = (
    Slider("a", "score a (分数)", LOW, HIGH, step=0.5, value=1.0),
    Slider("b", "score b", LOW, HIGH, step=0.5, value=2.0),
    Slider("c", "score c", LOW, HIGH, step=0.5, value=3.0),
    Slider("shift", "add to every score", -50.0, 50.0, step=0.5, value=0.0),
    LogSlider("temperature", "temperature T (温度)", 0.1, 10.0, step=0.05, value=1.0),
    Checkbox("subtract_max", "subtract the largest score first", True),
)


def compute(
    a: float,
    b: float,
    c: float,
    shift: float,
    temperature: float,
    subtract_max: bool,
    softmax: Callable | None = None,
) -> SimpleNamespace:
    """Return the three steps of softmax in float32: scores, exponentials, probabilities."""
    scores = numpy.float32([a, b, c]) + numpy.float32(shift)
    scaled = scores / numpy.float32(temperature)
    with numpy.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        exps = numpy.exp(scaled - scaled.max() if subtract_max else scaled)
        probabilities = exps / exps.sum()
    exact = numpy.exp(numpy.float64(scaled - scaled.max()))
    exact /= exact.sum()
    positive = exact[exact > 0]
    return SimpleNamespace(
        scores=scores,
        subtract_max=subtract_max,
        exps=exps,
        probabilities=probabilities,
        exact=exact,
        problem=_problem(exps, probabilities, exact),
        entropy=float((positive * -numpy.log(positive)).sum()) + 0.0,  # never -0.0
        own=attempt(softmax, scaled[None], shape=(1, 3)),
    )


def _problem(exps: numpy.ndarray, probabilities: numpy.ndarray, exact: numpy.ndarray) -> str:
    """Say what went wrong between the scores and the probabilities; nothing if they are right."""
    if numpy.allclose(probabilities, exact, atol=1e-3):
        return ""
    with numpy.errstate(over="ignore"):
        total = exps.sum()
    if numpy.isinf(exps).any():
        return "nan: exp overflowed (inf/inf)"
    if numpy.isinf(total):
        return "all 0: their sum overflowed"
    if total == 0:
        return "nan: every exp is 0 (0/0)"
    return "wrong: exp has lost its digits"


def draw(figure: Figure) -> Callable:
    left, middle, right = figure.subplots(1, 3)
    places = numpy.arange(3)
    for axes in (left, middle, right):
        axes.set_xticks(places, list(NAMES))
        axes.set_xlim(-0.6, 2.6)
        axes.set_xlabel("class")
        axes.axhline(0, color="black", linewidth=0.8)

    def value_labels(axes):
        return [
            axes.text(place, 0, "", ha="center", fontsize=9, animated=True, clip_on=True)
            for place in places
        ]

    left.set(ylabel="score + shift", title="1. scores: any numbers")
    left.set_ylim(SCORE_LIMITS[-1])  # its tick labels are the widest: the layout must fit them
    score_bars = left.bar(places, [0, 0, 0], color=GRAY, animated=True)
    score_labels = value_labels(left)

    middle.set(ylim=(BOTTOM, TOP), ylabel="exp / largest exp")
    middle.set_yticks([0, 0.25, 0.5, 0.75, 1])
    formula = middle.set_title("", animated=True)
    exp_bars = middle.bar(places, [0, 0, 0], color=GRAY, animated=True)
    exp_labels = value_labels(middle)

    right.set(ylim=(BOTTOM, TOP), ylabel="probability", title="3. divide by their sum")
    right.set_yticks([0, 0.25, 0.5, 0.75, 1])
    bars = right.bar(places, [0, 0, 0], color=BLUE, animated=True)
    labels = value_labels(right)
    (own,) = right.plot(
        places, [0, 0, 0], "D", color=ORANGE, markeredgecolor="black", animated=True
    )
    top_left = dict(transform=right.transAxes, animated=True)
    entropy = right.text(0.03, 0.93, "", weight="bold", **top_left)
    own_text = right.text(0.03, 0.8, "", fontsize=9, **top_left)
    note = banner(right)
    note.set_y(0.93)  # in the place of the entropy: it must not hide a bar

    def update(result):
        limits = next(
            (
                (low, high)
                for low, high in SCORE_LIMITS
                if 0.8 * low <= result.scores.min() and result.scores.max() <= 0.8 * high
            ),
            SCORE_LIMITS[-1],
        )
        if left.get_ylim() != limits:  # a new range costs a full drawing
            left.set_ylim(limits)
        gap = 0.02 * (limits[1] - limits[0])
        for bar, label, score in zip(score_bars, score_labels, result.scores, strict=True):
            bar.set_height(score)
            label.set_text(f"{score:g}".replace("-", "−"))
            label.set_y(score + gap if score >= 0 else score - gap)
            label.set_verticalalignment("bottom" if score >= 0 else "top")

        formula.set_text(
            "2. exp((score − max) / T)" if result.subtract_max else "2. exp(score / T)"
        )
        for bar, label, share, value in zip(
            exp_bars, exp_labels, _shares(result.exps), result.exps, strict=True
        ):
            bar.set_height(share)
            bar.set_hatch("//" if numpy.isinf(value) else "")
            bar.set_facecolor(ORANGE if numpy.isinf(value) else GRAY)
            label.set_text(_short(value))
            label.set_y(share + 0.015)

        marks = _marks(result.own.values)
        shown = numpy.nan_to_num(result.probabilities, nan=0.0)
        for bar, label, height, value in zip(
            bars, labels, shown, result.probabilities, strict=True
        ):
            bar.set_height(height)
            label.set_text(f"{value:.4f}")
            label.set_y(height + (0.015 if marks is None else 0.05))
        own.set_visible(marks is not None)
        if marks is not None:
            own.set_ydata(marks)
        own_text.set_text(_caption(marks, result.own))
        entropy.set_text(f"entropy {result.entropy:.4f} nats")
        entropy.set_visible(not result.problem)
        set_banner(note, result.problem)

    return update


def _shares(exps: numpy.ndarray) -> numpy.ndarray:
    """Return each exponential as a share of the largest; one that overflowed leaves the rest 0."""
    if numpy.isinf(exps).any():
        return numpy.float64(numpy.isinf(exps))
    return numpy.float64(exps) / max(float(exps.max()), 1e-300)


def _marks(values: numpy.ndarray | None) -> numpy.ndarray | None:
    """Return where the learner's marks stand, nan for one outside the chart; None if none is in."""
    if values is None:
        return None
    inside = numpy.abs(values[0]) <= 1.2  # nan is not
    inside &= values[0] >= BOTTOM
    return numpy.where(inside, values[0], numpy.nan) if inside.any() else None


def _caption(marks: numpy.ndarray | None, own) -> str:
    """Return what the right chart says of the learner's marks, so that nothing goes unseen."""
    if own.values is None:
        return own.note and "your function: see below"
    if numpy.isnan(own.values).all():
        return "your function: nan"
    if marks is None:
        return "your function: off the chart"
    missing = "nan" if numpy.isnan(own.values).any() else "off the chart"
    return "◆ your function" + (f"; the rest {missing}" if numpy.isnan(marks).any() else "")


def _short(value: float) -> str:
    """Return an exponential in at most six characters, so that three stand side by side."""
    if value == 0 or numpy.isinf(value) or 0.01 <= value < 1000:
        return f"{value:.3g}"
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def describe(result: SimpleNamespace) -> str:
    scores = ", ".join(f"{score:g}" for score in result.scores)
    exps = ", ".join(map(_short, result.exps))
    listed = ", ".join(f"{p:.4f}" for p in result.probabilities)
    text = f"Scores {scores}; exponentials {exps}; probabilities {listed}"
    if result.problem:
        text += f". ✗ {result.problem}."
    else:
        top = result.exact.max()
        winners = [
            name for name, p in zip(NAMES, result.exact, strict=True) if numpy.isclose(p, top)
        ]
        text += (
            f"; largest: {' and '.join(winners)}; "
            f"entropy {result.entropy:.4f} nats (at most ln 3 = 1.0986)."
        )
    own = result.own
    if own.values is not None and close(own.values, result.exact[None]):
        text += " Your function is right here."
    elif own.values is not None:
        text += f" Your function differs: {', '.join(f'{p:.4g}' for p in own.values[0])}."
    return f"{text} {own.note}".strip()


lab = Lab("Score mixer", controls, compute, draw, describe, functions=("softmax",), size=(9.6, 3.6))
