"""Exercises of chapter 3: minibatch SGD."""

import numpy

from ...teaching.exercise import Exercise


def _is(answer, value, tolerance=0.01):
    """Return whether a numeric answer is right; the tolerance is a share of the value."""
    return abs(float(answer) - value) <= tolerance * abs(value)


def _counts(answer, number):
    return abs(float(answer) - number) < 0.1


# --- counting


def _count_checks(answer):
    per_epoch, updates = answer
    yield (
        not _counts(per_epoch, 390),
        "50,000 / 128 is 390.6: `keep` makes a smaller batch of what is left, so round up.",
    )
    yield (
        not _counts(per_epoch, 390.625),
        "There is no such thing as 0.6 of an update: is the rest a batch of its own?",
    )
    yield (
        _counts(per_epoch, 391),
        "One iteration is one batch: how many batches are 50,000 images?",
    )
    yield (
        not _counts(updates, 7812.5) and not _counts(updates, 7813),
        "Every epoch ends with a smaller batch: round up once for each epoch, then multiply.",
    )
    yield _counts(updates, 7820), "Each of the 20 epochs makes as many updates as it has batches."


count = Exercise(
    "epochs to updates",
    """50,000 images, batch size 128, 20 epochs, the last batch is kept. Give a pair of numbers:
    `answer = (iterations per epoch, updates in all)`.""",
    _count_checks,
    (391, 7820),
)


# --- the effective learning rate


def _effective_checks(answer):
    yield not _is(answer, 0.1), "0.1 would be right with the vector loss: here two places divide."
    yield not _is(answer, 6.4), "Neither place multiplies: `mean` divides, and `step(64)` divides."
    yield (
        not _is(answer, 0.1 / 64**2),
        "The first division turns the sum into the mean and belongs there: only the second is "
        "too many.",
    )
    yield _is(answer, 0.1 / 64), "`step(64)` divides by 64 what `mean` has divided by 64 before."


effective = Exercise(
    "divided twice",
    """Somebody trains with batch size 64 and learning rate 0.1, and writes `loss.mean()`,
    `backward()`, `trainer.step(64)`. Which learning rate would make the same step on the
    gradient of the mean loss? Give a number.""",
    _effective_checks,
    0.1 / 64,
)


# --- one step to the optimum


def _one_step_checks(answer):
    yield (
        not _is(answer, 2 / 15),
        "2/15 is the limit: w jumps from 1 to -1 and back. The minimum lies half way.",
    )
    yield not _is(answer, 1 / 60), "60 is the slope of the summed loss; here the loss is the mean."
    yield (
        not _is(answer, 1 / 7.5),
        "The gradient of 7.5 w² is 15 w: the 2 comes down from the square.",
    )
    yield _is(answer, 1 / 15), "w - learning_rate · 15 · w is to be 0."


one_step = Exercise(
    "one step to the minimum",
    """The mean loss of the four samples is $7.5\\,w^2$. Which learning rate takes plain gradient
    descent from any $w$ to the minimum in one single step? Give a number.""",
    _one_step_checks,
    1 / 15,
)


# --- why Adam hides the mistake


def _adam_checks(answer):
    choice = str(answer).strip().lower()
    yield choice in "abcd" and len(choice) == 1, 'Answer with one letter: "a", "b", "c" or "d".'
    yield choice != "a", "Gluon's Trainer divides for every optimizer alike: it did so here too."
    yield choice != "b", "Adam's default is 0.001, but all four ran with 0.1 and moved by 0.1."
    yield choice != "c", "The four gradients were 60, 15, 15 and 3.75: they are not equal."


adam = Exercise(
    "why Adam hides it",
    """Why do all four ways of scaling give the same first step with Adam? Answer with a letter.

    - `"a"`: with Adam, `trainer.step(n)` does not divide by n
    - `"b"`: Adam's default learning rate is so small that one sees no difference
    - `"c"`: Adam takes the mean of the gradient itself, so that all four gradients are equal
    - `"d"`: Adam divides the gradient by its own running size: a constant factor cancels""",
    _adam_checks,
    "d",
)


# --- the update rule


def _sgd_checks(sgd):
    w, gradient_sum = numpy.array([1.0, -2.0]), numpy.array([8.0, 4.0])

    def stepped(batch_size, learning_rate=0.1):
        return numpy.asarray(sgd(w.copy(), gradient_sum.copy(), learning_rate, batch_size), float)

    given = w.copy()
    new = numpy.asarray(sgd(given, gradient_sum.copy(), 0.1, 4), float)
    step = 0.1 * gradient_sum / 4
    yield new.shape == w.shape, "Two weights go in, two new weights must come out."
    yield not numpy.allclose(new, w + step), "That goes uphill: subtract the gradient."
    yield (
        not numpy.allclose(new, step) and not numpy.allclose(new, -step),
        "You returned the step alone: return the new weights, w minus the step.",
    )
    yield (
        not numpy.allclose(new, w - 4 * step),
        "The gradient is a sum over the batch: divide it by batch_size, or a batch of 256 "
        "takes steps 256 times as long as they should be.",
    )
    yield not numpy.allclose(new, w - 16 * step), "Divide by batch_size, do not multiply."
    yield (
        not numpy.allclose(stepped(4), stepped(8)),
        "Your step is the same for every batch_size: divide by the number of samples in the "
        "batch, not by a fixed number such as that of the whole data set.",
    )
    yield (
        not numpy.allclose(stepped(4), stepped(4, learning_rate=0.2)),
        "Your step does not depend on learning_rate.",
    )
    yield (
        numpy.allclose(given, w),
        "You changed w in place (`w -= ...`): the caller still needs the old weights. "
        "Return `w - ...` instead.",
    )
    yield numpy.allclose(new, w - step), "w=[1, -2], sum [8, 4], rate 0.1, 4 samples: [0.8, -2.1]."
    yield numpy.allclose(stepped(8), w - step / 2), "Twice the batch size halves this step."


def _sgd(w, gradient_sum, learning_rate, batch_size):
    return w - learning_rate * gradient_sum / batch_size


sgd = Exercise(
    "the update rule",
    """Write `sgd(w, gradient_sum, learning_rate, batch_size)`: it returns the new weights after
    one step of minibatch SGD. `w` and `gradient_sum` are NumPy arrays of shape (2,);
    `gradient_sum` is the gradient summed over the `batch_size` samples of the batch. Leave `w`
    itself as it was.""",
    _sgd_checks,
    _sgd,
)


# --- sampling


def _rows_checks(epoch_rows):
    batches = [numpy.asarray(batch) for batch in epoch_rows(1000, 48)]
    yield len(batches) > 0, "There are no batches."
    rows = numpy.concatenate(batches)
    yield (
        rows.max() >= 48,
        "All your row numbers lie below the batch size: no other row is ever seen. Draw from n.",
    )
    yield (
        len(numpy.unique(rows)) == len(rows),
        "Some rows come twice in one epoch, so that others never come: draw without replacement "
        "(`numpy.random.permutation`).",
    )
    yield len(rows) > 960, "The last 40 rows are missing: keep them as a smaller batch."
    yield rows.min() == 0 and rows.max() == 999, "Rows are numbered from 0 to n - 1."
    yield (
        [len(batch) for batch in batches] == [48] * 20 + [40],
        "1000 rows in batches of 48: 20 full batches, then one of 40.",
    )
    yield not (rows == numpy.arange(1000)).all(), "The rows come in their old order: shuffle them."
    again = numpy.concatenate([numpy.asarray(batch) for batch in epoch_rows(1000, 48)])
    yield not (rows == again).all(), "Both epochs have the same order: shuffle anew each time."
    yield (
        any((numpy.diff(numpy.sort(batch)) > 1).any() for batch in batches),
        "You shuffle the batches, but the same rows always share a batch: shuffle the rows.",
    )


def _epoch_rows(n, batch_size):
    order = numpy.random.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


rows = Exercise(
    "the rows of an epoch",
    """Write `epoch_rows(n, batch_size)`: it returns a list of NumPy arrays, the row numbers of
    each batch of one epoch. Every row from 0 to n - 1 comes exactly once, in a new random order
    at every call; the last batch may be smaller.""",
    _rows_checks,
    _epoch_rows,
)
