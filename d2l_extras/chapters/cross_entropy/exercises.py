"""Exercises of chapter 2: cross-entropy."""

import math
from collections.abc import Iterator

import numpy
from mxnet import np, npx

from ...teaching.answers import array, close, number
from ...teaching.exercise import Exercise
from ...teaching.learner import Learner, LearnerError, finished

Checks = Iterator[tuple[bool, str]]

# --- reading a loss


def _near(answer: float, value: float) -> bool:
    """Return whether an answer is a value rounded to three decimals."""
    return abs(answer - value) <= 6e-4


_LOSSES = (0.1054, 2.3026)  # of the probabilities 0.9 and 0.1
_SUM, _MEAN, _PRODUCT = sum(_LOSSES), sum(_LOSSES) / 2, math.exp(-sum(_LOSSES))


def _product_checks(answer: float) -> Checks:
    yield not _near(answer, _MEAN), "That is the mean loss; the product is exp(-n * mean), n = 2."
    yield not _near(answer, _SUM), "That is the sum of the losses: now take exp(-sum)."
    yield (
        not _near(answer, -_SUM) and not _near(answer, -_MEAN),
        "That is the logarithm of the product, or half of it: take exp of the whole.",
    )
    yield (
        abs(answer - 1 / _PRODUCT) > 0.05 and abs(answer - math.exp(_MEAN)) > 0.01,
        "Mind the sign: a loss is minus a logarithm, so take exp(-sum).",
    )
    yield (
        not _near(answer, math.exp(-_MEAN)),
        "exp(-mean) is the geometric mean of the two probabilities: raise it to the power n = 2.",
    )
    yield (
        not _near(answer, 1.0) and not _near(answer, 0.5),
        "The probabilities are multiplied, not added or averaged.",
    )
    yield 0 < answer < 1, "Two probabilities multiplied give a number between 0 and 1."
    yield _near(answer, _PRODUCT), "Each loss is -ln p: find the two probabilities and multiply."


product = Exercise(
    "product of probabilities",
    f"""Two samples have losses {_LOSSES[0]} and {_LOSSES[1]}, so the mean loss is {_MEAN:.4f}. What
    is the product of the two probabilities that the network gave to the true classes? Give three
    decimals.""",
    _product_checks,
    round(_PRODUCT, 3),
    read=number,
)

_FLOOR = math.log(1 + 1 / math.e)


def _floor_checks(answer: float) -> Checks:
    yield not _near(answer, 0), "0 is the floor of one softmax. The second one never reaches 1."
    yield (
        not _near(answer, math.log(1 + 9 / math.e)),
        "That is the floor for K = 10: how many classes here?",
    )
    yield (
        not _near(answer, math.log(2)),
        "ln 2 is the cost of equal shares; here the first softmax may be sure.",
    )
    yield (
        not _near(answer, math.log(1 + math.e)),
        "That is the worst case, ln(1 + e): the wrong class is sure.",
    )
    yield (
        not _near(answer, math.exp(-_FLOOR)),
        "That is the probability after two softmaxes: take -ln of it.",
    )
    yield (
        not _near(answer, -_FLOOR),
        "Turn the sign: the loss is minus the logarithm of a probability.",
    )
    yield (
        abs(answer - _FLOOR) > 5e-3 or _near(answer, _FLOOR),
        "Nearly: give three decimals, rounded at the end.",
    )
    yield (
        _near(answer, _FLOOR),
        "The first softmax gives at best [1, 0]. Apply softmax to that, and take -ln.",
    )


floor = Exercise(
    "floor for two classes",
    """Softmax is applied twice in a network for K = 2 classes. Below which loss can it never get?
    Give three decimals.""",
    _floor_checks,
    round(_FLOOR, 3),
    read=number,
)

# --- writing it

_SCORES = numpy.array([[1.0, 2.0, 3.0], [0.5, -1.0, 0.0], [2.0, 0.0, 1.0], [0.0, 3.0, -2.0]])
_LABELS = numpy.array([2, 0, 1, 1])
_LARGE = numpy.array([[1000.0, 0.0], [-1000.0, -1001.0]])
_FAR = numpy.array([[100.0, -10.0, 0.1]])


def _softmax(scores, axis=1):
    exps = numpy.exp(scores - scores.max(axis=axis, keepdims=True))
    return exps / exps.sum(axis=axis, keepdims=True)


def _pick(values):
    return values[numpy.arange(len(values)), _LABELS]


_OTHER_SHAPE = "It fails for one sample of two classes: take both numbers from x.shape."


def _takes_other_shapes(learner):
    try:
        learner(numpy.array([[1.0, 0.0]]), numpy.array([0]))
    except LearnerError:
        return False
    return True


def _loss_checks(loss: Learner) -> Checks:
    right = _pick(-numpy.log(_softmax(_SCORES)))
    got = array(loss(_SCORES, _LABELS))
    changed = loss.changed
    yield from _shape_checks(got)
    yield not close(got, -right), "Your losses are negative: a loss is minus the log-probability."
    yield from _formula_checks(got, right)
    yield (
        close(got, right),
        f"For x = {_SCORES[0].tolist()} and label 2 it is {right[0]:.4f}.",
    )
    yield (
        not changed,
        "Your function changes an argument in place: write `x = x - ...`, not `x -= ...`.",
    )
    yield _takes_other_shapes(loss), _OTHER_SHAPE
    yield from _stability_checks(loss)
    yield (
        not finished(loss, {"log_softmax"}, _SCORES, _LABELS),
        "Right, but a finished log_softmax (which Gluon's loss calls, too) does the work: write it "
        "with exp, sum and log.",
    )


def _shape_checks(got):
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


def _formula_checks(got, right):
    """Yield the mistakes that are seen at ordinary scores."""
    p, columns = _softmax(_SCORES), _softmax(_SCORES, axis=0)
    largest = _SCORES.max(axis=1)
    yield (
        not close(got, -_pick(_SCORES)),
        "You took minus the score itself: scores are not log-probabilities before log-softmax.",
    )
    yield (
        not close(got, right + _pick(_SCORES)) and not close(got, right + _pick(_SCORES) - largest),
        "This is the logarithm of the sum alone: subtract the score of the true class.",
    )
    yield (
        not close(got, right - largest),
        "You shifted the scores in the sum, but not the true one: use the shifted scores in both.",
    )
    yield (
        not close(got, _pick(p)) and not close(got, -_pick(p)) and not close(got, 1 - _pick(p)),
        "You took the probability: take minus its logarithm.",
    )
    yield (
        not close(got, _pick(-numpy.log(_softmax(p)))),
        "You applied softmax twice: x holds scores, and the loss takes them as they are.",
    )
    yield (
        not close(got, _pick(-numpy.log(columns))),
        "You normalized the columns, but a sample is a row: use axis=1.",
    )
    # the maximum of each column, taken away before a sum over each row
    yield (
        not close(got, _pick(-numpy.log(_softmax(_SCORES - _SCORES.max(axis=0))))),
        "You subtracted the maximum of each column, but a sample is a row: max(axis=1, "
        "keepdims=True).",
    )
    yield (
        not close(got, right / numpy.log(2)) and not close(got, right / numpy.log(10)),
        "Use the natural logarithm, np.log: the unit is the nat.",
    )
    yield (
        not close(got, right / 3),
        "You divided by the number of classes: the losses are a sum over the classes, not a mean.",
    )
    yield (
        not close(got, right / 4),
        "You divided by the number of samples: return each loss as it is.",
    )


def _stability_checks(loss):
    first = numpy.array([0, 0])
    large = array(loss(_LARGE[:1], first[:1]))
    yield (
        numpy.isfinite(large).all(),
        "exp(1000) overflows: subtract each row's largest score first.",
    )
    both = array(loss(_LARGE, first))
    yield (
        numpy.isfinite(both).all(),
        "One large row spoils the others: subtract each row's own maximum (axis=1), not the "
        "maximum of the whole array.",
    )
    far = array(loss(_FAR, numpy.array([1]))).reshape(-1)
    yield (
        numpy.isfinite(far).all(),
        "log(softmax) is log(0) for scores [100, -10, 0.1] and label 1: write log-softmax as "
        "x - log(sum(exp(x))), so that no exp is undone by a log.",
    )
    yield (
        close(far, [110.0]),
        f"Scores [100, -10, 0.1] with label 1 cost 110, yours {far[0]:.4g}: a small "
        "number inside the log, or scores cut to a range, hide the problem. Write log-softmax as "
        "x - log(sum(exp(x))).",
    )
    yield (
        close(both, [0, _FLOOR]),
        f"Scores [-1000, -1001] with label 0 cost {_FLOOR:.4f}, as 1 and 0 do: leave the scores as "
        "they are, subtract the row's maximum.",
    )
    alone = array(loss(_LARGE[1:], first[:1])).reshape(-1)
    yield (
        close(alone, [_FLOOR]),
        "Scores [-1000, -1001] alone in their batch fail, as exp(-1000) is 0: subtract the row's "
        "maximum even where it is negative.",
    )
    hopeless = array(loss(_LARGE[:1, ::-1], first[:1])).reshape(-1)
    yield (
        close(hopeless, [1000.0]),
        f"Scores [0, 1000] with label 0 cost 1000, yours {hopeless[0]:.4g}: float64 or a limit "
        "only moves the problem, and the largest score may stand anywhere in its row.",
    )


def _cross_entropy(x, labels):
    shifted = x - x.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return log_sums - npx.pick(shifted, labels)


from_scores = Exercise(
    "cross-entropy from scores",
    """Write `cross_entropy(x, labels)` yourself, without `npx.log_softmax` and Gluon's loss: `x`
    holds scores of shape (samples, classes), `labels` the number of the true class of each sample.
    Return the losses, shape (samples,), in nats; leave `x` as it is. It must survive scores of any
    size: `[100, -10, 0.1]` with label 1 costs 110.""",
    _loss_checks,
    _cross_entropy,
)


def _gradient_checks(gradient: Learner) -> Checks:
    p, y = _softmax(_SCORES), numpy.eye(3)[_LABELS]
    right = p - y
    got = array(gradient(_SCORES, _LABELS))
    changed = gradient.changed
    yield got.shape == right.shape, f"The gradient has the shape of x, (4, 3), not {got.shape}."
    yield not close(got, -right), "Turn the sign: y - p is the way down, the gradient is p - y."
    yield (
        not close(got, right / 4),
        "You divided by the number of samples: that is the gradient of the mean, not of the sum.",
    )
    yield not close(got, p), "These are the probabilities p: subtract 1 at the true class."
    yield (
        not close(got, _SCORES - y),
        "You subtracted y from the scores: turn them into probabilities first.",
    )
    yield (
        not close(got, -y / p),
        "That is the gradient for the probabilities: go on, through softmax, to the scores.",
    )
    yield (
        not close(got, _softmax(_SCORES, axis=0) - y),
        "You normalized the columns, but a sample is a row: each row of p and of y sums to 1.",
    )
    yield (
        not close(got, _softmax(p) - y),
        "You applied softmax twice: x holds scores, p is softmax of them, once.",
    )
    yield close(got, right), f"For [1, 2, 3] and label 2 it is {_shown(right[0])}."
    yield not changed, "Your function changes an argument in place: work on a copy, `x.copy()`."
    yield _takes_other_shapes(gradient), _OTHER_SHAPE
    large = array(gradient(_LARGE, numpy.array([0, 1])))
    yield (
        close(large, _softmax(_LARGE) - numpy.eye(2)),
        "Scores of 1000 or -1000 break your softmax: subtract each row's own maximum first, or "
        "use npx.softmax.",
    )
    yield (
        not finished(gradient, {"record"}, _SCORES, _LABELS),
        "Right, but autograd does the work: write down p and y, and subtract.",
    )


def _shown(row):
    return ", ".join(f"{value:.4f}" for value in row)


def _score_gradient(x, labels):
    return npx.softmax(x) - npx.one_hot(labels, x.shape[1])


gradient = Exercise(
    "gradient by hand",
    """Write `score_gradient(x, labels)`: the gradient of the *sum* of the losses with respect to
    the scores `x`, shape (samples, classes), without `autograd`. It must survive scores of any
    size, and leave `x` as it is. (`npx.softmax` and `npx.one_hot` are allowed.)""",
    _gradient_checks,
    _score_gradient,
)

_EXPECTED, _SEEN = 4, 7


def _counts_checks(answer: float) -> Checks:
    score = math.log(_EXPECTED)
    yield (
        not _near(answer, _SEEN - _EXPECTED),
        "Turn the sign: the gradient is expected minus observed, not observed minus expected.",
    )
    yield (
        not _near(answer, score - _SEEN),
        "You took the score itself for the expected count: the expected count is exp(score).",
    )
    yield (
        not _near(answer, _EXPECTED - _SEEN * score),
        "That is the loss: differentiate it with respect to the score.",
    )
    yield (
        not _near(answer, 1 - _SEEN / _EXPECTED),
        "That is the derivative for the expected count; the question asks for the score.",
    )
    yield not _near(answer, _EXPECTED), "That is what the model expects: subtract what was seen."
    yield (
        _near(answer, _EXPECTED - _SEEN),
        f"The derivative of exp(z) - {_SEEN} z is exp(z) - {_SEEN}; put in z = ln {_EXPECTED}.",
    )


counts = Exercise(
    "gradient for a count",
    f"""A network predicts how many cars pass in a minute: its score is z, and the expected count
    is exp(z) (a Poisson distribution), so that its loss for an observed count y is exp(z) - y z,
    up to a constant. The score is z = ln {_EXPECTED}, and y = {_SEEN} cars were seen. What is the
    gradient of the loss with respect to z?""",
    _counts_checks,
    _EXPECTED - _SEEN,
    read=number,
)
