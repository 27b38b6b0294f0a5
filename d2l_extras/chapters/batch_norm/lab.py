"""Lab 6, the batch microscope: one feature through batch normalization, and its statistics."""

from types import SimpleNamespace

import numpy as np
from mxnet import np as mxnp

from ...kit.lab import Choice, IntSlider, Lab, LogSlider, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE, banner, set_banner
from ...teaching.learner import is_stub

MEAN, SD = 5.0, 3.0  # of all the data
MAX_BATCH, MAX_UPDATES, STRIP = 256, 500, 20
BINS = np.arange(-10.0, 15.01, 0.5)  # of both histograms: before and after

_random = np.random.RandomState(0)
_ROWS = _random.normal(MEAN, SD, (MAX_UPDATES + 1, MAX_BATCH))  # a row for each update
_STRIP = _random.normal(MEAN, SD, (STRIP, MAX_BATCH))

controls = (
    Choice("batch_size", "batch size (批量大小)", tuple(2**k for k in range(9)), 32, slider=True),
    Choice(
        "momentum", "momentum (动量)", (0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999), 0.9, slider=True
    ),
    IntSlider("updates", "updates seen (更新次数)", 0, MAX_UPDATES, value=60),
    LogSlider("eps", "eps (ε)", 1e-5, 10.0, step=0.5, value=1e-5),
    Slider("gamma", "gamma (γ, 拉伸)", 0.0, 2.0, step=0.1, value=1.0),
    Slider("beta", "beta (β, 偏移)", -3.0, 3.0, step=0.1, value=0.0),
    Choice("mode", "mode (模式)", ("train (训练)", "predict (预测)"), "train (训练)"),
)


def running(batches, momentum):
    """Return the running mean and variance before the first update and after each of them."""
    means, variances = [0.0], [1.0]
    moments = zip(batches.mean(axis=1).tolist(), batches.var(axis=1).tolist(), strict=True)
    for mean, variance in moments:
        means.append(momentum * means[-1] + (1 - momentum) * mean)
        variances.append(momentum * variances[-1] + (1 - momentum) * variance)
    return np.array(means), np.array(variances)


def compute(batch_size, momentum, updates, eps, gamma, beta, mode, batch_norm=None):
    """Return one batch before and after, its statistics, and the way of the running ones."""
    means, variances = running(_ROWS[:updates, :batch_size], momentum)
    batch = _ROWS[updates, :batch_size]
    training = mode.startswith("train")
    used = (batch.mean(), batch.var()) if training else (means[-1], variances[-1])
    written = batch_norm is not None and not is_stub(batch_norm)
    own = None
    if written:
        own = _own(batch_norm, batch, gamma, beta, means[-1], variances[-1], training, eps)
    return SimpleNamespace(
        batch=batch,
        out=gamma * (batch - used[0]) / np.sqrt(used[1] + eps) + beta,
        own=own,
        empty=batch_norm is not None and not written,
        means=means,
        variances=variances,
        batch_means=_ROWS[:updates, :batch_size].mean(axis=1),
        strip=_STRIP[:, :batch_size].mean(axis=1),
        training=training,
        updates=updates,
        lag=momentum**updates,
    )


def _own(batch_norm, batch, gamma, beta, mean, variance, training, eps):
    """Call the learner's function on the batch, an array of shape (batch size, 1)."""
    gamma, beta, mean, variance = (mxnp.array([float(v)]) for v in (gamma, beta, mean, variance))
    x = mxnp.array(batch.reshape(-1, 1), dtype="float32")
    y = batch_norm(x, gamma, beta, mean, variance, training, eps)
    y = np.asarray(getattr(y, "asnumpy", lambda: y)(), dtype="float64")
    if y.shape != x.shape:
        raise ValueError(f"your function must keep the shape: got {x.shape}, returned {y.shape}")
    return y[:, 0]


def draw(figure):
    top, bottom = figure.add_gridspec(2, 1, height_ratios=[1, 1])
    top, bottom = top.subgridspec(1, 2), bottom.subgridspec(1, 2, width_ratios=[3, 1])
    before, after = figure.add_subplot(top[0]), figure.add_subplot(top[1])
    way, strip = figure.add_subplot(bottom[0]), figure.add_subplot(bottom[1])

    parts = []
    for axes, title in ((before, "before: one batch of one feature"), (after, "after")):
        axes.set(xlim=(BINS[0], BINS[-1]), ylim=(-0.18, 1.05), ylabel="count / tallest")
        axes.set_yticks([0, 0.5, 1])
        axes.set_xlabel("value" if axes is before else "output")
        axes.axhline(0, color="black", linewidth=0.8)
        bars = axes.stairs(0 * BINS[1:], BINS, fill=True, color=BLUE, alpha=0.45, animated=True)
        (dots,) = axes.plot([], [], "|", color=BLUE, markersize=8, animated=True)
        parts.append((bars, dots))
        if axes is before:
            axes.set_title(title)
    title = after.set_title("after", animated=True)
    lines = [
        before.plot([0, 0], [0, 1.05], style, color=color, label=label, animated=True)[0]
        for style, color, label in (
            ("-", BLUE, "batch mean"), ("--", ORANGE, "running mean"), (":", "black", "true mean"))
    ]  # fmt: skip
    lines[2].set_xdata([MEAN, MEAN])
    before.legend(loc="upper left", fontsize=8)
    (own,) = after.plot([], [], "D", color=ORANGE, markersize=5, fillstyle="none", animated=True)
    summary = after.text(0.98, 0.95, "", transform=after.transAxes, ha="right", va="top",
                         fontsize=9, animated=True)  # fmt: skip
    own_text = after.text(0.02, 0.95, "◇ your function", transform=after.transAxes, va="top",
                          fontsize=9, color=ORANGE, weight="bold", animated=True)  # fmt: skip
    note = banner(after)

    way.set(xlim=(-5, MAX_UPDATES + 5), ylim=(-4, 14), xlabel="updates", ylabel="value",
            title="running mean ± 1 standard deviation")  # fmt: skip
    for height, style in ((MEAN, ":"), (MEAN - SD, (0, (1, 4))), (MEAN + SD, (0, (1, 4)))):
        way.axhline(height, color="black", linestyle=style, linewidth=1)
    (batch_means,) = way.plot([], [], ".", color=GRAY, markersize=2, animated=True)
    edges = [way.plot([], [], color=ORANGE, linewidth=0.8, animated=True)[0] for _ in range(2)]
    (path,) = way.plot([], [], "--", color=ORANGE, linewidth=2, animated=True)
    (end,) = way.plot([], [], "o", color=ORANGE, animated=True)
    lag = way.text(0.98, 0.94, "", transform=way.transAxes, ha="right", va="top", animated=True)

    strip.set(xlim=(0, STRIP + 1), ylim=(-4, 14), xticks=[], xlabel=f"{STRIP} other batches",
              title="batch means")  # fmt: skip
    strip.axhline(MEAN, color="black", linestyle=":", linewidth=1)
    bounds = [strip.plot([0, STRIP + 1], [0, 0], color=GREEN, animated=True)[0] for _ in range(2)]
    (points,) = strip.plot(np.arange(1, STRIP + 1), [0] * STRIP, "o", color=GRAY, markersize=4,
                           animated=True)  # fmt: skip
    width = strip.text(0.5, 0.03, "", transform=strip.transAxes, ha="center", color=GREEN,
                       animated=True)  # fmt: skip

    def update(result):
        for (bars, dots), values in zip(parts, (result.batch, result.out), strict=True):
            shown = np.clip(values, BINS[0] + 1e-9, BINS[-1] - 1e-9)
            counts = np.histogram(shown, BINS)[0]
            bars.set_data(counts / counts.max())
            dots.set_data(shown, np.full(len(shown), -0.09))
        running_mean, sd = result.means[-1], np.sqrt(result.variances[-1])
        lines[0].set_xdata([result.batch.mean()] * 2)
        lines[1].set_xdata([running_mean] * 2)
        title.set_text("after: train, by the batch's statistics" if result.training
                       else "after: predict, by the running statistics")  # fmt: skip
        summary.set_text(f"mean {_short(result.out.mean())}\nsd {_short(result.out.std())}")
        own.set_visible(result.own is not None)
        own_text.set_visible(result.own is not None)
        if result.own is not None:
            own.set_data(np.clip(result.own, BINS[0], BINS[-1]), np.full(len(result.own), -0.09))
        far = (np.abs(result.out - 2.5) > 12.5).any()
        set_banner(note, "some outputs are off the chart" if far else "")

        steps = np.arange(result.updates + 1)
        path.set_data(steps, result.means)
        for edge, sign in zip(edges, (-1, 1), strict=True):
            edge.set_data(steps, result.means + sign * np.sqrt(result.variances))
        end.set_data([result.updates], [running_mean])
        batch_means.set_data(steps[1:], result.batch_means)
        lag.set_text(f"{result.updates} updates: mean {running_mean:.2f}, sd {sd:.2f}; "
                     f"start still counts {100 * result.lag:.1f} %")  # fmt: skip
        points.set_ydata(result.strip)
        error = SD / np.sqrt(len(result.batch))
        for bound, sign in zip(bounds, (-1, 1), strict=True):
            bound.set_ydata([MEAN + sign * error] * 2)
        width.set_text(f"σ/√B = {error:.2f}")

    return update


def _short(value):
    """Return a number in a few characters, without a minus before zero."""
    return f"{value:.3g}" if abs(value) >= 1000 else f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def describe(result):
    batch, mean, sd = result.batch, result.means[-1], np.sqrt(result.variances[-1])
    text = (
        f"Batch of {len(batch)}: mean {_short(batch.mean())}, sd {_short(batch.std())}. Running "
        f"statistics after {result.updates} updates: mean {_short(mean)}, sd {_short(sd)} (their "
        f"start counts {100 * result.lag:.1f} %). True: mean {MEAN:.0f}, sd {SD:.0f}. "
        f"{'Train' if result.training else 'Predict'} mode: output mean "
        f"{_short(result.out.mean())}, sd {_short(result.out.std())}."
    )
    if result.empty:
        text += " Your function is still empty."
    if result.own is not None:
        gap = np.abs(result.own - result.out).max()
        scale = max(1.0, np.abs(result.out).max())
        text += (
            " Your function agrees." if gap < 1e-3 * scale
            else f" Your function differs by up to {gap:.3g}."
        )  # fmt: skip
    return text


lab = Lab(
    "Batch microscope", controls, compute, draw, describe, functions=("batch_norm",),
    size=(9.0, 4.8),
)  # fmt: skip
