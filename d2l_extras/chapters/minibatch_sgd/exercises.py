"""Exercises of chapter 3: minibatch SGD."""

from collections.abc import Iterator
from functools import partial

import numpy
from mxnet import np

from ...teaching.answers import Unclear, array, close, number, numbers
from ...teaching.exercise import Exercise
from ...teaching.learner import LearnerError

Checks = Iterator[tuple[bool, str]]


def _is(answer: float, value: float, tolerance: float = 0.01) -> bool:
    """Return whether a number is right; the tolerance is a share of the value."""
    return abs(answer - value) <= tolerance * abs(value)


# --- counting


def _count_checks(answer) -> Checks:
    per_epoch, updates = answer
    yield (
        (per_epoch, updates) != (7820, 391),
        "The other way round: the iterations of one epoch first, then the updates of all 20.",
    )
    yield (
        per_epoch != 390,
        "50,000 / 128 is 390.6: `keep` makes a smaller batch of what is left, so round up.",
    )
    yield (
        not 390 < per_epoch < 391,
        "There is no such thing as 0.6 of an update: is the rest a batch of its own?",
    )
    yield per_epoch == 391, "One iteration is one batch: how many batches are 50,000 images?"
    yield (
        not 7812 <= updates <= 7813,
        "Every epoch ends with a smaller batch: round up once for each epoch, then multiply.",
    )
    yield updates == 7820, "Each of the 20 epochs makes as many updates as it has batches."


count = Exercise(
    "epochs to updates",
    """50,000 images, batch size 128, 20 epochs, the last batch is kept. Give a pair of numbers:
    `answer = (iterations per epoch, updates in all)`.""",
    _count_checks,
    (391, 7820),
    partial(numbers, count=2),
)


# --- the effective learning rate


def _effective_checks(answer) -> Checks:
    yield not _is(answer, 0.1), "0.1 would be right with the vector loss: here two places divide."
    yield not _is(answer, 6.4), "Neither place multiplies: `mean` divides, and `step(64)` divides."
    yield (
        not _is(answer, 0.1 / 64**2),
        "The first division turns the sum into the mean and belongs there: only the second is "
        "too many.",
    )
    yield (
        not _is(answer, 1 / 64, 0.03),
        "1/64 is the factor that is too many: the learning rate itself is 0.1.",
    )
    yield (
        _is(answer, 0.1 / 64, 0.03),
        "`step(64)` divides by 64 what `mean` has divided by 64 before.",
    )


effective = Exercise(
    "divided twice",
    """Somebody trains with batch size 64 and learning rate 0.1, and writes `loss.mean()`,
    `backward()`, `trainer.step(64)`. Which learning rate would make the same step on the
    gradient of the mean loss? Give a number or a fraction.""",
    _effective_checks,
    0.1 / 64,
    number,
)


# --- one step to the optimum


def _one_step_checks(answer) -> Checks:
    yield (
        not _is(answer, 2 / 15, 0.03),
        "With 2/15 (which is 1/7.5) w jumps from 1 to -1 and back: the minimum lies half way. "
        "The gradient of 7.5 w² is 15 w, for the 2 comes down from the square.",
    )
    yield not _is(answer, 1 / 60), "60 is the slope of the summed loss; here the loss is the mean."
    yield (
        not _is(answer, 15) and not _is(answer, 7.5),
        "The steeper the bowl, the smaller the step has to be: divide by the curvature.",
    )
    yield _is(answer, 1 / 15), "w - learning_rate · 15 · w is to be 0: to three decimals, please."


one_step = Exercise(
    "one step to the minimum",
    """The mean loss of the four samples is $7.5\\,w^2$. Which learning rate takes plain gradient
    descent from any $w$ to the minimum in one single step? Give a fraction, or a number with
    three decimals.""",
    _one_step_checks,
    1 / 15,
    number,
)


# --- the update rule


def _sgd_checks(sgd) -> Checks:
    w, gradient_sum = numpy.array([1.0, -2.0]), numpy.array([8.0, -6.0])

    def stepped(batch_size=4, rate=0.1, w=w, gradient_sum=gradient_sum):
        return array(sgd(w, gradient_sum, rate, batch_size))

    new, step = stepped(), 0.1 * gradient_sum / 4
    yield new.shape == w.shape, "Two weights go in, two new weights must come out."
    yield not close(new, w), "You returned the weights as they were: where is the step?"
    yield not close(new, w + step), "That goes uphill: subtract the gradient."
    yield (
        not close(new, step) and not close(new, -step),
        "You returned the step alone: return the new weights, w minus the step.",
    )
    yield (
        not close(new, w - 4 * step),
        "The gradient is a sum over the batch: divide it by batch_size, or a batch of 256 "
        "takes steps 256 times as long as they should be.",
    )
    yield not close(new, w - 16 * step), "Divide by batch_size, do not multiply."
    yield (
        not any(close(new, w - 0.1 * gradient_sum.mean() / size) for size in (1, 4)),
        "Each weight has a gradient of its own: do not average over the weights.",
    )
    yield (
        not close(stepped(4), stepped(8)),
        "Your step is the same for every batch_size: divide by the number of samples in the "
        "batch, not by a fixed number such as that of the weights or of the whole data set.",
    )
    yield not close(stepped(), stepped(rate=0.2)), "Your step does not depend on learning_rate."
    yield (
        close(new, w - step),
        f"w = [1, -2], sum [8, -6], rate 0.1, 4 samples must give [{w[0] - step[0]:g}, "
        f"{w[1] - step[1]:g}]; yours gives [{new[0]:.4g}, {new[1]:.4g}].",
    )
    odd = numpy.array([-0.123, 0.4567])  # nothing here survives rounding to a few decimals
    others = ((8, 0.1, 3 * w), (1, 0.5, -w), (3, 2.0, odd), (256, 0.03, -odd))
    for batch_size, rate, other in others:
        yield (
            close(stepped(batch_size, rate, other, -gradient_sum),
                  other + rate * gradient_sum / batch_size),
            "It is right for 4 samples and rate 0.1, but not for other numbers.",
        )  # fmt: skip


def _sgd(w, gradient_sum, learning_rate, batch_size):
    return w - learning_rate * gradient_sum / batch_size


sgd = Exercise(
    "the update rule",
    """Write `sgd(w, gradient_sum, learning_rate, batch_size)`: it returns the new weights after
    one step of minibatch SGD. `w` and `gradient_sum` are arrays of shape (2,); `gradient_sum` is
    the gradient summed over the `batch_size` samples of the batch. You may write into `w` or make
    a new array: return the new weights.""",
    _sgd_checks,
    _sgd,
)


# --- sampling


def _batches(epoch_rows, n, batch_size) -> list[numpy.ndarray]:
    """Return the batches of one epoch; say what is wrong with what is no list of batches."""
    try:
        returned = epoch_rows(n, batch_size)
    except LearnerError as error:
        if "'NoneType' object is not" in str(error):
            raise Unclear(
                f"{error}. `np.random.shuffle(order)` shuffles in place and returns nothing: go on "
                "with order itself"
            ) from error
        raise
    if not hasattr(returned, "__iter__"):
        raise Unclear(f"expected a list with one array for each batch, got {returned!r}")
    batches = [array(batch) for batch in returned]
    if any(batch.ndim != 1 for batch in batches):
        raise Unclear("return a list with one array of row numbers for each batch")
    return batches


def _pairs(batches) -> set[tuple[int, int]]:
    """Return which two rows share a batch."""
    return {
        (a, b)
        for batch in batches
        for i, a in enumerate(sorted(batch.tolist()))
        for b in sorted(batch.tolist())[i + 1 :]
    }


def _rows_checks(epoch_rows) -> Checks:
    n, size, full = 1000, 48, [48] * 20 + [40]
    batches = _batches(epoch_rows, n, size)
    yield len(batches) > 0, "There are no batches."
    rows = numpy.concatenate(batches)
    yield len(rows) > 0, "All your batches are empty."
    yield (
        rows.max() >= size,
        "All your row numbers lie below the batch size: no other row is ever seen. Draw from n.",
    )
    yield (
        len(batches) <= len(full) + 1,
        f"1000 rows by 48 are 21 batches, yours are {len(batches)}: each one starts batch_size "
        "rows after the one before.",
    )
    yield (
        len(numpy.unique(rows)) == len(rows),
        "Some rows come twice in one epoch, so that others never come: draw without replacement "
        "(`np.random.shuffle` puts an array into a random order).",
    )
    yield len(rows) != 960, "The last 40 rows are missing: keep them as a smaller batch."
    yield (
        numpy.array_equal(numpy.sort(rows), numpy.arange(n)),
        "Rows are numbered from 0 to n - 1, and each of them must come.",
    )
    yield (
        [len(batch) for batch in batches] == full,
        "1000 rows in batches of 48: 20 full batches, then one of 40.",
    )
    yield (
        not (rows == numpy.arange(n)).all(),
        "The rows come in their old order: shuffle them. (`np.random.choice(n, n, replace=False)` "
        "of MXNet 1.9.1 does not.)",
    )
    again = _batches(epoch_rows, n, size)
    yield (
        not (rows == numpy.concatenate(again)).all(),
        "Both epochs have the same order: shuffle anew each time.",
    )
    # by chance about 4.7 % of the pairs that share a batch do so in the next epoch again, and
    # a distance between neighbors comes about once
    shared = _pairs(batches)
    together = len(shared & _pairs(again)) / (len(shared) ** 2 / (n * (n - 1) / 2))
    distances = numpy.bincount(numpy.diff(rows).astype(int) % n)
    yield (
        together < 1.2 and distances.max() < 15,
        "Some rows share a batch again and again, more often than by chance: put all n single "
        "rows into a random order; to shuffle only batches, pairs or a few rows, or to start at "
        "another place, is not enough.",
    )
    whole = [len(batch) for batch in _batches(epoch_rows, 64, 32)]
    yield whole == [32, 32], f"64 rows in batches of 32 are two full batches; yours are {whole}."


def _epoch_rows(n, batch_size):
    order = np.arange(n)
    np.random.shuffle(order)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


rows = Exercise(
    "the rows of an epoch",
    """Write `epoch_rows(n, batch_size)`: it returns a list of arrays, the row numbers of each
    batch of one epoch. Every row from 0 to n - 1 comes exactly once, in a new random order at
    every call; the last batch may be smaller. (`np.random.shuffle(order)` shuffles an array in
    place.)""",
    _rows_checks,
    _epoch_rows,
)
