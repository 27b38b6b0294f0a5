"""The right answers to the questions of chapter 6, computed."""

import functools

import numpy
from mxnet import autograd, init, np
from mxnet.gluon import nn

import d2l_extras as dx
from d2l_extras.chapters.batch_norm import questions as asked
from tests.chapters.batch_norm.test_record import RATES, at_best_rate, half, runs
from tests.chapters.questions import only


def layer(features=4, **options):
    bn = nn.BatchNorm(in_channels=features, **options)
    bn.initialize()
    return bn


def in_train_mode(block, x):
    with autograd.train_mode():
        return block(x)


def update(block, x):
    with autograd.record():
        total = block(x).sum()
    total.backward()


@functools.cache
def batch():
    dx.seed(0)
    return np.random.normal(5, 3, (64, 4))


def channels():
    bn, x = nn.BatchNorm(), np.random.normal(5, 3, (32, 3, 6, 6))
    bn.initialize()
    assert abs(in_train_mode(bn, x).mean(axis=(0, 2, 3))).max() < 1e-4
    (means,) = bn.running_mean.shape
    return f"{means} means over {x.size // means:,} numbers each"


def fresh():
    x, y = batch(), layer()(batch())
    return only(
        A=abs(y.mean()) < 0.01,
        B=abs(y / x - 1).max() < 1e-4,
        C=(y == 0).all(),
        D=y.shape != x.shape,
    )


def moves():
    bn = layer()
    for _ in range(3):
        with autograd.record():
            y = bn(batch())
    y.wait_to_read()
    share = (bn.running_mean.data() / batch().mean(axis=0)).mean().item()
    return only(A=share == 0, B=0 < share < 0.99, C=share >= 0.99)


def follows():
    t = 0
    while 1 - 0.99**t < 0.99:
        t += 1
    return t


def ported():
    def running(momentum):
        bn = layer(momentum=momentum)
        for x in (batch(), 2 * batch()):
            update(bn, x)
        return bn.running_mean.data()

    means = batch().mean(axis=0)
    got, right = running(0.1), running(1 - 0.1)
    trained = [in_train_mode(layer(momentum=m), batch()) for m in (0.1, 0.9)]
    return only(
        A=numpy.allclose(got, right),
        B=(got < right).all(),
        C=(abs(got / (2 * means) - 1) < 0.1).all(),
        D=not numpy.allclose(*trained),
    )


def tenfold():
    dx.seed(2)
    x, weight = np.random.normal(size=(64, 3)), np.random.normal(size=(4, 3))

    def output_and_gradient(w):
        w.attach_grad()
        with autograd.record():
            y = layer()(np.dot(x, w.T))
            loss = (y**3).mean()
        loss.backward()
        return y.asnumpy(), w.grad.asnumpy()

    (y, g), (ten_y, ten_g) = output_and_gradient(weight), output_and_gradient(10 * weight)
    same, times = numpy.allclose(y, ten_y, atol=1e-3), abs(ten_g).sum() / abs(g).sum()
    return only(
        A=numpy.allclose(10 * y, ten_y, atol=1e-2) and 9 < times < 11,
        B=same and 0.9 < times < 1.1,
        C=same and 9 < times < 11,
        D=same and 0.09 < times < 0.11,
    )


def bend():
    dx.seed(2)
    images, unit = dx.data.Digits().train[0].reshape(-1, 64), np.random.normal(0, 1, (64, 32))
    assert abs(np.dot(images, 0.1 * unit).var(axis=0).mean() - 0.054) < 0.001
    scales = numpy.geomspace(1e-6, 1, 61)
    out = [in_train_mode(layer(32), np.dot(images, s * unit)).std(axis=0).mean() for s in scales]
    return numpy.interp(0.5, numpy.array(out, dtype=float), scales), 0.5


def bears():
    means = {rate: mean for rate, (mean, _) in asked.accuracies("bn").items() if rate >= 1}
    falling, rates = list(means.values())[::-1], list(means)[::-1]
    return 10 ** numpy.interp(0.5, falling, numpy.log10(rates)), 0.5


def gap():
    early, late = (
        100
        * (at_best_rate("bn", RATES, after=n)[0] - at_best_rate("plain", RATES, after=n)[0]).mean()
        for n in (25, 1600)
    )
    return only(
        A=3 < early < 7 and 3 < late < 7,
        B=45 < early < 55 and 0 < late < 2,
        C=0 < early < 2 and 15 < late < 25,
        D=45 < early < 55 and 45 < late < 55,
    )


def causes():
    at_2 = {kind: runs(kind, learning_rate=2.0).mean() for kind in ("start", "pinned", "shaken")}
    assert (
        runs("bn", learning_rate=2.0).min() > 0.9 and runs("plain", learning_rate=2.0).max() < 0.2
    )
    return " and ".join(kind for kind, accuracy in at_2.items() if accuracy > 0.5)


def too_small():
    rates = [0.03, 0.1, 0.3, 0.5, 1.0]
    behind = []
    for size in (2, 4, 8, 16, 32):
        bn, plain = (at_best_rate(kind, rates, batch_size=size)[0] for kind in ("bn", "plain"))
        if (bn - plain).mean() - half(bn - plain) <= 0:
            behind.append(size)
    return str(max(behind))


@functools.cache
def trained():
    """Return the network of the chapter, trained with seed 0."""
    dx.seed(0)
    net = nn.HybridSequential()
    net.add(nn.Flatten())
    for inputs in (64, 32):
        net.add(nn.Dense(32, use_bias=False, in_units=inputs), nn.BatchNorm(in_channels=32),
                nn.Activation("relu"))  # fmt: skip
    net.add(nn.Dense(10, in_units=32))
    net.initialize(init.Xavier())
    dx.fit(net, dx.data.Digits(batch_size=64), epochs=5, learning_rate=0.1, progress=False)
    return net


def in_batches():
    x, y = dx.data.Digits().val
    predicted = dx.evaluate(trained(), (x, y)).accuracy
    assert predicted > 0.9

    def accuracy(size):
        parts = [in_train_mode(trained(), x[i : i + size]) for i in range(0, len(x), size)]
        return (np.concatenate(parts).argmax(axis=1).astype("int32") == y).mean().item()

    one, four, all_of_them = map(accuracy, (1, 4, 297))
    guessed = one < 0.15
    return only(
        A=guessed and four < predicted - 0.1 and all_of_them > 0.9,
        B=min(one, four, all_of_them) > 0.9,
        C=min(one, four) > 0.9 and all_of_them < 0.15,
        D=max(one, four, all_of_them) < 0.15,
    )


def frozen():
    net = nn.Sequential()
    net.add(nn.Dense(4, in_units=4), nn.BatchNorm(in_channels=4), nn.Dense(1, in_units=4))
    net.initialize()
    net[1].collect_params().setattr("grad_req", "null")
    twin = layer()
    update(net, batch())
    update(twin, net[0](batch()))
    moved = numpy.allclose(net[1].running_mean.data(), twin.running_mean.data(), atol=1e-5)
    from_the_batch = abs(in_train_mode(net[1], batch()).mean(axis=0)).max() < 1e-4
    stands = (net[1].running_mean.data() == 0).all()
    return only(A=stands and from_the_batch, B=moved, C=stands and not from_the_batch)


def loaded():
    net, digits = trained(), dx.data.Digits()
    saved = [name for name in net.collect_params() if "running_" not in name]
    before, train = (dx.evaluate(net, part).accuracy for part in (digits.test, digits.train))
    statistics = {n: p.data().copy() for n, p in net.collect_params(".*running.*").items()}
    net.collect_params(".*running.*").initialize(force_reinit=True)
    after = dx.evaluate(net, digits.test).accuracy
    for name, value in statistics.items():
        net.collect_params()[name].set_data(value)
    again = dx.evaluate(net, digits.test).accuracy
    x = np.random.normal(5, 3, (8, 32))
    return only(
        A=train - before > 0.2,
        B=not any("gamma" in name for name in saved),
        C=numpy.allclose(net[2](x), x),
        D=after < before - 0.1 and again == before,
    )
