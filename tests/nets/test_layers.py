"""Layer orders become the networks they name, and those called equivalent are the same function."""

import itertools
import re

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mxnet import autograd, gluon, init, np

from d2l_extras import layers, seed

KINDS = {"bn": "BatchNorm", "drop": "Dropout"}
ALL = [
    "-".join((weights, *parts))
    for weights, allowed in (("conv", layers.PARTS), ("dense", layers.PARTS[:-1]))
    for count in range(len(allowed) + 1)
    for parts in itertools.permutations(allowed, count)
]
X = np.array(numpy.random.RandomState(0).normal(size=(6, 2, 8, 8)).astype("float32"))
Y = np.array([0, 1, 2, 0, 1, 2])


def names(net):
    """Return the classes of a module's layers."""
    return [type(layer).__name__ for layer in net]


@pytest.mark.parametrize("order", ALL)
def test_every_order_becomes_its_layers_and_runs(order):
    net = layers.module(order, 4, activation="elu")
    weights, *parts = order.split("-")
    kinds = {"conv": "Conv2D", "dense": "Dense", "act": "ELU", "pool": "MaxPool2D", **KINDS}
    assert names(net) == [kinds[part] for part in (weights, *parts)]
    net.initialize()
    side = 3 if "pool" in parts else 6
    assert net(X).shape == ((6, 4, side, side) if weights == "conv" else (6, 4))


def test_all_orders_are_there_once():
    assert len(ALL) == 65 + 16
    assert sorted(layers.orders()) == sorted(o for o in ALL if o.count("-") == 4)
    assert sorted(layers.orders("dense")) == sorted(
        o for o in ALL if o.startswith("dense") and o.count("-") == 3
    )
    assert layers.orders(without=["bn", "drop"]) == ["conv-act-pool", "conv-pool-act"]


@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
def test_each_activation_is_the_one_it_is_called(activation):
    x = numpy.array([[-2.0, -0.5, 0.0, 1.5]], dtype="float32")
    expected = {
        "relu": numpy.maximum(x, 0),
        "elu": numpy.where(x > 0, x, numpy.exp(x) - 1),
        "leaky": numpy.where(x > 0, x, 0.01 * x),
        "tanh": numpy.tanh(x),
        "sigmoid": 1 / (1 + numpy.exp(-x)),
    }[activation]
    act = layers.module("dense-act", 1, activation=activation)[1]
    assert numpy.allclose(act(np.array(x)).asnumpy(), expected, atol=1e-6)


def test_pooling_takes_the_largest_or_the_mean():
    for pooling, expected in (("max", X.asnumpy().max()), ("avg", X.asnumpy().mean())):
        pool = layers.module("conv-pool", 1, pooling=pooling)[1]
        out = pool(X).asnumpy()
        assert out.shape == (6, 2, 4, 4)
        found = out.max() if pooling == "max" else out.mean()
        assert found == pytest.approx(expected, abs=1e-6)


def test_each_module_has_its_own_rate_and_width():
    net = layers.network(["conv-drop", "conv-drop", "dense-drop"], (4, 8, 16), (0.1, 0.2, 0.3))
    assert [module[1]._rate for module in net[:3]] == [0.1, 0.2, 0.3]
    net.initialize()
    net(X)
    assert [module[0].weight.shape[0] for module in net[:3]] == [4, 8, 16]


@pytest.mark.parametrize(
    "order, biased",
    [("conv-bn", False), ("conv-act-bn", True), ("dense", True), ("dense-bn", False)],
)
def test_only_weights_whose_bias_would_be_subtracted_have_none(order, biased):
    assert (layers.module(order, 3)[0].bias is not None) == biased


@pytest.mark.parametrize(
    "order, said",
    [
        ("bn-act", "starts with its weights, conv or dense, got 'bn-act'"),
        ("", "starts with its weights, conv or dense, got ''"),
        ("conv-relu", "no layer 'relu' in 'conv-relu': after 'conv' may stand bn, act, drop, pool"),
        ("dense-pool", "no layer 'pool' in 'dense-pool': after 'dense' may stand bn, act, drop"),
        ("conv-conv", "no layer 'conv'"),
        ("conv-bn-act-bn", "once, got 'bn' twice in 'conv-bn-act-bn'"),
        ("conv--act", "no layer ''"),
        ("Conv-act", "starts with its weights"),
    ],
)
def test_a_wrong_order_is_refused_by_the_part_that_is_wrong(order, said):
    for function in (layers.parse, layers.equivalents, lambda o: layers.module(o, 3)):
        with pytest.raises(ValueError, match=re.escape(said)):
            function(order)


def test_an_order_is_text():
    with pytest.raises(TypeError, match="such as 'conv-bn-act-drop-pool', got 3"):
        layers.parse(3)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"rate": 1.0}, r"in \[0, 1\), got 1.0"),
        ({"rate": -0.1}, r"in \[0, 1\), got -0.1"),
        ({"rate": "0.5"}, "got '0.5'"),
        ({"rate": float("nan")}, "got nan"),
        ({"activation": "gelu"}, "one of relu, elu, leaky, tanh, sigmoid, got 'gelu'"),
        ({"pooling": "mean"}, "one of max, avg, got 'mean'"),
        ({"padding": -1}, "padding must be a whole number from 0, got -1"),
    ],
)
def test_a_wrong_option_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        layers.module("conv-act", 3, **options)


@pytest.mark.parametrize("width", [0, -1, 2.5, True])
def test_a_wrong_width_is_refused(width):
    with pytest.raises(ValueError, match=f"width must be a whole number from 1, got {width}"):
        layers.module("conv-act", width)


@pytest.mark.parametrize(
    "arguments, error, said",
    [
        (("conv-act",), TypeError, "a list with one order a module, got 'conv-act'"),
        (([],), TypeError, "got \\[\\]"),
        ((["conv-act"], (4, 4), (0.1,)), ValueError, "got 1 orders, 2 widths and 1 rates"),
        ((["dense-act", "conv-act"], (4, 4), (0, 0)), ValueError, "cannot follow a dense layer"),
    ],
)
def test_a_wrong_network_is_refused(arguments, error, said):
    with pytest.raises(error, match=said):
        layers.network(*arguments)


def test_only_known_layers_can_be_left_out():
    with pytest.raises(ValueError, match="only bn, act, drop, pool can be left out, got relu"):
        layers.orders(without=["relu"])


# --- equivalence


def trained(order, activation, pooling, rate):
    """Return what a small network with this order puts out after two steps of training."""
    seed(0)
    net = layers.network([order, "dense-act"], (4, 8), (rate, 0.0), classes=3,
                         activation=activation, pooling=pooling)  # fmt: skip
    net.initialize(init.Xavier())
    net(X)
    seed(1)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    outputs = []
    for _ in range(2):
        with autograd.record():
            out = net(X)
            loss = gluon.loss.SoftmaxCELoss()(out, Y)
        loss.backward()
        trainer.step(len(X))
        outputs.append(out.asnumpy())
    return numpy.stack([*outputs, net(X).asnumpy()])  # two in train mode, one in predict mode


@pytest.mark.parametrize("pooling", layers.POOLINGS)
@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
@pytest.mark.parametrize("without", [(), ("bn",), ("drop",), ("bn", "drop")])
def test_orders_are_called_equivalent_exactly_when_they_train_alike(without, activation, pooling):
    outputs = {o: trained(o, activation, pooling, 0.3) for o in layers.orders(without=without)}
    for order, found in outputs.items():
        same = {other for other, out in outputs.items() if numpy.allclose(out, found, atol=1e-5)}
        claimed = layers.equivalents(order, activation=activation, pooling=pooling)
        assert same - {order} == set(claimed)


@given(st.sampled_from(ALL), st.sampled_from(layers.ACTIVATIONS), st.sampled_from(layers.POOLINGS))
def test_equivalence_is_mutual(order, activation, pooling):
    options = dict(activation=activation, pooling=pooling)
    found = layers.equivalents(order, **options)
    assert order not in found
    for other in found:
        assert set(layers.equivalents(other, **options)) == {order, *found} - {other}


def test_dropout_of_rate_zero_stands_anywhere():
    found = layers.equivalents("conv-bn-drop-pool", rate=0.0)
    assert set(found) == {"conv-drop-bn-pool", "conv-bn-pool-drop"}
    assert found["conv-drop-bn-pool"] == "dropout of rate 0 does nothing"


def test_the_24_orders_are_12_functions_with_relu_and_18_with_elu():
    for activation, functions in (("relu", 12), ("leaky", 12), ("elu", 18), ("tanh", 18)):
        classes = {
            frozenset({order, *layers.equivalents(order, activation=activation)})
            for order in layers.orders()
        }
        assert len(classes) == functions
