"""Lab 3, the descent sandbox: how learning rate and batch size steer minibatch SGD."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy
from matplotlib.patches import Rectangle

from ...kit.lab import Checkbox, Choice, IntSlider, Lab, LogSlider, Slider
from ...kit.style import BLUE, GRAY, ORANGE, banner, set_banner
from ...teaching.learner import attempt

N, MAX_EPOCHS = 256, 20
START, OPTIMUM = (0.0, 0.0), numpy.array([2.0, 2.0])
FAR = 1000.0  # this far from the minimum the run counts as diverged, and stops
PAUSE = 0.0015  # seconds a live run takes for each sample, so that the eye can follow
FOLLOWED = 320  # updates of the learner's rule that are shown
PATIENCE = 5.0  # seconds that the lab waits for them, less what starting MXNet's engine takes

_random = numpy.random.RandomState(0)
# Three columns without correlation and with mean square 1: two features, and the label noise.
_Z = numpy.linalg.qr(_random.randn(N, 3))[0] * numpy.sqrt(N)
_ORDERS = numpy.array([_random.permutation(N) for _ in range(MAX_EPOCHS)])

controls = (
    LogSlider("learning_rate", "learning rate (学习率)", 1e-3, 1.0, step=0.05, value=0.05),
    Choice("batch_size", "batch size (批量大小)", tuple(2**k for k in range(9)), 8, slider=True),
    Slider("noise", "label noise (噪声)", 0.0, 3.0, step=0.1, value=2.0),
    LogSlider("curvature", "curvature ratio (曲率比)", 1.0, 100.0, step=0.1, value=10.0),
    IntSlider("epochs", "epochs (迭代周期)", 1, MAX_EPOCHS, value=10),
    Checkbox("decay", "let the rate fall (学习率衰减)", False),
)


# --- the descent


def _products(noise, curvature):
    """Return x1², x1·x2, x2², x1·y and x2·y of every sample: all that a gradient needs."""
    x = _Z[:, :2] * [numpy.sqrt(curvature), 1.0]
    y = x @ OPTIMUM + noise * _Z[:, 2]
    return numpy.stack(
        [x[:, 0] ** 2, x[:, 0] * x[:, 1], x[:, 1] ** 2, x[:, 0] * y, x[:, 1] * y], axis=1
    )


def _gradient(w1, w2, batch):
    """Return the gradient of half the mean squared error of a batch, from its mean products."""
    a, b, c, d, e = batch
    return a * w1 + b * w2 - d, b * w1 + c * w2 - e


def _step(w, batch, rate):
    g1, g2 = _gradient(*w, batch)
    return w[0] - rate * g1, w[1] - rate * g2


def _rate(values, epochs):
    """Return the learning rate after so many epochs: with decay it falls as 1/(1 + epochs)."""
    return values["learning_rate"] / (1 + epochs if values["decay"] else 1)


def _is_far(w):
    return not (abs(w[0] - OPTIMUM[0]) <= FAR and abs(w[1] - OPTIMUM[1]) <= FAR)


class _Own:
    """The learner's rule, followed update by update until it fails, goes far or is long enough."""

    def __init__(self, sgd: Callable | None, patience: float = numpy.inf):
        self.sgd, self.patience = sgd, patience
        self.path, self.note = [START], ""

    def step(self, batch, rate, size):
        """Take a step by the rule, which is handed the gradient summed over the batch."""
        if self.sgd is None or self.note or _is_far(self.path[-1]):
            return
        if len(self.path) > FOLLOWED:
            self.note = f"It was followed for {FOLLOWED} updates."
            return
        w = self.path[-1]
        gradient_sum = size * numpy.array(_gradient(*w, batch))
        started = time.perf_counter()
        own = attempt(self.sgd, numpy.array(w), gradient_sum, rate, size, shape=(2,))
        if len(self.path) > 1:  # the first call has more to set up
            self.patience -= time.perf_counter() - started
        if own.values is None or not numpy.isfinite(own.values).all():
            self.note = own.note
            return
        self.path.append(tuple(own.values.tolist()))
        if self.patience < 0:
            self.note = f"It is slow: it was followed for {_updates(len(self.path) - 1)}."


def _result(path, seen, own, values):
    offsets = path - OPTIMUM
    curvature, noise = values["curvature"], values["noise"]
    return SimpleNamespace(
        path=path,
        seen=seen,  # epochs gone through so far, one number for each point of the path
        own=numpy.array(own.path) if len(own.path) > 1 else None,
        note=own.note,
        excess=0.5 * (curvature * offsets[:, 0] ** 2 + offsets[:, 1] ** 2),
        floor=0.5 * noise**2,  # the lowest possible loss: excess is what comes on top of it
        stray=numpy.sqrt((offsets[len(path) // 2 :] ** 2).sum(axis=1).mean()),
        diverged=_is_far(path[-1]),
        updates=len(path) - 1,
        rate=_rate(values, seen[-1]),
        limit=2 / curvature,
        **values,
    )


def compute(
    learning_rate: float,
    batch_size: int,
    noise: float,
    curvature: float,
    epochs: int,
    decay: bool,
    sgd: Callable | None = None,
) -> SimpleNamespace:
    """Return the whole descent: the weights after every update, and the loss on all samples."""
    values = dict(learning_rate=learning_rate, batch_size=batch_size, noise=noise,
                  curvature=curvature, epochs=epochs, decay=decay)  # fmt: skip
    shuffled = _products(noise, curvature)[_ORDERS[:epochs].ravel()]
    batches = shuffled.reshape(-1, batch_size, 5).mean(axis=1).tolist()
    path, own = [START], _Own(sgd, PATIENCE)
    for number, batch in enumerate(batches):
        rate = _rate(values, number * batch_size / N)
        path.append(_step(path[-1], batch, rate))
        own.step(batch, rate, batch_size)
        if _is_far(path[-1]):
            break
    return _result(numpy.array(path), numpy.arange(len(path)) * batch_size / N, own, values)


def run(values: dict, sgd: Callable | None = None) -> Iterator[tuple[float, SimpleNamespace]]:
    """Descend live, one batch at a time; every control is read anew before each step."""
    path, seen = numpy.zeros((MAX_EPOCHS * N + 1, 2)), numpy.zeros(MAX_EPOCHS * N + 1)
    path[0] = START
    samples = updates = 0  # results are views: what is behind them is never written again
    own = _Own(sgd)
    while samples < values["epochs"] * N and not _is_far(path[updates]):
        now = dict(values)
        epoch, start = divmod(samples, N)
        rows = _ORDERS[epoch, start : start + now["batch_size"]]
        batch = _products(now["noise"], now["curvature"])[rows].mean(axis=0).tolist()
        rate = _rate(now, seen[updates])
        path[updates + 1] = _step(path[updates], batch, rate)
        own.step(batch, rate, len(rows))
        samples, updates = samples + len(rows), updates + 1
        seen[updates] = samples / N
        result = _result(path[: updates + 1], seen[: updates + 1], own, now)
        pauses = max(1, len(rows) // 16)  # many short ones: Stop and the sliders answer at once
        for _ in range(pauses):
            time.sleep(PAUSE * len(rows) / pauses)
            yield min(1.0, samples / (now["epochs"] * N)), result


# --- the picture


def draw(figure):
    grid = figure.add_gridspec(2, 2, height_ratios=[4, 1], width_ratios=[1, 1.1])
    bowl = figure.add_subplot(grid[:, 0])
    curve, strip = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])

    bowl.set(xlim=(-1, 5), ylim=(-1, 5), xlabel="weight 1 (steep)", ylabel="weight 2 (flat)")
    bowl.set_title("each corner is one update", pad=26)
    angle = numpy.linspace(0, 2 * numpy.pi, 121)
    radii = (0.5, 1.0, 1.7, 2.5, 3.5, 5.0)
    ellipses = [bowl.plot([], [], color=GRAY, linewidth=0.6, animated=True)[0] for _ in radii]
    bowl.plot(*OPTIMUM, "+", color="black", markersize=14, markeredgewidth=2, zorder=5,
              label="minimum", animated=True)  # fmt: skip
    (way,) = bowl.plot([], [], color=BLUE, linewidth=1, label="SGD", animated=True)
    (own,) = bowl.plot([], [], ":", color=ORANGE, linewidth=2, animated=True)
    (end,) = bowl.plot([], [], "o", color=BLUE, animated=True)
    (own_end,) = bowl.plot([], [], "D", color=ORANGE, animated=True, markersize=8, fillstyle="none",
                           markeredgewidth=2, label="your rule")  # fmt: skip
    legend = bowl.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=9,
                         frameon=False, borderaxespad=0.2, columnspacing=1,
                         handlelength=1.2)  # fmt: skip
    legend.set_in_layout(False)
    in_legend = legend.legend_handles[-1], legend.get_texts()[-1]
    note = banner(bowl)

    curve.set(xlim=(0, MAX_EPOCHS), ylim=(1e-5, 1e3), yscale="log", xlabel="epochs",
              ylabel="loss - lowest possible")  # fmt: skip
    curve.locator_params(axis="x", nbins=5)  # 0.025 and 0.050 do not fit side by side
    curve.xaxis.set_major_formatter("{x:g}")
    counter = curve.set_title("320 updates in 10 epochs")
    counter.set_animated(True)
    (losses,) = curve.plot([], [], color=BLUE, linewidth=1, animated=True)

    strip.set(xlim=(3e-5, 3), ylim=(0, 1), xscale="log", yticks=[], xlabel="learning rate")
    too_high = strip.add_patch(Rectangle((1, 0), 1, 1, facecolor="#f6d5d5", edgecolor="#b00020",
                                         hatch="///", linewidth=0, animated=True))  # fmt: skip
    (limit,) = strip.plot([1, 1], [0, 1], color="#b00020", animated=True)
    limit_text = strip.text(1, 0.74, "", ha="right", va="center", fontsize=9, animated=True)
    (fall,) = strip.plot([1, 1], [0.28, 0.28], "-", color=BLUE, linewidth=1, animated=True)
    (rate,) = strip.plot([1], [0.28], "v", color=BLUE, markersize=10, animated=True)

    def update(result):
        for ellipse, radius in zip(ellipses, radii, strict=True):
            ellipse.set_data(
                OPTIMUM[0] + radius * numpy.cos(angle) / numpy.sqrt(result.curvature),
                OPTIMUM[1] + radius * numpy.sin(angle),
            )
        way.set_data(*result.path.T)
        way.set_marker("." if result.updates <= 400 else "")
        end.set_data(*result.path[-1:].T)
        for artist, points in ((own, slice(None)), (own_end, slice(-1, None))):
            artist.set_visible(result.own is not None)
            if result.own is not None:
                artist.set_data(*result.own[points].T)
        for artist in in_legend:
            if artist.get_visible() != (result.own is not None):
                artist.set_visible(result.own is not None)
        _limits(curve, result)
        losses.set_data(result.seen, numpy.maximum(result.excess, 1e-30))
        losses.set_marker("." if result.updates <= 40 else "")
        counter.set_text(f"{_updates(result.updates)} in {_epochs(result.seen[-1])}")
        too_high.set(x=result.limit, width=3 - result.limit)
        limit.set_xdata([result.limit] * 2)
        limit_text.set_text(f"full batch: limit 2/λ = {_digits(result)[1]} ")
        limit_text.set_x(result.limit)
        fall.set_xdata([result.rate, result.learning_rate])
        rate.set_xdata([result.rate])
        set_banner(note, f"diverged: update {result.updates}" if result.diverged else "")

    return update


def _limits(curve, result):
    """Let the axes of the loss end where the run ends; touch them only where that changes."""
    end = float(result.epochs)
    if result.diverged:  # after a few updates: do not squeeze them into the first of 20 epochs
        end = next(end for end in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if end >= result.seen[-1])
    wanted = (0, max(end, result.seen[-1])), (1e-5, 1e3 if result.excess.max() < 1e3 else 1e9)
    if (curve.get_xlim(), curve.get_ylim()) != wanted:
        curve.set(xlim=wanted[0], ylim=wanted[1])


# --- the words


def _updates(number):
    return f"{number} update" + ("" if number == 1 else "s")


def _epochs(number):
    return f"{number:.3g} epoch" + ("" if number == 1 else "s")


def _digits(result):
    """Return rate and limit with as many digits as it takes to tell them apart."""
    digits, rate, limit = 3, result.learning_rate, result.limit
    while digits < 9 and rate != limit and f"{rate:.{digits}g}" == f"{limit:.{digits}g}":
        digits += 1
    return f"{rate:.{digits}g}", f"{limit:.{digits}g}"


def describe(result: SimpleNamespace) -> str:
    rate, limit = _digits(result)
    falling = f", falling to {result.rate:.2g}" if result.decay else ""
    iterations = f"{result.updates} iteration" + ("" if result.updates == 1 else "s")
    text = (
        f"{_epochs(result.seen[-1])}, batch size {result.batch_size}: "
        f"{iterations} = {_updates(result.updates)}. Learning rate "
        f"{rate}{falling}, limit of the full batch 2/λ = {limit}. "
    )
    if result.diverged:
        text += f"Diverged: after {_updates(result.updates)} the weights are over {FAR:.0f} away."
    else:
        text += (
            f"Loss {result.floor + result.excess[0]:.2f} to "
            f"{result.floor + result.excess[-1]:.2f}, lowest possible {result.floor:.2f}. "
            f"Distance to the minimum in the second half (root mean square) "
            f"{result.stray:.2f}."
        )
    return f"{text} {_about_own(result)}".rstrip()


def _about_own(result):
    if result.own is None:
        return result.note
    number = len(result.own) - 1
    ours = result.path[: number + 1]
    if ours.shape == result.own.shape and numpy.allclose(result.own, ours, rtol=1e-3, atol=1e-3):
        verdict = "Your rule agrees."
    elif _is_far(result.own[-1]):
        verdict = f"Your rule diverged: over {FAR:.0f} away after {_updates(number)}."
    else:
        verdict = "Your rule differs: see the diamond."
    return f"{verdict} {result.note}".rstrip()


lab = Lab(
    "Descent sandbox", controls, compute, draw, describe, run=run, functions=("sgd",), size=(8, 4)
)
