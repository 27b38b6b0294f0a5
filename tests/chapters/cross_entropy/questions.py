"""The right answers to the questions of chapter 2, computed."""

import functools

import numpy
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn
from scipy import optimize, special

import d2l_extras as dx
from tests.chapters.questions import only

loss = gluon.loss.SoftmaxCrossEntropyLoss()


def tenth():
    return numpy.log(0.1) / numpy.log(0.9)


@functools.cache
def digits():
    return dx.data.Digits().train


def trained(net, optimizer, rate, updates, twice=False, until=0, shuffled=False):
    """Train on all digits at once, until the loss is so low; return the loss and the accuracy."""
    images, truth = digits()
    if shuffled:
        truth = np.array(numpy.random.default_rng(0).permutation(truth.asnumpy()))
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": rate})
    for _ in range(updates):
        with autograd.record():
            x = net(images)
            losses = loss(npx.softmax(x) if twice else x, truth)
        if until and losses.mean().item() < until:
            break
        losses.backward()
        trainer.step(len(images))
    x = net(images)
    right = (x.asnumpy().argmax(axis=1) == truth.asnumpy()).mean()
    return loss(npx.softmax(x) if twice else x, truth).mean().item(), right


def untrained():
    """A network that disagrees with all letters but one: 2.30 and far more than 10 % right."""
    net = nn.Dense(10)
    net.initialize(init.Zero())
    cost, right = trained(net, "sgd", 0.001, updates=1)
    assert abs(cost - numpy.log(10)) < 1e-3
    assert right > 0.6
    mean_is_a_tenth = abs(numpy.exp(-cost) - 0.1) < 1e-3
    return only(A=right > 0.75, B=mean_is_a_tenth, C=right < 0.15, D=right < 0.1)


def shape():
    return str(loss(np.zeros((3, 3)), np.zeros(3)).shape)


def far():
    x, label = np.array([[100.0, -10.0, 0.1]]), np.array([1])
    simple = -np.log(npx.pick(npx.softmax(x), label)).item()
    fused = loss(x, label).item()
    words = {numpy.inf: "infinity", 110: "110"}
    return f"{words[round(simple) if numpy.isfinite(simple) else simple]} and {words[round(fused)]}"


def raised():
    x = np.array([[1.0, 2.0, 3.0]])
    x.attach_grad()
    with autograd.record():
        losses = loss(x, np.array([2]))
    losses.backward()
    up = numpy.flatnonzero(-x.grad[0].asnumpy() > 0).tolist()
    return only(A=up == [0, 1, 2], B=up == [0, 1], C=up == [], D=up == [2])


def bowl():
    rng = numpy.random.default_rng(0)
    pairs = rng.normal(0, 3, size=(2, 10_000, 3))

    def above(function):
        line = (function(pairs[0]) + function(pairs[1])) / 2
        return (function(pairs.mean(axis=0)) > line + 1e-9).mean()

    squared = above(lambda x: ((special.softmax(x, axis=1) - [1, 0, 0]) ** 2).sum(axis=1))
    assert above(lambda x: special.logsumexp(x, axis=1) - x[:, 0]) == 0
    return only(A=squared == 0, B=0 < squared < 0.01, C=squared > 0.25)


def walk():
    nets = []
    for seed in (0, 1):
        dx.seed(seed)
        net = nn.Sequential()
        net.add(nn.Dense(32, activation="relu"), nn.Dense(10))
        net.initialize(init.Xavier())
        assert trained(net, "adam", 0.05, updates=60)[0] < 0.05
        nets.append(net)
    ends = [[p.data().copy() for p in net.collect_params().values()] for net in nets]
    costs = []
    for share in numpy.linspace(0, 1, 11):
        for p, a, b in zip(nets[0].collect_params().values(), *ends, strict=True):
            p.set_data((1 - share) * a + share * b)
        costs.append(loss(nets[0](digits()[0]), digits()[1]).mean().item())
    top, ends = max(costs), max(costs[0], costs[-1])
    return only(
        A=top < ends + 0.05,
        B=top > numpy.log(10),
        C=ends + 0.05 <= top < 0.5,
        D=min(costs) < min(costs[0], costs[-1]) - 0.05,
    )


def smoothed():
    def cost(p):
        return -0.8 * numpy.log(p) - 0.2 * numpy.log((1 - p) / 2)

    best = optimize.minimize_scalar(cost, bounds=(0.01, 0.99), method="bounded")
    return best.x, best.fun


def floor_and_ceiling():
    best, worst = npx.one_hot(np.array([3, 4]), 10)
    return [loss(row.reshape(1, -1), np.array([3])).item() for row in (best, worst)]


@functools.cache
def one_layer(*recipe, **more):
    dx.seed(0)
    net = nn.Dense(10)
    net.initialize(init.Normal(0.01))
    return trained(net, *recipe, **more)


def stuck():
    """Of the four, only softmax twice has 99 % right at 1.47; the others are made as well."""
    small_rate = one_layer("sgd", 0.1, 400, until=1.47)
    overfitted, twice = (one_layer("adam", 0.1, 400, twice=kind) for kind in (False, True))
    shuffled = one_layer("adam", 0.1, 100, shuffled=True)

    def seen(cost, right):
        return abs(cost - 1.47) < 0.015 and right > 0.98

    return only(A=seen(*small_rate), B=seen(*overfitted), C=seen(*twice), D=seen(*shuffled))


def between():
    best, worst = floor_and_ceiling()
    return f"from {best:.2f} to {worst:.2f}"


def accuracy():
    recipes = ("adam", 0.1, 400), ("sgd", 0.5, 400)
    assert all(one_layer(*recipe, twice=False)[1] > 0.95 for recipe in recipes)
    (floor, adam), (cost, sgd) = (one_layer(*recipe, twice=True) for recipe in recipes)
    assert 1.461 < floor < 1.481
    assert cost > 1.6  # the floor is not in sight
    return only(
        A=adam > 0.95 and sgd > 0.95,
        B=adam > 0.95 and sgd < 0.9,
        C=adam < 0.9 and sgd < 0.9,
        D=adam < 0.9 and sgd > 0.95,
    )


def labels():
    x = np.array([[1.0, 2.0, 3.0]])
    three, two = (loss(x, np.array([label])).item() for label in (3, 2))
    return only(A=three == two, B=False, C=numpy.isnan(three), D=three == 0)


def two_units():
    z = np.array([[1.3, -0.4], [-5.0, 2.0], [0.0, 0.0]])
    binary = gluon.loss.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True)
    rows = npx.one_hot(np.array([0, 0, 1]), 2)
    ratio = (binary(npx.softmax(z), rows) / loss(z, np.array([0, 0, 1]))).asnumpy()
    return only(
        A=numpy.allclose(ratio, 2, atol=1e-3),
        B=numpy.allclose(ratio, 0.5, atol=1e-3),
        C=numpy.ptp(ratio) > 1e-2,
        D=numpy.allclose(ratio, 1, atol=1e-3),
    )
