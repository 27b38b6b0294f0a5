"""One run of chapter 7 on the mechanism: what is corrected in a trained network, and what helps.

Its runs are stored, and void as soon as this module changes: nothing else belongs here.
"""

import numpy
from mxnet import np
from mxnet.gluon import nn

from ...nets.statistics import refresh_statistics
from ...nets.training import evaluate
from .digits_run import put, train

EPSILON = 1e-5  # Gluon's


def statistics(net):
    """Return, for each batch normalization, copies of the mean and the variance it remembers."""
    return [
        (layer.running_mean.data().asnumpy(), layer.running_var.data().asnumpy())
        for module in list(net)[:2]
        for layer in module
        if isinstance(layer, nn.BatchNorm)
    ]


def remember(net, values):
    """Make each batch normalization remember the mean and the variance that are given for it."""
    layers = [
        layer for module in list(net)[:2] for layer in module if isinstance(layer, nn.BatchNorm)
    ]
    for layer, (mean, variance) in zip(layers, values, strict=True):
        layer.running_mean.set_data(np.array(mean, dtype="float32"))
        layer.running_var.set_data(np.array(variance, dtype="float32"))


def corrections(trained, true, noisy, seed):
    """Return what is to be remembered, by the name of what is corrected.

    `trained`, `true` and `noisy` are statistics as trained, re-estimated with dropout off, and
    re-estimated with dropout on. "channels mixed up" is a placebo: the true statistics, each
    given to another channel. "the first" and "the second" correct one of the two layers, with
    what that layer gets when the other one is corrected, too.
    """
    random = numpy.random.RandomState(seed)
    mixed = [random.permutation(len(mean)) for mean, _ in true]
    pairs = list(zip(trained, true, strict=True))
    return {
        "nothing": trained,
        "both": true,
        "the first": [true[0], trained[1]],
        "the second": [trained[0], true[1]],
        "variances": [(old[0], new[1]) for old, new in pairs],
        "means": [(new[0], old[1]) for old, new in pairs],
        "lag": noisy,
        "channels mixed up": [
            (mean[order], variance[order])
            for (mean, variance), order in zip(true, mixed, strict=True)
        ],
    }


def run(seed, order, rate, samples=1200):
    """Train once; return the held-out losses for each way to correct the statistics.

    On each row stand how much larger than the true variance the remembered one is, the geometric
    mean over the channels of each layer, and how far the remembered mean is from the true one, in
    true standard deviations, the root of the mean square over the channels; epsilon is added to
    each variance, as batch normalization does.
    """
    net, (few, val, test), looks = train(seed, order, rate, rate, samples)
    put(net, looks[-1][-1])
    trained = statistics(net)
    refresh_statistics(net, few, dropout=True)
    noisy = statistics(net)
    refresh_statistics(net, few)
    true = statistics(net)
    moments = {}
    for number, ((mean, variance), (new_mean, new_variance)) in enumerate(
        zip(trained, true, strict=True), 1
    ):
        old_variance, new_variance = variance + EPSILON, new_variance + EPSILON
        moments[f"variance{number}"] = numpy.exp(numpy.log(old_variance / new_variance).mean())
        distance = (mean - new_mean) / numpy.sqrt(new_variance)
        moments[f"shift{number}"] = numpy.sqrt((distance**2).mean())
    rows = []
    for name, values in corrections(trained, true, noisy, seed).items():
        remember(net, values)
        losses = {
            f"{part}_{key}": value
            for part, pair in (("val", val), ("test", test))
            for key, value in zip(("loss", "accuracy"), evaluate(net, pair), strict=True)
        }
        rows.append({"corrected": name, **losses, **moments})
    return rows
