"""The right answers to the questions of chapter 4, computed."""

import functools
import warnings

import numpy
import pytest
from mxnet import init, np
from mxnet.gluon import nn
from mxnet.gluon.parameter import DeferredInitializationError

from d2l_extras.chapters.block_hybridblock import exercises
from tests.chapters.questions import only


def raised(action):
    """Return the error that an action raises, None if it raises none."""
    try:
        action()
    except Exception as error:
        return error
    return None


def unknown():
    net = nn.Sequential()
    net.add(nn.Dense(256, activation="relu"), nn.Dense(10))
    net.initialize()
    return str(net[0].weight.shape)


def waiting():
    layer = nn.Dense(3)
    layer.initialize()
    error = raised(layer.weight.data)
    deferred = isinstance(error, DeferredInitializationError)
    assert deferred == ("initialization was deferred" in str(error))
    return only(A=error is None, B=deferred, C=error and not deferred, D=error is None)


def inputs():
    layer = nn.Dense(2)
    layer.initialize()
    layer(np.ones((2, 3, 4)))
    return layer.weight.shape[1]


def first_layer():
    net = nn.Sequential()
    net.add(nn.Dense(300), nn.Dense(100), nn.Dense(10))
    net.initialize()
    net(np.ones((1, 784)))
    first, *others = (sum(p.data().size for p in layer.collect_params().values()) for layer in net)
    assert (first + sum(others)) / 1000 == pytest.approx(266.6, abs=0.05)
    assert first / (first + sum(others)) == pytest.approx(0.88, abs=0.005)
    return first / 1000, 0


def values(bias):
    return only(
        zeros=(bias == 0).all(),
        ones=(bias == 1).all(),
        random=(bias != 0).all() and (abs(bias) < 0.0701).all() and bias.std() > 0,
    )


def reach():
    layer = nn.Dense(3, in_units=4)
    layer.initialize(init.One())
    return {"zeros": "D", "ones": "A", "random": "B"}[values(layer.bias.data().asnumpy())]


def own_bias():
    layer = nn.HybridBlock()
    bias = layer.params.get("bias", shape=(100,), init=None)
    bias.initialize()
    return {"zeros": "B", "ones": "C", "random": "A"}[values(bias.data().asnumpy())]


def neighbors():
    rows = numpy.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert (rows - rows.mean())[0].tolist() == [-2.5, -1.5, -0.5]
    return ", ".join(f"{value:g}" for value in (rows[:1] - rows[:1].mean())[0])


class Line(nn.HybridBlock):
    """Counts its calls and runs one line."""

    def __init__(self, line):
        super().__init__()
        self.line, self.calls = line, 0

    def hybrid_forward(self, F, x):
        self.calls += 1
        return self.line(F, x)


class Overridden(Line):
    def forward(self, x):
        self.calls += 1
        return x


def calls(net, before, after):
    """Return how often Python ran the method of a net that is hybridized between calls."""
    for _ in range(before):
        net(np.ones((2, 20)))
    net.hybridize()
    for _ in range(after):
        net(np.ones((2, 20)))
    return net.calls


def lines():
    return calls(Line(lambda F, x: 2 * x), 2, 3)


def survive():
    nets = {
        "branch": Line(lambda F, x: -x if x.sum() > 0 else x),
        "number": Line(lambda F, x: x / x.sum().item()),
        "shape": Line(lambda F, x: x / x.shape[0]),
        "mixed": Line(lambda F, x: x + np.ones(20)),
    }
    for net in nets.values():
        assert net(np.ones((2, 20))).shape == (2, 20)
        net.hybridize()
    left = {name for name, net in nets.items() if not raised(lambda n=net: n(np.ones((2, 20))))}
    return only(A=len(left) == 4, B=left == {"shape"}, C=left == {"shape", "mixed"}, D=not left)


def frozen():
    scale = Line(lambda F, x: x * scale.factor)
    scale.factor = 1
    scale.hybridize()
    assert scale(np.ones(1)).item() == 1
    scale.factor = 5
    return f"{scale(np.ones(1)).item():g}"


def overridden():
    net = Overridden(None)
    error = raised(lambda: calls(net, 1, 3))
    assert error is None
    return f"no error, and Python runs its method {net.calls} times"


class Listed(nn.Block):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Dense(2)]

    def forward(self, x):
        return self.layers[0](x)


def listed():
    net = Listed()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net.initialize()
        assert not net.collect_params().keys()
    error = raised(lambda: net(np.ones((1, 2))))
    refused = "has not been initialized" in str(error)
    return only(A=bool(caught) and refused, B=error is None, C=error is None, D=False)


def prints():
    """A print needs Python's line, and Python runs it once more, with a symbol."""
    seen = []
    net = Line(lambda F, x: (seen.append(type(x).__name__), x + 1)[1])
    assert calls(net, 3, 10) == 4 and seen[3:] == ["_Symbol"]
    follows = (net(np.zeros(2)) == 1).all() and (net(np.ones(2)) == 2).all()
    assert follows, "the results are no old ones"
    return "The method runs only once, with placeholders; later calls replay the graph."


@functools.cache
def _centered():
    layer = exercises.CenterFeatures()
    row = np.array([[1.0, 5.0, 9.0]])
    eager = layer(row).asnumpy()
    layer.hybridize()
    return row.asnumpy(), eager, layer(row).asnumpy()


def alone():
    row, eager, hybrid = _centered()
    stored = numpy.array([[2.0, 2.0, 2.0]])  # the means of a training set
    rows = numpy.array([[1.0, 5.0, 9.0], [3.0, -1.0, 0.0]])
    axis_1 = rows - rows.mean(axis=1, keepdims=True)
    assert (row - stored).any(), "stored means leave something of a single row"
    return only(
        A=eager.any(),
        B=not eager.any() and numpy.allclose(axis_1.mean(axis=0), 0),  # centers a feature
        C=not eager.any() and (row - stored).any(),
        D=not eager.any() and hybrid.any(),
    )
