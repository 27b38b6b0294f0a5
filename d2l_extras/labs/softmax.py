"""Lab 1, the score mixer: what softmax does to scores, and when the naive formula breaks."""

from types import SimpleNamespace

import numpy as np

from ..lab import Checkbox, Lab, LogSlider, Slider
from ..style import BLUE, GRAY, GREEN, ORANGE, banner, set_banner
from ._learner import call_on_row

LOW, HIGH = -5.0, 105.0

controls = (
    Slider("a", "score a (分数)", LOW, HIGH, step=0.5, value=1.0),
    Slider("b", "score b", LOW, HIGH, step=0.5, value=2.0),
    Slider("c", "score c", LOW, HIGH, step=0.5, value=3.0),
    LogSlider("temperature", "temperature T (温度)", 0.1, 10.0, step=0.05, value=1.0),
    Slider("shift", "add to every score", -50.0, 50.0, step=0.5, value=0.0),
    Checkbox("subtract_max", "subtract the largest score first", True),
)


def compute(a, b, c, temperature, shift, subtract_max, softmax=None):
    """Return scores, probabilities in float32 and their entropy in nats."""
    scores = np.float32([a, b, c]) + np.float32(shift)
    scaled = scores / np.float32(temperature)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        exps = np.exp(scaled - scaled.max() if subtract_max else scaled)
        probabilities = exps / exps.sum()
    positive = probabilities[probabilities > 0]
    own = None if softmax is None else call_on_row(softmax, scaled)
    return SimpleNamespace(
        scores=scores,
        probabilities=probabilities,
        broken=not np.isfinite(probabilities).all(),
        entropy=float(-(positive * np.log(positive)).sum()),
        own=own,
    )


def draw(figure):
    left, right = figure.subplots(1, 2)
    names = ["a", "b", "c"]
    score_bars = left.bar(names, [0, 0, 0], color=GRAY, animated=True)
    left.set(ylim=(LOW - 55, HIGH + 55), ylabel="score", title="scores: any real numbers")
    left.axhline(0, color="black", linewidth=0.8)
    right.set(ylim=(0, 1.12), ylabel="probability", title="probabilities: they sum to 1")
    bars = right.bar(names, [0, 0, 0], color=BLUE, animated=True, label="softmax")
    (own,) = right.plot(
        names, [0, 0, 0], "D", color=ORANGE, animated=True, label="your function", markersize=9
    )
    labels = [right.text(i, 0, "", ha="center", animated=True) for i in range(3)]
    entropy = right.text(
        0.03, 0.93, "", transform=right.transAxes, color=GREEN, weight="bold", animated=True
    )
    note = banner(right)

    def update(result):
        for bar, score in zip(score_bars, result.scores, strict=True):
            bar.set_height(score)
        shown = np.nan_to_num(result.probabilities, nan=0.0)
        for bar, label, height, value in zip(
            bars, labels, shown, result.probabilities, strict=True
        ):
            bar.set_height(height)
            label.set_text(f"{value:.3f}")
            label.set_y(height + 0.02)
        own.set_visible(result.own is not None)
        if result.own is not None:
            own.set_ydata(result.own)
        entropy.set_text(f"entropy {result.entropy:.3f} nats")
        entropy.set_visible(not result.broken)
        set_banner(note, "nan: exp overflowed" if result.broken else "")

    return update


def describe(result):
    listed = ", ".join(f"{p:.3f}" for p in result.probabilities)
    if result.broken:
        text = f"Probabilities {listed}: the naive formula broke (inf/inf or 0/0 is nan)."
    else:
        winner = "abc"[int(result.probabilities.argmax())]
        text = f"Probabilities {listed}; largest: {winner}; entropy {result.entropy:.3f} nats."
    if result.own is not None:
        same = np.allclose(result.own, result.probabilities, atol=1e-4, equal_nan=True)
        text += " Your function agrees." if same else " Your function differs: see the diamonds."
    return text


lab = Lab("Score mixer", controls, compute, draw, describe, functions=("softmax",))
