"""Lab 1, the score mixer: what softmax does to scores, and when the naive formula breaks."""

from types import SimpleNamespace

import numpy as np

from ...kit.lab import Checkbox, Lab, LogSlider, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE, banner, set_banner
from ...teaching.learner import call_on_row, is_stub

LOW, HIGH = -5.0, 105.0
NAMES = "abc"
SCORE_LIMITS = ((-8, 8), (-25, 25), (-80, 180))  # the left chart takes the first that fits
EXP_LOW, EXP_HIGH = 1e-54, 1e50  # where the middle chart draws 0 and infinity

controls = (
    Slider("a", "score a (分数)", LOW, HIGH, step=0.5, value=1.0),
    Slider("b", "score b", LOW, HIGH, step=0.5, value=2.0),
    Slider("c", "score c", LOW, HIGH, step=0.5, value=3.0),
    Slider("shift", "add to every score", -50.0, 50.0, step=0.5, value=0.0),
    LogSlider("temperature", "temperature T (温度)", 0.1, 10.0, step=0.05, value=1.0),
    Checkbox("subtract_max", "subtract the largest score first", True),
)


def compute(a, b, c, shift, temperature, subtract_max, softmax=None):
    """Return the three steps of softmax in float32: scores, exponentials, probabilities."""
    scores = np.float32([a, b, c]) + np.float32(shift)
    scaled = scores / np.float32(temperature)
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        exps = np.exp(scaled - scaled.max() if subtract_max else scaled)
        probabilities = exps / exps.sum()
    exact = np.exp(np.float64(scaled - scaled.max()))
    exact /= exact.sum()
    positive = exact[exact > 0]
    written = softmax is not None and not is_stub(softmax)
    return SimpleNamespace(
        scores=scores,
        subtract_max=subtract_max,
        exps=exps,
        probabilities=probabilities,
        exact=exact,
        problem=_problem(exps, probabilities, exact),
        entropy=float(-(positive * np.log(positive)).sum()),
        own=call_on_row(softmax, scaled) if written else None,
        empty=softmax is not None and not written,
    )


def _problem(exps, probabilities, exact):
    """Say what went wrong between the scores and the probabilities; nothing if they are right."""
    if np.allclose(probabilities, exact, atol=1e-3):
        return ""
    with np.errstate(over="ignore"):
        total = exps.sum()
    if np.isinf(exps).any():
        return "nan: exp overflowed (inf/inf)"
    if np.isinf(total):
        return "all 0: their sum overflowed"
    if total == 0:
        return "nan: every exp is 0 (0/0)"
    return "wrong: exp has lost its digits"


def draw(figure):
    left, middle, right = figure.subplots(1, 3)
    places = np.arange(3)
    for axes in (left, middle, right):
        axes.set_xticks(places, list(NAMES))
        axes.set_xlim(-0.6, 2.6)
        axes.set_xlabel("class")

    def value_labels(axes):
        return [
            axes.text(place, 0, "", ha="center", fontsize=9, animated=True, clip_on=True)
            for place in places
        ]

    left.set(ylabel="score + shift", title="1. scores: any numbers")
    left.set_ylim(SCORE_LIMITS[-1])  # its tick labels are the widest: the layout must fit them
    left.axhline(0, color="black", linewidth=0.8)
    score_bars = left.bar(places, [0, 0, 0], color=GRAY, animated=True)
    score_labels = value_labels(left)

    middle.set(yscale="log", ylim=(1e-66, 1e66), ylabel="exponential (log scale)")
    middle.set_yticks(
        [EXP_LOW, 1e-40, 1e-20, 1, 1e20, 1e38, EXP_HIGH],
        ["0", "1e-40", "1e-20", "1", "1e20", "1e38", "inf"],
    )
    middle.minorticks_off()
    middle.axhline(1, color="black", linewidth=0.8)
    # Shaded: what float32 cannot hold. It becomes infinity above and 0 below.
    middle.axhspan(float(np.finfo("float32").max), 1e66, color=ORANGE, alpha=0.15, linewidth=0)
    middle.axhspan(1e-66, 1e-45, color=ORANGE, alpha=0.15, linewidth=0)
    formula = middle.set_title("", animated=True)
    stems = [middle.plot([x, x], [1, 1], color=GRAY, animated=True)[0] for x in places]
    (tips,) = middle.plot(places, [1, 1, 1], "o", color=GRAY, animated=True)
    exp_labels = value_labels(middle)

    right.set(ylim=(-0.06, 1.42), ylabel="probability", title="3. divide by their sum")
    right.set_yticks([0, 0.25, 0.5, 0.75, 1])
    right.axhline(0, color="black", linewidth=0.8)
    bars = right.bar(places, [0, 0, 0], color=BLUE, animated=True)
    (own,) = right.plot(
        places, [0, 0, 0], "D", color=ORANGE, markeredgecolor="black", animated=True
    )
    labels = value_labels(right)
    top_left = dict(transform=right.transAxes, weight="bold", animated=True)
    entropy = right.text(0.03, 0.93, "", color=GREEN, **top_left)
    own_text = right.text(0.03, 0.82, "", color=ORANGE, **top_left)
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
        heights = np.clip(np.float64(result.exps), EXP_LOW, EXP_HIGH)
        tips.set_ydata(heights)
        for stem, label, height, value in zip(stems, exp_labels, heights, result.exps, strict=True):
            stem.set_ydata([1, height])
            label.set_text(_short(value))
            label.set_y(height * 1e3 if height >= 1 else height / 1e3)
            label.set_verticalalignment("bottom" if height >= 1 else "top")

        shown = np.nan_to_num(result.probabilities, nan=0.0)
        for bar, label, height, value in zip(
            bars, labels, shown, result.probabilities, strict=True
        ):
            bar.set_height(height)
            label.set_text(f"{value:.4f}")
            label.set_y(height + 0.05 if result.own is not None else height + 0.015)
        own.set_visible(result.own is not None)
        own_text.set_visible(result.own is not None)
        if result.own is not None:
            own.set_ydata(result.own)
            seen = np.isfinite(result.own) & (np.abs(result.own) < 1.2)
            own_text.set_text("◆ your function" + ("" if seen.all() else ": off the chart"))
            if np.isnan(result.own).any():
                own_text.set_text("◆ your function: nan")
        entropy.set_text(f"entropy {result.entropy:.4f} nats")
        entropy.set_visible(not result.problem)
        set_banner(note, result.problem)

    return update


def _short(value):
    """Return an exponential in at most six characters, so that three stand side by side."""
    if value == 0 or np.isinf(value) or 0.01 <= value < 1000:
        return f"{value:.3g}"
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")


def describe(result):
    listed = ", ".join(f"{p:.4f}" for p in result.probabilities)
    scores = ", ".join(f"{score:g}" for score in result.scores)
    if result.problem:
        text = f"Scores {scores}: probabilities {listed}. ✗ {result.problem}."
    else:
        top = result.exact.max()
        winners = [name for name, p in zip(NAMES, result.exact, strict=True) if np.isclose(p, top)]
        text = (
            f"Scores {scores}: probabilities {listed}; largest: {' and '.join(winners)}; "
            f"entropy {result.entropy:.4f} nats (at most ln 3 = 1.0986)."
        )
    if result.empty:
        text += " Your function is still empty."
    if result.own is not None:
        if np.allclose(result.own, result.exact, atol=1e-4):
            text += " Your function is right here."
        else:
            text += f" Your function differs: {', '.join(f'{p:.4g}' for p in result.own)}."
    return text


lab = Lab("Score mixer", controls, compute, draw, describe, functions=("softmax",), size=(9.6, 3.6))
