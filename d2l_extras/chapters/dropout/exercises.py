"""Exercises of chapter 5: dropout."""

import functools
from collections.abc import Iterator

import numpy
from mxnet import autograd, np

from ...teaching.answers import Unclear, array, close, number, numbers
from ...teaching.exercise import Exercise
from ...teaching.learner import Learner, LearnerError

Checks = Iterator[tuple[bool, str]]

# --- dropout itself

CALLS = 30  # on a small array, to see what all masks have in common


def _result(dropout: Learner, x: numpy.ndarray, p: float) -> numpy.ndarray:
    out = array(dropout(x, p))
    if out.shape != x.shape:
        raise Unclear(f"shape in, same shape out: x has {x.shape}, your result {out.shape}")
    return out


def _factors(dropout: Learner, x: numpy.ndarray, p: float) -> numpy.ndarray:
    """Return by what each element was multiplied in train mode."""
    with autograd.train_mode():
        return _result(dropout, x, p) / x


def _write_checks(dropout: Learner) -> Checks:
    random = numpy.random.RandomState(0)
    x, small = (
        random.uniform(1, 2, size=shape) * random.choice([-1, 1], size=shape)
        for shape in ((100, 60), (4, 5))
    )
    factors = _factors(dropout, small, 0.5)
    yield not numpy.isnan(factors).any(), "With p = 0.5 your result holds nan."
    yield not dropout.changed, "You changed x in place: return a new array."
    yield from _mode_checks(dropout, small)
    yield from _mask_checks(dropout, x, small)
    yield from _dtype_checks(dropout)
    yield from _scale_checks(dropout, x, small)
    yield from _end_checks(dropout, small)
    yield from _shape_checks(dropout)
    yield from _gradient_checks(dropout)


def _mode_checks(dropout: Learner, x: numpy.ndarray) -> Checks:
    drops = any((_factors(dropout, x, 0.5) == 0).any() for _ in range(CALLS))
    if not drops:
        with autograd.record():
            recorded = _result(dropout, x, 0.9)
        yield (
            not (recorded == 0).any(),
            "You ask whether autograd records. That is another switch: `autograd.is_training()` "
            "tells the mode.",
        )
    yield (
        drops,
        "Nothing is dropped in train mode: draw a mask there. `autograd.is_training()` tells.",
    )
    predicted = _result(dropout, x, 0.2)
    yield not dropout.changed, "You changed x in place in predict mode: return a new array."
    yield (
        not close(predicted, 0.8 * x),
        "In predict mode you multiply by 1 - p. That is the first form of dropout; the inverted "
        "form scales in training, and predict mode returns x as it is.",
    )
    yield (
        close(predicted, x),
        "You drop or scale in predict mode too: unless `autograd.is_training()`, return x as it "
        "is.",
    )
    with autograd.record(train_mode=False):
        recorded = _result(dropout, x, 0.9)
    yield (
        close(recorded, x),
        "In `autograd.record(train_mode=False)` you drop or scale, too. That records in predict "
        "mode: ask `autograd.is_training()` alone.",
    )


def _mask_checks(dropout: Learner, x: numpy.ndarray, small: numpy.ndarray) -> Checks:
    dropped = numpy.array([_factors(dropout, small, 0.5) == 0 for _ in range(CALLS)])
    yield (
        (dropped != dropped[0]).any(),
        "Every call drops the same units: draw a new mask at each call, fix no seed.",
    )
    shared = [axis for axis in (1, 2) if (dropped == dropped.take([0], axis)).all()]
    yield shared != [1, 2], "You draw once for the whole array: draw for each element."
    yield (
        shared != [2],
        "Whole rows drop together: draw for each element of x (`size=x.shape`).",
    )
    yield (
        shared != [1],
        "All rows share one mask: draw for each element of x (`size=x.shape`), so that each "
        "sample has a mask of its own.",
    )
    always = small[dropped.all(axis=0)]
    yield (
        always.size == 0,
        f"What is {always.max(initial=-9):.2f} in x is dropped at every call: that must not "
        "depend on its value.",
    )
    flat = dropped.reshape(CALLS, -1)
    twins = (flat[:, :, None] == flat[:, None, :]).all(axis=0).sum() - small.size
    yield twins == 0, "Some units drop together at every call: draw for each by itself."
    counts = dropped.sum(axis=(1, 2))
    yield (
        (counts != counts[0]).any(),
        f"Each call drops exactly {counts[0]} of {small.size} units: draw for each element by "
        "itself, then their number varies.",
    )
    for p in (0.2, 0.7, 0.25):
        share = (_factors(dropout, x, p) == 0).mean()
        yield (
            abs(share - (1 - p)) > 0.03,
            f"With p = {p} you drop {100 * (1 - p):.0f} % of the units: p is the probability to "
            "drop, not to keep.",
        )
        yield (
            abs(share - p) < 0.03,
            f"With p = {p} you dropped a share of {share:.2f}: it must be about p.",
        )


def _dtype_checks(dropout: Learner) -> Checks:
    with autograd.train_mode():
        out = dropout.raw(np.ones((4, 5)), 0.2)
    kind = numpy.dtype(getattr(out, "dtype", "float32"))
    yield (
        kind != "float16",
        f"x is float32, your result {kind}, which rounds to three digits: keep the dtype of x.",
    )


def _scale_checks(dropout: Learner, x: numpy.ndarray, small: numpy.ndarray) -> Checks:
    factors = _factors(dropout, x, 0.2)
    kept = factors[factors != 0]
    for wrong, hint in (
        (1, "You do not scale: divide what is kept by 1 - p, or the mean falls by that factor."),
        (0.2, "You multiply what is kept by p: divide it by 1 - p."),
        (0.8, "You multiply what is kept by 1 - p, which makes it smaller still: divide."),
        (5, "You divide by the drop probability p; divide by the keep probability 1 - p."),
    ):
        yield not close(kept, numpy.full(kept.shape, wrong)), hint
    yield (
        not close(kept * x[factors != 0], numpy.full(kept.shape, 1.25)),
        "You return the mask alone: multiply it by x.",
    )
    groups = [_factors(dropout, small, 0.5) for _ in range(CALLS)]
    largest = numpy.array([group.max() for group in groups if group.any()])
    shares = numpy.array([(group != 0).mean() for group in groups if group.any()])
    yield (
        not close(largest, 1 / shares),
        "You divide by the share that was kept in this call, which varies; divide by its "
        "probability, 1 - p.",
    )
    yield (
        close(kept, numpy.full(kept.shape, 1.25)),
        "With p = 0.2 a kept unit must come out times 1/(1 - 0.2) = 1.25; yours come out times "
        f"{kept.min():.3g} to {kept.max():.3g}.",
    )


def _end_checks(dropout: Learner, x: numpy.ndarray) -> Checks:
    results = {}
    for p, wanted in ((0, "x as it is"), (1, "zeros")):
        try:
            results[p] = _factors(dropout, x, float(p))
        except LearnerError as error:
            yield False, f"In train mode p = {p} must give {wanted}. But: {error}"
    yield close(results[0], numpy.ones(x.shape)), "p = 0 must leave x as it is."
    yield not numpy.isnan(results[1]).any(), "p = 1 gives nan, 0 / 0: return zeros there."
    yield (results[1] == 0).all(), "p = 1 drops everything: return zeros."


def _shape_checks(dropout: Learner) -> Checks:
    for shape in ((7,), (2, 3, 4, 5)):
        try:
            _factors(dropout, numpy.ones(shape), 0.5)
        except LearnerError as error:
            yield False, f"x may have any shape, as {shape} here. But: {error}"


def _gradient_checks(dropout: Learner) -> Checks:
    x = np.ones((20, 20))
    x.attach_grad()
    try:
        with autograd.record():
            out = dropout.raw(x, 0.75)
    except LearnerError as error:
        if "in a computational graph" not in str(error):
            raise
        yield (
            False,
            "Inside `autograd.record()` MXNet forbids to assign into an array, as in "
            "`y[...] = 0`: multiply by a mask instead.",
        )
    yield (
        hasattr(out, "backward"),
        "Return an array of MXNet: no gradient passes through what you return.",
    )
    try:
        out.backward()
        gradient, out = x.grad.asnumpy(), out.asnumpy()
    except Exception:  # out is no part of the recorded graph
        yield (
            False,
            "No gradient passes from your result back to x: compute it from x with MXNet's "
            "operations alone, without `asnumpy`, `item`, NumPy or a new `np.array`.",
        )
    yield (
        not close(gradient, numpy.where(out == 0, 4, 0)),
        "The values are right, the gradient is not: it passes where a unit is dropped. In MXNet "
        "1.9.1 `np.where` does that when one of its two branches is a plain number: write "
        "`np.zeros_like(x)` for the 0, or multiply by the mask.",
    )
    yield (
        close(gradient, out),
        "The values are right, the gradient is not: it must be 1/(1 - p) where a unit is kept and "
        "0 elsewhere.",
    )


def _dropout(x, p):
    if not autograd.is_training() or p == 0:
        return x
    if p == 1:
        return np.zeros_like(x)
    mask = (np.random.uniform(size=x.shape) >= p).astype(x.dtype)
    return x * mask / (1 - p)


write = Exercise(
    "inverted dropout",
    """Write `dropout(x, p)`. In train mode (`autograd.is_training()` is True) it drops every
    element of the MXNet array `x`, of any shape, with probability `p`, each for itself, and
    scales the others so that the mean is kept; in predict mode it returns `x`. `p` may be
    anything from 0 to 1: with `p = 1` return zeros. Leave `x` itself unchanged, and let autograd
    differentiate your function: the gradient is `1/(1-p)` where a unit is kept, 0 where it is
    dropped.""",
    _write_checks,
    _dropout,
)


# --- rate and keep probability


def _keep_checks(answer: tuple[float, float]) -> Checks:
    training, test = answer
    yield (
        not close(answer, (0.8, 1.25)),
        "The wrong way round: training must make up for the units that are missing.",
    )
    for value, hint in (
        (5, "5 would be right in training if only 0.2 were kept; here 0.8 are."),
        (1, "Inverted dropout does scale in training: it makes up for the missing units at once."),
        (0.8, "0.8 in training would make the sums smaller still: divide by what is kept."),
        (0.2, "0.2 is the rate. In training, divide by the keep probability."),
    ):
        yield not close(training, value), hint
    yield close(training, 1.25), "In training the kept units are divided by the keep probability."
    for value, hint in (
        (0.2, "Without scaling, test multiplies by the share that training kept, not by the rate."),
        (1.25, "At test all units are there, more than in training: make them smaller."),
        (5, "At test all units are there, more than in training: do not divide by the rate."),
        (1, "Without any scaling in training, test must scale: there are more units than before."),
    ):
        yield not close(test, value), hint
    yield close(test, 0.8), "At test, multiply by the share of units that training kept."


keep = Exercise(
    "rate and keep probability",
    """A note says `keep_prob = 0.8`. By what are the kept units multiplied in training (inverted
    dropout)? And if training does *not* scale: by what are all units multiplied at test? Give a
    pair `answer = (in training, at test)`.""",
    _keep_checks,
    (1 / 0.8, 0.8),
    read=functools.partial(numbers, count=2, names=("training", "test")),
)


# --- variance

CONSTANT, RATE = 3, 0.25


def _variance_checks(answer: float) -> Checks:
    for value, hint in (
        (0, "The input does not vary, but what comes out is 0 or 4."),
        (4, "4 is what a kept unit becomes. How far do the values 0 and 4 scatter?"),
        (1, "The mean enters squared: p m² / (1 - p) with m = 3."),
        (12, "12 is the mean of the square: subtract the square of the mean."),
        (27, "You took (1 - p)/p: it is the other way up, p/(1 - p)."),
        (27 / 16, "That is without the scaling: the kept ones become 4, not 3."),
        (9 / 4, "That is p m². Divide by 1 - p: the kept units are scaled."),
        (3**0.5, "That is the standard deviation: give its square."),
        (1 / 3, "That is the variance for a constant 1."),
    ):
        yield not close(answer, value, rtol=2e-2), hint
    yield (
        close(answer, RATE / (1 - RATE) * CONSTANT**2),
        "What comes out is 4 with probability 3/4 and 0 with 1/4: mean 3. And the variance?",
    )


variance = Exercise(
    "variance of a constant",
    """Every element of an array is 3. What is the variance of `Dropout(0.25)` of it, in train
    mode? Give a number.""",
    _variance_checks,
    RATE / (1 - RATE) * CONSTANT**2,
    read=number,
)


# --- two points

BEFORE, AFTER = 95, 97


def _points_checks(answer: float) -> Checks:
    for value, hint in (
        (-40, "The size is right. It asks by how much they fall: leave the minus sign away."),
        (2, "Those are the percentage points. Which share of the errors is it?"),
        (0.4, "That is the fraction: give percent."),
        (60, "60 % of the errors are left. How many are gone?"),
        (200 / 3, "Compare with the errors before, not with those after."),
    ):
        yield not close(answer, value, rtol=6e-3), hint
    yield (
        not 1.9 < answer < 2.2,
        "That is how far the accuracy rises: compare the errors, 5 and 3 %.",
    )
    yield (
        close(answer, 100 * (AFTER - BEFORE) / (100 - BEFORE)),
        "5 % of errors become 3 %: by what percent of 5 do they fall?",
    )


points = Exercise(
    "two points",
    """A book says that dropout takes even the best networks about two points further, say from
    95 to 97 % accuracy. By how many percent does the number of errors fall?""",
    _points_checks,
    100 * (AFTER - BEFORE) / (100 - BEFORE),
    read=functools.partial(number, percent=True),
)
