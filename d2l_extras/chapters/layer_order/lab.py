"""Lab 7, the order of layers: moments of every stage in both modes, and recorded results."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from mxnet import init
from scipy import stats

from ...evidence import records
from ...kit.lab import Choice, IntSlider, Lab, Slider
from ...kit.style import BLUE, GRAY, GREEN, ORANGE, PINK
from ...nets import layers
from ...nets.data import InMemory
from ...nets.seeding import seed as reseed
from ...nets.statistics import refresh_statistics
from ...nets.training import evaluate, training_steps
from ...teaching.learner import attempt
from .digits_run import BATCH, LEARNING_RATE, SEEN, network
from .digits_run import draw as draw_digits
from .experiment import FUNCTIONS, LARGE_PAIRS, function_of, orders
from .order import Order
from .probe import Stage, dropped_variance, probe

SAMPLES = 1200
EPOCHS = SEEN // SAMPLES
PAUSE = 0.005  # seconds between two updates of a live run, so that the eye can follow
ORDERS = tuple(o for without in ((), ("bn",), ("drop",), ("bn", "drop")) for o in orders(without))
GROUPS = {"all four layers": 12, "no drop": 4, "no bn": 2, "neither": 1}  # as in FUNCTIONS
STATISTICS = {"as remembered": "", "dropout on": "on_", "dropout off": "off_"}  # columns start so
NAMED = 3  # orders of the same function that the picture names; the text names all
STAGES = 11  # places of the strip: the input, then two modules of up to five

controls = (
    Order("order", "order after conv (顺序)", ORDERS, "act-drop-bn-pool", layers=layers.PARTS),
    Slider("rate1", "drop rate, module 1 (丢弃率)", 0.0, 0.7, step=0.1, value=0.5),
    Slider("rate2", "drop rate, module 2 (丢弃率)", 0.0, 0.7, step=0.1, value=0.5),
    Choice("statistics", "bn's statistics (统计量)", tuple(STATISTICS),
           "as remembered", slider=True),
    Choice("pinned", "compare with (对比)", tuple(FUNCTIONS), "bn-act-pool-drop", slider=True),
    Choice("activation", "activation (激活)", layers.ACTIVATIONS, "relu"),
    Choice("pooling", "pooling (池化)", layers.POOLINGS, "max"),
    IntSlider("seed", "seed (随机种子)", 0, 9, value=0),
)  # fmt: skip


@lru_cache(maxsize=1)
def recorded() -> dict[tuple[str, str, float, float], numpy.ndarray]:
    """Return from (statistics, order, rate1, rate2) the test losses at the end, seed by seed."""
    table = records.read("layer-order")
    end = table[(table.epoch == EPOCHS) & (table.samples == SAMPLES)].sort_values("seed")
    found = {}
    for (order, *rates), runs in end.groupby(["order", "rate1", "rate2"]):
        for name, arm in STATISTICS.items():
            losses = runs[f"{arm}test_loss"].fillna(runs.test_loss)  # nothing to re-estimate
            found[name, order, *rates] = losses.to_numpy()
    return found


def nearest(rate1: float, rate2: float) -> tuple[float, float]:
    """Return the recorded pair of dropout rates that is nearest."""
    pairs = [(0.0, 0.0), *LARGE_PAIRS]
    return min(pairs, key=lambda pair: (pair[0] - rate1) ** 2 + (pair[1] - rate2) ** 2)


def _losses(statistics, order, rates):
    """Return the losses of an order; at rates of 0, those of the runs without dropout."""
    if rates == (0.0, 0.0) and "drop" in order:
        order = function_of("-".join(part for part in order.split("-") if part != "drop"))
    return recorded()[statistics, order, *(rates if "drop" in order else (0.0, 0.0))]


def _mean_and_half(losses):
    """Return the mean over the seeds and half of its 95 % interval."""
    return losses.mean(), stats.sem(losses) * stats.t.ppf(0.975, len(losses) - 1)


def compute(
    order: str,
    rate1: float,
    rate2: float,
    statistics: str,
    pinned: str,
    activation: str,
    pooling: str,
    seed: int,
    dropped_variance: Callable | None = None,
) -> SimpleNamespace:
    """Return the moments of all stages, and the recorded losses at the nearest rates."""
    rates, function = nearest(rate1, rate2), function_of(order)
    losses = {f: _losses(statistics, f, rates) for f in FUNCTIONS}
    means, halves = numpy.array([_mean_and_half(losses[f]) for f in FUNCTIONS]).T
    same = layers.equivalents(
        f"conv-{order}", activation=activation, pooling=pooling, rate=max(rate1, rate2)
    )
    refreshed = statistics == "dropout off"
    stages = probe(order, (rate1, rate2), activation, pooling, seed, refreshed)
    return SimpleNamespace(
        order=order,
        place=FUNCTIONS.index(function),
        pinned=FUNCTIONS.index(pinned),
        statistics=statistics,
        rates=(rate1, rate2),
        recorded_rates=rates,
        activation=activation,
        pooling=pooling,
        stages=stages,
        computed=_computed(stages),
        own=_own(stages, dropped_variance),
        means=means,
        halves=halves,
        difference=_mean_and_half(losses[function] - losses[pinned]),
        seeds=len(losses[function]),
        same={other.removeprefix("conv-"): reason for other, reason in same.items()},
        runs={},  # made in this lab: from (order, setting) to epochs, validation losses, test loss
    )


def _computed(stages: list[Stage]) -> numpy.ndarray:
    """Return rows of a dropout stage's place and its variance in train mode, by the formula."""
    return numpy.array(
        [(s.place, dropped_variance(*s.dropped).mean()) for s in stages if s.dropped]
    ).reshape(-1, 2)


def _own(stages: list[Stage], function: Callable | None) -> SimpleNamespace:
    """Return rows as `_computed` does, by the learner's formula, and what is to be said of it."""
    rows, notes = [], []
    for stage in (stage for stage in stages if stage.dropped):
        p, mean, variance = stage.dropped
        own = attempt(function, p, mean, variance, shape=mean.shape)
        notes.append(own.note)
        if own.values is not None and numpy.isfinite(own.values).all():
            rows.append((stage.place, own.values.mean()))
    rows = numpy.array(rows).reshape(-1, 2)
    if (rows[:, 1] <= 0).any():
        notes.append(f"Your function returned {rows[:, 1].min():.2g}; a variance is above 0.")
    return SimpleNamespace(
        used=function is not None, rows=rows, note=" ".join(filter(None, dict.fromkeys(notes)))
    )


def run(
    values: Mapping[str, Any], dropped_variance: Callable | None = None
) -> Iterator[tuple[float, SimpleNamespace]]:
    """Train the chosen order on Digits as the recorded runs were; the other controls stay live."""
    chosen = dict(values)
    order, rates = chosen["order"], (chosen["rate1"], chosen["rate2"])
    few, val, test = draw_digits(chosen["seed"], SAMPLES)
    reseed(chosen["seed"])
    net = network(order, *rates, chosen["activation"], chosen["pooling"])
    net.initialize(init.Xavier())
    net(few[0][:2])
    reseed(chosen["seed"])
    key = tuple(v for name, v in chosen.items() if name not in ("statistics", "pinned"))
    losses, tested = [evaluate(net, val).loss], {}
    shown, result = chosen, compute(**chosen, dropped_variance=dropped_variance)
    data = InMemory(few, batch_size=BATCH)
    steps = training_steps(net, data, epochs=EPOCHS, optimizer="adam", learning_rate=LEARNING_RATE)
    for step in steps:
        if step.batch == step.batches:
            losses = [*losses, evaluate(net, val).loss]
        if step.batch == step.batches and step.epoch == EPOCHS:
            tested = _tested(net, few, test, "bn" in order)
        if dict(values) != shown:
            shown = dict(values)
            result = compute(**shown, dropped_variance=dropped_variance)
        time.sleep(PAUSE)
        made = SimpleNamespace(order=order, losses=losses, tested=tested)
        yield (step.epoch - 1 + step.batch / step.batches) / EPOCHS, _with_runs(result, {key: made})


def _tested(net, few, test, refreshed):
    """Return the test loss with each kind of statistics; the last ones stay in the network."""
    tested = {}
    for name, dropout in (("as remembered", None), ("dropout on", True), ("dropout off", False)):
        if dropout is not None and refreshed:
            refresh_statistics(net, few, dropout=dropout)
        tested[name] = evaluate(net, test).loss
    return tested


def keep(result: SimpleNamespace, last: SimpleNamespace) -> SimpleNamespace:
    """Return the result together with the runs that were made in this lab before."""
    old = {key: run for key, run in last.runs.items() if key not in result.runs}
    return _with_runs(result, {**old, **result.runs})  # the newest last


def _with_runs(result: SimpleNamespace, runs: dict) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(result), "runs": runs})


def draw(figure: Figure) -> Callable[[SimpleNamespace], None]:
    axes = figure.subplot_mosaic(
        [["variance", "variance"], ["mean", "mean"], ["recorded", "curves"]],
        height_ratios=[0.9, 0.7, 1.9], width_ratios=[2.4, 1],
    )  # fmt: skip
    updates = [_draw_strip(axes["variance"], axes["mean"]), _draw_recorded(axes["recorded"]),
               _draw_curves(axes["curves"])]  # fmt: skip

    def update(result):
        for part in updates:
            part(result)

    return update


def _draw_strip(variance, mean):
    """Draw the moments of all stages, train mode beside predict mode."""
    moving = dict(animated=True)
    for axes in (variance, mean):
        axes.set(xlim=(-0.6, STAGES - 0.4), xticks=[])
        axes.axvline(5.5, color=GRAY, linewidth=0.8)
    variance.set(yscale="log", ylim=(1e-4, 30), ylabel="variance",
                 title="every stage in both modes (weights: relu, max, rate 0.3)")  # fmt: skip
    mean.set(ylim=(-2.2, 2.2), ylabel="mean", xlabel=" \n ")
    mean.axhline(0, color=GRAY, linewidth=0.5)
    lines = {}
    for name, axes in (("variance", variance), ("mean", mean)):
        (train,) = axes.plot([], [], "o-", color=BLUE, label="train mode", **moving)
        (predict,) = axes.plot([], [], "s--", color=ORANGE, mfc="none", ms=8,
                               label="predict mode", **moving)  # fmt: skip
        lines[name] = train, predict
    (computed,) = variance.plot([], [], "x", color="black", ms=9,
                                label="train mode, computed", **moving)  # fmt: skip
    (own,) = variance.plot([], [], "+", color=PINK, ms=14, mew=2, label="your function", **moving)
    legend = variance.legend(loc="upper left", ncols=4, fontsize=9, frameon=False)
    flag = variance.axvline(0, color=PINK, linewidth=9, alpha=0.25, zorder=0, **moving)
    places = range(STAGES)
    words = dict(ha="center", fontsize=8, **moving)
    names = [mean.text(n, -2.35, "", va="top", **words) for n in places]
    ratios = [variance.text(n, 2e-4, "", **words) for n in places]
    shifts = [mean.text(n, -2.05, "", **words) for n in places]
    badge = mean.text(0.01, 0.94, "", transform=mean.transAxes, va="top", fontsize=9, color=GREEN,
                      weight="bold", **moving)  # fmt: skip

    def update(result):
        stages = result.stages
        xs = [stage.place for stage in stages]
        limits = variance.get_ylim()
        for name, low, high in (("variance", *limits), ("mean", -2.2, 2.2)):
            for line, mode in zip(lines[name], ("train_", ""), strict=True):
                line.set_data(xs, numpy.clip([getattr(s, mode + name) for s in stages], low, high))
        computed.set_data(result.computed[:, 0], numpy.clip(result.computed[:, 1], *limits))
        own.set_data(result.own.rows[:, 0], numpy.clip(result.own.rows[:, 1], *limits))
        _list(legend, 2, len(result.computed) > 0)
        _list(legend, 3, len(result.own.rows) > 0)
        badge.set_text(_badge(list(result.same)))
        first = _first_parted(result)
        flag.set_visible(first is not None)
        flag.set_xdata([first.place if first else 0] * 2)
        for text in (*names, *ratios, *shifts):
            text.set_text("")
        for stage in stages:
            names[stage.place].set_text(_name(stage, result))
            if stage.parted:
                ratios[stage.place].set_text(f"×{stage.ratio:.2f}")
                shifts[stage.place].set_text(f"{_signed(stage.shift)} sd")

    return update


def _draw_recorded(axes):
    """Draw the recorded test losses of all functions by name, sorted; some of them marked."""
    moving, count = dict(animated=True), len(FUNCTIONS)
    axes.set(xscale="log", xlim=(0.012, 6), ylim=(count + 2.4, -0.8),
             xlabel="test loss (nats)",
             title="recorded on Digits, relu and max-pooling")  # fmt: skip
    # names move, and moving artists get no room of their own: this label keeps it free
    axes.set_yticks([0], [max(FUNCTIONS, key=len)], color="none", fontsize=9)
    axes.tick_params(axis="y", length=0)
    ends = numpy.cumsum(list(GROUPS.values()))
    for end in ends[:-1]:
        axes.axhline(end - 0.5, color=GRAY, linewidth=0.8)
    for name, end, size in zip(GROUPS, ends, GROUPS.values(), strict=True):
        axes.text(5.4, end - size - 0.35, name, ha="right", va="top", fontsize=8, color="dimgray")
    bars = axes.add_collection(LineCollection([], color=BLUE, **moving))
    (dots,) = axes.plot([], [], "o", color=BLUE, ms=4, **moving)
    (chosen,) = axes.plot([], [], "o", color=ORANGE, mfc="none", ms=11, mew=2, label="this order",
                          **moving)  # fmt: skip
    (pinned,) = axes.plot([], [], "s", color=GREEN, mfc="none", ms=9, mew=1.5,
                          label="compared with", **moving)  # fmt: skip
    (made,) = axes.plot([], [], "*", color=PINK, ms=10, label="trained here", **moving)
    legend = axes.legend(loc="lower left", ncols=3, fontsize=8, frameon=False)
    words = axes.text(0.99, 0.105, "", transform=axes.transAxes, ha="right", fontsize=8, **moving)
    left = axes.get_yaxis_transform()
    names = [axes.text(-0.01, n, "", transform=left, ha="right", va="center", fontsize=8, **moving)
             for n in range(count)]  # fmt: skip

    def update(result):
        rows = _sorted(result.means)
        places = numpy.argsort(rows)  # from a function to its row
        low = numpy.clip(result.means - result.halves, 0.0125, None)
        high = result.means + result.halves
        bars.set_segments([[(low[f], y), (high[f], y)] for y, f in enumerate(rows)])
        dots.set_data(result.means[rows], range(count))
        for marks, function in ((chosen, result.place), (pinned, result.pinned)):
            marks.set_data(result.means[[function]], [places[function]])
        for y, function in enumerate(rows):
            this = function == result.place
            names[y].set_text(result.order if this else FUNCTIONS[function])
            names[y].set_weight("bold" if this else "normal")
        ended = [run for run in result.runs.values() if run.tested]
        at = [FUNCTIONS.index(function_of(run.order)) for run in ended]
        made.set_data([run.tested[result.statistics] for run in ended], places[at])
        _list(legend, 2, len(ended) > 0)
        words.set_text(_setting(result))

    return update


def _sorted(means):
    """Return the functions from the lowest loss to the highest, within each group."""
    starts = numpy.cumsum([0, *GROUPS.values()])
    return [
        int(start + place)
        for start, size in zip(starts, GROUPS.values(), strict=False)
        for place in numpy.argsort(means[start : start + size], kind="stable")
    ]


def _setting(result):
    rates = "drop rates {} and {}".format(*result.recorded_rates)
    kind = {"as remembered": "as remembered"}.get(
        result.statistics, f"re-estimated with {result.statistics}"
    )
    return f"{rates}, statistics {kind}, {result.seeds} seeds"


def _list(legend: Legend, number: int, drawn: bool) -> None:
    """Show an entry of a legend only while what it names is drawn."""
    for artist in (legend.legend_handles[number], legend.get_texts()[number]):
        if artist.get_visible() != drawn:
            artist.set_visible(drawn)


def _draw_curves(axes):
    """Draw the validation losses of the runs made in this lab, the newest one strong."""
    axes.set(xlim=(0, EPOCHS), yscale="log", ylim=(0.02, 5), xlabel="epoch",
             ylabel="validation loss (nats)", title="trained here")  # fmt: skip
    earlier = axes.add_collection(LineCollection([], color=GRAY, lw=1, ls=":", animated=True))
    (newest,) = axes.plot([], [], ".-", color=PINK, animated=True)
    hint = axes.text(0.5, 0.5, "press Run", transform=axes.transAxes, ha="center", animated=True)
    name = axes.text(0.97, 0.93, "", transform=axes.transAxes, ha="right", fontsize=8,
                     animated=True)  # fmt: skip

    def update(result):
        curves = [numpy.column_stack([range(len(run.losses)), run.losses])
                  for run in result.runs.values()]  # fmt: skip
        hint.set_visible(not curves)
        earlier.set_segments(curves[:-1])
        newest.set_data(*(curves[-1].T if curves else ([], [])))
        name.set_text(list(result.runs.values())[-1].order if curves else "")

    return update


def _name(stage, result):
    """Return what the strip calls a stage: what it does, and with which setting."""
    if stage.name == "drop":
        return f"drop\n{result.rates[stage.module - 1]:.1f}"
    return {"act": result.activation, "pool": f"{result.pooling}\npool"}.get(stage.name, stage.name)


def _badge(same):
    """Return which orders are the same function, as many by name as there is room for."""
    if not same:
        return ""
    rest = f" and {len(same) - NAMED} more" if len(same) > NAMED else ""
    return "the same function as " + ", ".join(same[:NAMED]) + rest


def _signed(number):
    """Return a number with its sign and one decimal, zero without a minus."""
    return f"{round(number, 1) + 0.0:+.1f}"


def _first_parted(result):
    return next((stage for stage in result.stages if stage.parted), None)


def describe(result: SimpleNamespace) -> str:
    order = " → ".join(["conv", *result.order.split("-")])
    text = f"{order}, {result.activation}, {result.pooling}-pooling"
    if "drop" in result.order:
        text += ", drop rates {:.1f} and {:.1f}".format(*result.rates)
    first, last = _first_parted(result), result.stages[-1]
    if first is None:
        text += ". Train and predict mode agree at every stage"
    else:
        text += (
            f". Train and predict mode part at {first.name} in module {first.module}; at the end "
            f"the variance in predict mode is {last.ratio:.2f} of that in train mode, the mean "
            f"{_signed(last.shift)} sd off"
        )
    mean, half = result.means[result.place], result.halves[result.place]
    text += (
        f". Recorded with relu and max-pooling, {_setting(result)}: test loss {mean:.3f} ± "
        f"{half:.3f}"
    )
    if result.place != result.pinned:
        mean, half = result.difference
        text += f", {mean:+.3f} ± {half:.3f} against {FUNCTIONS[result.pinned]}"
    text += "."
    for other, reason in result.same.items():
        text += f" The same function as {other}: {reason}."
    text += _describe_own(result)
    for run in list(result.runs.values())[-1:]:
        epochs = len(run.losses) - 1
        text += f" Trained here, {run.order}: {epochs} epoch{'s' * (epochs != 1)}, validation loss "
        text += f"{run.losses[-1]:.3f}" + (
            ", test loss {as remembered:.3f} as remembered, {dropout off:.3f} re-estimated with "
            "dropout off.".format(**run.tested)
            if run.tested
            else "."
        )
    return text


def _describe_own(result: SimpleNamespace) -> str:
    own = result.own
    if own.note:
        return f" {own.note}"
    if not own.used:
        return ""
    if not len(result.computed):
        return " Your function is not asked: there is no dropout."
    for (place, ours), (_, theirs) in zip(result.computed, own.rows, strict=True):
        if not numpy.isclose(theirs, ours, rtol=1e-3):
            module = 1 if place <= 5 else 2
            return (
                f" Your function differs: {theirs:.3g} at drop in module {module}, not {ours:.3g}."
            )
    return " Your function agrees."


lab = Lab(
    "The order of layers", controls, compute, draw, describe, run=run, keep=keep,
    functions=("dropped_variance",), size=(9.5, 8.2),
)  # fmt: skip
