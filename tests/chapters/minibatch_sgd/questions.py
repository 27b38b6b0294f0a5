"""The right answers to the questions of chapter 3, computed."""

import functools

import numpy
from mxnet import autograd, gluon, init, np
from mxnet.gluon import nn

import d2l_extras as dx
from d2l_extras.chapters.minibatch_sgd.lab import compute
from tests.chapters.questions import only

FOUR = np.array([1.0, 2.0, 3.0, 4.0])


def updates():
    return 10 * len(range(0, 50_000, 500))


def bowl(batch_size, rate):
    return compute(rate, batch_size, noise=2.0, curvature=10.0, epochs=10, decay=False)


def nearest():
    one, eight, whole = (bowl(size, 0.05).stray for size in (1, 8, 256))
    closest = min(one, eight, whole)
    level = max(one, eight, whole) < 1.2 * closest
    return only(A=one == closest, B=eight == closest, C=whole == closest, D=level)


def backward():
    w = np.array(1.0)
    w.attach_grad()
    with autograd.record():
        losses = (w * FOUR) ** 2
    losses.backward()
    got, slopes = w.grad.asnumpy(), 2 * FOUR.asnumpy() ** 2
    return only(
        A=got.shape == (4,), B=got == slopes.mean(), C=got == slopes[-1], D=got == slopes.sum()
    )


def first_step(average, n, optimizer="sgd"):
    """Return the weight after a step at rate 0.1, and by which gradient it went."""
    net = nn.Dense(1, use_bias=False, in_units=1)
    net.initialize(init.One())
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.1})
    with autograd.record():
        loss = net(FOUR.reshape(4, 1)) ** 2
        loss = loss.mean() if average else loss
    loss.backward()
    trainer.step(n)
    gradient = net.weight.grad().item() * trainer.optimizer.rescale_grad
    return net.weight.data().item(), gradient


def four_ways():
    vector, mean = ({n: first_step(average, n)[0] for n in (4, 1)} for average in (False, True))
    return only(
        A=numpy.isclose(vector[4], mean[1]),
        B=numpy.isclose(vector[4], mean[4]),
        C=numpy.isclose(vector[1], mean[4]),
        D=numpy.isclose(vector[1], mean[1]),
    )


def adam():
    ways = [first_step(average, n, "adam") for average in (False, True) for n in (4, 1)]
    weights, gradients = map(numpy.array, zip(*ways, strict=True))
    assert numpy.allclose(sorted(gradients), [3.75, 15, 15, 60])  # as a reply says
    return only(
        A=gradients[0] == gradients[1],
        B=abs(weights - 1).max() < 0.01,
        C=numpy.ptp(gradients) < 1e-6,
        D=numpy.ptp(weights / gradients) > 0.01 and numpy.ptp(weights) < 1e-5,
    )


@functools.cache
def perceptron_loss(rate, epochs):
    dx.seed(0)
    net = nn.HybridSequential()
    net.add(nn.Dense(256, activation="relu"), nn.Dense(10))
    net.initialize(init.Normal(0.01))
    data = dx.data.Digits(batch_size=256)  # five batches in an epoch
    dx.fit(net, data, epochs=epochs, learning_rate=rate, progress=False)
    return dx.evaluate(net, data.train).loss


def too_few():
    losses = perceptron_loss(0.01, 5), perceptron_loss(0.01, 235), perceptron_loss(0.5, 5)
    few, many, high = (round(loss, 1) for loss in losses)
    words = f"about {few}, {many} and {high}"
    return {"about 2.3, 1.9 and 1.9": "C"}[words]


def below_limit():
    lost = [size for size in (256, 8, 1) if bowl(size, 0.15).diverged]
    return only(A=lost == [], B=lost == [1], C=lost == [8, 1], D=lost == [256, 8, 1])


def noise():
    """The batch whose mean is half as noisy, from the digits that the chapter uses, by counting."""
    values = dx.data.Digits().train[0].reshape(1200, -1).asnumpy()
    rng = numpy.random.default_rng(0)

    def deviation(batch_size):
        means = [values[rng.integers(0, 1200, batch_size)].mean(axis=0) for _ in range(2000)]
        return numpy.sqrt(numpy.var(means, axis=0).sum())

    alone = deviation(1)
    return min(range(1, 9), key=lambda size: abs(deviation(size) - alone / 2))


@functools.cache
def walked(rates, walkers=10_000):
    """Return the distance to the minimum at the end, root mean square, of single samples."""
    rng, w = numpy.random.default_rng(0), numpy.full(walkers, 5.0)
    for rate in rates:
        w = w - rate * (w - rng.normal(0, 1, walkers))
    return numpy.sqrt((w**2).mean())


def radius():
    assert abs(walked((0.4,) * 400) - 0.5) < 0.02  # what the picture shows
    return 400, walked((0.1,) * 400)


def schedule():
    turns = range(1, 401)
    ends = {
        "A": walked((0.4,) * 400),
        "B": walked(tuple(1 / t for t in turns)),
        "C": walked((0.025,) * 400),
        "D": walked(tuple(0.2 * 0.9**t for t in turns)),
    }
    return min(ends, key=ends.get)


@functools.cache
def record():
    runs = dx.records.read("minibatch-sgd")
    runs = runs[(runs.held_out == "val") & (runs.target == 0.85)]
    runs = runs.fillna({"updates": numpy.inf, "epochs": numpy.inf})
    return runs.assign(time=runs.updates * runs.processor_ms)


@functools.cache
def best_rates():
    table = record().pivot_table("updates", "batch_size", "learning_rate", aggfunc="median")
    return table.idxmin(axis=1)


def medians(rates):
    chosen = record()[record().learning_rate == record().batch_size.map(rates)]
    return chosen.groupby("batch_size")[["epochs", "updates", "time"]].median()


def currencies():
    at_best = medians(best_rates())
    fewest, time = at_best.idxmin(), at_best.time
    slow_ones = time[1] > 3 * time[8] and time.loc[32:].max() < 2 * time.loc[32:].min()
    return only(
        A=fewest.epochs == 1200 and fewest.updates == 1,
        B=fewest.epochs == 1 and fewest.updates == 1,
        C=fewest.epochs == 1 and fewest.updates == 1200 and slow_ones,
        D=at_best.epochs.max() < 1.5 * at_best.epochs.min(),
    )


def rule():
    best, ruled = medians(best_rates()).epochs, medians({8: 0.0125, 512: 0.8}).epochs
    before, gap = best[512] / best[8], ruled[512] / ruled[8]
    assert round(before) == 13  # as the question says
    return only(
        A=gap < 3 and ruled[512] < best[512] / 2,
        B=gap > before / 1.5,
        C=gap > 1.5 * before,
        D=gap < 3 and ruled[8] > 5 * best[8],
    )


def seen():
    rng = numpy.random.default_rng(0)
    return 100 * len(set(rng.integers(0, 100_000, 100_000).tolist())) / 100_000
