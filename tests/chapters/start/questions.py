"""The right answers to the questions of the first page, computed."""

import numpy

from d2l_extras.chapters.start import lab
from tests.chapters.questions import only


def doubled():
    misses = numpy.array([1, 2, 3])
    times = lab.mean_squared_loss(2 * misses, 0) / lab.mean_squared_loss(misses, 0)
    return only(A=times == 1, B=times == 2, C=times == 4)


def above():
    return lab.mean_squared_loss(lab.Y + 2, lab.Y)


def flat():
    losses = {b: lab.compute(0, b).loss for b in numpy.linspace(-3, 3, 601)}
    return 2.0, min(losses, key=losses.get)
