"""Lab 3b, train on digits: batch size and learning rate moved while a network trains."""

import time
from collections.abc import Iterator, Mapping
from types import SimpleNamespace

import numpy
from mxnet import init
from mxnet.gluon import nn

from ...kit.lab import Choice, IntSlider, Lab, LogSlider
from ...kit.style import BLUE, GRAY, ORANGE, banner, set_banner
from ...nets.data import Digits, Minibatches
from ...nets.seeding import seed
from ...nets.training import evaluate, training_steps

MAX_EPOCHS, SAMPLES = 20, 1200
EVERY = 600  # samples between two measurements on the validation set
PAUSE = 0.0004  # seconds a live run takes for each sample, so that the hand can follow

controls = (
    Choice("network", "network (网络)", ("softmax regression", "multilayer perceptron"),
           "softmax regression"),
    LogSlider("learning_rate", "learning rate (学习率)", 1e-3, 10.0, step=0.1, value=0.1),
    Choice("batch_size", "batch size (批量大小)", (8, 16, 32, 64, 128, 256, 512, 1200), 64,
           slider=True),
    IntSlider("epochs", "epochs (迭代周期)", 1, MAX_EPOCHS, value=10),
)  # fmt: skip


class _LiveBatches(Minibatches):
    """Minibatches whose size is asked for anew at every step."""

    def __init__(self, arrays, values):
        super().__init__(arrays, values["batch_size"], shuffle=True)
        self.values = values

    def __iter__(self):
        order = numpy.random.permutation(self.samples)
        start = 0
        while start < self.samples:
            rows = order[start : start + self.values["batch_size"]].astype("int32")
            yield tuple(array[rows] for array in self.arrays)
            start += len(rows)


class _LiveDigits(Digits):
    def __init__(self, values):
        super().__init__()
        self.values = values

    def get_dataloader(self, train):
        return _LiveBatches(self.train, self.values) if train else super().get_dataloader(train)


def _network(name):
    net = nn.HybridSequential()
    if name == "multilayer perceptron":
        net.add(nn.Dense(64, activation="relu"))
    net.add(nn.Dense(10))
    net.initialize(init.Xavier())
    return net


def _result(values, seen=(), losses=(), checked=(), accuracies=()):
    return SimpleNamespace(
        seen=numpy.array(seen) / SAMPLES,  # epochs gone through at each batch
        losses=numpy.array(losses),
        checked=numpy.array(checked) / SAMPLES,
        accuracies=numpy.array(accuracies),
        broken=len(losses) > 0 and not numpy.isfinite(losses[-1]),
        **values,
    )


def compute(network: str, learning_rate: float, batch_size: int, epochs: int) -> SimpleNamespace:
    """Return the state before training: nothing measured yet."""
    return _result(dict(network=network, learning_rate=learning_rate, batch_size=batch_size,
                        epochs=epochs))  # fmt: skip


def run(values: Mapping) -> Iterator[tuple[float, SimpleNamespace]]:
    """Train live; learning rate, batch size and epochs are read anew before each batch.

    Every run starts from the same weights and shuffles: it sets the seed.
    """
    seed(0)
    data = _LiveDigits(values)
    net = _network(values["network"])
    seen, losses, checked, accuracies = [], [], [], []
    samples = 0
    for step in training_steps(net, data, epochs=MAX_EPOCHS, learning_rate=values["learning_rate"]):
        before, samples = samples, samples + step.size
        seen.append(samples)
        losses.append(float(step.loss) / step.size)
        if before // EVERY != samples // EVERY:
            checked.append(samples)
            accuracies.append(evaluate(net, data.val).accuracy)
        done = min(1.0, samples / (values["epochs"] * SAMPLES))
        result = _result(dict(values), seen, losses, checked, accuracies)
        pauses = max(1, step.size // 64)  # many short ones: Stop and the sliders answer at once
        for _ in range(pauses):
            time.sleep(PAUSE * step.size / pauses)
            yield done, result
        if done == 1 or result.broken:
            return
        step.trainer.set_learning_rate(values["learning_rate"])


def draw(figure):
    left, right = figure.subplots(1, 2)
    left.set(xlim=(0, MAX_EPOCHS), ylim=(1e-2, 1e2), yscale="log", xlabel="epochs",
             ylabel="loss of each batch (nats)")  # fmt: skip
    left.axhline(numpy.log(10), linestyle=":", color=GRAY)
    left.text(1.01, numpy.log(10), "ln 10", va="center", transform=left.get_yaxis_transform())
    (losses,) = left.plot([], [], color=BLUE, linewidth=1, animated=True)
    setting = left.set_title("batch 1200, rate 0.0123")
    right.set(xlim=(0, MAX_EPOCHS), ylim=(0, 1.02), xlabel="epochs",
              ylabel="validation accuracy (share)")  # fmt: skip
    (accuracies,) = right.plot([], [], "o-", color=ORANGE, markersize=3, animated=True)
    counter = right.set_title("3000 updates in 20.00 epochs")
    for title in (setting, counter):
        title.set_animated(True)
    note = banner(left)

    def update(result):
        losses.set_data(result.seen, result.losses)
        losses.set_marker("." if len(result.losses) <= 60 else "")
        accuracies.set_data(result.checked, result.accuracies)
        epochs = result.seen[-1] if len(result.seen) else 0
        end = 1.02 * max(result.epochs, epochs)
        for axis in (left, right):
            if axis.get_xlim() != (0, end):
                axis.set_xlim(0, end)
        setting.set_text(f"batch {result.batch_size}, rate {result.learning_rate:.3g}")
        counter.set_text(f"{_updates(len(result.losses))} in {_epochs(epochs)}")
        set_banner(note, "diverged: the loss is nan" if result.broken else "")

    return update


def _updates(number):
    return f"{number} update" + ("" if number == 1 else "s")


def _epochs(number):
    return f"{number:.2f} epoch" + ("" if number == 1 else "s")


def describe(result: SimpleNamespace) -> str:
    setting = (
        f"{result.network}, batch size {result.batch_size}, "
        f"learning rate {result.learning_rate:.3g}"
    )
    if not len(result.losses):
        updates = result.epochs * -(-SAMPLES // result.batch_size)
        epochs = f"{result.epochs} epoch" + ("" if result.epochs == 1 else "s")
        return f"Untrained {setting}. Run makes {_updates(updates)} in {epochs}."
    text = f"{setting}: {_epochs(result.seen[-1])}, {_updates(len(result.losses))}"
    if result.broken:
        return f"{text}. Diverged: the loss is no longer a number."
    text += f", batch loss {result.losses[-1]:.2f}"
    if len(result.accuracies):
        text += f", validation accuracy {result.accuracies[-1]:.2f}"
    return text + "."


lab = Lab("Train on digits", controls, compute, draw, describe, run=run)
