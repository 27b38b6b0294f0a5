"""Lab 5, blinking network: dropout's masks, what the next layer sees, and learning curves."""

import functools
from types import SimpleNamespace

import numpy as np
from mxnet import autograd
from mxnet import np as mxnp

from ...evidence import records
from ...kit.lab import Choice, IntSlider, Lab, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE, PINK, SKY
from ...nets.seeding import seed
from ...nets.training import evaluate, training_steps
from . import experiment as experiment

MAX_WIDTH, MASKS = 16, 20_000
SUM = 0.5  # what the read-out sees in predict mode; in train mode its variance is p / (1 - p)
LINEAR, RELU = "linear read-out", "after ReLU"
WRONG_LABELS = 0.2  # the share in the recorded learning curves, and in the live ones
EDGES = np.linspace(-6, 7, 66)

controls = (
    Slider("p", "drop probability (丢弃率)", 0.0, 0.9, step=0.05, value=0.5),
    Choice("mode", "mode (模式)", ("train", "predict"), "train"),
    IntSlider("width", "hidden units (隐藏单元)", 2, MAX_WIDTH, value=8),
    Choice("observed", "next layer (观察)", (LINEAR, RELU), LINEAR),
    Choice("averaged", "averaged masks (平均)", (1, 2, 5, 10, 20, 50, 100, 200), 1, slider=True),
    IntSlider("draw", "mask number (掩码)", 1, 50, value=1),
)

_UNIFORM = np.random.RandomState(5).uniform(size=(MASKS, MAX_WIDTH)).astype("float32")
_NORMAL = np.random.RandomState(6).normal(size=MAX_WIDTH)


def _contributions(width):
    """Return what each hidden unit adds to the read-out: their sum is `SUM`, of squares 1."""
    spread = _NORMAL[:width] - _NORMAL[:width].mean()
    spread *= np.sqrt(1 - SUM**2 / width) / np.linalg.norm(spread)
    return SUM / width + spread


@functools.cache
def _curves():
    """Return the recorded epochs, and for each rate the two accuracies, averaged over seeds."""
    table = records.read("dropout")
    means = table[table.wrong_labels == WRONG_LABELS].groupby(["rate", "epoch"]).mean()
    curves = {
        rate: (means.loc[rate].train_accuracy.values, means.loc[rate].val_accuracy.values)
        for rate in experiment.RATES
    }
    return means.loc[0.0].index.values, curves


def _seen(kept, contributions, observed, averaged):
    """Return what the next layer sees, averaged over groups of masks."""
    sums = kept @ contributions
    seen = np.maximum(sums, 0) if observed == RELU else sums
    return seen.reshape(-1, averaged).mean(axis=1)


def _own(dropout, p, width, mode):
    """Return the learner's function on ones, one row for each mask; it starts from one seed."""
    seed(0)
    with autograd.train_mode() if mode == "train" else autograd.predict_mode():
        kept = dropout(mxnp.ones((MASKS, width)), p)
    kept = np.asarray(getattr(kept, "asnumpy", lambda: kept)())
    if kept.shape != (MASKS, width):
        raise ValueError(
            f"your function must keep the shape: it got {(MASKS, width)}, returned {kept.shape}"
        )
    return kept


def compute(p, mode, width, observed, averaged, draw, dropout=None, live=None):
    """Return the masks' effect on one unit of the next layer, and the learning curves."""
    contributions = _contributions(width)
    kept = np.ones((MASKS, width), "float32")
    if mode == "train":
        kept = (_UNIFORM[:, :width] >= p) / np.float32(1 - p)
    seen = _seen(kept, contributions.astype("float32"), observed, averaged)
    own = None
    if dropout is not None:
        own = _seen(_own(dropout, p, width, mode), contributions, observed, averaged)
    epochs, curves = _curves()
    return SimpleNamespace(
        p=p, mode=mode, width=width, observed=observed, averaged=averaged, seen=seen, own=own,
        kept=kept[draw - 1] > 0, contributions=contributions, predicted=SUM, epochs=epochs,
        curves=curves, nearest=min(curves, key=lambda rate: abs(rate - p)), live=live,
    )  # fmt: skip


def run(values, dropout=None):
    """Train on 300 digits, a fifth of them labeled wrongly, at the drop probability of the start.

    It is the recorded experiment with seed 0, so that at a recorded rate the live curve is one
    of those behind the mean. The other controls are read anew for every picture.
    """
    rate = values["p"]
    seed(0)
    data, net = experiment.few_digits(0, WRONG_LABELS), experiment.network(rate)
    live = SimpleNamespace(rate=rate, epochs=[], accuracies=[])
    last = experiment.EPOCHS[-1]
    for step in training_steps(net, data, epochs=last, learning_rate=experiment.LEARNING_RATE):
        if step.batch < step.batches:
            continue
        if step.epoch in experiment.EPOCHS:
            live.epochs.append(step.epoch)
            live.accuracies.append(evaluate(net, data.val).accuracy)
        yield step.epoch / last, compute(**values, dropout=dropout, live=live)


def _histogram(seen):
    """Return the heights of the bars, the tallest being 1; what is beyond goes to the ends."""
    counts, _ = np.histogram(np.clip(seen, EDGES[0], EDGES[-1]), EDGES)
    return counts / counts.max()


def draw(figure):
    net, bars, curve = figure.subplots(1, 3, width_ratios=[0.8, 1.2, 1.4])

    net.set(xlim=(-0.35, 2.35), ylim=(-0.03, 1.03), xticks=[0, 1, 2], yticks=[],
            xticklabels=["inputs", "hidden", "next"], title="one mask")  # fmt: skip
    edges = [net.plot([], [], color=GRAY, zorder=1, animated=True)[0]
             for _ in range(5 * MAX_WIDTH)]  # fmt: skip
    net.plot([0] * 4, _heights(4), "s", color=GRAY, markersize=9, zorder=3)
    (kept,) = net.plot([], [], "o", color=BLUE, markersize=10, zorder=3, animated=True)
    (dropped,) = net.plot([], [], "o", color="#dddddd", markersize=10, zorder=3, animated=True)
    (crossed,) = net.plot([], [], "x", color="black", markersize=9, zorder=4, animated=True)
    net.plot([2], [0.5], "D", color=GREEN, markersize=10, zorder=3)

    bars.set(xlim=(-6, 7), ylim=(0, 1.3), xticks=[-5, 0, 5], yticks=[0, 0.5, 1],
             xlabel="what the next layer sees", ylabel="masks (tallest bar = 1)",
             title="over many masks")  # fmt: skip
    shown = bars.stairs(np.zeros(65), EDGES, fill=True, color=SKY, animated=True)
    own = bars.stairs(np.zeros(65), EDGES, color=PINK, linewidth=2, linestyle=":", animated=True,
                      label="your dropout")  # fmt: skip
    bars.plot([SUM] * 2, [0, 1.02], color="black", linewidth=1.5, label="predict mode",
              animated=True)  # fmt: skip
    (mean,) = bars.plot([], [], "v", color=ORANGE, markersize=9, markeredgecolor="black",
                        label="mean of the masks", animated=True)  # fmt: skip
    bars.legend(loc="upper left", fontsize=7, borderpad=0.3, ncols=1)
    note = bars.text(0.97, 0.97, "", transform=bars.transAxes, ha="right", va="top",
                     fontsize=8, animated=True)  # fmt: skip

    curve.set(xlim=(1, 150), ylim=(0.2, 1.0), xscale="log", xlabel="epoch (log scale)",
              ylabel="accuracy (share)", title="a fifth of the labels wrong")  # fmt: skip
    curve.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    styles = zip(experiment.RATES, ("-", "--", "-.", ":"), (BLUE, GREEN, ORANGE, PINK), strict=True)
    lines = {
        rate: curve.plot([], [], style, color=color, label=f"validation, p={rate:g}", animated=True)
        for rate, style, color in styles
    }
    (train,) = curve.plot([], [], "+-", color="black", linewidth=0.8, markersize=5, animated=True,
                          label="training, boldest p")  # fmt: skip
    (live,) = curve.plot([], [], "o", color="black", fillstyle="none", markersize=5, animated=True,
                         label="your run: validation")  # fmt: skip
    curve.legend(loc="lower right", fontsize=7, borderpad=0.3)

    def update(result):
        heights = _heights(result.width)
        for edge in edges:
            edge.set_data([], [])
        for unit, height in enumerate(heights):
            on = result.kept[unit]
            for end, start in enumerate([*((0, y) for y in _heights(4)), (2, 0.5)]):
                edge = edges[5 * unit + end]
                edge.set_data([start[0], 1], [start[1], height])
                edge.set(linewidth=0.7 if on else 0.4, linestyle="-" if on else ":")
        on, off = heights[result.kept], heights[~result.kept]
        kept.set_data(np.ones(len(on)), on)
        dropped.set_data(np.ones(len(off)), off)
        crossed.set_data(np.ones(len(off)), off)
        shown.set_data(_histogram(result.seen))
        own.set_visible(result.own is not None)
        if result.own is not None:
            own.set_data(_histogram(result.own))
        mean.set_data([result.seen.mean()], [0.06])
        note.set_text(f"mean {result.seen.mean():.2f}\nspread {result.seen.std():.2f}")
        for rate, (line,) in lines.items():
            line.set_data(result.epochs, result.curves[rate][1])
            bold = rate == result.nearest
            line.set(linewidth=3 if bold else 1.2, alpha=1 if bold else 0.6)
        train.set_data(result.epochs, result.curves[result.nearest][0])
        live.set_data(*(result.live.epochs, result.live.accuracies) if result.live else ([], []))

    return update


def _heights(units):
    return np.linspace(0.05, 0.95, units)


def describe(result):
    text = (
        f"{result.mode} mode, p = {result.p:.2f}: {result.kept.sum()} of {result.width} units are "
        f"kept in this mask. The next layer sees {result.predicted:.2f} in predict mode, "
        f"{result.seen.mean():.2f} on average here ({result.observed}), spread "
        f"{result.seen.std():.2f}. "
    )
    train, val = (curve[-1] for curve in result.curves[result.nearest])
    text += (
        f"Recorded at p = {result.nearest:g}, mean of {len(experiment.experiment.seeds)} seeds "
        f"after {result.epochs[-1]} epochs: training accuracy {train:.2f}, validation {val:.2f}."
    )
    if result.own is not None:
        here, there = ([seen.mean(), seen.std()] for seen in (result.own, result.seen))
        if np.allclose(here, there, atol=0.05 * (1 + there[1])):
            text += " Your dropout agrees."
        else:
            text += f" Your dropout differs: mean {here[0]:.2f}, spread {here[1]:.2f}."
    if result.live and result.live.epochs:
        text += (
            f" Your run at p = {result.live.rate:.2f}: validation accuracy "
            f"{result.live.accuracies[-1]:.2f} after epoch {result.live.epochs[-1]}."
        )
    return text


lab = Lab(
    "Blinking network", controls, compute, draw, describe, run=run, functions=("dropout",),
    size=(9, 3.8),
)  # fmt: skip
