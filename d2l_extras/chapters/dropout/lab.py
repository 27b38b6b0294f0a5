"""Lab 5, blinking network: dropout's masks, what the next layer sees, and learning curves."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy
from matplotlib.figure import Figure
from mxnet import autograd

from ...evidence import records
from ...kit.lab import Choice, IntSlider, Lab, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE, PINK, SKY
from ...nets.seeding import seed
from ...nets.training import evaluate, training_steps
from ...teaching.learner import attempt
from . import experiment as experiment

MAX_WIDTH, MASKS, INPUTS = 16, 20_000, 4
SUM = 0.5  # what the read-out sees in predict mode; in train mode its variance is p / (1 - p)
LINEAR, RELU = "linear read-out", "after ReLU"
WRONG_LABELS = 0.2  # the share in the recorded learning curves, and in the live ones
EDGES = numpy.linspace(-6, 7, 66)
SMALL = 9  # points

controls = (
    Slider("p", "drop probability (丢弃率)", 0.0, 0.9, step=0.05, value=0.5),
    Choice("mode", "mode (模式)", ("train", "predict"), "train"),
    IntSlider("width", "hidden units (隐藏单元)", 2, MAX_WIDTH, value=8),
    Choice("observed", "next layer (观察)", (LINEAR, RELU), LINEAR),
    Choice("averaged", "averaged masks (平均)", (1, 2, 5, 10, 20, 50, 100, 200), 1, slider=True),
    IntSlider("draw", "mask number (掩码)", 1, 50, value=1),
)

_UNIFORM = numpy.random.RandomState(5).uniform(size=(MASKS, MAX_WIDTH)).astype("float32")
_NORMAL = numpy.random.RandomState(6).normal(size=MAX_WIDTH)


class Live(NamedTuple):
    """The validation accuracies of a live run so far."""

    rate: float
    epochs: tuple[int, ...] = ()
    accuracies: tuple[float, ...] = ()


class Result(NamedTuple):
    """What the picture shows."""

    p: float
    mode: str
    width: int
    observed: str
    kept: numpy.ndarray  # which units the chosen mask keeps
    seen: numpy.ndarray  # by the next layer, averaged over groups of masks
    own: numpy.ndarray | None  # the same with the learner's dropout: its finite values, if any
    note: str  # what is to be said of the learner's dropout
    nearest: float  # of the recorded rates
    live: Live | None = None


# --- numbers


def _contributions(width: int) -> numpy.ndarray:
    """Return what each hidden unit adds to the read-out: their sum is `SUM`, of squares 1."""
    spread = _NORMAL[:width] - _NORMAL[:width].mean()
    spread *= numpy.sqrt(1 - SUM**2 / width) / numpy.linalg.norm(spread)
    return SUM / width + spread


@functools.cache
def _curves() -> tuple[numpy.ndarray, dict[float, tuple[numpy.ndarray, numpy.ndarray]]]:
    """Return the recorded epochs, and for each rate the two accuracies, averaged over seeds."""
    table = records.read("dropout")
    means = table[table.wrong_labels == WRONG_LABELS].groupby(["rate", "epoch"]).mean()
    curves = {
        rate: (means.loc[rate].train_accuracy.values, means.loc[rate].val_accuracy.values)
        for rate in experiment.RATES
    }
    return means.loc[0.0].index.values, curves


def _seen(kept: numpy.ndarray, contributions: numpy.ndarray, observed: str) -> numpy.ndarray:
    """Return what one unit of the next layer sees under each mask."""
    sums = kept @ contributions
    return numpy.maximum(sums, 0) if observed == RELU else sums


def _averaged(seen: numpy.ndarray, masks: int) -> numpy.ndarray:
    return seen.reshape(-1, masks).mean(axis=1)


def _own(dropout: Callable | None, p: float, width: int, mode: str):
    """Call the learner's function on ones, one row for each mask; it starts from one seed."""
    if dropout is not None:
        seed(0)
    with autograd.train_mode() if mode == "train" else autograd.predict_mode():
        return attempt(dropout, numpy.ones((MASKS, width)), p, shape=(MASKS, width))


def _agree(own: numpy.ndarray, seen: numpy.ndarray) -> bool:
    """Return whether mean and spread agree as far as those of two times `MASKS` masks must."""
    mean = abs(own.mean() - seen.mean()) <= 6 * seen.std() * (2 / MASKS) ** 0.5 + 1e-5
    return bool(mean and numpy.isclose(own.std(), seen.std(), rtol=0.08, atol=1e-5))


def compute(
    p: float, mode: str, width: int, observed: str, averaged: int, draw: int,
    dropout: Callable | None = None,
) -> Result:  # fmt: skip
    """Return the masks' effect on one unit of the next layer, and which curve is nearest."""
    contributions = _contributions(width)
    kept = numpy.ones((MASKS, width), "float32")
    if mode == "train":
        kept = (_UNIFORM[:, :width] >= p) / numpy.float32(1 - p)
    seen = _seen(kept, contributions.astype("float32"), observed)
    own = _own(dropout, p, width, mode)
    shown, note = None, own.note
    if own.values is not None:
        with numpy.errstate(all="ignore"):
            theirs = _seen(own.values, contributions, observed)
            shown = _averaged(theirs, averaged)
            shown = shown[numpy.isfinite(shown)] if numpy.isfinite(shown).any() else None
            note = " ".join(filter(None, [_verdict(theirs, seen, shown), note]))
    nearest = min(experiment.RATES, key=lambda rate: abs(rate - p))
    return Result(
        p,
        mode,
        width,
        observed,
        kept[draw - 1] > 0,
        _averaged(seen, averaged),
        shown,
        note,
        nearest,
    )


def _verdict(theirs: numpy.ndarray, seen: numpy.ndarray, shown: numpy.ndarray | None) -> str:
    """Return what is to be said of the learner's dropout beside the note on its call."""
    if shown is None or not numpy.isfinite(theirs).all():
        return ""  # the note says so
    if _agree(theirs, seen):
        return "Your dropout agrees."
    return f"Your dropout differs: mean {_number(shown.mean())}, spread {_number(shown.std())}."


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 1e4 else f"{value:.1e}"


# --- the run


def run(
    values: Mapping[str, Any], dropout: Callable | None = None
) -> Iterator[tuple[float, Result]]:
    """Train on 300 digits, a fifth of them labeled wrongly, at the drop probability of the start.

    It is the recorded experiment with seed 0, so that at a recorded rate the live curve is one
    of those behind the mean. The other controls are read anew for every picture.
    """
    live = Live(values["p"])
    seed(0)
    data, net = experiment.few_digits(0, WRONG_LABELS), experiment.network(live.rate)
    last, shown, result = experiment.EPOCHS[-1], None, None
    for step in training_steps(net, data, epochs=last, learning_rate=experiment.LEARNING_RATE):
        if step.batch < step.batches:
            continue
        if step.epoch in experiment.EPOCHS:
            accuracy = evaluate(net, data.val).accuracy
            live = Live(live.rate, (*live.epochs, step.epoch), (*live.accuracies, accuracy))
        if shown != dict(values):
            shown = dict(values)
            result = compute(**shown, dropout=dropout)
        yield step.epoch / last, result._replace(live=live)


def keep(result: Result, last: Result) -> Result:
    """Return a result in whose picture the last run stays, unless it has one of its own."""
    return result if result.live else result._replace(live=last.live)


# --- the picture


def _histogram(seen: numpy.ndarray) -> numpy.ndarray:
    """Return the heights of the bars, the tallest being 1; what is beyond goes to the ends."""
    counts, _ = numpy.histogram(numpy.clip(seen, EDGES[0], EDGES[-1]), EDGES)
    return counts / counts.max()


def _heights(units: int) -> numpy.ndarray:
    return numpy.linspace(0.05, 0.95, units)


def draw(figure: Figure) -> Callable[[Result], None]:
    net, bars, curve = figure.subplots(1, 3, width_ratios=[0.75, 1.25, 1.4])
    updates = [_draw_net(net), _draw_bars(bars), _draw_curve(curve)]

    def update(result):
        for each in updates:
            each(result)

    return update


def _draw_net(axes):
    axes.set(xlim=(-0.35, 2.35), ylim=(-0.03, 1.03), xticks=[0, 1, 2], yticks=[],
             xticklabels=["inputs", "hidden", "next"])  # fmt: skip
    edges = [axes.plot([], [], color=GRAY, zorder=1, animated=True)[0]
             for _ in range((INPUTS + 1) * MAX_WIDTH)]  # fmt: skip
    axes.plot([0] * INPUTS, _heights(INPUTS), "s", color=GRAY, markersize=9, zorder=3)
    (kept,) = axes.plot([], [], "o", color=BLUE, markersize=10, zorder=3, animated=True)
    (dropped,) = axes.plot([], [], "o", color="#dddddd", markersize=10, zorder=3, animated=True)
    (crossed,) = axes.plot([], [], "x", color="black", markersize=9, zorder=4, animated=True)
    axes.plot([2], [0.5], "D", color=GREEN, markersize=10, zorder=3)
    title = axes.set_title("one mask", animated=True)

    def update(result):
        title.set_text("one mask" if result.mode == "train" else "no mask")
        heights = _heights(result.width)
        for edge in edges:
            edge.set_data([], [])
        for unit, height in enumerate(heights):
            on = result.kept[unit]
            for end, start in enumerate([*((0, y) for y in _heights(INPUTS)), (2, 0.5)]):
                edge = edges[(INPUTS + 1) * unit + end]
                edge.set_data([start[0], 1], [start[1], height])
                edge.set(linewidth=0.7 if on else 0.4, linestyle="-" if on else ":")
        on, off = heights[result.kept], heights[~result.kept]
        kept.set_data(numpy.ones(len(on)), on)
        dropped.set_data(numpy.ones(len(off)), off)
        crossed.set_data(numpy.ones(len(off)), off)

    return update


def _draw_bars(axes):
    axes.set(xlim=(-6, 7), ylim=(0, 1.55), xticks=[-5, 0, 5], yticks=[0, 0.5, 1],
             xlabel="seen by the next layer (ends: all beyond)",
             ylabel="count (tallest bar = 1)")  # fmt: skip
    title = axes.set_title("over many masks", animated=True)
    shown = axes.stairs(numpy.zeros(65), EDGES, fill=True, color=SKY, animated=True)
    own = axes.stairs(numpy.zeros(65), EDGES, color=PINK, linewidth=2, linestyle=":",
                      animated=True)  # fmt: skip
    (line,) = axes.plot([SUM] * 2, [0, 1.02], color="black", linewidth=1.5, animated=True)
    (mean,) = axes.plot([], [], "v", color=ORANGE, markersize=9, markeredgecolor="black",
                        animated=True)  # fmt: skip
    legend = axes.legend([line, mean], ["predict mode", "mean of the masks"], loc="upper left",
                         fontsize=SMALL, borderpad=0.3, frameon=False)  # fmt: skip
    of_masks = mean, legend.legend_handles[1], legend.get_texts()[1]
    note = axes.text(0.97, 0.97, "", transform=axes.transAxes, ha="right", va="top",
                     fontsize=SMALL, animated=True)  # fmt: skip
    yours = axes.text(0.03, 0.76, "", transform=axes.transAxes, va="top", fontsize=SMALL,
                      animated=True)  # fmt: skip

    def update(result):
        shown.set_data(_histogram(result.seen))
        title.set_text(_over(result))
        for artist in of_masks:  # the legend is no part of what moves: touch it where it changes
            if artist.get_visible() != (result.mode == "train"):
                artist.set_visible(result.mode == "train")
        mean.set_data([result.seen.mean()], [0.06])
        note.set_text(f"mean {result.seen.mean():.2f}\nspread {result.seen.std():.2f}")
        own.set_visible(result.own is not None)
        yours.set_text("" if result.own is None else "dotted: your dropout")
        if result.own is not None:
            own.set_data(_histogram(result.own))

    return update


def _over(result: Result) -> str:
    """Return what the histogram counts."""
    masks = MASKS // len(result.seen)  # that are averaged
    if result.mode == "predict":
        return "without a mask"
    return "over many masks" if masks == 1 else f"averages of {masks} masks"


def _draw_curve(axes):
    epochs, curves = _curves()
    axes.set(xlim=(0.9, 165), ylim=(0.0, 1.0), xscale="log", xlabel="epoch (log scale)",
             ylabel="accuracy (share)", title="recorded: a fifth of labels wrong")  # fmt: skip
    axes.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    axes.minorticks_off()
    styles = zip(experiment.RATES, ("-", "--", "-.", ":"), (BLUE, GREEN, ORANGE, PINK), strict=True)
    lines = {
        rate: axes.plot(epochs, curves[rate][1], style, color=color, animated=True,
                        label=f"validation, p = {rate:g}")[0]
        for rate, style, color in styles
    }  # fmt: skip
    (train,) = axes.plot([], [], "+-", color="black", linewidth=0.8, markersize=5, animated=True,
                         label="training, bold p")  # fmt: skip
    (live,) = axes.plot([], [], "o", color="black", fillstyle="none", markersize=5, animated=True)
    axes.legend(loc="lower right", fontsize=SMALL, borderpad=0.3, labelspacing=0.3)
    yours = axes.text(0.03, 0.97, "", transform=axes.transAxes, va="top", fontsize=SMALL,
                      animated=True)  # fmt: skip

    def update(result):
        for rate, line in lines.items():
            bold = rate == result.nearest
            line.set(linewidth=3 if bold else 1.5, alpha=1 if bold else 0.85)
        train.set_data(epochs, curves[result.nearest][0])
        has_run = result.live is not None and len(result.live.epochs) > 0
        live.set_data(*(result.live[1:] if has_run else ((), ())))
        yours.set_text(
            f"circles: your run,\nvalidation, p = {result.live.rate:g}" if has_run else ""
        )

    return update


# --- in words


def describe(result: Result) -> str:
    kept, width = result.kept.sum(), result.width
    train, val = (curve[-1] for curve in _curves()[1][result.nearest])
    if result.mode == "predict":
        here = f"all {width} units are kept. The next layer sees {SUM:.2f} ({result.observed})"
    else:
        here = (
            f"{kept} of {width} units {'is' if kept == 1 else 'are'} kept in this mask. The next "
            f"layer sees {SUM:.2f} in predict mode, {result.seen.mean():.2f} on average here "
            f"({result.observed}), spread {result.seen.std():.2f}"
        )
    text = (
        f"{result.mode} mode, p = {result.p:.2f}: {here}. "
        f"Recorded at p = {result.nearest:g}, mean of "
        f"{len(experiment.SEEDS)} seeds after {experiment.EPOCHS[-1]} epochs: training accuracy "
        f"{train:.2f}, validation {val:.2f}."
    )
    if result.note:
        text += f" {result.note}"
    if result.live and result.live.epochs:
        text += (
            f" Your run at p = {result.live.rate:.2f}: validation accuracy "
            f"{result.live.accuracies[-1]:.2f} after epoch {result.live.epochs[-1]}."
        )
    return text


lab = Lab(
    "Blinking network", controls, compute, draw, describe, run=run, keep=keep,
    functions=("dropout",), size=(9.6, 3.9),
)  # fmt: skip
