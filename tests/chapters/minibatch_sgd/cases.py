"""For each exercise of chapter 3: other right answers, and classic mistakes with their hints."""

import math

import numpy
from mxnet import np

from d2l_extras.chapters.minibatch_sgd import exercises as minibatch_sgd


def _fixed_number(w, gradient_sum, learning_rate, batch_size):
    return w - learning_rate * gradient_sum / 256


def _in_place(w, gradient_sum, learning_rate, batch_size):
    w -= learning_rate * gradient_sum / batch_size
    return w


def _in_place_without_return(w, gradient_sum, learning_rate, batch_size):
    w -= learning_rate * gradient_sum / batch_size


def _with_mxnet(w, gradient_sum, learning_rate, batch_size):
    return (np.array(w) - learning_rate / batch_size * np.array(gradient_sum)).asnumpy()


def _slices(order, batch_size):
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def _in_order(n, batch_size):
    return _slices(numpy.arange(n), batch_size)


def _one_order(n, batch_size):
    return _slices(numpy.random.RandomState(0).permutation(n), batch_size)


def _below_the_batch_size(n, batch_size):
    return [numpy.random.randint(batch_size, size=batch_size) for _ in range(n // batch_size)]


def _with_replacement(n, batch_size):
    return [numpy.random.randint(n, size=batch_size) for _ in range(n // batch_size)]


def _without_the_tail(n, batch_size):
    return _slices(numpy.random.permutation(n)[: n // batch_size * batch_size], batch_size)


def _shuffled_batches(n, batch_size):
    batches = _in_order(n, batch_size)
    return [batches[i] for i in numpy.random.permutation(len(batches) - 1)] + batches[-1:]


def _from_one(n, batch_size):
    return _slices(numpy.random.permutation(n) + 1, batch_size)


def _as_generator(n, batch_size):
    order = list(range(n))
    numpy.random.shuffle(order)
    yield from _slices(order, batch_size)


CASES = {
    minibatch_sgd.count: {
        "right": [(math.ceil(50_000 / 128), 20 * 391), [391, 7820.0]],
        "wrong": [
            ((390, 7800), "round up."),
            ((390.625, 7812.5), "no such thing"),
            ((391, 7813), "once for each epoch"),
            ((50_000, 7820), "how many batches"),
            ((391, 391), "as many updates as it has batches"),
        ],
    },
    minibatch_sgd.effective: {
        "right": [0.0015625, 0.00156],
        "wrong": [
            (0.1, "two places"),
            (6.4, "divides, and"),
            (0.1 / 4096, "only the second"),
            (0.05, "before"),
        ],
    },
    minibatch_sgd.one_step: {
        "right": [0.0667, 1 / 15 + 1e-9],
        "wrong": [(2 / 15, "half way"), (1 / 60, "mean"), (0.5, "is to be 0")],
    },
    minibatch_sgd.adam: {
        "right": ["D", " d "],
        "wrong": [("a", "for every optimizer"), ("b", "all four ran"), ("c", "60, 15, 15"),
                  ("because", "one letter")],
    },
    minibatch_sgd.sgd: {
        "right": [_with_mxnet, lambda w, g, lr, b: w - lr / b * g],
        "wrong": [
            (lambda w, g, lr, b: w - lr * g, "divide it by batch_size"),
            (lambda w, g, lr, b: w + lr * g / b, "uphill"),
            (lambda w, g, lr, b: w - lr * g * b, "do not multiply"),
            (lambda w, g, lr, b: lr * g / b, "step alone"),
            (lambda w, g, lr, b: w - g / b, "does not depend on learning_rate"),
            (lambda w, g, lr, b: w - lr * g / b**2, "[0.8, -2.1]"),
            (lambda w, g, lr, b: (w - lr * g / b).sum(), "Two weights"),
            (_fixed_number, "whole data set"),
            (_in_place, "in place"),
            (_in_place_without_return, "return"),
        ],
    },
    minibatch_sgd.rows: {
        "right": [_as_generator],
        "wrong": [
            (_below_the_batch_size, "below the batch size"),
            (_with_replacement, "without replacement"),
            (_without_the_tail, "last 40 rows"),
            (_from_one, "from 0"),
            (_in_order, "old order"),
            (_one_order, "same order"),
            (_shuffled_batches, "share a batch"),
            (lambda n, b: _slices(numpy.random.permutation(n), 2 * b), "20 full batches"),
        ],
    },
}  # fmt: skip
