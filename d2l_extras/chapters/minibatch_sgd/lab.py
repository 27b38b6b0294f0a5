"""Lab 3, the descent sandbox: how learning rate and batch size steer minibatch SGD."""

import time
from types import SimpleNamespace

import numpy as np
from matplotlib.patches import Rectangle

from ...kit.lab import Choice, IntSlider, Lab, LogSlider, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE, banner, set_banner

N, MAX_EPOCHS = 256, 20
START, OPTIMUM = np.array([0.0, 0.0]), np.array([2.0, 2.0])
FAR = 1000.0  # this far from the minimum the run counts as diverged, and stops
PAUSE = 0.0015  # seconds a live run takes for each sample, so that the eye can follow

_random = np.random.RandomState(0)
# Three columns without correlation and with mean square 1: two features, and the label noise.
_Z = np.linalg.qr(_random.randn(N, 3))[0] * np.sqrt(N)
_ORDERS = np.array([_random.permutation(N) for _ in range(MAX_EPOCHS)])

controls = (
    LogSlider("learning_rate", "learning rate (学习率)", 1e-3, 1.0, step=0.05, value=0.05),
    Choice("batch_size", "batch size (批量大小)", tuple(2**k for k in range(9)), 8, slider=True),
    Slider("noise", "label noise (噪声)", 0.0, 3.0, step=0.1, value=2.0),
    LogSlider("curvature", "curvature ratio (曲率比)", 1.0, 100.0, step=0.1, value=10.0),
    IntSlider("epochs", "epochs (迭代周期)", 1, MAX_EPOCHS, value=10),
)


def _products(noise, curvature):
    """Return x1², x1·x2, x2², x1·y and x2·y of every sample: all that a gradient needs."""
    x = _Z[:, :2] * [np.sqrt(curvature), 1.0]
    y = x @ OPTIMUM + noise * _Z[:, 2]
    return np.stack([x[:, 0] ** 2, x[:, 0] * x[:, 1], x[:, 1] ** 2, x[:, 0] * y, x[:, 1] * y], 1)


def _gradient(w1, w2, batch):
    """Return the gradient of half the mean squared error of a batch, from its mean products."""
    a, b, c, d, e = batch
    return a * w1 + b * w2 - d, b * w1 + c * w2 - e


def _step(w, batch, learning_rate):
    g1, g2 = _gradient(*w, batch)
    return w[0] - learning_rate * g1, w[1] - learning_rate * g2


def _own_step(sgd, w, batch, learning_rate, size):
    """Take a step by the learner's rule, which is handed the gradient summed over the batch."""
    gradient_sum = size * np.array(_gradient(*w, batch))
    new = sgd(np.array(w), gradient_sum, learning_rate, size)
    new = np.asarray(getattr(new, "asnumpy", lambda: new)())
    if new.shape != (2,):
        raise ValueError(f"your rule must return the two new weights, got {new!r}")
    return tuple(new.tolist())


def _is_far(w):
    return not (abs(w[0] - OPTIMUM[0]) <= FAR and abs(w[1] - OPTIMUM[1]) <= FAR)


def _descend(batches, step):
    """Return the weights before the first and after each step; stop when they have gone far."""
    path = [tuple(START.tolist())]
    for batch in batches:
        path.append(step(path[-1], batch))
        if _is_far(path[-1]):
            break
    return np.array(path)


def _result(path, seen, own, values):
    offsets = path - OPTIMUM
    curvature, noise = values["curvature"], values["noise"]
    return SimpleNamespace(
        path=path,
        own=own,
        seen=seen,  # epochs gone through so far, one number for each point of the path
        loss=0.5 * (curvature * offsets[:, 0] ** 2 + offsets[:, 1] ** 2 + noise**2),
        floor=0.5 * noise**2,
        stray=np.sqrt((offsets[len(path) // 2 :] ** 2).sum(axis=1).mean()),
        diverged=_is_far(path[-1]),
        updates=len(path) - 1,
        limit=2 / curvature,
        **values,
    )


def compute(learning_rate, batch_size, noise, curvature, epochs, sgd=None):
    """Return the whole descent: the weights after every update, and the loss on all samples."""
    values = dict(learning_rate=learning_rate, batch_size=batch_size, noise=noise,
                  curvature=curvature, epochs=epochs)  # fmt: skip
    shuffled = _products(noise, curvature)[_ORDERS[:epochs].ravel()]
    batches = shuffled.reshape(-1, batch_size, 5).mean(axis=1).tolist()
    path = _descend(batches, lambda w, batch: _step(w, batch, learning_rate))
    own = None
    if sgd is not None:
        own = _descend(batches, lambda w, b: _own_step(sgd, w, b, learning_rate, batch_size))
    return _result(path, np.arange(len(path)) * batch_size / N, own, values)


def run(values, sgd=None):
    """Descend live, one batch at a time; every control is read anew before each step."""
    size = MAX_EPOCHS * N + 1
    path, own, seen = np.empty((size, 2)), np.empty((size, 2)), np.zeros(size)
    path[0] = own[0] = START
    samples = updates = 0
    own_updates = 0
    while samples < values["epochs"] * N and not _is_far(path[updates]):
        now = dict(values)
        epoch, start = divmod(samples, N)
        rows = _ORDERS[epoch, start : start + now["batch_size"]]
        batch = _products(now["noise"], now["curvature"])[rows].mean(axis=0).tolist()
        path[updates + 1] = _step(path[updates], batch, now["learning_rate"])
        if sgd is not None and not _is_far(own[own_updates]):
            own[own_updates + 1] = _own_step(
                sgd, own[own_updates], batch, now["learning_rate"], len(rows)
            )
            own_updates += 1
        samples, updates = samples + len(rows), updates + 1
        seen[updates] = samples / N
        shown = None if sgd is None else own[: own_updates + 1]
        result = _result(path[: updates + 1], seen[: updates + 1], shown, now)
        pauses = max(1, len(rows) // 16)  # many short ones: Stop and the sliders answer at once
        for _ in range(pauses):
            time.sleep(PAUSE * len(rows) / pauses)
            yield min(1.0, samples / (now["epochs"] * N)), result


def draw(figure):
    grid = figure.add_gridspec(2, 2, height_ratios=[4, 1])
    bowl = figure.add_subplot(grid[:, 0])
    curve, strip = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])

    bowl.set(xlim=(-1, 5), ylim=(-1, 5), xlabel="weight 1 (steep)", ylabel="weight 2 (flat)",
             title="the way down: each corner is one update")  # fmt: skip
    angle = np.linspace(0, 2 * np.pi, 121)
    radii = (0.5, 1.0, 1.7, 2.5, 3.5, 5.0)
    ellipses = [bowl.plot([], [], color=GRAY, linewidth=0.6, animated=True)[0] for _ in radii]
    bowl.plot(*OPTIMUM, "+", color="black", markersize=14, markeredgewidth=2, zorder=5,
              label="minimum", animated=True)  # fmt: skip
    (way,) = bowl.plot([], [], color=BLUE, linewidth=1, label="minibatch SGD", animated=True)
    (own,) = bowl.plot([], [], ":", color=ORANGE, linewidth=2, animated=True)
    (end,) = bowl.plot([], [], "o", color=BLUE, animated=True)
    (own_end,) = bowl.plot([], [], "D", color=ORANGE, animated=True, markersize=8, fillstyle="none",
                           markeredgewidth=2, label="your rule")  # fmt: skip
    bowl.legend(loc="upper right", fontsize=8)
    note = banner(bowl)

    curve.set(xlim=(0, MAX_EPOCHS), ylim=(1e-2, 1e4), yscale="log", xlabel="epochs",
              ylabel="loss on all samples", title="loss, and the lowest possible one")  # fmt: skip
    (losses,) = curve.plot([], [], color=BLUE, linewidth=1, animated=True)
    (floor,) = curve.plot([0, MAX_EPOCHS], [1, 1], "--", color=GREEN, animated=True)
    counter = curve.text(0.97, 0.92, "", transform=curve.transAxes, ha="right", va="top",
                         weight="bold", animated=True)  # fmt: skip

    strip.set(xlim=(1e-3, 3), ylim=(0, 1), xscale="log", yticks=[], xlabel="learning rate")
    too_high = strip.add_patch(Rectangle((1, 0), 1, 1, facecolor="#f6d5d5", edgecolor="#b00020",
                                         hatch="///", linewidth=0, animated=True))  # fmt: skip
    (limit,) = strip.plot([1, 1], [0, 1], color="#b00020", animated=True)
    limit_text = strip.text(1, 0.72, "", ha="right", va="center", fontsize=9, animated=True)
    (rate,) = strip.plot([1], [0.3], "v", color=BLUE, markersize=10, animated=True)

    def update(result):
        for ellipse, radius in zip(ellipses, radii, strict=True):
            ellipse.set_data(
                OPTIMUM[0] + radius * np.cos(angle) / np.sqrt(result.curvature),
                OPTIMUM[1] + radius * np.sin(angle),
            )
        way.set_data(*result.path.T)
        way.set_marker("." if result.updates <= 400 else "")
        end.set_data(*result.path[-1:].T)
        for artist, points in ((own, slice(None)), (own_end, slice(-1, None))):
            artist.set_visible(result.own is not None)
            if result.own is not None:
                artist.set_data(*result.own[points].T)
        losses.set_data(result.seen, result.loss)
        losses.set_marker("." if result.updates <= 40 else "")
        floor.set_ydata([result.floor] * 2)
        floor.set_visible(result.floor > 0)
        counter.set_text(f"{result.seen[-1]:.3g} epochs\n{result.updates} updates")
        too_high.set(x=result.limit, width=3 - result.limit)
        limit.set_xdata([result.limit] * 2)
        limit_text.set_text(f"limit 2/λ = {result.limit:.3g} ")
        limit_text.set_x(result.limit)
        rate.set_xdata([result.learning_rate])
        set_banner(note, f"diverged: update {result.updates}" if result.diverged else "")

    return update


def describe(result):
    text = (
        f"{result.seen[-1]:.3g} epochs, batch size {result.batch_size}: "
        f"{result.updates} iterations = {result.updates} updates. Learning rate "
        f"{result.learning_rate:.3g}, limit 2/λ = {result.limit:.3g}. "
    )
    if result.diverged:
        text += f"Diverged: after update {result.updates} the weights are over {FAR:.0f} away."
    else:
        text += (
            f"Loss {result.loss[0]:.2f} to {result.loss[-1]:.2f}, lowest possible "
            f"{result.floor:.2f}. Distance to the minimum in the second half (root mean square) "
            f"{result.stray:.2f}."
        )
    if result.own is not None:
        same = result.own.shape == result.path.shape and np.allclose(result.own, result.path)
        if not same and _is_far(result.own[-1]):
            text += f" Your rule diverged: {FAR:.0f} away after {len(result.own) - 1} updates."
        else:
            text += " Your rule agrees." if same else " Your rule differs: see the diamond."
    return text


lab = Lab(
    "Descent sandbox", controls, compute, draw, describe, run=run, functions=("sgd",), size=(8, 4)
)
