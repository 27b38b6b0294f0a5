"""The exercise of the first page: other right answers, and classic mistakes with their hints."""

import math

from d2l_extras.chapters.start import exercises as start


def _in_a_loop(prediction, y):
    total = 0.0
    for a, b in zip(prediction, y, strict=True):
        total += (b - a) ** 2
    return total / len(y)


CASES = {
    start.loss: {
        "right": [_in_a_loop, lambda p, y: sum((p - y) ** 2) / len(y)],
        "wrong": [
            (lambda p, y: ((p - y) ** 2).sum(), "the sum"),
            (lambda p, y: (p - y).mean(), "cancel"),
            (lambda p, y: abs(p - y).mean(), "absolute"),
            (lambda p, y: (p - y).mean() ** 2, "Square each difference first"),
            (lambda p, y: math.sqrt(((p - y) ** 2).mean()), "No square root"),
            (lambda p, y: ((p - y) ** 2).mean() / 2, "it is 5/3"),
        ],
    },
}
