"""For each exercise of chapter 1: other right answers, and classic mistakes with their hints."""

import math
from fractions import Fraction

import numpy
from mxnet import np, npx

from d2l_extras.chapters.softmax import exercises as softmax


def _by_hand(x):
    rows = []
    for row in x.asnumpy():
        exps = numpy.exp(row - row.max())
        rows.append(exps / exps.sum())
    return np.array(rows)


def _in_numpy(x):
    exps = numpy.exp(x.asnumpy() - x.asnumpy().max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def _naive(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


def _wrong_axis(x):
    return np.exp(x) / np.exp(x).sum(axis=0, keepdims=True)


def _no_keepdims(x):
    return np.exp(x) / np.exp(x).sum(axis=1)


def _global_maximum(x):
    exps = np.exp(x - x.max())
    return exps / exps.sum(axis=1, keepdims=True)


def _mean(x):
    return _naive(x - x.mean(axis=1, keepdims=True))


def _capped(x):
    return _naive(np.clip(x, -80, 80))


def _scaled(x):
    return _naive(x / x.max(axis=1, keepdims=True))


def _sum_of_everything(x):
    return np.exp(x) / np.exp(x).sum()


def _only_the_sum(x):
    return np.exp(x).sum(axis=1)


CASES = {
    softmax.by_hand: {
        "right": [
            (1 / 6, 1 / 3, 1 / 2),
            [0.16667, 0.33333, 0.5],
            [Fraction(1, 6), Fraction(1, 3), Fraction(1, 2)],
            numpy.array([[1, 2, 3]]) / 6,
            npx.softmax(np.array([0, math.log(2), math.log(3)])),
        ],
        "wrong": [
            ([1, 2, 3], "now divide"),
            ([0, 0.3868, 0.6132], "exponentiate them first"),
            ([1 / 2, 1 / 3, 1 / 6], "order is kept"),
            ([16.67, 33.33, 50], "percent"),
            ([0.5, 0.5, 0.5], "sum to 1"),
            ([0.5, 0.5], "three classes"),
            ([0.09, 0.2447, 0.6653], "exp(ln 2) is 2"),
        ],
    },
    softmax.double_odds: {
        "right": [0.693, math.log(2), numpy.log([2]), np.log(np.array(2.0))],
        "wrong": [
            (2, "exp(2)"),
            (1, "not base 2"),
            (math.log10(2), "base 10"),
            (-math.log(2), "wrong sign"),
            (0.5, "which number d"),
            ([1, 2], "one number"),
        ],
    },
    softmax.stable: {
        "right": [
            _by_hand,
            _in_numpy,
            lambda x: npx.softmax(x, axis=1),
            lambda x: np.exp(npx.log_softmax(x)),
        ],
        "wrong": [
            (_naive, "overflows"),
            (_wrong_axis, "columns"),
            (_no_keepdims, "keepdims=True"),
            (_global_maximum, "each row's own maximum"),
            (_mean, "[1000, 0]"),
            (_capped, "do not cap"),
            (_scaled, "only subtracting"),
            (_sum_of_everything, "Each row must sum to 1"),
            (_only_the_sum, "keep the shape"),
            (lambda x: npx.log_softmax(x), "logarithms"),
        ],
    },
    softmax.cat_and_dog: {
        "right": [
            lambda z: 1 / (1 + np.exp(-z)),
            lambda z: (np.tanh(z / 2) + 1) / 2,
            lambda z: numpy.exp(-numpy.logaddexp(0, -z.asnumpy())),
        ],
        "wrong": [
            (npx.softmax, "takes probability away"),
            (lambda z: npx.softmax(z, axis=0), "Each tag is a yes-or-no"),
            (lambda z: 1 / (1 + np.exp(z)), "Upside down"),
            (lambda z: z, "squeezes"),
            (lambda z: (np.tanh(z) + 1) / 2, "Too steep"),
            (lambda z: npx.sigmoid(z) > 0.5, "decisions"),
            (lambda z: np.exp(z) / (1 + np.exp(z)), "overflowed"),
            (lambda z: npx.sigmoid(z).max(axis=1), "shape (3, 2)"),
        ],
    },
}
