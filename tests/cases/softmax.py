"""For each exercise of chapter 1: other right answers, and classic mistakes with their hints."""

import numpy
from mxnet import np, npx

from d2l_extras.exercises import softmax


def _by_hand(x):
    rows = []
    for row in x.asnumpy():
        exps = numpy.exp(row - row.max())
        rows.append(exps / exps.sum())
    return np.array(rows)


def _naive(x):
    return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)


def _wrong_axis(x):
    return np.exp(x) / np.exp(x).sum(axis=0, keepdims=True)


def _global_maximum(x):
    exps = np.exp(x - x.max())
    return exps / exps.sum(axis=1, keepdims=True)


def _sum_of_everything(x):
    return np.exp(x) / np.exp(x).sum()


CASES = {
    softmax.stable: {
        "right": [_by_hand, lambda x: npx.softmax(x, axis=1), lambda x: np.exp(npx.log_softmax(x))],
        "wrong": [
            (_naive, "overflows"),
            (_wrong_axis, "columns"),
            (_global_maximum, "each row's own maximum"),
            (_sum_of_everything, "Each row must sum to 1"),
        ],
    },
}
