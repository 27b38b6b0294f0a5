"""Lab 4, the X-ray of a net: what Gluon knows about its layers, and how often Python runs it."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy
from matplotlib.figure import Figure
from matplotlib.text import Text
from mxnet import np, npx
from mxnet.gluon import nn

from ...kit.lab import Choice, IntSlider, Lab
from ...kit.style import BLUE, GRAY, ORANGE, banner, set_banner
from ...teaching.learner import explain, is_stub

MOST_LAYERS, MOST_BATCHES, CLASSES = 6, 10, 10
MODES = {  # what net.hybridize is called with; None: it is not called
    "eager": None,
    "hybrid": {},
    "static": dict(static_alloc=True, static_shape=True),
}
PLAIN, FORWARD = "nothing", "def forward(self, x)"
LINES = {  # what stands first in hybrid_forward
    PLAIN: lambda F, x: x,
    "if x.sum() > 0: x = -x": lambda F, x: -x if x.sum() > 0 else x,
    "x.sum().item()": lambda F, x: x / x.sum().item(),
    "x / x.shape[0]": lambda F, x: x / x.shape[0],
    "x + np.ones(1)": lambda F, x: x + np.ones(1),
    "F.np.where(...)": lambda F, x: F.np.where(x.sum() > 0, -x, x),
    FORWARD: None,
}
BREAKS = {  # what the line raises when it is traced, and why
    "if x.sum() > 0: x = -x": ("NotImplementedForSymbol", "if needs a value; a symbol has none"),
    "x.sum().item()": ("AttributeError", "a symbol has no value, no .item()"),
    "x / x.shape[0]": ("AttributeError", "a symbol has no .shape"),
    "x + np.ones(1)": ("TypeError", "np makes an array, not a symbol"),
}
ROUNDS, SLICE = 15, 0.01  # of a timing: how often each way is timed, and for how many seconds

controls = (
    IntSlider("layers", "Dense layers (层数)", 1, MOST_LAYERS, value=2),
    IntSlider("width", "hidden units (宽度)", 1, 512, value=256),
    IntSlider("features", "input features", 1, 784, value=20),
    IntSlider("batch", "batch size (批量大小)", 1, 256, value=2),
    IntSlider("batches", "batches so far", 0, MOST_BATCHES, value=0),
    Choice("mode", "hybridize", tuple(MODES), "eager"),
    Choice("line", "put into the method", tuple(LINES), PLAIN),
)


class Network(nn.HybridBlock):
    """The net under the X-ray: Dense layers, a counter, and one line that may break it."""

    def __init__(self, layers, width, line):
        super().__init__()
        self.calls = 0
        self.line = LINES[line]
        self.dense = nn.HybridSequential()
        for _ in range(layers - 1):
            self.dense.add(nn.Dense(width, activation="relu"))
        self.dense.add(nn.Dense(CLASSES))

    def hybrid_forward(self, F, x):
        self.calls += 1
        return self.dense(self.line(F, x))


class _ForwardNetwork(Network):
    def forward(self, x):
        self.calls += 1
        return self.dense(x)


def network(layers: int, width: int, mode: str, line: str) -> Network:
    """Return the real net: initialized, hybridized as `mode` says, and without data so far."""
    net = (_ForwardNetwork if line == FORWARD else Network)(layers, width, line)
    net.initialize()
    if MODES[mode] is not None:
        net.hybridize(**MODES[mode])
    return net


def compute(
    layers: int,
    width: int,
    features: int,
    batch: int,
    batches: int,
    mode: str,
    line: str,
    layer: Callable | None = None,
) -> SimpleNamespace:
    """Return what the real net would show after so many batches, by arithmetic."""
    breaks = mode != "eager" and line in BREAKS
    arrived = batches > 0 and not breaks
    compiled = mode != "eager" and line != FORWARD and not breaks
    units = [width] * (layers - 1) + [CLASSES]
    inputs = [features, *units[:-1]]
    rows = [
        SimpleNamespace(
            name=f"Dense {number}" + (" relu" if number < layers else ""),
            weight=(outs, ins if arrived else -1),
            bias=(outs,),
            output=(batch, outs) if arrived else None,
            count=outs * ins + outs if arrived else None,
        )
        for number, (outs, ins) in enumerate(zip(units, inputs, strict=True), 1)
    ]
    return SimpleNamespace(
        rows=rows,
        input=(batch, features) if batches else None,
        total=sum(row.count for row in rows) if arrived else None,
        calls=[min(k, 1) if compiled else k for k in range(batches + 1)],
        compiled=compiled,
        error=BREAKS[line][0] if breaks and batches else "",
        problem=_problem(line, mode, batches),
        mode=mode,
        times={},
        own=watch(layer, mode, batches, (batch, features)),
    )


def _problem(line, mode, batches):
    """Say in two short lines what is wrong with hybridizing; nothing if all is well."""
    if mode == "eager" or not batches:
        return ""
    if line == FORWARD:
        return "✗ never compiled:\nPython runs for every batch"
    return "✗ {}:\n{}".format(*BREAKS[line]) if line in BREAKS else ""


def watch(
    layer: Callable | None, mode: str, batches: int, shape: tuple[int, int]
) -> SimpleNamespace:
    """Feed a learner's layer with real batches and count how often Python runs its method.

    Returns
    -------
    SimpleNamespace
        `calls`: the counter before and after each batch, None where there is no layer to count;
        `note`: what is to be said of the layer, empty where all is well; `failed`: whether a batch
        did not get through. It never raises.
    """
    if layer is None:
        return SimpleNamespace(calls=None, note="", failed=False)
    if is_stub(layer):
        return SimpleNamespace(calls=None, note="Your layer is still empty.", failed=False)
    try:
        made, calls = _counted(layer, mode)
    except (Exception, SystemExit) as error:
        return SimpleNamespace(calls=None, note=_failure(error, layer), failed=True)
    if made is None:
        note = "Your layer must be a class that derives from nn.HybridBlock."
        return SimpleNamespace(calls=None, note=note, failed=True)
    notes, failed = [], False
    for number in range(batches):
        calls.append(calls[-1])
        x = np.array(numpy.random.RandomState(number).randn(*shape), dtype="float32")
        try:
            notes.append(_returned(made(x)))
        except (Exception, SystemExit) as error:
            failed = True
            notes.append(_failure(error, layer))
    return SimpleNamespace(calls=calls, note=next(filter(None, notes), ""), failed=failed)


def _counted(layer: Callable, mode: str) -> tuple[nn.Block | None, list[int]]:
    """Return the layer as `mode` says, None if it is no Block; and its counter, which moves."""
    made, calls = layer(), [0]
    if not isinstance(made, nn.Block):
        return None, calls
    made.initialize()
    own_forward = getattr(type(made), "forward", None) is not nn.HybridBlock.forward
    name = "forward" if own_forward else "hybrid_forward"
    method = getattr(made, name)

    def counted(*args, **kwargs):
        calls[-1] += 1
        return method(*args, **kwargs)

    setattr(made, name, counted)
    if MODES[mode] is not None:
        made.hybridize(**MODES[mode])
    return made, calls


NOTHING = "Your layer returned nothing: does its method end with `return`?"


def _returned(result: Any) -> str:
    """Wait for what a layer returned, and say what is wrong with it; nothing if all is well."""
    if result is None:
        return NOTHING
    if isinstance(result, numpy.ndarray):
        return "Your layer returned an array of NumPy: leave `asnumpy()` out, return MXNet's."
    if not isinstance(result, np.ndarray):
        return f"Your layer returned a {type(result).__name__}, not an array."
    values = result.asnumpy()
    if numpy.isfinite(values).all():
        return ""
    return f"Your layer returned {'nan' if numpy.isnan(values).any() else 'infinity'}."


def _failure(error: BaseException, layer: Callable) -> str:
    if "Expected a list of symbols" in str(error):  # what Gluon makes of None when it traces
        return NOTHING
    text = explain(error, layer).replace("Your function ended", "it ended").rstrip(".")
    return f"Your layer failed: {text}."


def _seconds(net: nn.Block, x: np.ndarray, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        net(x)
    npx.waitall()
    return (time.perf_counter() - start) / calls


def run(
    values: Mapping[str, Any], layer: Callable | None = None
) -> Iterator[tuple[float, SimpleNamespace]]:
    """Measure the time of a call of the real net in each mode; moved controls start it anew."""
    state, done = None, 0
    while done < ROUNDS:
        if dict(values) != state:
            state, done = dict(values), 0
            x = np.ones((state["batch"], state["features"]))
            shown = compute(**state, layer=layer)
            nets = {
                mode: network(state["layers"], state["width"], mode, state["line"])
                for mode in MODES
                if mode == "eager" or state["line"] not in BREAKS
            }
            took = {mode: [] for mode in nets}
            first = [_seconds(net, x, 1) for net in nets.values()]  # traces: it does not count
            calls = max(1, min(20, int(SLICE / min(first))))
        for mode, net in nets.items():
            took[mode].append(_seconds(net, x, calls))
        done += 1
        times = {mode: statistics.median(took[mode]) if mode in took else None for mode in MODES}
        yield done / ROUNDS, SimpleNamespace(**{**vars(shown), "times": times})


COLUMNS = {"layer": 0.0, "weight": 0.235, "bias": 0.43, "output": 0.56, "parameters": 0.89}


def draw(figure: Figure) -> Callable[[SimpleNamespace], None]:
    grid = figure.add_gridspec(2, 2, width_ratios=[1.75, 1], height_ratios=[2.2, 1])
    table = figure.add_subplot(grid[:, 0])
    counter, clock = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])

    table.set(xlim=(0, 1), ylim=(MOST_LAYERS + 4.5, -0.5), title="what Gluon knows of each layer")
    table.axis("off")
    font = dict(family="monospace", fontsize=9, va="center")

    def cells(line, **more):
        return {
            name: table.text(x, line, "", ha="right" if name == "parameters" else "left",
                             animated=True, **font, **more)
            for name, x in COLUMNS.items()
        }  # fmt: skip

    for name, x in COLUMNS.items():
        table.text(x, 0, name, ha="right" if name == "parameters" else "left", weight="bold",
                   **font)  # fmt: skip
    table.plot([0, COLUMNS["parameters"]], [0.55, 0.55], color="black", linewidth=0.8)
    source = cells(1, color=GRAY)
    lines = [cells(number + 2) for number in range(MOST_LAYERS)]
    total = cells(0, weight="bold")
    state = table.text(0, 0, "", animated=True, **font)

    counter.set(xlim=(-0.4, MOST_BATCHES + 0.6), ylim=(-0.6, 15), xlabel="batches so far",
                ylabel="times Python ran", title="how often Python runs the method")  # fmt: skip
    counter.set_xticks(range(0, 11, 2))
    counter.set_yticks(range(0, 11, 2))
    counter.plot([0, 10], [0, 10], ":", color=GRAY, linewidth=1)
    counter.text(3.9, 5.2, "eager: every time", color=GRAY, fontsize=9, ha="right")
    (way,) = counter.plot([], [], "o-", color=BLUE, markersize=4, animated=True)
    (own,) = counter.plot([], [], "D", color=ORANGE, markersize=7, fillstyle="none",
                          markeredgewidth=1.5, animated=True)  # fmt: skip
    number = counter.text(0, 0, "", ha="center", va="bottom", weight="bold", color=BLUE,
                          animated=True)  # fmt: skip
    own_text = counter.text(0.03, 0.66, "", transform=counter.transAxes, weight="bold", fontsize=9,
                            color=ORANGE, animated=True)  # fmt: skip
    note = banner(counter)
    note.set(y=0.87, fontsize=9)

    clock.set(xscale="log", xlim=(1e1, 1e5), ylim=(2.6, -0.6), xlabel="microseconds for a call")
    clock.set_yticks(range(3), list(MODES))
    bars = clock.barh(range(3), [0, 0, 0], color=BLUE, animated=True)
    labels = [clock.text(12, y, "", va="center", fontsize=9, animated=True) for y in range(3)]

    def update(result):
        fill(source, "input", output=result.input)
        for line, row in zip(lines, result.rows + [None] * MOST_LAYERS, strict=False):
            if row is None:
                fill(line)
            else:
                fill(line, row.name, row.weight, row.bias, row.output, row.count)
            line["weight"].set_color(ORANGE if row is not None and -1 in row.weight else "black")
        for cell in total.values():
            cell.set_y(len(result.rows) + 2.3)
        fill(total, "total", parameters=result.total)
        state.set_y(len(result.rows) + 3.5)
        state.set_color(ORANGE if result.total is None else "black")
        state.set_text(_state(result))

        way.set_data(range(len(result.calls)), result.calls)
        number.set_text(str(result.calls[-1]))
        number.set_position((len(result.calls) - 1, result.calls[-1] + 0.4))
        watched = result.own.calls is not None
        own.set_visible(watched)
        own_text.set_visible(watched)
        if watched:
            own.set_data(range(len(result.own.calls)), result.own.calls)
            own_text.set_text(
                f"◇ your layer: {'✗ fails' if result.own.failed else result.own.calls[-1]}"
            )
        set_banner(note, result.problem)

        for place, (bar, label, mode) in enumerate(zip(bars, labels, MODES, strict=True)):
            took = result.times.get(mode)
            bar.set_width(took * 1e6 if took else 0)
            bar.set_visible(bool(took))
            label.set_x(max(12, took * 1.15e6) if took else 12)
            if took:
                label.set_text(f"{took * 1e6:.0f}")
            elif result.times:
                label.set_text("✗ breaks")
            else:
                label.set_text("Run measures it here" if place == 1 else "")

    return update


def fill(cells: dict[str, Text], layer="", weight="", bias="", output="", parameters="") -> None:
    """Write one line of the table; None is shown as a question mark."""
    values = dict(layer=layer, weight=weight, bias=bias, output=output, parameters=parameters)
    for name, value in values.items():
        if value is None:
            value = "?"
        elif isinstance(value, int):
            value = f"{value:,}"
        cells[name].set_text(str(value))


def _state(result):
    if result.total is not None:
        return "All weights have their shape, and first values."
    if result.error:
        return "No batch got through: the shapes are still unknown."
    return "No data yet: -1 stands for an unknown number of inputs."


def _times(number):
    return "once" if number == 1 else f"{number} times"


def describe(result: SimpleNamespace) -> str:
    first = result.rows[0]
    if result.total is None:
        text = f"{_state(result)} First weight {first.weight}. "
    else:
        text = (
            f"Dense layers: {len(result.rows)}, first weight {first.weight}, "
            f"{result.total:,} parameters in all. "
        )
    text += (
        f"Mode {result.mode}, batches so far {len(result.calls) - 1}: "
        f"Python ran the method {_times(result.calls[-1])}."
    )
    if result.problem:
        text += f" {' '.join(result.problem.split())}."
    if result.times:
        measured = ", ".join(
            f"{mode} {took * 1e6:.0f}" if took else f"{mode} breaks"
            for mode, took in result.times.items()
        )
        text += f" Microseconds for a call: {measured}."
    if result.own.note:
        text += f" {result.own.note}"
    if result.own.calls is not None and not result.own.failed:
        text += f" Python ran your layer {_times(result.own.calls[-1])}."
    return text


lab = Lab(
    "X-ray of a net", controls, compute, draw, describe, run=run, functions=("layer",),
    size=(9.6, 4.4),
)  # fmt: skip
