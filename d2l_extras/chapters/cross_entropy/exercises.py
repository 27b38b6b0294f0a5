"""Exercises of chapter 2: cross-entropy."""

import numpy
from mxnet import np, npx

from ...teaching.exercise import Exercise

# --- reading a loss


def _letter_checks(right, hints):
    """Return checks for a question with lettered answers, and a hint for each wrong letter."""

    def checks(answer):
        letter = str(answer).strip()[:1].upper()
        yield letter in {right, *hints}, f"Answer with one letter in quotes, got {answer!r}."
        yield letter == right, hints.get(letter, "")

    return checks


untrained = Exercise(
    "a loss of 2.30",
    """A network for 10 classes reports a mean loss of 2.30 after its first epoch. What has it
    learned? **A**: it is right in 77% of the cases. **B**: nothing that shows. **C**: a lot: most
    networks start near 10. **D**: it is worse than guessing. Answer with a letter: `answer = "A"`.
    """,
    _letter_checks(
        "B",
        {
            "A": "A loss is no error rate: which probability p has -ln p = 2.30?",
            "C": "A network that treats all classes alike starts at ln 10: compute it.",
            "D": "Worse than equal shares would be a loss above ln 10: compute it.",
        },
    ),
    "B: nothing that shows. ln 10 = 2.303 is what equal probabilities for 10 classes cost.",
)

stuck = Exercise(
    "stuck at 1.47",
    """A network for 10 classes reaches an accuracy of 99%, but its loss stalls at 1.47. What is
    the most likely reason? **A**: the learning rate is too small. **B**: the network overfits.
    **C**: softmax is applied twice. **D**: the labels are shuffled. Answer with a letter.
    """,
    _letter_checks(
        "C",
        {
            "A": "A small rate would also hold back the accuracy. Compute ln(1 + 9/e).",
            "B": "This is about the loss itself, not about new data. Compute ln(1 + 9/e).",
            "D": "Shuffled labels cannot be predicted with 99% accuracy. Compute ln(1 + 9/e).",
        },
    ),
    "C: softmax is applied twice. Even a perfect prediction then costs ln(1 + 9/e) = 1.461.",
)


def _close(answer, value, tolerance=1e-3):
    return abs(float(answer) - value) <= tolerance


def _product_checks(answer):
    yield not _close(answer, 1.2040), "That is the mean loss; the product is exp(-n * mean), n = 2."
    yield not _close(answer, 2.4079), "That is the sum of the losses: now take exp(-sum)."
    yield not _close(answer, 11.11, 0.05), "Mind the sign: a loss is minus a logarithm."
    yield (
        not _close(answer, 0.3, 2e-3),
        "exp(-mean) is the geometric mean of the two probabilities: raise it to the power n = 2.",
    )
    yield _close(answer, 0.09), "Each loss is -ln p: find the two probabilities and multiply them."


product = Exercise(
    "product of probabilities",
    """Two samples have losses 0.1054 and 2.3026, so the mean loss is 1.2040. What is the product
    of the two probabilities that the network gave to the right classes? Three decimals will do.
    """,
    _product_checks,
    0.09,
)


def _floor_checks(answer):
    yield not _close(answer, 0), "0 is the floor of one softmax. The second one never reaches 1."
    yield not _close(answer, 1.4612), "That is the floor for K = 10: how many classes here?"
    yield not _close(answer, 0.6931), "ln 2 is the cost of knowing nothing; here the first is sure."
    yield not _close(answer, 1.3133), "That is the worst case, ln(1 + e): the wrong class is sure."
    yield not _close(answer, 0.7311), "That is the probability after two softmaxes: take -ln of it."
    yield (
        _close(answer, 0.313262),
        "The first softmax gives at best [1, 0]. Apply softmax to that, and take -ln.",
    )


floor = Exercise(
    "floor for two classes",
    """Softmax is applied twice in a network for K = 2 classes. What is the lowest loss it can
    ever report? Three decimals will do.""",
    _floor_checks,
    0.313262,
)

# --- writing it


def _numbers(result):
    return numpy.asarray(getattr(result, "asnumpy", lambda: result)(), dtype="float64")


_SCORES = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0], [2.0, 0.0, 1.0], [0.0, 3.0, -2.0]])
_LABELS = np.array([2, 0, 1, 1], dtype="int32")


def _agrees(result, expected):
    return result.shape == expected.shape and numpy.allclose(result, expected, atol=1e-4)


def _loss_checks(loss):
    right = _numbers(_cross_entropy(_SCORES, _LABELS))
    got = _numbers(loss(_SCORES, _LABELS))
    yield (
        got.size > 1,
        "You returned one number: leave out the sum or mean over the samples, and return a loss "
        "for each of them.",
    )
    yield (
        got.shape != (4, 4),
        "You returned (samples, samples): (n, 1) minus (n,) broadcasts. Leave out keepdims=True "
        "where you subtract.",
    )
    yield (
        got.shape != _SCORES.shape,
        "You returned a value for each class: keep only the true one, npx.pick(..., labels).",
    )
    yield got.shape == (4,), f"Return shape (4,) for 4 samples, not {got.shape}."
    yield not _agrees(got, -right), "Your losses are negative: a loss is minus the log-probability."
    picked = _numbers(npx.pick(_SCORES, _LABELS))
    yield (
        not _agrees(got, -picked),
        "You took minus the score itself: scores are not log-probabilities before log-softmax.",
    )
    probabilities = npx.softmax(_SCORES)
    yield (
        not _agrees(got, -_numbers(npx.pick(probabilities, _LABELS))),
        "You took the probability: take its logarithm.",
    )
    yield (
        not _agrees(got, _numbers(_cross_entropy(probabilities, _LABELS))),
        "You applied softmax twice: x holds scores, and the loss takes them as they are.",
    )
    columns = -_numbers(npx.pick(npx.log_softmax(_SCORES, axis=0), _LABELS))
    yield (
        not _agrees(got, columns),
        "You normalized the columns, but a sample is a row: use axis=1.",
    )
    yield (
        not _agrees(got, right / numpy.log(2)) and not _agrees(got, right / numpy.log(10)),
        "Use the natural logarithm, np.log: the unit is the nat.",
    )
    yield _agrees(got, right), f"For x = {_SCORES[0].tolist()} and label 2 the loss is 0.4076."
    yield from _stability_checks(loss)


def _stability_checks(loss):
    first = np.array([0, 0], dtype="int32")
    large = _numbers(loss(np.array([[1000.0, 1000.0]]), first[:1]))
    yield (
        numpy.isfinite(large).all(),
        "exp(1000) overflows: subtract each row's largest score first.",
    )
    yield (
        numpy.isfinite(
            _numbers(loss(np.array([[1000.0, 1000.0], [-1000.0, -1000.0]]), first))
        ).all(),
        "One large row spoils the others: subtract each row's own maximum (axis=1), not the "
        "maximum of the whole array.",
    )
    far = _numbers(loss(np.array([[100.0, -10.0, 0.1]]), np.array([1], dtype="int32")))
    yield (
        numpy.isfinite(far).all(),
        "log(softmax) is log(0) for scores [100, -10, 0.1] and label 1: write log-softmax as "
        "x - log(sum(exp(x))), so that no exp is undone by a log.",
    )
    yield (
        far.max() > 109,
        "A small number inside the log hides the problem: for scores [100, -10, 0.1] and label 1 "
        "the loss is 110. Write log-softmax as x - log(sum(exp(x))).",
    )
    yield _agrees(far, numpy.array([110.0])), "Scores [100, -10, 0.1] with label 1 cost 110."


def _cross_entropy(x, labels):
    shifted = x - x.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return log_sums - npx.pick(shifted, labels)


from_scores = Exercise(
    "cross-entropy from scores",
    """Write `cross_entropy(x, labels)`: `x` holds scores of shape (samples, classes), `labels`
    the number of the true class of each sample. Return the losses, shape (samples,), in nats. It
    must survive scores of any size: `[100, -10, 0.1]` with label 1 costs 110.""",
    _loss_checks,
    _cross_entropy,
)


def _gradient_checks(gradient):
    right = _numbers(_score_gradient(_SCORES, _LABELS))
    got = _numbers(gradient(_SCORES, _LABELS))
    yield got.shape == right.shape, f"The gradient has the shape of x, (4, 3), not {got.shape}."
    yield (
        not _agrees(got, -right),
        "Turn the sign: y - p is the way down, the gradient is p - y.",
    )
    yield (
        not _agrees(got, right / len(right)),
        "You divided by the number of samples: that is the gradient of the mean, not of the sum.",
    )
    yield (
        not _agrees(got, _numbers(npx.softmax(_SCORES))),
        "These are the probabilities p: subtract 1 at the true class.",
    )
    yield (
        not _agrees(got, _numbers(_SCORES - npx.one_hot(_LABELS, 3))),
        "You subtracted y from the scores: turn them into probabilities first.",
    )
    yield (
        numpy.allclose(got.sum(axis=1), 0, atol=1e-4),
        "Each row must sum to 0: p and y both sum to 1 along axis=1.",
    )
    yield _agrees(got, right), "For [1, 2, 3] and label 2 it is 0.0900, 0.2447, -0.3348."


def _score_gradient(x, labels):
    return npx.softmax(x) - npx.one_hot(labels, x.shape[1])


gradient = Exercise(
    "gradient by hand",
    """Write `score_gradient(x, labels)`: the gradient of the *sum* of the losses with respect to
    the scores `x`, shape (samples, classes), without `autograd`.""",
    _gradient_checks,
    _score_gradient,
)
