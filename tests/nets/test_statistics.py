"""Batch normalization remembers, after a refresh, exactly what reaches it."""

import numpy
import pytest
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn

import d2l_extras as dx
from d2l_extras import layers, refresh_statistics

X = np.array(numpy.random.RandomState(0).gamma(2, size=(50, 3, 8, 8)).astype("float32"))


def network(order="drop-bn-act-pool", rate=0.5, hybrid=False):
    """Return two initialized modules whose remembered statistics are those of no data."""
    dx.seed(1)
    net = layers.network([f"conv-{order}"] * 2, (4, 5), (rate, rate), padding=1)
    net.initialize(init.Xavier())
    if hybrid:
        net.hybridize(static_alloc=True, static_shape=True)
    net(X[:2])
    return net


def norms(net):
    return [
        layer for module in list(net)[:2] for layer in module if isinstance(layer, nn.BatchNorm)
    ]


def remembered(net):
    return [
        p.data().asnumpy().copy()
        for layer in norms(net)
        for p in (layer.running_mean, layer.running_var)
    ]


def others(net):
    return [
        p.data().asnumpy().copy()
        for name, p in net.collect_params().items()
        if "running" not in name
    ]


def by_hand(net, x):
    """Return mean and variance at each batch normalization, in NumPy, by its very definition."""
    found = []
    for module in list(net)[:2]:
        for layer in module:
            if isinstance(layer, nn.BatchNorm):
                values = x.asnumpy().astype("float64")
                mean, var = (getattr(values, m)(axis=(0, 2, 3)) for m in ("mean", "var"))
                found += [mean, var]
                shape = (1, -1, 1, 1)
                values = (values - mean.reshape(shape)) / numpy.sqrt(var.reshape(shape) + 1e-5)
                x = np.array(values.astype("float32"))  # gamma 1, beta 0
            elif not isinstance(layer, nn.Dropout):
                x = layer(x)
    return found


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("batch_size", [1, 7, 1000])  # 50 = 7 x 7 + 1
def test_statistics_are_those_by_hand_however_the_data_are_cut(hybrid, batch_size):
    net = network(hybrid=hybrid)
    refresh_statistics(net, (X, None), batch_size=batch_size)
    for now, exact in zip(remembered(net), by_hand(net, X), strict=True):
        assert now == pytest.approx(exact, rel=1e-4, abs=1e-5)


def test_a_large_mean_costs_no_digits():
    net = nn.BatchNorm()
    net.initialize()
    x = np.array(10_000 + numpy.random.RandomState(0).normal(size=(500, 2)).astype("float32"))
    refresh_statistics(net, x, batch_size=9)
    assert net.running_var.data().asnumpy() == pytest.approx(
        x.asnumpy().astype("float64").var(axis=0), rel=1e-5
    )


def test_one_batch_is_what_a_training_pass_remembers():
    """Algorithm 2, and PyTorch's update_bn, with all data as one minibatch."""
    net, trained = network(), network()
    refresh_statistics(net, X)
    for layer in norms(trained):
        layer._kwargs["momentum"] = 0.0
    for _ in range(2):  # the second pass sees no other predecessors: it normalizes by the batch
        with autograd.record(train_mode=True):
            for module in trained:
                for layer in module if isinstance(module, nn.HybridSequential) else ():
                    if isinstance(layer, nn.Dropout):
                        layer._rate = 0
            total = trained(X).sum()
        total.backward()
    for a, b in zip(remembered(net), remembered(trained), strict=True):
        assert a == pytest.approx(b, rel=1e-4, abs=1e-5)


def test_behind_each_layer_the_data_have_mean_beta_and_variance_gamma_squared():
    net = network("bn-act-pool-drop")
    for layer in norms(net):
        layer.gamma.set_data(np.full(layer.gamma.shape, 3.0))
        layer.beta.set_data(np.full(layer.beta.shape, -2.0))
    refresh_statistics(net, X)
    out = net[1][:2](net[0](X)).asnumpy()
    assert out.mean(axis=(0, 2, 3)) == pytest.approx(-2, abs=1e-3)
    assert out.var(axis=(0, 2, 3)) == pytest.approx(9, rel=1e-3)


@pytest.mark.parametrize("hybrid", [False, True])
def test_dropout_on_doubles_the_variance_of_what_it_drops(hybrid):
    net = nn.HybridSequential()
    net.add(nn.Dropout(0.5), nn.BatchNorm())
    net.initialize()
    if hybrid:
        net.hybridize()
    x = np.random.normal(1, 1, (100_000, 1))
    refresh_statistics(net, x, dropout=True)
    assert net[1].running_var.data().item() == pytest.approx(3, abs=0.05)  # (v + p m²) / (1 - p)
    refresh_statistics(net, x)
    assert net[1].running_var.data().item() == pytest.approx(1, abs=0.02)


def test_with_dropout_on_predecessors_normalize_by_what_they_remember():
    """By the batch of two samples, each would become -1 and 1, and relu of them 0 and 1."""
    net = nn.HybridSequential()
    net.add(nn.BatchNorm(), nn.Activation("relu"), nn.BatchNorm())
    net.initialize()
    x = np.array([[0.0], [1.0], [10.0], [11.0]])
    refresh_statistics(net, x, dropout=True, batch_size=2)
    assert net[0].running_var.data().item() == pytest.approx(25.25)
    normed = numpy.maximum(0, (x.asnumpy() - 5.5) / 25.25**0.5)
    assert net[2].running_mean.data().item() == pytest.approx(normed.mean(), abs=1e-5)
    assert net[2].running_var.data().item() == pytest.approx(normed.var(), abs=1e-5)


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("hybrid", [False, True])
def test_all_else_is_left_as_it_was(dropout, hybrid):
    net = network(hybrid=hybrid)
    with autograd.record():
        total = net(X).sum()
    total.backward()
    gradients = [p.grad().asnumpy().copy() for p in net.collect_params(".*weight").values()]
    weights, options = others(net), [dict(layer._kwargs) for layer in norms(net)]
    refresh_statistics(net, X, dropout=dropout)
    numpy.testing.assert_equal(others(net), weights)
    assert [dict(layer._kwargs) for layer in norms(net)] == options
    numpy.testing.assert_equal(
        [p.grad().asnumpy() for p in net.collect_params(".*weight").values()], gradients
    )
    assert net._active is hybrid
    assert not autograd.is_training()
    assert not any(layer._forward_pre_hooks for layer in norms(net))
    before = remembered(net)
    with autograd.record():  # training goes on: batch statistics, dropout, moving averages
        total = net(X).sum()
    total.backward()
    npx.waitall()  # reading what a compiled network remembers does not wait for this
    assert any((a != b).any() for a, b in zip(before, remembered(net), strict=True))


def test_a_refresh_without_dropout_draws_no_random_number():
    net = network()
    draws = []
    for refresh in (False, True):
        dx.seed(5)
        if refresh:
            refresh_statistics(net, X)
        draws.append((np.random.uniform(size=3).tolist(), numpy.random.rand()))
    assert draws[0] == draws[1]


def test_compiled_and_eager_networks_predict_alike_after_it():
    outputs = []
    for hybrid in (False, True):
        net = network(hybrid=hybrid)
        refresh_statistics(net, X)
        outputs.append(net(X).asnumpy())
    assert outputs[0] == pytest.approx(outputs[1], abs=1e-5)


def test_a_layer_that_is_called_twice_counts_both_times():
    class Twice(gluon.Block):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm()

        def forward(self, x):
            return self.norm(self.norm(x) * 0 + 7)

    net = Twice()
    net.initialize()
    refresh_statistics(net, np.array([[1.0], [3.0]]))
    assert net.norm.running_mean.data().item() == pytest.approx((1 + 3 + 7 + 7) / 4)


@pytest.mark.parametrize("shared", [False, True])
def test_layers_that_share_what_they_remember_are_one(shared):
    first = nn.BatchNorm(in_channels=1)
    second = nn.BatchNorm(in_channels=1, params=first.params) if shared else first
    net = nn.HybridSequential()
    net.add(first, nn.HybridLambda(lambda F, x: x * 0 + 7), second)
    net.initialize()
    refresh_statistics(net, np.array([[1.0], [3.0]]))
    assert first.running_mean.data().item() == pytest.approx((1 + 3 + 7 + 7) / 4)
    assert second.running_var.data().item() == pytest.approx(6.75)


def test_what_cannot_be_refreshed_is_refused_and_nothing_has_changed():
    dense = nn.Dense(2)
    dense.initialize()
    with pytest.raises(ValueError, match=r"no statistics to refresh: Dense calls no nn.BatchNorm"):
        refresh_statistics(dense, np.ones((2, 3)))
    with pytest.raises(RuntimeError, match="not initialized"):
        refresh_statistics(nn.BatchNorm(), np.ones((2, 3)))
    with pytest.raises(TypeError, match=r"net must be a gluon.Block, got int"):
        refresh_statistics(3, np.ones((2, 3)))
    net = network()
    before = remembered(net)
    for data in (X[:0], (X[:0], None)):
        with pytest.raises(ValueError, match=r"at least one sample, got shape \(0, 3, 8, 8\)"):
            refresh_statistics(net, data)
    with pytest.raises(TypeError, match="an array of MXNet"):
        refresh_statistics(net, dx.data.Digits())
    with pytest.raises(ValueError, match="batch size"):
        refresh_statistics(net, X, batch_size=0)
    for word in ("off", None, 0.5):
        with pytest.raises(TypeError, match=f"dropout must be True or False, got {word!r}"):
            refresh_statistics(net, X, dropout=word)
    single = nn.BatchNorm(in_channels=3)
    single.initialize()
    with pytest.raises(ValueError, match="two values per channel at least; .* gets 1"):
        refresh_statistics(single, np.ones((1, 3)))
    broken = X.copy()
    broken[40] = np.nan
    with pytest.raises(dx.DivergedError, match="not finite"):
        refresh_statistics(net, broken, batch_size=8)
    net[1][0].weight.data()[:] = np.nan
    with pytest.raises(dx.DivergedError, match="not finite"):  # only behind the second module
        refresh_statistics(net, X)
    numpy.testing.assert_equal(remembered(net), before)
    assert not any(layer._forward_pre_hooks for layer in norms(net))
