"""The X-ray's table, counter and errors against real nets, and what it does with a layer."""

import functools
import itertools

import pytest
from mxnet import np
from mxnet.gluon import nn

from d2l_extras import exercises, labs
from d2l_extras.chapters.block_hybridblock.lab import LINES, MODES, NOTHING, network, watch

BATCH, FEATURES, CLASSES = 3, 7, 10
STATES = [
    dict(layers=3, width=5, mode=mode, line=line, batches=batches)
    for mode, line, batches in itertools.product(MODES, LINES, (0, 1, 4))
] + [dict(layers=1, width=5, mode=mode, line="nothing", batches=2) for mode in MODES]


def _feed(net, batches):
    """Return the net's counter before and after each batch, the last error, and the output."""
    calls, error, output = [net.calls], "", None
    for _ in range(batches):
        try:
            output = net(np.ones((BATCH, FEATURES)))
            output.wait_to_read()
        except Exception as raised:
            error = type(raised).__name__
        calls.append(net.calls)
    return calls, error, output


@functools.cache
def _measure(layers, width, mode, line, batches):
    """Return the real net after its batches, and what `_feed` saw."""
    net = network(layers, width, mode, line)
    return net, *_feed(net, batches)


def _compute(state):
    return labs.block_hybridblock.compute(batch=BATCH, features=FEATURES, **state)


@pytest.fixture(params=STATES, ids=str, name="state")
def _state(request):
    return request.param


def test_x_ray_counts_the_calls_and_names_the_error_of_the_real_net(state):
    _, calls, error, _ = _measure(**state)
    result = _compute(state)
    assert result.calls == calls
    assert result.error == error


def test_x_ray_shows_the_shapes_and_counts_of_the_real_net(state):
    net, _, _, output = _measure(**state)
    result = _compute(state)
    assert [row.weight for row in result.rows] == [layer.weight.shape for layer in net.dense]
    assert [row.bias for row in result.rows] == [layer.bias.shape for layer in net.dense]
    if output is None:
        assert result.total is None
    else:
        counts = [layer.weight.data().size + layer.bias.data().size for layer in net.dense]
        assert [row.count for row in result.rows] == counts
        assert result.total == sum(counts)
        assert result.rows[-1].output == output.shape


def test_x_ray_warns_where_python_still_runs_the_hybridized_net_and_only_there(state):
    _, calls, _, _ = _measure(**{**state, "batches": 4})
    still_python = state["mode"] != "eager" and calls[-1] == 4
    assert bool(_compute(state).problem) == (still_python and state["batches"] > 0)


@pytest.mark.parametrize("line", LINES)
def test_line_works_eagerly(line):
    _, error, output = _feed(network(2, 5, "eager", line), 2)
    assert not error
    assert output.shape == (BATCH, CLASSES)


def test_plain_net_computes_the_same_in_every_mode():
    x = np.ones((BATCH, FEATURES))
    net = network(3, 5, "eager", "nothing")
    eager = net(x)
    for options in ({}, dict(static_alloc=True, static_shape=True)):
        net.hybridize(**options)
        assert abs(net(x) - eager).max().item() < 1e-6


# --- the learner's layer


class Right(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.np.where(x.mean() > 0, x, -x)


class Breaks(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        if x.mean() > 0:
            return x
        return -x


class Forward(nn.HybridBlock):
    def forward(self, x):
        return x


class Empty(nn.HybridBlock): ...


@pytest.mark.parametrize(
    ("layer", "mode", "said"),
    [
        (Right, "eager", "Python ran your layer 5 times."),
        (Right, "hybrid", "Python ran your layer once."),
        (Right, "static", "Python ran your layer once."),
        (Breaks, "eager", "Python ran your layer 5 times."),
        (Breaks, "hybrid", "Your layer failed: NotImplementedForSymbol in line 2 of "),
        (Forward, "hybrid", "Python ran your layer 5 times."),
        (lambda: nn.Dense(3), "hybrid", "Python ran your layer once."),
        (Empty, "hybrid", "Your layer is still empty."),
    ],
)
def test_x_ray_counts_how_often_python_runs_the_learners_layer(layer, mode, said):
    view = labs.block_hybridblock(batches=5, mode=mode, layer=layer)
    assert not view.error
    assert said in view.text


def test_x_ray_names_the_line_of_the_layer_that_failed():
    text = labs.block_hybridblock(batches=2, mode="hybrid", layer=Breaks).text
    assert "in line 2 of hybrid_forward (`if x.mean() > 0:`): Function __bool__" in text


class _NoSuper(nn.HybridBlock):
    def __init__(self):
        self.dense = nn.Dense(2)


class _Quits(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        raise SystemExit


def _returning(make):
    class Layer(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            return make(x)

    return Layer


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (_NoSuper, "Your layer failed: AttributeError in line 2 of __init__"),
        (lambda: 1 / 0, "Your layer failed: ZeroDivisionError"),
        (lambda: 3, "must be a class that derives from nn.HybridBlock"),
        (Empty, "Your layer is still empty."),
    ],
)
def test_picture_is_the_reference_where_the_layer_cannot_be_made(layer, said):
    view = labs.block_hybridblock(batches=5, layer=layer)
    assert not view.error
    assert said in view.text
    assert view.png == labs.block_hybridblock(batches=5).png


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (_Quits, "Your layer failed: it ended the program"),
        (_returning(lambda x: [x, x]), "Your layer returned a list, not an array."),
        (_returning(lambda x: None), "Your layer returned nothing"),
        (_returning(lambda x: x.asnumpy()), "leave `asnumpy()` out"),
        (_returning(lambda x: x * float("nan")), "Your layer returned nan."),
        (_returning(lambda x: x[0, 99]), "Your layer failed: IndexError"),
        (_returning(lambda x: x.reshape(7, 7)), "Your layer failed: MXNetError"),
    ],
)
def test_x_ray_says_what_a_layer_did_in_place_of_returning_an_array(layer, said):
    view = labs.block_hybridblock(batches=5, layer=layer)
    assert not view.error
    assert said in view.text
    assert "Python ran the method 5 times." in view.text


def test_x_ray_says_the_same_of_a_hybridized_layer_that_returns_nothing():
    shape = (4, 5)
    notes = [watch(_returning(lambda x: None), mode, 1, shape).note for mode in MODES]
    assert set(notes) == {NOTHING}


def test_results_of_a_run_are_not_changed_afterwards():
    view = labs.block_hybridblock(width=8)
    steps = view.lab.run(view.values)
    _, first = next(steps)
    before = dict(first.times)
    _, second = next(steps)
    assert first is not second
    assert first.times == before


def test_x_ray_hides_the_diamonds_without_a_layer():
    view = labs.block_hybridblock(batches=5, mode="hybrid", layer=Right)
    assert view.png != labs.block_hybridblock(batches=5, mode="hybrid").png
    view.set(layer=None)
    assert view.png == labs.block_hybridblock(batches=5, mode="hybrid").png


# --- the stopwatch


def test_run_measures_every_mode_and_says_which_break():
    view = labs.block_hybridblock(line="if x.sum() > 0: x = -x", width=8)
    view.start()
    assert not view.error
    assert view.text.count("breaks") == 2
    view = labs.block_hybridblock(width=8)
    view.start()
    *_, (fraction, result) = view.lab.run(view.values)
    assert fraction == 1
    assert all(took > 0 for took in result.times.values())


def test_run_starts_anew_when_a_control_moves():
    view = labs.block_hybridblock(width=8)
    steps = view.lab.run(view.values)
    first, _ = next(steps)
    second, _ = next(steps)
    assert second > first
    view.set(width=9)
    third, result = next(steps)
    assert third == first
    assert result.rows[0].weight == (9, -1)


def test_times_vanish_when_a_control_moves():
    view = labs.block_hybridblock(width=8)
    view.start()
    view.set(width=9)
    assert view.png == labs.block_hybridblock(width=9).png


# --- the two exercises that ask for a number


def test_number_of_parameters_asked_for_is_what_gluon_counts():
    net = nn.HybridSequential()
    net.add(nn.Dense(64), nn.Dense(64), nn.Dense(2))
    net.initialize()
    net(np.ones((1, 14)))
    counted = sum(parameter.data().size for parameter in net.collect_params().values())
    assert exercises.block_hybridblock.count.solution == counted


def test_number_of_calls_asked_for_is_what_a_real_net_counts():
    net = network(2, 5, "eager", "nothing")
    _feed(net, 3)
    net.hybridize()
    _feed(net, 10)
    net.hybridize(static_alloc=True)
    _feed(net, 10)
    assert exercises.block_hybridblock.calls.solution == net.calls
