"""The right answers to the questions of chapter 1, computed."""

import functools

import numpy
from mxnet import np, npx
from mxnet.gluon import nn

import d2l_extras as dx
from tests.chapters.questions import only


def shapes():
    layer = nn.Dense(10)
    layer.initialize()
    scores = layer(np.zeros((100, 1, 8, 8)))
    return f"O {scores.shape}, W {layer.weight.shape}"


def sums():
    return str(np.ones((100, 10)).sum(axis=1, keepdims=True).shape)


def winners():
    rows = numpy.random.default_rng(0).normal(0, 3, size=(10_000, 5)).astype("float32")
    changed = rows.argmax(axis=1) != npx.softmax(np.array(rows)).asnumpy().argmax(axis=1)
    return {0: "in none"}[int(changed.sum())]


def spacing():
    small, large = (npx.softmax(np.array(s)).asnumpy() for s in ([1, 2, 3], [1001, 1002, 1003]))
    surer, same = large.max() > small.max() + 1e-6, numpy.allclose(small, large)
    return only(A=surer, B=same, C=large.max() < small.max() - 1e-6, D=numpy.isnan(large).any())


def doubled():
    p = npx.softmax(np.array([2.0, 4.0, 6.0])).asnumpy()
    return p[2] / p[1]


def undecided():
    above = []
    for temperature in (0.1, 0.5, 1, 2, 10):
        p = npx.softmax(np.array([1.0, 2.0, 3.0]) / temperature).asnumpy()
        if -(p * numpy.log(p + 1e-30)).sum() > 1:
            above.append(f"{temperature:g}")
    return "at " + " and ".join(above)


@functools.cache
def trained():
    dx.seed(0)
    net = nn.Dense(10)
    net.initialize()
    dx.fit(net, dx.data.Digits(), epochs=30, learning_rate=0.5, progress=False)
    return net


def sure_and_right(change):
    """Return the mean largest probability of the chapter's network, and its share of right ones."""
    images, labels = dx.data.Digits().val
    p = npx.softmax(trained()(change(images))).asnumpy()
    return p.max(axis=1).mean(), (p.argmax(axis=1) == labels.asnumpy()).mean()


def calibrated():
    sure, right = sure_and_right(lambda images: images)
    assert 0.93 < right < 0.97
    return only(A=sure > 0.97, B=0.93 <= sure <= 0.97, C=sure < 0.93)


def negative():
    sure, right = sure_and_right(lambda images: 1 - images)
    return only(A=sure < 0.2, B=sure > 0.5 and right > 0.5, C=sure > 0.5 and right < 0.1)


def overflow():
    exps = np.exp(np.array([[100, 10, 0.1]]))
    winner = (exps / exps.sum(axis=1, keepdims=True))[0, 0].item()
    return only(A=winner == 1, B=numpy.isnan(winner), C=False, D=numpy.isinf(winner))


def largest():
    return numpy.log(numpy.finfo("float32").max)


def hopeless():
    x = np.array([200, 10, 0.1])
    one, other = np.log(npx.softmax(x))[1].item(), npx.log_softmax(x)[1].item()
    words = {-190: "-190", -numpy.inf: "-infinity"}
    return f"{words[one]} and {words[round(other)]}"


def tags():
    return f"{npx.softmax(np.array([10.0, 10.0, -10.0]))[0].item():g}"


def square():
    exps = numpy.exp(numpy.random.default_rng(0).normal(size=(10, 10)))
    wrong = exps / exps.sum(axis=1)  # raises if the shapes do not fit
    right = exps / exps.sum(axis=1, keepdims=True)
    return only(A=False, B=numpy.allclose(wrong, right), C=not numpy.allclose(wrong, right))
