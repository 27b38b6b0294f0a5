"""For each exercise of chapter 5: other right answers, and classic mistakes with their hints."""

import fractions
import textwrap

from mxnet import np

from d2l_extras.chapters.dropout import exercises as dropout
from tests.chapters.notebook import typed


def cell(body):
    """Return the function `dropout(x, p)` with this body, as it is typed in the notebook."""
    source = "def dropout(x, p):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return typed(source, "dropout")


def training(*lines):
    """Return a dropout that predicts as it should, and trains by these lines, given a mask m."""
    return cell("\n".join([
        "if not autograd.is_training(): return x",
        "if p == 1: return x * 0",
        "m = (np.random.uniform(size=x.shape) >= p).astype('float32')",
        *lines,
    ]))  # fmt: skip


RIGHT = [
    cell("""
        if p == 1.0 or not autograd.is_training():
            return x * 0 if autograd.is_training() else x
        return np.where(np.random.uniform(size=x.shape) < p, np.zeros_like(x), x / (1 - p))
    """),
    cell("return npx.dropout(x, p=p) if p < 1 else x * (not autograd.is_training())"),
    cell("""
        if autograd.is_training():
            if p < 1:
                return x * npx.random.bernoulli(prob=1 - p, size=x.shape) / (1 - p)
            return np.zeros(x.shape)
        return x
    """),
    cell("""
        import random
        if not autograd.is_training(): return x.copy()
        if p == 1: return 0 * x
        factors = []
        for i in range(x.size):
            factors.append(0 if random.random() < p else 1 / (1 - p))
        return x * np.array(factors).reshape(x.shape)
    """),
    cell("""
        import numpy
        if not autograd.is_training():
            return x
        mask = np.array(numpy.random.rand(*x.shape) >= p, dtype='float32')
        scale = 1 / (1 - p) if p < 1 else 0
        return x * mask * scale
    """),
    cell("return x * 0 if p == 1 and autograd.is_training() else nn.Dropout(p)(x)"),
    training("return x * np.where(m, 1 / (1 - p), 0)"),
]
WRONG = [
    (cell("return x"), "Nothing is dropped"),
    (
        cell("""
            if not autograd.is_recording(): return x
            return x * (np.random.uniform(size=x.shape) >= p) / (1 - p)
        """),
        "another switch",
    ),
    (
        cell("""
            mask = np.random.uniform(size=x.shape) >= p
            return x * mask / (1 - p)
        """),
        "in predict mode too: unless",
    ),
    (
        cell("""
            if not autograd.is_training(): return x * (1 - p)
            return x * (np.random.uniform(size=x.shape) >= p)
        """),
        "first form",
    ),
    (training("return x * m"), "do not scale"),
    (training("return x * m * p"), "multiply what is kept by p"),
    (training("return x * m * (1 - p)"), "by 1 - p, which"),
    (training("return x * m / p"), "divide by the drop probability"),
    (training("return x * m / m.mean()"), "which varies"),
    (training("return x * x * m / (1 - p)"), "must come out times"),
    (
        cell("""
            if not autograd.is_training() and not autograd.is_recording() or p == 0: return x
            return x * (np.random.uniform(size=x.shape) >= p) / (1 - p)
        """),
        "record(train_mode=False)",
    ),
    (cell("return x * float('nan')"), "p = 0.5 your result holds nan"),
    (training("a, b = x.shape", "return x * m / (1 - p)"), "x may have any shape"),
    (
        training(
            "half = np.random.uniform(size=(x.shape[0], x.shape[1] // 2 + 1)) >= p",
            "return x * np.repeat(half, 2, axis=1)[:, :x.shape[1]] / (1 - p)",
        ),
        "drop together at every call",
    ),
    (
        training("return x * (np.random.randint(0, 10, size=x.shape) >= 10 * p) / (1 - p)"),
        "0.25 you dropped a share",
    ),
    (training("return np.maximum(x, 0) * m / (1 - p)"), "depend on its value"),
    (training("return m / (1 - p)"), "mask alone"),
    (training("return x * (np.random.uniform(size=x.shape) < p) / p"), "not to keep"),
    (
        training("return x * np.random.uniform(size=x.shape).round() / (1 - p)"),
        "0.2 you dropped a share",
    ),
    (
        training("return x * (np.random.uniform(size=x.shape) > 0.2) / (1 - p)"),
        "0.7 you dropped a share",
    ),
    (training("return x * (np.random.uniform(size=(len(x), 1)) >= p) / (1 - p)"), "Whole rows"),
    (training("return x * (np.random.uniform(size=x.shape[1:]) >= p) / (1 - p)"), "All rows share"),
    (training("return x / (1 - p) if np.random.uniform() >= p else x * 0"), "whole array"),
    (
        training(
            "import numpy",
            "kept = numpy.arange(x.size) >= round(p * x.size)",
            "numpy.random.shuffle(kept)",
            "return x * np.array(kept.reshape(x.shape)) / (1 - p)",
        ),
        "exactly 10 of 20",
    ),
    (
        training(
            "dx.seed(0)",
            "return x * (np.random.uniform(size=x.shape) >= p) / (1 - p)",
        ),
        "same units",
    ),
    (training("x *= m / (1 - p)", "return x"), "place: return"),
    (
        cell("""
            if autograd.is_training():
                return x * (np.random.uniform(size=x.shape) >= p) / (1 - p)
            x *= 1 - p
            return x / (1 - p)
        """),
        "place in predict mode",
    ),
    (
        cell("""
            if not autograd.is_training(): return x
            return x * (np.random.uniform(size=x.shape) >= p) / (1 - p)
        """),
        "p = 1 gives nan",
    ),
    (
        cell("""
            if not autograd.is_training(): return x
            scale = 1 / (1 - p)
            return x * (np.random.uniform(size=x.shape) >= p) * scale
        """),
        "ZeroDivisionError in line 3 of dropout",
    ),
    (
        cell("""
            if not autograd.is_training() or p == 1: return x
            return x * (np.random.uniform(size=x.shape) >= p) / (1 - p)
        """),
        "p = 1 drops everything",
    ),
    (training("return npx.dropout(x, p=p or 0.5)"), "p = 0 must leave"),
    (training("if p > 0: return x * m / (1 - p)"), "p = 0 must give x as it is. But: Your"),
    (training("y = x / (1 - p)", "y[m == 0] = 0", "return y"), "forbids to assign"),
    (training("return x.asnumpy() * m.asnumpy() / (1 - p)"), "Return an array of MXNet"),
    (training("return np.array(x.asnumpy() * m.asnumpy() / (1 - p))"), "No gradient passes from"),
    (training("return np.where(m, x / (1 - p), 0)"), "`np.where` does that"),
    (training("return (x * m / (1 - p)).detach() + 0 * x"), "must be 1/(1 - p)"),
    (training("return (x * m / (1 - p)).sum(axis=0)"), "same shape out"),
    (training("return x * np.random.binomial(1, 1 - p, x.shape)"), "AttributeError in line 5"),
]

CASES = {
    dropout.write: {"right": RIGHT, "wrong": WRONG},
    dropout.keep: {
        "right": [[5 / 4, 4 / 5], np.array([1.25, 0.8]), "1/0.8 and 0.8", ("125 %", "80 %")],
        "wrong": [
            (1.25, "2 numbers"),
            ((0.8, 1.25), "wrong way round"),
            ((5, 0.2), "only 0.2"),
            ((1, 0.8), "does scale"),
            ((0.8, 0.8), "smaller still"),
            ((0.2, 0.8), "0.2 is the rate"),
            ((2, 0.8), "In training the kept units"),
            ((1.25, 0.2), "not by the rate"),
            ((1.25, 1.25), "make them smaller"),
            ((1.25, 5), "do not divide"),
            ((1.25, 1), "must scale"),
            ((1.25, 0.5), "that training kept."),
        ],
    },
    dropout.variance: {
        "right": [3.0, np.array(3.0), "9/3", "variance = 3", fractions.Fraction(3)],
        "wrong": [
            ((4, 0), "one number"),
            (0, "does not vary"),
            ("4", "kept unit becomes"),
            (1, "squared"),
            (12, "mean of the square"),
            (27, "other way up"),
            (1.69, "without the scaling"),
            (2.25, "Divide by 1 - p"),
            (1.73, "standard deviation"),
            (0.33, "constant 1"),
            (9, "And the variance?"),
        ],
    },
    dropout.points: {
        "right": ["40 %", "by 40 %", 40.0, np.array(40), "100 * 2 / 5"],
        "wrong": [
            ((5, 3), "one number"),
            ("2 %", "percentage points"),
            (0.4, "fraction"),
            (60, "left"),
            (66.7, "before"),
            (2.1, "accuracy rises"),
            (-40, "minus sign"),
            (50, "by what percent"),
        ],
    },
}
