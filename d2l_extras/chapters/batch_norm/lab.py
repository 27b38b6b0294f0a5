"""Lab 6, the batch microscope: one feature through batch normalization, and its statistics."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy

from ...kit.lab import Choice, IntSlider, Lab, LogSlider, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE, banner, set_banner
from ...teaching.learner import Own, attempt

MEAN, SD = 5.0, 3.0  # of all the data
MAX_BATCH, MAX_UPDATES, STRIP = 256, 500, 20
BINS = numpy.arange(-10.0, 15.01, 0.5)  # of both histograms: before and after

_random = numpy.random.RandomState(0)
_ROWS = _random.normal(MEAN, SD, (MAX_UPDATES + 1, MAX_BATCH))  # a row for each update
_STRIP = _random.normal(MEAN, SD, (STRIP, MAX_BATCH))

BATCH_SIZE = Choice(
    "batch_size", "batch size (批量大小)", tuple(2**k for k in range(9)), 32, slider=True
)
GAMMA = Slider("gamma", "gamma (γ, 拉伸)", 0.0, 2.0, step=0.1, value=1.0)
BETA = Slider("beta", "beta (β, 偏移)", -3.0, 3.0, step=0.1, value=0.0)

controls = (
    BATCH_SIZE,
    Choice(
        "momentum", "momentum (动量)", (0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999), 0.9, slider=True
    ),
    IntSlider("updates", "updates seen (更新次数)", 0, MAX_UPDATES, value=60),
    LogSlider("eps", "eps (ε)", 1e-5, 10.0, step=0.5, value=1e-5),
    GAMMA,
    BETA,
    Choice(
        "mode", "mode (模式)", ("train", "predict"), "train",
        labels=("train (训练)", "predict (预测)"),
    ),
)  # fmt: skip


def running(batches: numpy.ndarray, momentum: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return the running mean and variance before the first update and after each of them."""
    means, variances = [0.0], [1.0]
    moments = zip(batches.mean(axis=1).tolist(), batches.var(axis=1).tolist(), strict=True)
    for mean, variance in moments:
        means.append(momentum * means[-1] + (1 - momentum) * mean)
        variances.append(momentum * variances[-1] + (1 - momentum) * variance)
    return numpy.array(means), numpy.array(variances)


def compute(
    batch_size: int,
    momentum: float,
    updates: int,
    eps: float,
    gamma: float,
    beta: float,
    mode: str,
    batch_norm: Callable | None = None,
) -> SimpleNamespace:
    """Return one batch before and after, its statistics, and the way of the running ones."""
    means, variances = running(_ROWS[:updates, :batch_size], momentum)
    batch = _ROWS[updates, :batch_size]
    training = mode == "train"
    used = (batch.mean(), batch.var()) if training else (means[-1], variances[-1])
    parameters = [numpy.array([value]) for value in (gamma, beta, means[-1], variances[-1])]
    own = attempt(batch_norm, batch[:, None], *parameters, training, eps, shape=(batch_size, 1))
    return SimpleNamespace(
        batch=batch,
        out=gamma * (batch - used[0]) / numpy.sqrt(used[1] + eps) + beta,
        own=Own(None if own.values is None else own.values[:, 0], own.note),
        means=means,
        variances=variances,
        batch_means=_ROWS[:updates, :batch_size].mean(axis=1),
        strip=_STRIP[:, :batch_size].mean(axis=1),
        training=training,
        updates=updates,
        start=momentum**updates,  # what the start still counts
    )


# --- the picture


def draw_batch(before, after) -> Callable[[SimpleNamespace], None]:
    """Draw a batch before and after into two axes; return what moves it to another result."""
    parts = []
    for axes, label in ((before, "value"), (after, "output")):
        axes.set(xlim=(BINS[0], BINS[-1]), ylim=(-0.18, 1.05), ylabel="count / tallest",
                 xlabel=label)  # fmt: skip
        axes.set_yticks([0, 0.5, 1])
        axes.axhline(0, color="black", linewidth=0.8)
        bars = axes.stairs(0 * BINS[1:], BINS, fill=True, color=BLUE, alpha=0.45, animated=True)
        (dots,) = axes.plot([], [], "|", color=BLUE, markersize=8, animated=True)
        parts.append((bars, dots))
    before.set_title("before: one batch of one feature")
    before.axvline(MEAN, color="black", linestyle=":", label="true mean")
    mean = before.axvline(0, color=BLUE, label="batch mean", animated=True)
    (own,) = after.plot([], [], "D", color=ORANGE, markersize=5, fillstyle="none", animated=True)
    own_text = after.text(0.02, 0.95, "◇ your function", transform=after.transAxes, va="top",
                          fontsize=9, color=ORANGE, weight="bold", animated=True)  # fmt: skip
    summary = after.text(0.98, 0.95, "", transform=after.transAxes, ha="right", va="top",
                         fontsize=9, bbox=dict(facecolor="white", edgecolor="none", alpha=0.8),
                         animated=True)  # fmt: skip
    note = banner(after)

    def update(result):
        for (bars, dots), values in zip(parts, (result.batch, result.out), strict=True):
            counts = numpy.histogram(_inside(values), BINS)[0]
            bars.set_data(counts / counts.max())
            dots.set_data(_inside(values), numpy.full(len(values), -0.09))
        mean.set_xdata([result.batch.mean()] * 2)
        summary.set_text(f"mean {_short(result.out.mean())}\nsd {_short(result.out.std())}")
        values = _finite(result.own)
        own.set_data(_inside(values), numpy.full(len(values), -0.09))
        own_text.set_visible(len(values) > 0)
        far, own_far = ((_inside(shown) != shown).any() for shown in (result.out, values))
        whose = {(True, False): "some outputs", (False, True): "some of your function's outputs",
                 (True, True): "some outputs and some of your function's"}  # fmt: skip
        set_banner(note, f"{whose[far, own_far]} are off the chart" if far or own_far else "")

    return update


def _inside(values):
    """Return the values, those beyond an end of the chart at that end."""
    return numpy.clip(values, BINS[0] + 1e-9, BINS[-1] - 1e-9)


def _finite(own):
    values = numpy.empty(0) if own.values is None else own.values
    return values[numpy.isfinite(values)]


def draw(figure):
    top, bottom = figure.add_gridspec(2, 1, height_ratios=[1, 1])
    top, bottom = top.subgridspec(1, 2), bottom.subgridspec(1, 2, width_ratios=[3, 1])
    before, after = figure.add_subplot(top[0]), figure.add_subplot(top[1])
    way, strip = figure.add_subplot(bottom[0]), figure.add_subplot(bottom[1])

    move_batch = draw_batch(before, after)
    marker = before.axvline(0, color=ORANGE, linestyle="--", label="running mean", animated=True)
    before.legend(loc="upper left", fontsize=9, handlelength=1.5)
    title = after.set_title("after", animated=True)

    way.set(xlim=(-5, MAX_UPDATES + 5), ylim=(-6, 19), xlabel="updates", ylabel="value",
            title="running mean ± 1 running standard deviation")  # fmt: skip
    for height, style in ((MEAN, ":"), (MEAN - SD, (0, (1, 4))), (MEAN + SD, (0, (1, 4)))):
        way.axhline(height, color="black", linestyle=style, linewidth=1)
    (batch_means,) = way.plot([], [], ".", color=GRAY, markersize=2, animated=True)
    edges = [way.plot([], [], color=ORANGE, linewidth=0.8, animated=True)[0] for _ in range(2)]
    (path,) = way.plot([], [], "--", color=ORANGE, linewidth=2, animated=True)
    (end,) = way.plot([], [], "o", color=ORANGE, animated=True)
    words = way.text(0.98, 0.96, "", transform=way.transAxes, ha="right", va="top", animated=True)

    strip.set(xlim=(0, STRIP + 1), ylim=(-6, 19), xticks=[], xlabel=f"means of {STRIP} batches")
    strip.axhline(MEAN, color="black", linestyle=":", linewidth=1)
    bounds = [strip.plot([0, STRIP + 1], [0, 0], color=GREEN, animated=True)[0] for _ in range(2)]
    (points,) = strip.plot(numpy.arange(1, STRIP + 1), [0] * STRIP, "o", color=GRAY, markersize=4,
                           animated=True)  # fmt: skip
    width = strip.set_title("lines: 5 ± σ/√B", fontsize=10, animated=True)

    def update(result):
        move_batch(result)
        mean, sd = result.means[-1], numpy.sqrt(result.variances[-1])
        marker.set_xdata([mean] * 2)
        title.set_text("after: train, by the batch's statistics" if result.training
                       else "after: predict, by the running statistics")  # fmt: skip
        steps = numpy.arange(result.updates + 1)
        path.set_data(steps, result.means)
        for edge, sign in zip(edges, (-1, 1), strict=True):
            edge.set_data(steps, result.means + sign * numpy.sqrt(result.variances))
        end.set_data([result.updates], [mean])
        batch_means.set_data(steps[1:], result.batch_means)
        words.set_text(f"{_updates(result)}: mean {mean:.2f}, sd {sd:.2f}; "
                       f"the start still counts {_percent(result.start)}")  # fmt: skip
        points.set_ydata(result.strip)
        error = SD / numpy.sqrt(len(result.batch))
        for bound, sign in zip(bounds, (-1, 1), strict=True):
            bound.set_ydata([MEAN + sign * error] * 2)
        width.set_text(f"lines: {MEAN:.0f} ± σ/√B = {MEAN:.0f} ± {error:.2f}")

    return update


# --- words


def _short(value):
    """Return a number in a few characters, without a minus before zero."""
    return f"{value:.3g}" if abs(value) >= 1000 else f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def _percent(share):
    return f"{100 * share:.1f} %" if share >= 0.001 else "less than 0.1 %"


def _updates(result):
    return f"{result.updates} update" + ("" if result.updates == 1 else "s")


def describe_batch(result: SimpleNamespace) -> str:
    """Say what came in and what went out."""
    batch, out = result.batch, result.out
    return (
        f"Batch of {len(batch)}: mean {_short(batch.mean())}, sd {_short(batch.std())} (true: mean "
        f"{MEAN:.0f}, sd {SD:.0f}). Output in {'train' if result.training else 'predict'} mode: "
        f"mean {_short(out.mean())}, sd {_short(out.std())}."
    )


def describe(result: SimpleNamespace) -> str:
    text = (
        f"{describe_batch(result)} Running statistics after {_updates(result)}: mean "
        f"{_short(result.means[-1])}, sd {_short(numpy.sqrt(result.variances[-1]))}; their start "
        f"still counts {_percent(result.start)}."
    )
    values = _finite(result.own)
    if len(values) == len(result.out):
        gap = numpy.abs(values - result.out).max()
        agrees = gap < 1e-3 * max(1.0, numpy.abs(result.out).max())
        text += (
            " Your function agrees."
            if agrees
            else f" Your function differs by up to {_short(gap)}."
        )
    return f"{text} {result.own.note}".rstrip()


lab = Lab(
    "Batch microscope", controls, compute, draw, describe, functions=("batch_norm",),
    size=(9.0, 4.8),
)  # fmt: skip
