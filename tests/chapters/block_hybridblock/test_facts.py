"""What chapter 4 prints and says without a check of its own."""

import pytest
from mxnet import MXNetError, autograd, np, npx
from mxnet.gluon import nn

from tests.chapters.block_hybridblock.questions import Line


def count(net):
    return sum(parameter.data().size for parameter in net.collect_params().values())


def dense_net(inputs, *units):
    net = nn.Sequential()
    net.add(*[nn.Dense(n) for n in units])
    net.initialize()
    net(np.ones((1, inputs)))
    return net


@pytest.mark.parametrize(
    "size", [(784, 256, 10), (784, 200, 200, 10), (784, 300, 100, 10), (784, 512, 10)]
)
def test_first_layer_holds_more_than_three_quarters_of_the_parameters(size):
    net = dense_net(*size)
    assert count(net[0]) > 0.75 * count(net)


def test_parameters_of_blocks_in_blocks_are_all_collected():
    deep = nn.Sequential()
    deep.add(dense_net(20, 256, 10), nn.Dense(2))
    deep[1].initialize()
    deep(np.ones((1, 20)))
    assert count(deep) == (20 * 256 + 256) + (256 * 10 + 10) + (10 * 2 + 2)


def test_shapes_that_are_settled_stay_settled():
    layer = dense_net(20, 3)
    with pytest.raises(MXNetError, match="Shape inconsistent"):
        layer(np.ones((2, 21))).asnumpy()


def test_batch_of_another_size_needs_no_new_tracing_and_another_hybridize_does():
    net = Line(lambda F, x: x + 1)
    net.hybridize()
    assert [net(np.ones((n, 20))).shape for n in (2, 7)] == [(2, 20), (7, 20)]
    assert net.calls == 1
    net.hybridize(static_alloc=True)
    net(np.ones((2, 20)))
    assert net.calls == 2


def test_is_training_is_fixed_when_traced_and_dropout_follows_each_call():
    asking = Line(lambda F, x: 2 * x if autograd.is_training() else x)
    dropout = nn.Dropout(0.5)
    for net in (asking, dropout):
        net.hybridize()
        net(np.ones(100))
    with autograd.train_mode():
        doubled, dropped = asking(np.ones(100)), dropout(np.ones(100))
    assert (doubled == 1).all() and set(dropped.tolist()) == {0, 2}


def test_legacy_interface_can_be_left_again():
    npx.reset_np()
    try:
        assert nn.Dense(256).weight.shape == (256, 0)
    finally:
        npx.set_np()
    assert npx.is_np_array() and npx.is_np_shape()
    assert nn.Dense(256).weight.shape == (256, -1)
