"""For each exercise of chapter 2: other right answers, and classic mistakes with their hints.

Functions stand here as a learner types them, and run in the namespace of a notebook.
"""

import functools
import math
from fractions import Fraction

import numpy
from mxnet import np

from d2l_extras.chapters.cross_entropy import exercises as cross_entropy
from tests.chapters.notebook import typed

_loss = functools.partial(typed, name="cross_entropy")
_gradient = functools.partial(typed, name="score_gradient")


def loss_of(expression, before=""):
    """Return the learner's `cross_entropy` with this body."""
    lines = [*filter(None, before.split("; ")), f"return {expression}"]
    return _loss("\n    ".join(["def cross_entropy(x, labels):", *lines]) + "\n")


def gradient_of(expression, before=""):
    """Return the learner's `score_gradient` with this body."""
    lines = [*filter(None, before.split("; ")), f"return {expression}"]
    return _gradient("\n    ".join(["def score_gradient(x, labels):", *lines]) + "\n")


_LOOP = """
def cross_entropy(x, labels):
    losses = []
    for i in range(len(x)):
        row = x[i] - x[i].max()
        losses.append(np.log(np.exp(row).sum()) - row[labels[i]])
    return losses
"""
_PURE_PYTHON = """
import math

def cross_entropy(scores, y):
    result = []
    for row, label in zip(scores.tolist(), y.tolist()):
        top = max(row)
        result.append(math.log(sum(math.exp(s - top) for s in row)) + top - row[label])
    return np.array(result)
"""
_LOG_SOFTMAX = """
def log_softmax(x):
    m = np.max(x, axis=1, keepdims=True)
    return x - m - np.log(np.sum(np.exp(x - m), axis=1, keepdims=True))

def cross_entropy(x, labels):
    return -(log_softmax(x) * npx.one_hot(labels, x.shape[1])).sum(axis=1)
"""
_NUMPY = """
import numpy

def cross_entropy(x, labels):
    x, labels = x.asnumpy(), labels.asnumpy()
    m = x.max(axis=1)
    return numpy.log(numpy.exp(x - m[:, None]).sum(axis=1)) + m - x[numpy.arange(len(x)), labels]
"""
_INDEXED = """
cross_entropy = lambda x, labels: (
    np.log(np.exp(x - x.max(1, keepdims=True)).sum(1)) + x.max(1) - x[np.arange(len(x)), labels]
)
"""
_GRADIENT_LOOP = """
def score_gradient(x, labels):
    p = npx.softmax(x)
    for i in range(len(labels)):
        p[i, labels[i]] -= 1
    return p
"""
_GRADIENT_INDEXED = """
def score_gradient(x, labels):
    grad = npx.softmax(x, axis=1)
    grad[np.arange(x.shape[0]), labels] -= 1
    return grad
"""
_GRADIENT_BY_HAND = """
def score_gradient(x, labels):
    exps = np.exp(x - x.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True) - np.eye(x.shape[1])[labels]
"""
_GRADIENT_LISTS = """
import math

def score_gradient(x, labels):
    rows = []
    for row, label in zip(x.tolist(), labels.tolist()):
        exps = [math.exp(s - max(row)) for s in row]
        rows.append([e / sum(exps) - (k == label) for k, e in enumerate(exps)])
    return rows
"""
_GRADIENT_OF_LOG_SOFTMAX = """
def score_gradient(x, labels):
    return np.exp(npx.log_softmax(x)) - npx.one_hot(labels, x.shape[1])
"""
_GRADIENT_BY_AUTOGRAD = """
def score_gradient(x, labels):
    x = x.copy()
    x.attach_grad()
    with autograd.record():
        l = gluon.loss.SoftmaxCrossEntropyLoss()(x, labels)
    l.backward()
    return x.grad
"""
_SHIFT = "s = x - x.max(axis=1, keepdims=True)"
_IN_PLACE = "x -= x.max(axis=1, keepdims=True)"

CASES = {
    cross_entropy.product: {
        "right": [
            0.09,
            "0.090",
            "9 %",
            "0.9 * 0.1",
            "0.9 · 0.1 = 0.09",
            Fraction(9, 100),
            typed("answer = np.exp(-2 * 1.2040)"),
            typed("answer = np.exp(-np.array([0.1054, 2.3026])).prod()"),
            typed("answer = np.exp(np.array([-2.408]))"),
        ],
        "wrong": [
            (1.204, "mean loss"),
            (2.408, "sum"),
            (-2.408, "logarithm of the product"),
            (numpy.exp(2.408), "sign"),
            (numpy.exp(-1.204), "geometric"),
            (1.0, "not added"),
            (9, "between 0 and 1"),
            (0.08, "multiply."),
            ("nine hundredths", "one number"),
            ((0.9, 0.1), "one number"),
        ],
    },
    cross_entropy.floor: {
        "right": [
            0.313,
            "0.3133",
            "ln(1 + 1/e)",
            math.log(1 + 1 / math.e),
            typed("answer = np.log(1 + 1 / np.e)"),
            "math.log(1 + 1/math.e)",
            "ln(1 + 1/e) = 0.313",
            typed("answer = -np.log(npx.softmax(np.array([1.0, 0.0])))[0]"),
            typed("answer = gluon.loss.SoftmaxCrossEntropyLoss()(np.eye(2)[:1], np.array([0]))"),
        ],
        "wrong": [
            (0.0, "one softmax"),
            (1.461, "K = 10"),
            (0.693, "equal shares"),
            (1.313, "worst case"),
            (0.731, "probability"),
            (-0.313, "Turn the sign"),
            (0.31, "three decimals"),
            (2.0, "Apply softmax"),
            ("low", "one number"),
        ],
    },
    cross_entropy.from_scores: {
        "right": [
            _loss(source) for source in (_LOOP, _PURE_PYTHON, _LOG_SOFTMAX, _NUMPY, _INDEXED)
        ],
        "wrong": [
            (loss_of("np.log(np.exp(x).sum(axis=1)) - npx.pick(x, labels)", _IN_PLACE), "changes"),
            (loss_of("-np.log(npx.pick(npx.softmax(x), labels)).mean()"), "one number"),
            (loss_of("np.log(np.exp(s).sum(axis=1, keepdims=True)) - npx.pick(s, labels)", _SHIFT),
             "(samples, samples)"),
            (loss_of("-np.log(npx.softmax(x))"), "each class"),
            (loss_of("npx.pick(np.log(npx.softmax(x)), labels)"), "negative"),
            (loss_of("-npx.pick(x, labels)"), "score itself"),
            (loss_of("np.log(np.exp(x).sum(axis=1))"), "of the sum alone"),
            (loss_of("np.log(np.exp(s).sum(axis=1)) - npx.pick(x, labels)", _SHIFT),
             "shifted the scores in the sum"),
            (loss_of("-npx.pick(npx.softmax(x), labels)"), "minus its logarithm"),
            (loss_of("-np.log(npx.pick(npx.softmax(npx.softmax(x)), labels))"), "softmax twice"),
            (loss_of("-np.log(npx.pick(npx.softmax(x, axis=0), labels))"),
             "normalized the columns"),
            (loss_of("np.log(np.exp(s).sum(axis=1)) - npx.pick(s, labels)",
                     "s = x - x.max(axis=0)"),
             "maximum of each column"),
            (loss_of("-np.log2(npx.pick(npx.softmax(x), labels))"), "natural"),
            (loss_of("-(np.log(npx.softmax(x)) * npx.one_hot(labels, 3)).mean(axis=1)"),
             "number of classes"),
            (loss_of("-np.log(npx.pick(npx.softmax(x), labels)) / len(x)"), "number of samples"),
            (loss_of("-np.log(npx.pick(npx.softmax(x), labels - 1))"), "it is 0.4076"),
            (loss_of("np.log(np.exp(x).sum(axis=1)) - npx.pick(x, labels)"), "overflows"),
            (loss_of("np.log(np.exp(s).sum(axis=1)) - npx.pick(s, labels)", "s = x - x.max()"),
             "own maximum"),
            (loss_of("-np.log(npx.pick(npx.softmax(x), labels))"), "log(0)"),
            (loss_of("-np.log(npx.pick(npx.softmax(x), labels) + 1e-12)"), "yours 27.63"),
            (loss_of("np.log(np.exp(s).sum(axis=1)) - npx.pick(s, labels)",
                     "s = np.clip(x, -50, 50)"), "yours 60"),
            (loss_of("np.log(np.exp(s).sum(axis=1)) - npx.pick(s, labels)",
                     "x = np.maximum(x, -100); s = x - x.max(axis=1, keepdims=True)"),
             "as they are"),
            (loss_of("-npx.pick(npx.log_softmax(x), labels)"), "does the work"),
            (loss_of("np.log(np.exp(x).sum(axis=1)) - npx.pick(x, labels)",
                     "x = x - max(x.max().item(), 0) if len(x) == 1 else "
                     "x - x.max(axis=1, keepdims=True)"), "alone in their batch"),
            (loss_of("-np.log(npx.pick(npx.softmax(x.astype('float64')), labels))"),
             "cost 1000, yours inf"),
            (loss_of("np.log(np.exp(x).sum(axis=1))[:2]"), "not (2,)"),
            (loss_of("-(np.log(npx.softmax(x)) * npx.one_hot(labels, 3)).sum(axis=1)"), "x.shape"),
            (loss_of("x.no_such_thing()"), "AttributeError in line 2 of cross_entropy"),
            (loss_of("[]", "p = npx.softmax(x); return"), "returned nothing"),
            (loss_of("['small', 'large']"), "Expected numbers"),
            (0.4076, "function itself"),
        ],
    },
    cross_entropy.gradient: {
        "right": [
            _gradient(source)
            for source in (
                _GRADIENT_LOOP,
                _GRADIENT_INDEXED,
                _GRADIENT_BY_HAND,
                _GRADIENT_LISTS,
                _GRADIENT_OF_LOG_SOFTMAX,
            )
        ],
        "wrong": [
            (gradient_of("npx.one_hot(labels, 3) - npx.softmax(x)"), "Turn the sign"),
            (gradient_of("(npx.softmax(x) - npx.one_hot(labels, 3)) / len(x)"), "of the mean"),
            (gradient_of("npx.softmax(x)"), "subtract 1"),
            (gradient_of("x - npx.one_hot(labels, 3)"), "from the scores"),
            (gradient_of("-npx.one_hot(labels, 3) / npx.softmax(x)"), "for the probabilities"),
            (gradient_of("npx.softmax(x, axis=0) - npx.one_hot(labels, 3)"), "columns"),
            (gradient_of("npx.softmax(npx.softmax(x)) - npx.one_hot(labels, 3)"), "twice"),
            (gradient_of("-np.log(npx.pick(npx.softmax(x), labels))"), "shape of x"),
            (gradient_of("npx.softmax(x) * (1 - npx.softmax(x))"), "it is 0.0900"),
            (gradient_of("x", "x[:] = npx.softmax(x) - npx.one_hot(labels, 3)"), "a copy"),
            (gradient_of("e / e.sum(axis=1, keepdims=True) - npx.one_hot(labels, x.shape[1])",
                         "e = np.exp(x)"), "1000 or -1000"),
            (_gradient(_GRADIENT_BY_AUTOGRAD), "autograd does the work"),
            (gradient_of("npx.softmax(x) - npx.one_hot(labels, 3)"), "x.shape"),
            (gradient_of("npx.softmax(X)"), "NameError in line 2"),
            (gradient_of("[1, [2]]"), "Expected numbers"),
        ],
    },
    cross_entropy.counts: {
        "right": [-3, "-3", "−3", "—3", "minus 3", "minus three", "-3 cars", "4 - 7", "4 − 7 = −3",
                  np.array(-3.0), typed("answer = np.exp(np.log(4)) - 7")],
        "wrong": [
            (3, "Turn the sign"),
            (math.log(4) - 7, "score itself"),
            (4 - 7 * math.log(4), "differentiate"),
            (1 - 7 / 4, "derivative for the expected count"),
            (4, "subtract what was seen"),
            (0, "put in"),
            ("fewer", "one number"),
        ],
    },
}  # fmt: skip
