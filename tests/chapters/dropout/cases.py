"""For each exercise of chapter 5: other right answers, and classic mistakes with their hints."""

import numpy
from mxnet import autograd, np, npx

from d2l_extras.chapters.dropout import exercises as dropout


def _training(function):
    """Return a dropout that does `function` in train mode only."""
    return lambda x, p: function(x, p) if autograd.is_training() else x


def _mask(x, p, size=None):
    return (np.random.uniform(size=size or x.shape) > p).astype("float32")


def _with_where(x, p):
    if p == 1.0 or not autograd.is_training():
        return x * 0 if autograd.is_training() else x
    return np.where(np.random.uniform(size=x.shape) < p, np.zeros_like(x), x / (1 - p))


def _by_mxnet(x, p):
    return npx.dropout(x, p=p) if p < 1 else x * (0 if autograd.is_training() else 1)


def _fixed_seed(x, p):
    kept = numpy.random.RandomState(0).uniform(size=x.shape) >= p
    return x * np.array(kept.astype("float32")) / (1 - p)


def _in_place(x, p):
    if not autograd.is_training():
        x *= 1.5
        return x / 1.5
    return x * _mask(x, p) / (1 - p)


def _without_gradient(x, p):
    if p == 1:
        return x * 0
    return np.array((x * _mask(x, p) / (1 - p)).asnumpy()) + 0 * x


CASES = {
    dropout.write: {
        "right": [_with_where, _by_mxnet],
        "wrong": [
            (lambda x, p: x, "Nothing is dropped"),
            (lambda x, p: x * _mask(x, p) / (1 - p), "predict mode"),
            (_training(lambda x, p: x * _mask(x, p)), "do not scale"),
            (_training(lambda x, p: x * _mask(x, p) * p), "multiply what is kept by p"),
            (_training(lambda x, p: x * _mask(x, p) * (1 - p)), "by 1 - p, which"),
            (_training(lambda x, p: x * _mask(x, p) / p), "divide by the drop probability"),
            (_training(lambda x, p: x * _mask(x, 1 - p) / p), "not to keep"),
            (_training(lambda x, p: x * _mask(x, p, x.shape[1:]) / (1 - p)), "mask of its own"),
            (_training(_fixed_seed), "second call"),
            (_in_place, "in place"),
            (_training(lambda x, p: x * _mask(x, p) / (1 - p)), "nan"),
            (_training(_without_gradient), "gradient"),
            (_training(lambda x, p: _mask(x, p) / (1 - p)), "times 1.25"),
            (_training(lambda x, p: x.sum(axis=0) * _mask(x, p)[0]), "dropped a share"),
            (lambda x, p: x.sum(), "Shape"),
        ],
    },
    dropout.keep: {
        "right": [[5 / 4, 4 / 5], np.array([1.25, 0.8])],
        "wrong": [
            (1.25, "two numbers"),
            ((0.8, 1.25), "wrong way round"),
            ((5, 0.2), "only 0.2"),
            ((1.25, 0.2), "not by the rate"),
            ((1.25, 1.25), "smaller"),
            ((1.25, 1), "must be scaled"),
            ((2, 0.5), "Either"),
        ],
    },
    dropout.variance: {
        "right": [3.0, np.array(3.0)],
        "wrong": [
            ((4, 0), "one number"),
            (0, "does not vary"),
            (1, "squared"),
            (27, "other way up"),
            (1.6875, "without the scaling"),
            (1.732, "standard deviation"),
            (0.33333, "constant 1"),
            (9, "variance?"),
        ],
    },
    dropout.evaluating: {
        "right": ["D", " d "],
        "wrong": [
            ("noisy", "one letter"),
            ("a", "train mode"),
            ("b", "updated"),
            ("c", "disturb"),
        ],
    },
    dropout.points: {
        "right": [40.0, np.array(40)],
        "wrong": [
            ((5, 3), "one number"),
            (2, "percentage points"),
            (0.4, "fraction"),
            (60, "left"),
            (66.667, "before"),
            (2.105, "gain in accuracy"),
            (50, "by what percent"),
        ],
    },
}  # fmt: skip
