"""For each exercise of chapter 2: other right answers, and classic mistakes with their hints."""

import numpy
from mxnet import autograd, gluon, np, npx

from d2l_extras.chapters.cross_entropy import exercises as cross_entropy


def _by_hand(x, labels):
    losses = []
    for row, label in zip(x.asnumpy().astype("float64"), labels.asnumpy(), strict=True):
        losses.append(row.max() + numpy.log(numpy.exp(row - row.max()).sum()) - row[label])
    return np.array(losses)


def _fused(x, labels):
    return gluon.loss.SoftmaxCrossEntropyLoss()(x, labels)


def _masked(x, labels):
    return -(npx.log_softmax(x) * npx.one_hot(labels, x.shape[1])).sum(axis=1)


def _naive(x, labels):
    return -np.log(npx.pick(np.exp(x) / np.exp(x).sum(axis=1, keepdims=True), labels))


def _log_of_softmax(x, labels):
    return -np.log(npx.pick(npx.softmax(x), labels))


def _patched(x, labels):
    return -np.log(npx.pick(npx.softmax(x), labels) + 1e-12)


def _twice(x, labels):
    return _fused(npx.softmax(x), labels)


def _wrong_axis(x, labels):
    exps = np.exp(x)
    return -np.log(npx.pick(exps / exps.sum(axis=0, keepdims=True), labels))


def _global_maximum(x, labels):
    shifted = x - x.max()
    return np.log(np.exp(shifted).sum(axis=1)) - npx.pick(shifted, labels)


def _broadcast(x, labels):
    return np.log(np.exp(x).sum(axis=1, keepdims=True)) - npx.pick(x, labels)


def _gradient_by_autograd(x, labels):
    x = x.copy()
    x.attach_grad()
    with autograd.record():
        loss = _fused(x, labels)
    loss.backward()
    return x.grad


def _gradient_by_hand(x, labels):
    p = npx.softmax(x).asnumpy()
    for row, label in zip(p, labels.asnumpy(), strict=True):
        row[label] -= 1
    return np.array(p)


CASES = {
    cross_entropy.untrained: {
        "right": ["B", "b", "B: nothing"],
        "wrong": [("A", "no error rate"), ("C", "starts at ln 10"), ("D", "above"), (7, "letter")],
    },
    cross_entropy.stuck: {
        "right": ["C", " c "],
        "wrong": [("A", "small rate"), ("B", "new data"), ("D", "Shuffled"), ("", "letter")],
    },
    cross_entropy.product: {
        "right": [0.0899, numpy.exp(-2 * 1.2040), np.array(0.09)],
        "wrong": [
            (1.204, "mean loss"),
            (2.408, "sum"),
            (numpy.exp(2.408), "sign"),
            (numpy.exp(-1.204), "geometric"),
            (0.5, "multiply"),
        ],
    },
    cross_entropy.floor: {
        "right": [0.313, numpy.log(1 + 1 / numpy.e), np.array(0.3133)],
        "wrong": [
            (0.0, "one softmax"),
            (1.461, "K = 10"),
            (0.693, "knowing nothing"),
            (1.313, "worst case"),
            (0.731, "probability"),
            (2.0, "Apply softmax"),
        ],
    },
    cross_entropy.from_scores: {
        "right": [_by_hand, _fused, _masked],
        "wrong": [
            (lambda x, labels: _fused(x, labels).sum(), "one number"),
            (_broadcast, "(samples, samples)"),
            (lambda x, labels: -npx.log_softmax(x), "each class"),
            (lambda x, labels: -_fused(x, labels), "negative"),
            (lambda x, labels: -npx.pick(x, labels), "score itself"),
            (lambda x, labels: -npx.pick(npx.softmax(x), labels), "take its logarithm"),
            (_twice, "softmax twice"),
            (_wrong_axis, "columns"),
            (lambda x, labels: _fused(x, labels) / numpy.log(2), "natural"),
            (_naive, "overflows"),
            (_global_maximum, "own maximum"),
            (_log_of_softmax, "log(0)"),
            (_patched, "hides"),
        ],
    },
    cross_entropy.gradient: {
        "right": [_gradient_by_autograd, _gradient_by_hand],
        "wrong": [
            (lambda x, labels: npx.one_hot(labels, 3) - npx.softmax(x), "Turn the sign"),
            (lambda x, labels: _gradient_by_hand(x, labels) / len(x), "of the mean"),
            (lambda x, labels: npx.softmax(x), "subtract 1"),
            (lambda x, labels: x - npx.one_hot(labels, 3), "from the scores"),
            (lambda x, labels: npx.softmax(x, axis=0) - npx.one_hot(labels, 3), "sum to 0"),
            (lambda x, labels: _fused(x, labels), "shape of x"),
        ],
    },
}
