"""What chapter 6 says of Gluon's layer in passing, without a cell of its own."""

import pytest
from mxnet import autograd, gluon, init, np
from mxnet.gluon import nn

import d2l_extras as dx


def layer(**options):
    bn = nn.BatchNorm(in_channels=4, **options)
    bn.initialize()
    return bn


@pytest.fixture(name="x")
def _x():
    dx.seed(0)
    return np.random.normal(5, 3, (64, 4))


@pytest.mark.parametrize("hybrid", [False, True])
def test_running_statistics_move_in_backward_alone_hybridized_or_not(x, hybrid):
    bn = layer()
    bn.hybridize(hybrid)
    with autograd.record():
        y = bn(x)
    y.wait_to_read()
    assert (bn.running_mean.data() == 0).all() and (bn.running_var.data() == 1).all()
    y.backward()
    assert abs(bn.running_mean.data() - 0.1 * x.mean(axis=0)).max() < 1e-5
    assert abs(bn.running_var.data() - (0.9 + 0.1 * x.var(axis=0))).max() < 1e-5


def test_gamma_and_beta_are_learned_and_the_statistics_are_not():
    kinds = [p.grad_req for p in layer().collect_params().values()]
    assert kinds == ["write", "write", "null", "null"]
    assert len(nn.LayerNorm(in_channels=4).collect_params().keys()) == 2


def test_refreshing_the_statistics_changes_no_weight(x):
    bn = layer()
    before = bn.gamma.data().copy(), bn.beta.data().copy()
    with autograd.record():
        total = bn(x).sum()
    total.backward()
    assert (bn.gamma.data() == before[0]).all() and (bn.beta.data() == before[1]).all()


def test_weights_times_ten_leave_the_output_only_while_eps_is_small_against_the_variance(x):
    def output(scale):
        with autograd.train_mode():
            return layer()(scale * x)

    assert abs(output(10.0) - output(1.0)).max() < 1e-3
    tiny, ten_times = output(1e-5).std(axis=0), output(1e-4).std(axis=0)
    assert (abs(ten_times / tiny - 10) < 0.1).all()


def test_frozen_layer_moves_only_where_something_below_needs_a_gradient(x):
    for below, moves in ((1, True), (0, False)):
        net = nn.Sequential()
        net.add(*[nn.Dense(4, in_units=4) for _ in range(below)], layer(), nn.Dense(1, in_units=4))
        net.initialize(force_reinit=True)
        net[below].collect_params().setattr("grad_req", "null")
        with autograd.record():
            y = net(x)
        y.backward()
        assert bool(abs(net[below].running_mean.data()).max() > 1e-3) is moves


def test_batch_of_one_becomes_beta_and_of_two_plus_and_minus_one_but_one_image_keeps_its_pixels():
    with autograd.train_mode():
        assert (layer()(np.array([[3.0, -7.0, 100.0, 0.0]])) == 0).all()
        pair = layer()(np.array([[3.0, -7, 5, 9], [4, 5, 5, 1]]))
        image = layer()(np.random.normal(0, 1, (1, 4, 5, 5)))
    assert abs(abs(pair[:, [0, 1, 3]]) - 1).max() < 1e-4 and (pair[:, 2] == 0).all()
    assert abs(image.std(axis=(0, 2, 3)) - 1).max() < 1e-3


@pytest.mark.parametrize(
    ("optimizer", "rate", "low", "high"), [("adam", 0.01, 5e-3, 0.1), ("sgd", 0.1, 1e-10, 1e-7)]
)
def test_rounding_noise_of_a_bias_before_it_moves_adam_by_hundredths_of_the_rate_and_sgd_not(
    optimizer, rate, low, high
):
    dx.seed(0)
    dense, net = nn.Dense(32, in_units=64), nn.Sequential()
    bn = nn.BatchNorm(in_channels=32)
    net.add(dense, bn, nn.Activation("relu"), nn.Dense(10, in_units=32))
    net.initialize(init.Xavier())
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": rate})
    moves = []
    for x, y in dx.data.Digits(batch_size=64).train_dataloader():
        before = dense.bias.data().copy()
        with autograd.record():
            losses = loss(net(x.reshape(len(x), -1)), y)
        losses.backward()
        trainer.step(len(x))
        moves.append(abs(dense.bias.data() - before).mean().item() / rate)
    assert low < sum(moves) / len(moves) < high
