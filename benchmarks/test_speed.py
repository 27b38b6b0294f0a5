"""Speeds, each beside its rival in the same run: `make bench`.

The figures vary with the machine; the ratios are what to look at. Nothing here fails for being
slow: a benchmark holds a speed by being read.
"""

import base64
import itertools

import numpy
import pytest
from d2l import mxnet as d2l
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mxnet import gluon, init, np
from mxnet.gluon import nn
from mxnet.gluon.data.vision import transforms

import d2l_extras as dx
from benchmarks.conftest import RESULTS
from benchmarks.wave import draw, redraw, wave

BATCH = 256


def fashion():
    """Return 28 x 28 uint8 images and labels: Fashion-MNIST where it is, else random ones."""
    if dx.data.FashionMNIST.is_present():
        x, y = dx.data.FashionMNIST(validation=0).train
        return (x.asnumpy()[:, 0, :, :, None] * 255).round().astype("uint8"), y.asnumpy()
    random = numpy.random.RandomState(0)
    images = random.randint(0, 256, (60_000, 28, 28, 1)).astype("uint8")
    return images, random.randint(0, 10, 60_000).astype("int32")


@pytest.fixture(scope="module", name="images")
def _images():
    return fashion()


def softmax_regression():
    return nn.Dense(10)


def mlp():
    net = nn.HybridSequential()
    net.add(nn.Dense(256, activation="relu"), nn.Dense(10))
    return net


def conv_net():
    """The network of chapter 7: two modules with dropout 0.2 and 0.3, 512 dense units."""
    return dx.layers.network(["conv-bn-act-drop-pool"] * 2 + ["dense-act"], activation="elu")


NETS = {"softmax regression": softmax_regression, "mlp": mlp, "conv net": conv_net}
SAMPLES = {"softmax regression": 60_000, "mlp": 60_000, "conv net": 2_048}


class D2LData(d2l.FashionMNIST):
    """d2l's FashionMNIST, its loader and its transforms, on images that are here already."""

    def __init__(self, images, labels):
        d2l.DataModule.__init__(self)
        self.batch_size, self.num_workers = BATCH, 4
        to_tensor = transforms.Compose([transforms.Resize((28, 28)), transforms.ToTensor()])
        data = gluon.data.ArrayDataset(np.array(images, dtype="uint8"), labels)
        self.train, self.val = data.transform_first(to_tensor), None

    def val_dataloader(self):
        return None


class D2LModel(d2l.Classifier):
    def __init__(self, net):
        super().__init__()
        self.save_hyperparameters()
        self.lr = 0.1

    def training_step(self, batch):
        return self.loss(self(*batch[:-1]), batch[-1])  # without the live board, which is slower


def initialized(name):
    dx.seed(0)
    net = NETS[name]()
    net.initialize(init.Xavier())
    return net


def report(benchmark, who, samples):
    speed = samples / benchmark.stats.stats.median
    RESULTS.setdefault(benchmark.group, {})[who] = (speed, f"{speed:,.0f} samples/s")


@pytest.mark.parametrize("name", NETS)
def test_train_with_fit(benchmark, images, name):
    benchmark.group = f"training, {name}"
    x, y = (array[: SAMPLES[name]] for array in images)
    x = np.array(x.astype("float32").transpose(0, 3, 1, 2) / 255)
    data = dx.data.InMemory((x, np.array(y, dtype="int32")), batch_size=BATCH)
    net = initialized(name)
    dx.fit(net, data, epochs=1, progress=False)
    benchmark.pedantic(lambda: dx.fit(net, data, epochs=1, progress=False), rounds=5, iterations=1)
    report(benchmark, "fit", len(y))


@pytest.mark.parametrize("name", NETS)
def test_train_with_d2l(benchmark, images, name):
    benchmark.group = f"training, {name}"
    x, y = (array[: min(SAMPLES[name], 20_000)] for array in images)
    data, model = D2LData(x, y), D2LModel(initialized(name))
    trainer = d2l.Trainer(max_epochs=1)
    benchmark.pedantic(lambda: trainer.fit(model, data), rounds=3, iterations=1, warmup_rounds=1)
    report(benchmark, "d2l", len(y))


# --- from a slider to the picture

CONTROLS = (dx.Slider("frequency", "frequency", 0.1, 5.0, step=0.1, value=1.0),)
POSITIONS = numpy.linspace(0.1, 5.0, 20)


def report_moves(benchmark, who):
    seconds = benchmark.stats.stats.median / len(POSITIONS)
    RESULTS.setdefault(benchmark.group, {})[who] = (1 / seconds, f"{seconds * 1000:.1f} ms")


def test_slider_to_png_in_a_lab(benchmark):
    benchmark.group = "slider change to new PNG, in the kernel"
    view = dx.Lab("Wave", CONTROLS, wave, draw, lambda y: f"{y[-1]:.2f}")()

    def move():
        for position in POSITIONS:
            view.widgets["frequency"].value = position

    benchmark.pedantic(move, rounds=10, iterations=1, warmup_rounds=1)
    report_moves(benchmark, "lab")


def test_slider_to_png_with_interact(benchmark):
    """What `ipywidgets.interact` and inline matplotlib do: a new figure and its PNG, each time."""
    import ipywidgets
    from IPython.core.pylabtools import print_figure
    from matplotlib import pyplot

    benchmark.group = "slider change to new PNG, in the kernel"
    sent = []

    def show(frequency):
        figure = redraw(frequency)
        sent.append(base64.b64encode(png(figure)))  # the inline back end sends base64
        pyplot.close(figure)

    def png(figure):
        FigureCanvasAgg(figure)
        return print_figure(figure, fmt="png", bbox_inches="tight", base64=False)

    slider = ipywidgets.FloatSlider(1.0, min=0.1, max=5.0)
    ipywidgets.interactive(show, frequency=slider)

    def move():
        for position in POSITIONS:
            slider.value = position

    benchmark.pedantic(move, rounds=3, iterations=1, warmup_rounds=1)
    assert len(sent) >= 3 * (len(POSITIONS) - 1)
    report_moves(benchmark, "interact")


@pytest.mark.parametrize("name", dx.labs)
def test_every_lab_answers_a_moved_control(benchmark, name):
    """No rival here: the median of the table is for one move of the first control."""
    benchmark.group = "each lab, one move to new PNG"
    lab = getattr(dx.labs, name)
    view, (control, *_) = lab(), lab.controls.values()
    trials = itertools.cycle(control.trials)
    benchmark.pedantic(
        lambda: view.set(**{control.name: next(trials)}), rounds=30, iterations=1, warmup_rounds=3
    )
